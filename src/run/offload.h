/* Calls that block (files, name lookups, password hashes), made on threads of their own while the
 * calling task is suspended. */
#ifndef GARM_RUN_OFFLOAD_H
#define GARM_RUN_OFFLOAD_H

#include "base/compiler.h"
#include "base/list.h"
#include "run/worker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct list queue;      /* of waiters, whose calls no thread has taken yet */
    struct worker *threads; /* started one by one, as they are needed */
    size_t thread_max;
    size_t thread_count;
    size_t idle_count;
    bool stop;
    int64_t (*delay_ns)(void *arg); /* inline: how long a call takes to begin */
    void *delay_arg;
};

/** A pool of at most `thread_max` threads (> 0), none of them started yet: 0 or -ENOMEM. */
MUST_CHECK int offload_init(struct offload *offload, size_t thread_max);
/** One without threads, for the simulator: each call is made on the loop of its task, as a job that
 *  is queued delay_ns(arg) later. */
void offload_init_inline(struct offload *offload, int64_t (*delay_ns)(void *arg), void *arg);
/** Ends and joins the threads. No call may be under way. Accepts a zeroed one. */
void offload_deinit(struct offload *offload);

/** Calls fn(arg) on a thread of the pool: 0 when it has returned. -ECANCELED (or -ETIMEDOUT among
 *  deferred functions): it was not called, and will not be. -EAGAIN: there is no thread, and none
 *  can be started. A call that has begun is waited for, cancelled or not. May suspend; only from a
 *  task. */
MUST_CHECK int offload_run(struct offload *offload, void (*fn)(void *arg), void *arg);

/** How many calls are under way, or wait for a thread. Any thread. 0 for an inline one. */
size_t offload_busy(struct offload *offload);

#endif
