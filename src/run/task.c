/* Tasks: their birth and death, and parking. What nests within a task (masks, deadlines, deferred
 * functions, groups) is in task_scope.c. */
#include "run/task.h"

#include "run/task_impl.h"

#include <errno.h>

struct task *task_self(void)
{
    const struct loop *const loop = loop_self();
    return loop == NULL ? NULL : loop->current;
}

const char *task_name(const struct task *task)
{
    return task->name;
}

void task_set_name(const char *name)
{
    struct task *const self = task_self();
    self->name = name;
    atomic_store_explicit(&self->loop->running, name, memory_order_release);
}

struct loop *task_loop(const struct task *task)
{
    return task->loop;
}

const struct stack *task_stack(const struct task *task)
{
    return task->stack;
}

static bool cancelled(const struct task *task)
{
    return task->masks == 0 && (task->reason != CANCEL_NONE || task->deadlines_passed > 0);
}

/* Gives the stack back, on which the task itself lies. */
static void retire(struct task *task)
{
    struct loop *const loop = task->loop;
    list_remove(&task->node);
    counter_add(&loop->task_count, (uint64_t)-1);
    coro_deinit(&task->coro);
    const bool trim = stack_put(loop->stacks, task->stack);
    if (trim && loop->stack_trim.due_ns == INT64_MAX) {
        timer_set(&loop->timers, &loop->stack_trim, loop->now_ns + NS_PER_SEC);
    }
}

static void resume(struct task *task)
{
    struct loop *const loop = task->loop;
    CHECK(loop->current == NULL && loop_self() == loop);
    loop->current = task;
    counter_add(&loop->resumes, 1);
    atomic_store_explicit(&loop->running, task->name, memory_order_release);
    task->state = TASK_RUNNING;
    coro_switch(&loop->home, &task->coro);
    loop->current = NULL;
    atomic_store_explicit(&loop->running, NULL, memory_order_release);
    if (task->state == TASK_ENDED) {
        retire(task);
    }
}

static void resume_job(struct job *job)
{
    resume(CONTAINER_OF(job, struct task, job));
}

static void run_to_end(void *arg)
{
    struct task *const task = arg;
    task->fn(task->arg);
    CHECK(task->masks == 0 && task->deadlines_passed == 0);
    task_group_forget(task);
    task->state = TASK_ENDED;
    coro_finish(&task->coro, &task->loop->home);
}

/* The wait is over before its time, unless what it waits for is on its way already. */
static void end_wait(struct task *task, int result)
{
    task_withdraw_fn *const withdraw = task->withdraw;
    if (task->state != TASK_PARKED || withdraw == NULL) {
        return;
    }
    task->withdraw = NULL;
    if (withdraw(task->withdraw_arg)) {
        task_wake(task, result);
    }
}

static void wait_is_due(struct timer *timer)
{
    end_wait(CONTAINER_OF(timer, struct task, wait_timer), -ETIMEDOUT);
}

static int new_task(struct loop *loop, size_t stack_bytes, const char *name, task_fn *fn, void *arg,
                    struct task **ret_task)
{
    struct stack *stack = NULL;
    TRY(stack_get(loop->stacks, stack_bytes, &stack));
    /* The stack's top is aligned to 16; the task's size, rounded up, keeps what is below it so. */
    char *const place = stack->top - ((sizeof(struct task) + 15) & ~(size_t)15);
    struct task *const task = (struct task *)(void *)place;
    *task = (struct task){
        .loop = loop,
        .stack = stack,
        .name = name,
        .fn = fn,
        .arg = arg,
        .state = TASK_READY,
        .defer_due_ns = INT64_MAX,
    };
    coro_init(&task->coro, stack->low, (size_t)(place - stack->low), run_to_end, task);
    job_init(&task->job, resume_job);
    timer_init(&task->wait_timer, wait_is_due);
    list_init(&task->group_node);
    list_push_back(&loop->tasks, &task->node);
    counter_add(&loop->task_count, 1);
    *ret_task = task;
    return 0;
}

int task_run(struct loop *loop, const char *name, task_fn *fn, void *arg)
{
    return task_run_on(loop, 0, name, fn, arg);
}

int task_run_on(struct loop *loop, size_t stack_bytes, const char *name, task_fn *fn, void *arg)
{
    struct task *task = NULL;
    TRY(new_task(loop, stack_bytes, name, fn, arg, &task));
    struct loop *const outer = loop_enter(loop);
    resume(task);
    loop_leave(outer);
    return 0;
}

int task_spawn(struct loop *loop, const char *name, task_fn *fn, void *arg, struct task **ret_task)
{
    struct task *task = NULL;
    TRY(new_task(loop, 0, name, fn, arg, &task));
    loop_add(loop, &task->job);
    if (ret_task != NULL) {
        *ret_task = task;
    }
    return 0;
}

static void suspend(struct task *self)
{
    coro_switch(&self->coro, &self->loop->home);
}

/* Why a wait that begins now would be over at once: 0 if it would not. */
static int over_already(const struct task *self, int64_t due_ns)
{
    if (cancelled(self)) {
        counter_add(&self->loop->refused_waits, 1);
        return -ECANCELED;
    }
    return due_ns <= self->loop->now_ns ? -ETIMEDOUT : 0;
}

int task_park(task_withdraw_fn *withdraw, void *arg, int64_t due_ns)
{
    struct task *const self = task_self();
    CHECK(self != NULL && (withdraw != NULL || due_ns == INT64_MAX));
    if (withdraw != NULL) {
        due_ns = due_ns < self->defer_due_ns ? due_ns : self->defer_due_ns;
        const int rc = over_already(self, due_ns);
        if (rc < 0 && withdraw(arg)) {
            return rc;
        }
        self->withdraw = rc < 0 ? NULL : withdraw;
        self->withdraw_arg = arg;
        if (rc == 0 && due_ns != INT64_MAX) {
            timer_set(&self->loop->timers, &self->wait_timer, due_ns);
        }
    }
    self->state = TASK_PARKED;
    suspend(self);
    return self->result;
}

void task_wake(struct task *task, int result)
{
    CHECK(task->state == TASK_PARKED);
    task->state = TASK_READY;
    task->result = result;
    task->withdraw = NULL;
    timer_stop(&task->loop->timers, &task->wait_timer);
    loop_add(task->loop, &task->job);
}

bool task_parked(const struct task *task)
{
    return task->state == TASK_PARKED;
}

static bool withdraw_from_nothing(void *arg)
{
    (void)arg;
    return true;
}

int task_sleep(int64_t ns)
{
    if (ns <= 0) {
        return task_yield();
    }
    const struct loop *const loop = task_self()->loop;
    const int64_t due_ns = loop_due_ns(loop, ns);
    const int rc = task_park(withdraw_from_nothing, NULL, due_ns);
    /* The time that came may have been that of the deferred functions. */
    return rc == -ETIMEDOUT && loop->now_ns >= due_ns ? 0 : -ECANCELED;
}

int task_yield(void)
{
    struct task *const self = task_self();
    if (cancelled(self)) {
        counter_add(&self->loop->refused_waits, 1);
        return -ECANCELED;
    }
    self->state = TASK_READY;
    loop_add(self->loop, &self->job);
    suspend(self);
    return 0;
}

void task_cancel(struct task *task, enum cancel_reason reason)
{
    if (task->reason == CANCEL_NONE) {
        task->reason = reason;
    }
    if (cancelled(task)) {
        end_wait(task, -ECANCELED);
    }
}

void task_cancel_all(struct loop *loop, enum cancel_reason reason)
{
    list_each_safe (node, next, &loop->tasks) {
        task_cancel(CONTAINER_OF(node, struct task, node), reason);
    }
}

enum cancel_reason task_cancel_reason(const struct task *task)
{
    if (task->reason != CANCEL_NONE) {
        return task->reason;
    }
    return task->deadlines_passed > 0 ? CANCEL_DEADLINE : CANCEL_NONE;
}

void task_cancel_clear(struct task *task)
{
    task->reason = CANCEL_NONE;
}

void task_pass_deadline(struct task *task)
{
    task->deadlines_passed++;
    if (cancelled(task)) {
        end_wait(task, -ECANCELED);
    }
}
