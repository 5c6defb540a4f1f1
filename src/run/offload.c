/* The pool of threads, and its inline twin. */
#include "run/offload.h"

#include "base/sys.h"
#include "run/loop.h"
#include "run/task.h"
#include "run/timer.h"
#include "run/waiter.h"

#include <errno.h>

/* On the stack of the task. */
struct call {
    struct waiter waiter;
    void (*fn)(void *arg);
    void *arg;
};

int offload_init(struct offload *offload, size_t thread_max)
{
    CHECK(thread_max > 0);
    *offload = (struct offload){.thread_max = thread_max};
    offload->threads = mem_zalloc(thread_max * sizeof(struct worker));
    if (offload->threads == NULL) {
        return -ENOMEM;
    }
    CHECK(pthread_mutex_init(&offload->lock, NULL) == 0);
    CHECK(pthread_cond_init(&offload->changed, NULL) == 0);
    list_init(&offload->queue);
    return 0;
}

void offload_init_inline(struct offload *offload, int64_t (*delay_ns)(void *arg), void *arg)
{
    *offload = (struct offload){.delay_ns = delay_ns, .delay_arg = arg};
}

void offload_deinit(struct offload *offload)
{
    if (offload->threads == NULL) {
        return;
    }
    pthread_mutex_lock(&offload->lock);
    CHECK(list_empty(&offload->queue));
    offload->stop = true;
    pthread_cond_broadcast(&offload->changed);
    pthread_mutex_unlock(&offload->lock);
    for (size_t i = 0; i < offload->thread_count; i++) {
        worker_join(&offload->threads[i]);
    }
    CHECK(pthread_cond_destroy(&offload->changed) == 0);
    CHECK(pthread_mutex_destroy(&offload->lock) == 0);
    mem_free(offload->threads);
    *offload = (struct offload){0};
}

/* The next call; NULL at the end. Under the lock. */
static struct call *next_call(struct offload *offload)
{
    for (;;) {
        struct waiter *const waiter = waiter_take(&offload->queue);
        if (waiter != NULL) {
            return CONTAINER_OF(waiter, struct call, waiter);
        }
        if (offload->stop) {
            return NULL;
        }
        offload->idle_count++;
        pthread_cond_wait(&offload->changed, &offload->lock);
        offload->idle_count--;
    }
}

static void serve(void *arg)
{
    struct offload *const offload = arg;
    pthread_mutex_lock(&offload->lock);
    for (struct call *call = next_call(offload); call != NULL; call = next_call(offload)) {
        pthread_mutex_unlock(&offload->lock);
        call->fn(call->arg);
        waiter_wake(&call->waiter, 0);
        pthread_mutex_lock(&offload->lock);
    }
    pthread_mutex_unlock(&offload->lock);
}

/* Is there an idle thread for one call more than are queued? */
static bool has_spare(const struct offload *offload)
{
    size_t spare = offload->idle_count;
    list_each (node, &offload->queue) {
        if (spare == 0) {
            return false;
        }
        spare--;
    }
    return spare > 0;
}

/* Sees to it that some thread will look into the queue. Under the lock. */
static int summon(struct offload *offload)
{
    if (has_spare(offload) || offload->thread_count == offload->thread_max) {
        pthread_cond_signal(&offload->changed);
        return 0;
    }
    struct worker *const thread = &offload->threads[offload->thread_count];
    const int rc = worker_start(thread, "garm/offload", -1, serve, offload);
    offload->thread_count += rc == 0;
    if (rc < 0 && offload->thread_count > 0) {
        pthread_cond_signal(&offload->changed);
        return 0;
    }
    return rc < 0 ? -EAGAIN : 0;
}

static int run_on_thread(struct offload *offload, struct call *call)
{
    pthread_mutex_lock(&offload->lock);
    const int rc = summon(offload);
    if (rc < 0) {
        pthread_mutex_unlock(&offload->lock);
        return rc;
    }
    return waiter_wait(&call->waiter, &offload->lock, &offload->queue, INT64_MAX);
}

size_t offload_busy(struct offload *offload)
{
    if (offload->threads == NULL) {
        return 0;
    }
    pthread_mutex_lock(&offload->lock);
    size_t count = offload->thread_count - offload->idle_count;
    list_each (node, &offload->queue) {
        count++;
    }
    pthread_mutex_unlock(&offload->lock);
    return count;
}

/* The inline twin. */

struct inline_call {
    struct timer timer;
    struct job job;
    struct task *task;
    void (*fn)(void *arg);
    void *arg;
};

static void begin_inline(struct timer *timer)
{
    struct inline_call *const call = CONTAINER_OF(timer, struct inline_call, timer);
    loop_add(task_loop(call->task), &call->job);
}

static void run_inline(struct job *job)
{
    const struct inline_call *const call = CONTAINER_OF(job, struct inline_call, job);
    call->fn(call->arg);
    task_wake(call->task, 0);
}

static bool withdraw_inline(void *arg)
{
    struct inline_call *const call = arg;
    timer_stop(&task_loop(call->task)->timers, &call->timer);
    job_cancel(&call->job);
    return true;
}

static int run_on_loop(const struct offload *offload, void (*fn)(void *arg), void *arg)
{
    struct inline_call call = {.task = task_self(), .fn = fn, .arg = arg};
    struct loop *const loop = loop_self();
    timer_init(&call.timer, begin_inline);
    job_init(&call.job, run_inline);
    timer_set(&loop->timers, &call.timer, loop_due_ns(loop, offload->delay_ns(offload->delay_arg)));
    return task_park(withdraw_inline, &call, INT64_MAX);
}

int offload_run(struct offload *offload, void (*fn)(void *arg), void *arg)
{
    if (offload->delay_ns != NULL) {
        return run_on_loop(offload, fn, arg);
    }
    struct call call = {.fn = fn, .arg = arg};
    return run_on_thread(offload, &call);
}
