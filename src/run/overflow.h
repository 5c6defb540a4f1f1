/* What happens when a task runs off its stack: the guard below it faults, and this says so, with
 * the task's name, before the process dies of it. A frame that is larger than the guard may step
 * over it: a fault further below is said to be a possible overflow. */
#ifndef GARM_RUN_OVERFLOW_H
#define GARM_RUN_OVERFLOW_H

#include "base/compiler.h"

#include <signal.h>

/** Takes SIGSEGV and SIGBUS for the process, once: 0 or a negative errno. Faults that are not an
 *  overflow go to the handler that was there before. */
MUST_CHECK int overflow_install(void);

/* A thread's second stack, for the handler to run on when the first is full. */
struct overflow_thread {
    void *memory;
    stack_t before;
};

/** Call in each thread that runs a loop: 0 or a negative errno. */
MUST_CHECK int overflow_enter(struct overflow_thread *thread);
/** In the same thread, at its end. Accepts one that was zeroed, or not entered. */
void overflow_leave(struct overflow_thread *thread);

#endif
