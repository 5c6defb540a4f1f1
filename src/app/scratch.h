/* The worker's scratch buffer: for text of a length not known beforehand, made without a
 * suspension. */
#ifndef GARM_APP_SCRATCH_H
#define GARM_APP_SCRATCH_H

#include "app/ctx.h"
#include "base/sys.h"

/** Empty, until scratch_end. Not while it is in use. */
static inline struct buf *scratch_begin(garm_ctx *c)
{
    struct buf *const scratch = &c->worker->scratch;
    scratch->max = SCRATCH_BYTES_MAX;
    buf_clear(scratch);
    return scratch;
}

/** A copy of `s` in the arena that ends in NUL; empty when memory runs out, and the request is
 *  poisoned. */
static inline struct slice scratch_dup(garm_ctx *c, struct slice s)
{
    const char *const copy = ctx_dup(c, s);
    return slice_of(copy, copy[0] == '\0' ? 0 : s.len);
}

/** What the buffer holds, for the request's life: of little a copy, of much the memory itself.
 *  Empty when memory runs out, and the request is poisoned. */
static inline struct slice scratch_take(garm_ctx *c)
{
    struct buf *const scratch = &c->worker->scratch;
    const struct slice held = buf_slice(scratch);
    if (LIKELY(scratch->cap <= SCRATCH_BYTES_KEPT)) {
        return scratch_dup(c, held);
    }
    void *const memory = scratch->data;
    buf_init(scratch, SCRATCH_BYTES_MAX);
    return ctx_after(c, mem_free, memory) < 0 ? SLICE("") : held;
}

/** Keeps the memory for the next use, unless it is much. */
static inline void scratch_end(garm_ctx *c)
{
    if (UNLIKELY(c->worker->scratch.cap > SCRATCH_BYTES_KEPT)) {
        buf_deinit(&c->worker->scratch);
    }
}

#endif
