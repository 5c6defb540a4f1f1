/* The request's body: piece by piece, or whole. */
#include "app/body.h"

#include "app/reply.h"

#include <garm/memory.h>
#include <garm/request.h>

#include <string.h>

/* A body whose declared length is at most this goes to the arena; others to memory of their own,
 * which grows as the bytes come, for a length is only a claim. */
#define BODY_IN_ARENA_MAX KIB(16)
#define BODY_FIRST_BYTES  KIB(16)

ssize_t garm_read(garm_ctx *c, void *buf, size_t cap)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    const ssize_t n = c->x->ops->read(c->x, buf, cap);
    if (n == -ENOMEM) {
        ctx_poison(c);
    }
    return n;
}

int body_too_long(garm_ctx *c)
{
    c->x->fault = 413;
    c->x->fault_reason = "the body is larger than allowed";
    c->x->close = true;
    return -EMSGSIZE;
}

struct slice body_coding(garm_ctx *c)
{
    struct slice rest = slice_cstr(garm_header(c, "Content-Encoding"));
    struct slice coding;
    while (slice_cut(&rest, ',', &coding)) {
        coding = slice_trim(coding);
        if (coding.len > 0 && !slice_eq_nocase(coding, SLICE("identity"))) {
            (void)!reply_field_put(c, SLICE("Accept-Encoding"), SLICE("identity"));
            return coding;
        }
    }
    return SLICE("");
}

/* Reads what fits `cap`, and looks whether that was all. */
static int read_into(garm_ctx *c, char *data, size_t cap, size_t *ret_size)
{
    size_t size = 0;
    char beyond = 0;
    for (;;) {
        const ssize_t n =
            size < cap ? garm_read(c, data + size, cap - size) : garm_read(c, &beyond, 1);
        if (n < 0) {
            return (int)n;
        }
        if (n == 0) {
            *ret_size = size;
            return 0;
        }
        if (size == cap) {
            return body_too_long(c);
        }
        size += (size_t)n;
    }
}

static int read_to_arena(garm_ctx *c, size_t length)
{
    char *const data = ctx_alloc(c, length + 1);
    if (data == NULL) {
        return -ENOMEM;
    }
    TRY(read_into(c, data, length, &c->body.size));
    data[c->body.size] = '\0';
    c->body.data = data;
    return 0;
}

/* Doubling, never beyond `max` bytes and the NUL. */
static int read_to_heap(garm_ctx *c, size_t max)
{
    struct buf *const heap = &c->body.heap;
    heap->max = max + 1;
    for (;;) {
        const size_t room = heap->len < BODY_FIRST_BYTES ? BODY_FIRST_BYTES : heap->len;
        const size_t left = max - heap->len;
        if (left == 0) {
            size_t size = 0;
            TRY(read_into(c, NULL, 0, &size));
            break;
        }
        if (heap->cap - heap->len <= 1 && buf_reserve(heap, (room < left ? room : left) + 1) < 0) {
            ctx_poison(c);
            return -ENOMEM;
        }
        const size_t cap = heap->cap - heap->len - 1;
        const ssize_t n = garm_read(c, heap->data + heap->len, cap < left ? cap : left);
        if (n < 0) {
            return (int)n;
        }
        if (n == 0) {
            break;
        }
        heap->len += (size_t)n;
    }
    c->body.data = heap->len > 0 ? buf_cstr(heap) : "";
    c->body.size = heap->len;
    return 0;
}

int garm_body(garm_ctx *c, size_t max, const void **ret_data, size_t *ret_size)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    if (c->body.data == NULL) {
        const int64_t length = c->x->head->content_length;
        const uint64_t limit = c->x->body_max < SIZE_MAX / 2 ? c->x->body_max : SIZE_MAX / 2;
        max = max < limit ? max : (size_t)limit;
        if (length > 0 && (uint64_t)length > max) {
            return body_too_long(c);
        }
        if (length > (int64_t)BODY_IN_ARENA_MAX || c->x->head->chunked) {
            TRY(read_to_heap(c, max));
        } else {
            TRY(read_to_arena(c, length < 0 ? 0 : (size_t)length));
        }
    }
    *ret_data = c->body.data;
    *ret_size = c->body.size;
    return 0;
}
