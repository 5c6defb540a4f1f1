/* Calls on other threads, and their inline twin. */
#include "suites.h"
#include "support.h"

#include "base/limits.h"
#include "run/offload.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

static struct offload offload;
static atomic_uint calls;
static sem_t gate;  /* calls wait at it */
static sem_t begun; /* and say here that they do */

static void setup(void)
{
    ck_assert_int_eq(sem_init(&gate, 0, 0), 0);
    ck_assert_int_eq(sem_init(&begun, 0, 0), 0);
}

static struct task *spawn(task_fn *fn, void *arg)
{
    struct task *task = NULL;
    ck_assert_int_eq(task_spawn(loop_self(), "child", fn, arg, &task), 0);
    return task;
}

static void remember_thread(void *arg)
{
    *(pthread_t *)arg = pthread_self();
}

static void check_thread(void *arg)
{
    (void)arg;
    pthread_t first = pthread_self();
    pthread_t second = pthread_self();
    ck_assert_int_eq(offload_init(&offload, 4), 0);
    ck_assert_int_eq(offload_run(&offload, remember_thread, &first), 0);
    ck_assert(!pthread_equal(first, pthread_self()));
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(offload_run(&offload, remember_thread, &second), 0);
    }
    offload_deinit(&offload);
}

START_TEST(call_is_made_on_another_thread)
{
    run_tasks(check_thread, NULL);
}
END_TEST

static void wait_at_the_gate(void *arg)
{
    (void)arg;
    sem_post(&begun);
    while (sem_wait(&gate) != 0) {
    }
    atomic_fetch_add(&calls, 1);
}

static void call_gate(void *arg)
{
    *(int *)arg = offload_run(&offload, wait_at_the_gate, NULL);
}

static void wait_until_begun(void *arg)
{
    (void)arg;
    while (sem_wait(&begun) != 0) {
    }
}

/* All at once, so that a thread too few would never get here. */
static void check_concurrency(void *arg)
{
    (void)arg;
    int results[3] = {1, 1, 1};
    ck_assert_int_eq(offload_init(&offload, COUNT_OF(results)), 0);
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        spawn(call_gate, &results[i]);
    }
    ck_assert_int_eq(task_yield(), 0);
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        wait_until_begun(NULL);
    }
    ck_assert_uint_eq(atomic_load(&calls), 0);
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        sem_post(&gate);
    }
    while (loop_self()->task_count > 1) {
        ck_assert_int_eq(task_sleep(NS_PER_MS), 0);
    }
    ck_assert_uint_eq(atomic_load(&calls), COUNT_OF(results));
    offload_deinit(&offload);
}

START_TEST(as_many_calls_as_there_are_threads_run_at_once)
{
    run_tasks(check_concurrency, NULL);
}
END_TEST

static void check_cancel(void *arg)
{
    (void)arg;
    int started = 1;
    int queued = 1;
    ck_assert_int_eq(offload_init(&offload, 1), 0);
    struct task *const first = spawn(call_gate, &started);
    ck_assert_int_eq(task_yield(), 0);
    wait_until_begun(NULL);
    struct task *const second = spawn(call_gate, &queued);
    ck_assert_int_eq(task_yield(), 0);
    task_cancel(first, CANCEL_DRAIN);
    task_cancel(second, CANCEL_DRAIN);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(queued, -ECANCELED);
    ck_assert(task_parked(first));
    sem_post(&gate);
    while (loop_self()->task_count > 1) {
        ck_assert_int_eq(task_sleep(NS_PER_MS), 0);
    }
    ck_assert_int_eq(started, 0);
    ck_assert_uint_eq(atomic_load(&calls), 1);
    offload_deinit(&offload);
}

START_TEST(queued_call_is_cancelled_and_a_started_one_waited_for)
{
    run_tasks(check_cancel, NULL);
}
END_TEST

static void count_call(void *arg)
{
    (void)arg;
    atomic_fetch_add(&calls, 1);
}

static void check_no_thread(void *arg)
{
    (void)arg;
    ck_assert_int_eq(offload_init(&offload, 2), 0);
    fail_call("pthread_create", 0, -EAGAIN);
    ck_assert_int_eq(offload_run(&offload, count_call, NULL), -EAGAIN);
    fail_nothing();
    ck_assert_uint_eq(atomic_load(&calls), 0);
    ck_assert_int_eq(offload_run(&offload, count_call, NULL), 0);
    offload_deinit(&offload);
}

START_TEST(no_thread_to_be_had_is_eagain)
{
    run_tasks(check_no_thread, NULL);
}
END_TEST

START_TEST(init_without_memory_is_enomem)
{
    struct offload zeroed = {0};
    offload_deinit(&zeroed);
    fail_call("calloc", 0, -ENOMEM);
    ck_assert_int_eq(offload_init(&offload, 2), -ENOMEM);
    fail_nothing();
    offload_deinit(&offload);
}
END_TEST

static int64_t ten_ms(void *arg)
{
    (void)arg;
    return 10 * NS_PER_MS;
}

static void call_inline(void *arg)
{
    *(int *)arg = offload_run(&offload, count_call, NULL);
}

static void check_inline(void *arg)
{
    (void)arg;
    int result = 1;
    pthread_t thread;
    offload_init_inline(&offload, ten_ms, NULL);
    const int64_t begin_ns = loop_self()->now_ns;
    ck_assert_int_eq(offload_run(&offload, remember_thread, &thread), 0);
    ck_assert(pthread_equal(thread, pthread_self()));
    ck_assert_int_ge(loop_self()->now_ns - begin_ns, 10 * NS_PER_MS);
    struct task *const child = spawn(call_inline, &result);
    ck_assert_int_eq(task_sleep(5 * NS_PER_MS), 0);
    task_cancel(child, CANCEL_DRAIN);
    ck_assert_int_eq(task_sleep(50 * NS_PER_MS), 0);
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_uint_eq(atomic_load(&calls), 0);
    offload_deinit(&offload);
}

START_TEST(inline_call_is_made_later_on_the_same_thread)
{
    run_tasks_simulated(check_inline, NULL);
}
END_TEST

Suite *offload_suite(void)
{
    Suite *const suite = suite_create("offload");
    TCase *const tcase = tcase_create("offload");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, call_is_made_on_another_thread);
    tcase_add_test(tcase, as_many_calls_as_there_are_threads_run_at_once);
    tcase_add_test(tcase, queued_call_is_cancelled_and_a_started_one_waited_for);
    tcase_add_test(tcase, no_thread_to_be_had_is_eagain);
    tcase_add_test(tcase, init_without_memory_is_enomem);
    tcase_add_test(tcase, inline_call_is_made_later_on_the_same_thread);
    suite_add_tcase(suite, tcase);
    return suite;
}
