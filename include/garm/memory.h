/* Memory that lives as long as the request, the child task or the job: its arena. Nothing is
 * freed one by one. */
#ifndef GARM_MEMORY_H
#define GARM_MEMORY_H

#include <garm/base.h>

/* A point to which the arena can be wound back. */
typedef struct garm_memory_mark {
    void *pos, *end, *chunks; /* of no interest to callers */
    uintptr_t pinned;
} garm_memory_mark;

GARM_BEGIN

/** `size` bytes, aligned for any type, not zeroed; NULL when memory or the arena's bound (16
 *  MiB) is at its end. The answer is the caller's then: a function of yours returns -ENOMEM, and
 *  so does the handler (503). One that returns a text has no such way: it should be made of
 *  garm_strf and garm_dup, after which the answer is 503 whatever the handler does. Text that is
 *  missing must never pass for text that is empty. */
GARM_EXPORT GARM_MUST_CHECK_ void *garm_alloc(garm_ctx *c, size_t size);
/** Formatted text. "" when memory runs out: the answer is 503 then. */
GARM_EXPORT const char *garm_strf(garm_ctx *c, const char *format, ...) GARM_PRINTF_(2, 3);
/** A copy of `text` (NULL: ""). "" when memory runs out: the answer is 503 then. */
GARM_EXPORT char *garm_dup(garm_ctx *c, const char *text);

/** For long loops: garm_release frees what garm_alloc, garm_strf and garm_dup gave since the
 *  mark. It does nothing if the request has kept something of its own since (a field, a
 *  parameter, a deferred function), so that nothing in use is ever freed. */
GARM_EXPORT garm_memory_mark garm_mark(garm_ctx *c);
GARM_EXPORT void garm_release(garm_ctx *c, garm_memory_mark mark);

/** Calls fn(arg) at the end, whatever happens, last deferred first, when the answer is with the
 *  kernel. Cancellation is masked meanwhile, and all of them together have 5 s. 0; or -ENOMEM,
 *  and fn(arg) was called at once. */
GARM_EXPORT int garm_defer(garm_ctx *c, void (*fn)(void *arg), void *arg);

GARM_END

#endif
