/* Tasks: functions that run on stacks of their own above the loop, and park instead of blocking. A
 * task stays on the loop, and so on the thread, that it was born on. */
#ifndef GARM_RUN_TASK_H
#define GARM_RUN_TASK_H

#include "base/compiler.h"
#include "base/list.h"
#include "run/loop.h"
#include "run/timer.h"

#include <stdbool.h>
#include <stdint.h>

struct stack;
struct task;
typedef void task_fn(void *arg);

/* Why a task shall end early. The first reason stays, but that a passed deadline is told only while
 * there is no other: it ends with its scope, the others do not. */
enum cancel_reason {
    CANCEL_NONE,
    CANCEL_CLIENT_GONE,
    CANCEL_DEADLINE,
    CANCEL_DRAIN,
    CANCEL_GROUP, /* its group was cancelled, or is being left */
};

/** Runs fn(arg) on a stack from the loop's pool, at once, until it first parks or ends; returns to
 *  the caller then. Only from the loop itself, not from a task. `name` (static, or outliving the
 *  task) is used in reports. 0, or -EAGAIN when no stack is to be had: nothing ran. */
MUST_CHECK int task_run(struct loop *loop, const char *name, task_fn *fn, void *arg);

/** The same on a stack of at least `stack_bytes` (0: STACK_BYTES_DEFAULT, at most STACK_BYTES_MAX:
 *  beyond, -EINVAL). */
MUST_CHECK int task_run_on(struct loop *loop, size_t stack_bytes, const char *name, task_fn *fn,
                           void *arg);

/** Queues fn(arg) as a new task of this loop. From the loop's thread. 0 or -EAGAIN. *ret_task (may
 *  be NULL) is valid until the task ends. */
MUST_CHECK int task_spawn(struct loop *loop, const char *name, task_fn *fn, void *arg,
                          struct task **ret_task);

/** The running task, or NULL in the loop itself. */
struct task *task_self(void);
const char *task_name(const struct task *task);
struct loop *task_loop(const struct task *task);
const struct stack *task_stack(const struct task *task);
/** Names the running task anew, for reports: a request's route, say. The name outlives the
 *  loop. */
void task_set_name(const char *name);

/* Parking. `withdraw` is called (in the loop, by the canceller, or within task_park itself) when
 * the wait ends early by cancellation or time: it takes the task out of whatever it waits in and
 * returns true, or returns false if a wake is on its way already, which is then waited for. It must
 * not suspend. NULL: the wait cannot end early, for it has lent memory; then due_ns must be
 * INT64_MAX. */
typedef bool task_withdraw_fn(void *arg);

/** Suspends the running task until task_wake; returns that call's result. Or -ETIMEDOUT at `due_ns`
 *  (INT64_MAX: no bound; at once if it has passed), or -ECANCELED, at once if the task is cancelled
 *  already and not masked. */
MUST_CHECK int task_park(task_withdraw_fn *withdraw, void *arg, int64_t due_ns);
/** Makes a parked task ready, with task_park's result. From its loop's thread. A task that is not
 *  parked, or already woken, is a bug (checked). */
void task_wake(struct task *task, int result);
/** Is it parked and not yet woken? */
bool task_parked(const struct task *task);

/** Suspends for `ns` (0 or less: as task_yield): 0, or -ECANCELED. */
MUST_CHECK int task_sleep(int64_t ns);
/** Lets all other ready jobs run first: 0, or -ECANCELED. */
MUST_CHECK int task_yield(void);

/** Asks the task to end: its wait, and every later one, returns -ECANCELED. From its loop's
 *  thread. */
void task_cancel(struct task *task, enum cancel_reason reason);
/** The same to all tasks of the loop. From its thread. */
void task_cancel_all(struct loop *loop, enum cancel_reason reason);
enum cancel_reason task_cancel_reason(const struct task *task);
/** Forgets a cancellation, before the task begins something unrelated (the next request). Deadlines
 *  that are still open keep theirs. */
void task_cancel_clear(struct task *task);

/** Between the two, waits of the running task do not see its cancellation. They nest. */
void task_mask(void);
void task_unmask(void);

/* A deadline around a part of the running task's work; they nest, and the earliest counts. */
struct task_deadline {
    struct timer timer;
    struct task *task;
    bool passed; /* its time came, and the task is cancelled by CANCEL_DEADLINE within it */
};
void task_deadline_begin(struct task_deadline *deadline, int64_t due_ns);
/** Stops it, and forgets the cancellation if it was this one's. `passed` stays to be looked at. */
void task_deadline_end(struct task_deadline *deadline);

/* Something to be done at the end, whatever happens. Storage is the owner's. */
struct defer {
    struct defer *next;
    void (*fn)(void *arg);
    void *arg;
};
static inline void defer_push(struct defer **list, struct defer *defer, void (*fn)(void *arg),
                              void *arg)
{
    *defer = (struct defer){*list, fn, arg};
    *list = defer;
}
/** Calls all, last pushed first, with cancellation masked but under a deadline of LIMIT_DEFER_MS
 *  over all of them. Pushes made meanwhile are called too. May suspend. From a task. */
void defer_run(struct defer **list);

/* Children that do not outlive their parent. */
struct task_group {
    struct list members;
    struct task *waiter;
    size_t count;
};
void task_group_init(struct task_group *group);
/** Spawns fn(arg) as a member: 0 or -EAGAIN. */
MUST_CHECK int task_group_go(struct task_group *group, const char *name, task_fn *fn, void *arg);
/** Suspends until all members have ended: 0, or -ECANCELED (they still run then). */
MUST_CHECK int task_group_wait(struct task_group *group);
void task_group_cancel(struct task_group *group, enum cancel_reason reason);
/** Cancels what still runs and waits for it, masked. Call before the group's memory goes. */
void task_group_leave(struct task_group *group);

#endif
