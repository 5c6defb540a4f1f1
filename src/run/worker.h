/* A thread of ours: named, pinned to a processor if asked, deaf to the process's signals, and with
 * a stack on which an overflow of a task's stack can be reported. */
#ifndef GARM_RUN_WORKER_H
#define GARM_RUN_WORKER_H

#include "base/compiler.h"

#include <stdbool.h>
#include <sys/types.h>

#define WORKER_NAME_SIZE 16 /* the kernel's, with the NUL */

/* Zeroed, it is one that was not started. */
struct worker {
    pthread_t thread;
    bool started;
    char name[WORKER_NAME_SIZE];
    int cpu;
    void (*fn)(void *arg);
    void *arg;
};

/** Runs fn(arg) on a new thread. `name` is copied and cut to fit, such as "garm/0"; `cpu`: -1, or
 *  the processor to stay on, which is ignored if this process may not use it. 0 or a negative
 *  errno. The worker must stay in place until it is joined. */
MUST_CHECK int worker_start(struct worker *worker, const char *name, int cpu, void (*fn)(void *arg),
                            void *arg);

/** Waits until fn has returned. Accepts one that was not started, or is joined already. */
void worker_join(struct worker *worker);

#endif
