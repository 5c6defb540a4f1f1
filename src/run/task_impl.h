/* The task itself, for task.c and task_scope.c only. It lies at the top of its own stack, so that
 * starting a task allocates nothing. */
#ifndef GARM_RUN_TASK_IMPL_H
#define GARM_RUN_TASK_IMPL_H

#include "base/list.h"
#include "run/coro.h"
#include "run/loop.h"
#include "run/stack.h"
#include "run/task.h"
#include "run/timer.h"

enum task_state {
    TASK_READY, /* queued: not begun, woken, or yielding */
    TASK_RUNNING,
    TASK_PARKED,
    TASK_ENDED,
};

struct task {
    struct coro coro;
    struct loop *loop;
    struct stack *stack;
    const char *name;
    task_fn *fn;
    void *arg;
    struct list node; /* in loop->tasks */
    struct job job;   /* resumes it */
    enum task_state state;
    int result; /* of the wait that ended */

    task_withdraw_fn *withdraw; /* NULL: the wait cannot end early, or not any more */
    void *withdraw_arg;
    struct timer wait_timer;

    enum cancel_reason reason; /* CANCEL_NONE, or from outside */
    unsigned deadlines_passed; /* of those that are open */
    unsigned masks;
    int64_t defer_due_ns; /* bounds masked waits while deferred functions run; else INT64_MAX */

    struct task_group *group; /* NULL: a member of none */
    struct list group_node;
};

/** Takes an ended task out of its group, and wakes who waits for the last. */
void task_group_forget(struct task *task);

/** Counts a deadline of the task as passed, and ends its wait. */
void task_pass_deadline(struct task *task);

#endif
