/* Coroutines: contexts with stacks of their own, and the switch between them. Own assembly, general
 * registers only: the floating-point control words are the thread's, not the coroutine's. Knows
 * nothing of tasks; a context never changes its thread. */
#ifndef GARM_RUN_CORO_H
#define GARM_RUN_CORO_H

#include "base/compiler.h"
#include "run/coro_annotate.h"

#include <stddef.h>

struct coro {
    void *sp; /* where its registers lie while it does not run */
    void (*fn)(void *arg);
    void *arg;
    struct annotate_fiber fiber;
};

/** Prepares fn(arg) to run on the stack of `size` bytes at `low` (its end aligned to 16) when it is
 *  first switched to. fn must not return: its last act is coro_finish. */
void coro_init(struct coro *coro, void *low, size_t size, void (*fn)(void *arg), void *arg);

/** Makes `coro` stand for the calling thread's own stack. */
void coro_init_thread(struct coro *coro);

/** Leaves `from`, which is running, for `to`; returns when somebody switches back. Keeps errno. */
void coro_switch(struct coro *from, struct coro *to);

/** The same, for the last time. Afterwards, on another stack, call coro_deinit. */
NORETURN void coro_finish(struct coro *from, struct coro *to);

void coro_deinit(struct coro *coro);

#endif
