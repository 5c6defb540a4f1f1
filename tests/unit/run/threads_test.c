/* Everything that parks, between tasks on the loops of two threads, with deadlines short enough to
 * meet their wakes. Made for ThreadSanitizer, and true without it. Threads use CHECK: Check's
 * assertions are the main thread's. */
#include "suites.h"

#include "base/limits.h"
#include "base/random.h"
#include "base/sys.h"
#include "run/hub.h"
#include "run/io_epoll.h"
#include "run/loop.h"
#include "run/offload.h"
#include "run/sync.h"
#include "run/task.h"
#include "run/worker.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define SIDES  2
#define TASKS  4 /* per side */
#define ROUNDS 300

struct side {
    struct worker worker;
    size_t index;
    task_fn *fn; /* of each of its tasks; its argument is the side */
    struct random dice;
};

static void run_side(void *arg)
{
    struct side *const side = arg;
    struct loop loop;
    struct io *io = NULL;
    CHECK(io_epoll_new(&io) == 0);
    CHECK(loop_init(&loop, io) == 0);
    for (size_t i = 0; i < TASKS; i++) {
        CHECK(task_spawn(&loop, "side", side->fn, side, NULL) == 0);
    }
    while (loop.task_count > 0) {
        CHECK(loop_turn(&loop, -1) == 0);
    }
    loop_deinit(&loop);
}

static void run_sides(task_fn *fn)
{
    static struct side sides[SIDES];
    for (size_t i = 0; i < SIDES; i++) {
        sides[i].index = i;
        sides[i].fn = fn;
        random_seed(&sides[i].dice, i);
        ck_assert_int_eq(worker_start(&sides[i].worker, "side", -1, run_side, &sides[i]), 0);
    }
    for (size_t i = 0; i < SIDES; i++) {
        worker_join(&sides[i].worker);
    }
}

/* A deadline that is already over, or about to be, or none. */
static int64_t some_due(struct side *side)
{
    const uint64_t dice = random_below(&side->dice, 4);
    return dice == 0 ? INT64_MAX : loop_self()->now_ns + (int64_t)(dice - 1) * NS_PER_MS;
}

static struct task_mutex mutex;
static unsigned in_mutex; /* plain, for TSan to watch */
static unsigned locked_count;
static atomic_uint lock_timeouts;

static void lock_often(void *arg)
{
    struct side *const side = arg;
    for (int i = 0; i < ROUNDS; i++) {
        const int rc = task_mutex_lock(&mutex, some_due(side));
        if (rc < 0) {
            CHECK(rc == -ETIMEDOUT);
            atomic_fetch_add(&lock_timeouts, 1);
            continue;
        }
        CHECK(in_mutex++ == 0);
        CHECK(random_below(&side->dice, 2) == 0 || task_yield() == 0);
        CHECK(--in_mutex == 0);
        locked_count++;
        task_mutex_unlock(&mutex);
    }
}

START_TEST(mutex_excludes_across_loops)
{
    task_mutex_init(&mutex);
    run_sides(lock_often);
    ck_assert_uint_eq(locked_count + atomic_load(&lock_timeouts), SIDES * TASKS * ROUNDS);
    ck_assert_uint_gt(locked_count, 0);
    task_mutex_deinit(&mutex);
}
END_TEST

/* Each promise is set by one side, and waited for by the other, which then frees it. */
static struct promise *promises[TASKS * ROUNDS];
static atomic_uint promised[SIDES];

static void keep_promise(struct side *side, struct promise *promise)
{
    CHECK(random_below(&side->dice, 2) == 0 || task_yield() == 0);
    CHECK(promise_set(promise, 0, promise)); /* and never touches it again */
}

static void await_promise(struct side *side, struct promise *promise)
{
    void *value = NULL;
    int rc = -ETIMEDOUT;
    while (rc == -ETIMEDOUT) {
        rc = promise_wait(promise, some_due(side), &value);
        CHECK(rc == 0 || task_yield() == 0);
    }
    CHECK(rc == 0 && value == promise);
    promise_deinit(promise);
    mem_free(promise);
}

static void keep_or_await(void *arg)
{
    struct side *const side = arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct promise *const promise = promises[atomic_fetch_add(&promised[side->index], 1)];
        if (side->index == 0) {
            keep_promise(side, promise);
        } else {
            await_promise(side, promise);
        }
    }
}

START_TEST(promise_may_be_freed_by_who_waited_across_loops)
{
    for (size_t i = 0; i < COUNT_OF(promises); i++) {
        promises[i] = mem_zalloc(sizeof(*promises[i]));
        ck_assert_ptr_nonnull(promises[i]);
        promise_init(promises[i]);
    }
    run_sides(keep_or_await);
}
END_TEST

static struct hub hub;
static atomic_uint senders_left;
static struct wait_group ready;
static atomic_uint published;
static atomic_uint received;
static atomic_uint lost_messages;

static void publish_often(void)
{
    CHECK(wait_group_wait(&ready, INT64_MAX) == 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        CHECK(hub_publish(&hub, &i, sizeof(i)) == 0);
        atomic_fetch_add(&published, 1);
        CHECK(task_yield() == 0);
    }
    if (atomic_fetch_sub(&senders_left, 1) == 1) {
        hub_close(&hub);
    }
}

static void listen_often(struct side *side)
{
    struct hub_subscription subscription;
    CHECK(hub_subscribe(&hub, &subscription, 3) == 0);
    wait_group_done(&ready);
    int rc = 0;
    while (rc != -EPIPE) {
        struct hub_message *message = NULL;
        uint64_t lost = 0;
        rc = hub_next(&subscription, some_due(side), &message, &lost);
        CHECK(rc == 0 || rc == -EPIPE || (rc == -ETIMEDOUT && task_yield() == 0));
        atomic_fetch_add(&received, rc == 0);
        atomic_fetch_add(&lost_messages, (unsigned)lost);
        hub_message_unref(message);
    }
    hub_unsubscribe(&subscription);
}

static void publish_or_listen(void *arg)
{
    struct side *const side = arg;
    if (side->index == 0) {
        publish_often();
    } else {
        listen_often(side);
    }
}

START_TEST(hub_counts_what_it_loses_across_loops)
{
    hub_init(&hub);
    wait_group_init(&ready);
    wait_group_add(&ready, TASKS);
    atomic_store(&senders_left, TASKS);
    run_sides(publish_or_listen);
    ck_assert_uint_eq(atomic_load(&published), TASKS * ROUNDS);
    ck_assert_uint_eq(atomic_load(&received) + atomic_load(&lost_messages), TASKS * TASKS * ROUNDS);
    wait_group_deinit(&ready);
    hub_deinit(&hub);
}
END_TEST

static struct offload offload;
static atomic_uint offload_calls;

static void count_call(void *arg)
{
    ++*(unsigned *)arg;
    atomic_fetch_add(&offload_calls, 1);
}

static void offload_often(void *arg)
{
    struct side *const side = arg;
    for (int i = 0; i < ROUNDS; i++) {
        unsigned calls = 0;
        struct task_deadline deadline;
        task_deadline_begin(&deadline, some_due(side));
        const int rc = offload_run(&offload, count_call, &calls);
        task_deadline_end(&deadline);
        CHECK((rc == 0 && calls == 1) || (rc == -ECANCELED && calls == 0));
        CHECK(task_yield() == 0);
    }
}

START_TEST(offloaded_call_is_made_once_or_not_at_all)
{
    ck_assert_int_eq(offload_init(&offload, 2), 0);
    run_sides(offload_often);
    ck_assert_uint_gt(atomic_load(&offload_calls), 0);
    offload_deinit(&offload);
}
END_TEST

Suite *threads_suite(void)
{
    Suite *const suite = suite_create("threads");
    TCase *const tcase = tcase_create("threads");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, mutex_excludes_across_loops);
    tcase_add_test(tcase, promise_may_be_freed_by_who_waited_across_loops);
    tcase_add_test(tcase, hub_counts_what_it_loses_across_loops);
    tcase_add_test(tcase, offloaded_call_is_made_once_or_not_at_all);
    suite_add_tcase(suite, tcase);
    return suite;
}
