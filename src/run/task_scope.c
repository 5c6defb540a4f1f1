/* What nests within a task: masks, deadlines, deferred functions, groups of children. */
#include "run/task.h"

#include "base/limits.h"
#include "run/task_impl.h"

#include <errno.h>

void task_mask(void)
{
    task_self()->masks++;
}

void task_unmask(void)
{
    struct task *const self = task_self();
    CHECK(self->masks > 0);
    self->masks--;
}

static void deadline_is_due(struct timer *timer)
{
    struct task_deadline *const deadline = CONTAINER_OF(timer, struct task_deadline, timer);
    deadline->passed = true;
    task_pass_deadline(deadline->task);
}

void task_deadline_begin(struct task_deadline *deadline, int64_t due_ns)
{
    deadline->task = task_self();
    deadline->passed = false;
    timer_init(&deadline->timer, deadline_is_due);
    if (due_ns <= deadline->task->loop->now_ns) {
        deadline_is_due(&deadline->timer);
    } else {
        timer_set(&deadline->task->loop->timers, &deadline->timer, due_ns);
    }
}

void task_deadline_end(struct task_deadline *deadline)
{
    struct task *const task = deadline->task;
    timer_stop(&task->loop->timers, &deadline->timer);
    if (deadline->passed) {
        CHECK(task->deadlines_passed > 0);
        task->deadlines_passed--;
    }
}

void defer_run(struct defer **list)
{
    if (*list == NULL) {
        return;
    }
    struct task *const self = task_self();
    const int64_t outer_due_ns = self->defer_due_ns;
    const int64_t due_ns = loop_due_ns(self->loop, LIMIT_DEFER_MS * NS_PER_MS);
    self->defer_due_ns = due_ns < outer_due_ns ? due_ns : outer_due_ns;
    self->masks++;
    while (*list != NULL) {
        const struct defer *const defer = *list;
        *list = defer->next;
        defer->fn(defer->arg);
    }
    self->masks--;
    self->defer_due_ns = outer_due_ns;
}

void task_group_init(struct task_group *group)
{
    list_init(&group->members);
    group->waiter = NULL;
    group->count = 0;
}

int task_group_go(struct task_group *group, const char *name, task_fn *fn, void *arg)
{
    struct task *task = NULL;
    TRY(task_spawn(loop_self(), name, fn, arg, &task));
    task->group = group;
    list_push_back(&group->members, &task->group_node);
    group->count++;
    return 0;
}

void task_group_forget(struct task *task)
{
    struct task_group *const group = task->group;
    if (group == NULL) {
        return;
    }
    list_remove(&task->group_node);
    group->count--;
    if (group->count == 0 && group->waiter != NULL) {
        struct task *const waiter = group->waiter;
        group->waiter = NULL;
        task_wake(waiter, 0);
    }
}

static bool withdraw_from_group(void *arg)
{
    struct task_group *const group = arg;
    const bool waiting = group->waiter != NULL;
    group->waiter = NULL;
    return waiting;
}

static int wait_for_members(struct task_group *group, task_withdraw_fn *withdraw)
{
    if (group->count == 0) {
        return 0;
    }
    CHECK(group->waiter == NULL);
    group->waiter = task_self();
    return task_park(withdraw, group, INT64_MAX);
}

/* Deferred functions wait under a deadline, which is a kind of cancellation to them. */
int task_group_wait(struct task_group *group)
{
    return wait_for_members(group, withdraw_from_group) == 0 ? 0 : -ECANCELED;
}

void task_group_cancel(struct task_group *group, enum cancel_reason reason)
{
    list_each_safe (node, next, &group->members) {
        task_cancel(CONTAINER_OF(node, struct task, group_node), reason);
    }
}

/* No deadline ends this wait: the members use memory that goes with the group. */
void task_group_leave(struct task_group *group)
{
    task_group_cancel(group, CANCEL_GROUP);
    const int rc = wait_for_members(group, NULL);
    CHECK(rc == 0);
}
