/* Mutex, promise and wait group for tasks: they park where threads would block, and work between
 * tasks of any loops. Deadlines are in the waiting loop's time; INT64_MAX is none. */
#ifndef GARM_RUN_SYNC_H
#define GARM_RUN_SYNC_H

#include "base/compiler.h"
#include "base/list.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A lock that may be held across suspensions. First come, first served. */
struct task_mutex {
    pthread_mutex_t lock;
    struct list waiters;
    bool held;
};

void task_mutex_init(struct task_mutex *mutex);
/** Nobody may hold it or wait for it. */
void task_mutex_deinit(struct task_mutex *mutex);
/** 0 with the mutex held; -ETIMEDOUT or -ECANCELED without. May suspend; only from a task. */
MUST_CHECK int task_mutex_lock(struct task_mutex *mutex, int64_t due_ns);
/** Takes it if nobody holds it. From any thread. */
MUST_CHECK bool task_mutex_try_lock(struct task_mutex *mutex);
/** Hands it to who waits longest. From any thread, task or not. */
void task_mutex_unlock(struct task_mutex *mutex);

/* One result that is set once, and for which any number of tasks may wait. */
struct promise {
    pthread_mutex_t lock;
    struct list waiters;
    bool set;
    int result;
    void *value;
};

void promise_init(struct promise *promise);
/** Nobody may wait for it. */
void promise_deinit(struct promise *promise);
/** Sets it, once: false if it was set already. `result` is 0 or a negative errno. From any thread;
 *  it does not touch the promise after it has woken the first task, which may so free it. */
bool promise_set(struct promise *promise, int result, void *value);
/** The result that is set, with the value in *ret_value (may be NULL) if that is 0; or -ETIMEDOUT
 *  or -ECANCELED before it is set. May suspend; only from a task. */
MUST_CHECK int promise_wait(struct promise *promise, int64_t due_ns, void **ret_value);

/* Counts things under way; tasks wait until there are none. */
struct wait_group {
    pthread_mutex_t lock;
    struct list waiters;
    size_t count;
};

void wait_group_init(struct wait_group *group);
/** Nobody may wait for it. */
void wait_group_deinit(struct wait_group *group);
/** `count` more are under way. From any thread. */
void wait_group_add(struct wait_group *group, size_t count);
/** One has ended. From any thread; like promise_set it does not touch the group after the wake. */
void wait_group_done(struct wait_group *group);
/** 0 when none is under way; -ETIMEDOUT or -ECANCELED before. May suspend; only from a task. */
MUST_CHECK int wait_group_wait(struct wait_group *group, int64_t due_ns);

#endif
