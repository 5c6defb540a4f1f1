/* The event loop. One turn, in order:
 *   1. poll: wait for sockets, a wake or the next timer, and call what is ready;
 *   2. posts: work that other threads sent;
 *   3. jobs: those that were ready when this phase began, what they queue runs in the next turn;
 *   4. timers that are due;
 *   5. graves: what was to be freed after all this. */
#include "run/loop.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/stack.h"

#include <sched.h>

/* Read at every look for the running task; it is never in a library that is loaded late, so the
 * quick way of addressing it holds. */
static _Thread_local struct loop *self __attribute__((tls_model("initial-exec")));

struct loop *loop_self(void)
{
    return self;
}

/* The thread may be another than at the last turn. */
struct loop *loop_enter(struct loop *loop)
{
    struct loop *const outer = self;
    if (outer != loop) {
        self = loop;
        coro_init_thread(&loop->home);
    }
    return outer;
}

void loop_leave(struct loop *outer)
{
    self = outer;
}

static void trim_stacks(struct timer *timer)
{
    struct loop *const loop = CONTAINER_OF(timer, struct loop, stack_trim);
    const int64_t delay_ns = stack_pool_trim(loop->stacks);
    if (delay_ns > 0) {
        timer_set(&loop->timers, timer, loop_due_ns(loop, delay_ns));
    }
}

int loop_init(struct loop *loop, struct io *io)
{
    *loop = (struct loop){.io = io, .now_ns = io->ops->now_ns(io)};
    list_init(&loop->ready);
    list_init(&loop->graves);
    list_init(&loop->tasks);
    timer_wheel_init(&loop->timers, loop->now_ns);
    timer_init(&loop->stack_trim, trim_stacks);
    const int rc = stack_pool_new(&loop->stacks);
    if (rc < 0) {
        io->ops->free(io);
        loop->io = NULL;
    }
    return rc;
}

/* The free function of a grave may dig another one. */
static void bury_all(struct loop *loop)
{
    for (struct list *node = list_pop_front(&loop->graves); node != NULL;
         node = list_pop_front(&loop->graves)) {
        struct grave *const grave = CONTAINER_OF(node, struct grave, node);
        grave->free(grave);
    }
}

/* What a thread posted may have run, and so have led here, before that thread is out of loop_post:
 * it is about to wake a loop that is not asleep. */
static void await_posters(struct loop *loop)
{
    while (atomic_load_explicit(&loop->posting, memory_order_acquire) > 0) {
        sched_yield();
    }
}

void loop_deinit(struct loop *loop)
{
    if (loop->io == NULL) {
        return;
    }
    CHECK(loop->task_count == 0);
    await_posters(loop);
    bury_all(loop);
    stack_pool_free(loop->stacks);
    loop->io->ops->free(loop->io);
    loop->io = NULL;
}

/* Posts come last in, first out; they run in the order in which they were sent. */
static void run_posts(struct loop *loop)
{
    if (LIKELY(atomic_load_explicit(&loop->inbox, memory_order_relaxed) == NULL)) {
        return;
    }
    struct post *newest = atomic_exchange_explicit(&loop->inbox, NULL, memory_order_acquire);
    struct post *oldest = NULL;
    while (newest != NULL) {
        struct post *const next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct post *const post = oldest;
        oldest = post->next;
        post->run(post);
    }
}

static void run_jobs(struct loop *loop)
{
    struct list batch;
    list_init(&batch);
    list_splice_back(&batch, &loop->ready);
    for (struct list *node = list_pop_front(&batch); node != NULL; node = list_pop_front(&batch)) {
        struct job *const job = CONTAINER_OF(node, struct job, node);
        job->run(job);
    }
}

static int64_t wait_from(const struct loop *loop, int64_t now_ns, int64_t max_wait_ns)
{
    if (!list_empty(&loop->ready) || !list_empty(&loop->graves) || loop->stop ||
        atomic_load_explicit(&loop->inbox, memory_order_relaxed) != NULL) {
        return 0;
    }
    const int64_t next_ns = timer_wheel_next(&loop->timers);
    if (next_ns == INT64_MAX) {
        return max_wait_ns;
    }
    const int64_t wait_ns = next_ns > now_ns ? next_ns - now_ns : 0;
    return max_wait_ns >= 0 && max_wait_ns < wait_ns ? max_wait_ns : wait_ns;
}

int64_t loop_wait_ns(const struct loop *loop, int64_t max_wait_ns)
{
    return wait_from(loop, loop->io->ops->now_ns(loop->io), max_wait_ns);
}

const int64_t loop_lag_bounds_ns[LOOP_LAG_BOUNDS] = {
    NS_PER_MS / 10, NS_PER_MS / 2,   NS_PER_MS,       5 * NS_PER_MS, 10 * NS_PER_MS,
    50 * NS_PER_MS, 100 * NS_PER_MS, 500 * NS_PER_MS, NS_PER_SEC};

static void measure_turn(struct loop *loop)
{
    loop->done_ns = loop->io->ops->now_ns(loop->io);
    if (loop->lag == NULL) {
        return;
    }
    const int64_t took_ns = loop->done_ns - loop->now_ns;
    size_t i = 0;
    while (i < LOOP_LAG_BOUNDS && took_ns > loop_lag_bounds_ns[i]) {
        i++;
    }
    counter_add(&loop->lag->buckets[i], 1);
    counter_add(&loop->lag->sum_ns, (uint64_t)took_ns);
}

static int turn(struct loop *loop, int64_t max_wait_ns)
{
    struct loop *const outer = loop_enter(loop);
    const int64_t wait_ns = wait_from(loop, loop->now_ns, max_wait_ns);
    const int rc = loop->io->ops->poll(loop->io, wait_ns, &loop->now_ns);
    run_posts(loop);
    run_jobs(loop);
    timer_wheel_advance(&loop->timers, loop->now_ns);
    bury_all(loop);
    if (UNLIKELY(loop->lag != NULL || loop->timed)) {
        measure_turn(loop);
    }
    loop->turns++;
    loop_leave(outer);
    return rc < 0 ? rc : 0;
}

/* The caller may have been away since the last turn, and the wait would be too long by that. */
int loop_turn(struct loop *loop, int64_t max_wait_ns)
{
    loop->now_ns = loop->io->ops->now_ns(loop->io);
    return turn(loop, max_wait_ns);
}

/* Here the clock is read once per turn: it is behind by the work of one turn at most. */
int loop_run(struct loop *loop)
{
    while (!loop->stop) {
        TRY(turn(loop, -1));
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->stop = true;
}

void job_init(struct job *job, void (*run)(struct job *job))
{
    list_init(&job->node);
    job->run = run;
}

void loop_add(struct loop *loop, struct job *job)
{
    if (list_empty(&job->node)) {
        list_push_back(&loop->ready, &job->node);
    }
}

void job_cancel(struct job *job)
{
    list_remove(&job->node);
}

/* Who finds the inbox empty wakes the loop; whoever comes before the loop has looked rides
 * along. */
void loop_post(struct loop *loop, struct post *post)
{
    atomic_fetch_add_explicit(&loop->posting, 1, memory_order_relaxed);
    struct post *head = atomic_load_explicit(&loop->inbox, memory_order_relaxed);
    do {
        post->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&loop->inbox, &head, post, memory_order_release,
                                                    memory_order_relaxed));
    if (head == NULL) {
        loop->io->ops->wake(loop->io);
    }
    atomic_fetch_sub_explicit(&loop->posting, 1, memory_order_release);
}

void loop_bury(struct loop *loop, struct grave *grave, void (*free)(struct grave *grave))
{
    grave->free = free;
    list_push_back(&loop->graves, &grave->node);
}
