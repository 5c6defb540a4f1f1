/* Waiting, and doing several things at once. Tasks run on small stacks of their own above one
 * worker's loop and never change thread: data that only one worker's tasks touch needs no lock,
 * but may change across any call that may suspend.
 *
 * A request that is cancelled is told so by an error code: every wait that it begins then
 * returns -ECANCELED at once. */
#ifndef GARM_TASK_H
#define GARM_TASK_H

#include <garm/app.h>
#include <garm/base.h>

/* Children of a request, a child or a job. */
typedef struct garm_tasks garm_tasks;

/* What a child runs, or a part of a task under a deadline: with a garm_ctx of its own
 * (children), or the caller's. */
typedef int garm_task_fn(garm_ctx *c, void *arg);

enum garm_cancel {
    GARM_CANCEL_NONE,
    GARM_CANCEL_CLIENT_GONE,
    GARM_CANCEL_DEADLINE,
    GARM_CANCEL_DRAIN,
    GARM_CANCEL_GROUP, /* the parent ended, or gave up */
};

GARM_BEGIN

/** Monotonic time in nanoseconds; the simulator's in tests. Any thread. */
GARM_EXPORT int64_t garm_now_ns(void);
/** Nanoseconds since 1970-01-01 00:00:00 UTC; the simulator's in tests. Any thread. */
GARM_EXPORT int64_t garm_wall_ns(void);

/** Suspends for `ns`. 0, or -ECANCELED. */
GARM_EXPORT int garm_sleep(garm_ctx *c, int64_t ns);

/** Runs fn(c, arg) so that its waits end with -ECANCELED once `ns` have passed. Returns its
 *  result, or -ETIMEDOUT if it is negative and the time had passed. They nest; the earliest
 *  counts. May suspend. */
GARM_EXPORT int garm_with_deadline(garm_ctx *c, int64_t ns, garm_task_fn *fn, void *arg);

/** Shall this work end early, and why? */
GARM_EXPORT bool garm_cancelled(garm_ctx *c);
GARM_EXPORT enum garm_cancel garm_cancel_reason(garm_ctx *c);

/** A group for children of `c`; NULL when memory runs out. Before c's end those that still run
 *  are cancelled and joined. */
GARM_EXPORT GARM_MUST_CHECK_ garm_tasks *garm_tasks_new(garm_ctx *c);
/** Starts fn(child, arg) as a task beside this one, on the same worker. 0; -EAGAIN no stack is
 *  to be had; -ENOMEM. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_tasks_go(garm_tasks *tasks, garm_task_fn *fn, void *arg);
/** Suspends until all children have ended: 0, or the result of the first one that failed, or
 *  -ECANCELED while they still run. */
GARM_EXPORT int garm_tasks_wait(garm_tasks *tasks);
/** Cancels those that still run; they are not waited for. */
GARM_EXPORT void garm_tasks_cancel(garm_tasks *tasks);

/** Starts fn(job, arg) as a task that outlives the request, on the same worker, with an arena of
 *  its own; free_fn(arg) (may be NULL) is called at its end, and also on failure. A drain
 *  cancels and joins it. 0; -EAGAIN; -ENOMEM. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_spawn_take(garm_ctx *c, garm_task_fn *fn, void *arg,
                                                 void (*free_fn)(void *arg));

/** Calls fn(arg), which may block, on a thread of the server's pool while this task is
 *  suspended. Returns fn's result; -ECANCELED or -EAGAIN: it was not called, and will not be. A
 *  call that has begun is waited for, whatever happens: `arg` may lie on the stack. May suspend. */
GARM_EXPORT int garm_offload(garm_ctx *c, int (*fn)(void *arg), void *arg);

GARM_END

#endif
