/* One task that waits in a queue under a lock: what mutexes, promises, hubs and the offload
 * pool are made of. Locks are held for a few instructions, never while a task is suspended; a task
 * of another loop is woken by a post that lies in its waiter. */
#ifndef GARM_RUN_WAITER_H
#define GARM_RUN_WAITER_H

#include "base/compiler.h"
#include "base/list.h"
#include "run/loop.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* On the stack of the task that waits. */
struct waiter {
    struct list node;
    struct post post;
    struct task *task;
    struct loop *loop;
    pthread_mutex_t *lock;
    int result;
    bool queued; /* changes under the lock */
};

/** Puts the running task's waiter into `queue` and releases `lock`, which the caller holds;
 *  suspends until it is taken and woken: the result that it is woken with. Or -ETIMEDOUT at
 *  `due_ns` (INT64_MAX: no bound), or -ECANCELED; then nobody took it. */
MUST_CHECK int waiter_wait(struct waiter *waiter, pthread_mutex_t *lock, struct list *queue,
                           int64_t due_ns);

/** Takes the first waiter out, under the lock; NULL: there is none. Who takes it must wake it. */
struct waiter *waiter_take(struct list *queue);
/** Takes all out, to `ret_taken`. */
void waiter_take_all(struct list *queue, struct list *ret_taken);

/** Wakes a waiter that was taken, from any thread, without the lock. Its memory is gone
 *  afterwards. */
void waiter_wake(struct waiter *waiter, int result);
void waiter_wake_all(struct list *taken, int result);

#endif
