/* Tasks: starting, parking, waking, cancelling. */
#include "suites.h"
#include "support.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/io_epoll.h"
#include "run/stack.h"

#include <errno.h>
#include <string.h>

static char names[] = "ab"; /* of tasks, as their arguments */
static char order[64];
static size_t order_len;

static void setup(void)
{
    order_len = 0;
}

static void note(char what)
{
    ck_assert_uint_lt(order_len, sizeof(order) - 1);
    order[order_len++] = what;
    order[order_len] = '\0';
}

static struct task *spawn(task_fn *fn, void *arg)
{
    struct task *task = NULL;
    ck_assert_int_eq(task_spawn(loop_self(), "child", fn, arg, &task), 0);
    return task;
}

static bool withdraw_always(void *arg)
{
    if (arg != NULL) {
        ++*(int *)arg;
    }
    return true;
}

static void just_note(void *arg)
{
    note(*(const char *)arg);
}

START_TEST(task_runs_at_once_until_it_ends)
{
    struct loop loop;
    open_loop(&loop);
    ck_assert_int_eq(task_run(&loop, "a", just_note, &names[0]), 0);
    ck_assert_str_eq(order, "a");
    ck_assert_uint_eq(loop.task_count, 0);
    ck_assert_ptr_null(task_self());
    loop_deinit(&loop);
}
END_TEST

static void spawn_two(void *arg)
{
    (void)arg;
    ck_assert_str_eq(task_name(task_self()), "test");
    task_set_name("renamed");
    ck_assert_str_eq(task_name(task_self()), "renamed");
    spawn(just_note, &names[0]);
    spawn(just_note, &names[1]);
    note('p');
    ck_assert_int_eq(task_yield(), 0);
    note('q');
}

START_TEST(spawned_tasks_run_after_their_parent_parks)
{
    run_tasks(spawn_two, NULL);
    ck_assert_str_eq(order, "pabq");
}
END_TEST

static void park_and_note(void *arg)
{
    const int rc = task_park(withdraw_always, NULL, INT64_MAX);
    *(int *)arg = rc;
}

static void wake_with_seven(void *arg)
{
    (void)arg;
    int result = 0;
    struct task *const child = spawn(park_and_note, &result);
    ck_assert(!task_parked(child));
    ck_assert_int_eq(task_yield(), 0);
    ck_assert(task_parked(child));
    task_wake(child, 7);
    ck_assert(!task_parked(child));
    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(result, 7);
}

START_TEST(wait_returns_what_it_was_woken_with)
{
    run_tasks(wake_with_seven, NULL);
}
END_TEST

static void check_sleep(void *arg)
{
    (void)arg;
    const struct loop *const loop = loop_self();
    const int64_t begin_ns = loop->now_ns;
    ck_assert_int_eq(task_sleep(30 * NS_PER_SEC), 0);
    ck_assert_int_ge(loop->now_ns - begin_ns, 30 * NS_PER_SEC);
    ck_assert_int_le(loop->now_ns - begin_ns, 30 * NS_PER_SEC + 2 * NS_PER_MS);
    ck_assert_int_eq(task_sleep(0), 0);
}

START_TEST(sleep_takes_its_time)
{
    run_tasks_simulated(check_sleep, NULL);
}
END_TEST

static void sleep_for_ever(void *arg)
{
    (void)arg;
    ck_assert_int_eq(task_sleep(INT64_MAX), -ECANCELED);
}

static void sleep_beyond_the_clock(void *arg)
{
    (void)arg;
    struct task *sleeper = NULL;
    ck_assert_int_eq(task_spawn(loop_self(), "sleeper", sleep_for_ever, NULL, &sleeper), 0);
    ck_assert_int_eq(task_sleep(30 * NS_PER_SEC), 0);
    ck_assert(task_parked(sleeper));
    task_cancel(sleeper, CANCEL_DRAIN);
}

START_TEST(sleep_beyond_what_a_clock_can_tell_never_ends)
{
    run_tasks_simulated(sleep_beyond_the_clock, NULL);
}
END_TEST

static void check_deadline(void *arg)
{
    (void)arg;
    int withdrawn = 0;
    const struct loop *const loop = loop_self();
    const int64_t due_ns = loop->now_ns + NS_PER_SEC;
    ck_assert_int_eq(task_park(withdraw_always, &withdrawn, due_ns), -ETIMEDOUT);
    ck_assert_int_eq(withdrawn, 1);
    ck_assert_int_ge(loop->now_ns, due_ns);
    ck_assert_int_eq(task_park(withdraw_always, &withdrawn, loop->now_ns), -ETIMEDOUT);
    ck_assert_int_eq(withdrawn, 2);
}

START_TEST(wait_ends_at_its_deadline)
{
    run_tasks_simulated(check_deadline, NULL);
}
END_TEST

static void cancel_a_parked_task(void *arg)
{
    (void)arg;
    int result = 0;
    struct task *const child = spawn(park_and_note, &result);
    ck_assert_int_eq(task_yield(), 0);
    task_cancel(child, CANCEL_CLIENT_GONE);
    task_cancel(child, CANCEL_DRAIN);
    ck_assert_int_eq(task_cancel_reason(child), CANCEL_CLIENT_GONE);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(result, -ECANCELED);
}

START_TEST(cancel_ends_a_wait_and_the_first_reason_stays)
{
    run_tasks(cancel_a_parked_task, NULL);
}
END_TEST

static void cancel_itself(void *arg)
{
    (void)arg;
    int withdrawn = 0;
    struct task *const self = task_self();
    task_cancel(self, CANCEL_DRAIN);
    ck_assert_int_eq(task_park(withdraw_always, &withdrawn, INT64_MAX), -ECANCELED);
    ck_assert_int_eq(withdrawn, 1);
    ck_assert_int_eq(task_sleep(1), -ECANCELED);
    ck_assert_int_eq(task_yield(), -ECANCELED);
    task_cancel_clear(self);
    ck_assert_int_eq(task_cancel_reason(self), CANCEL_NONE);
    ck_assert_int_eq(task_yield(), 0);
}

START_TEST(every_wait_of_a_cancelled_task_ends_at_once_until_it_is_cleared)
{
    run_tasks(cancel_itself, NULL);
}
END_TEST

static void yield_and_note_reason(void *arg)
{
    *(enum cancel_reason *)arg = task_cancel_reason(task_self());
    ck_assert_int_eq(task_yield(), -ECANCELED);
}

static void cancel_before_it_begins(void *arg)
{
    (void)arg;
    enum cancel_reason reason = CANCEL_NONE;
    struct task *const child = spawn(yield_and_note_reason, &reason);
    task_cancel(child, CANCEL_DRAIN);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(reason, CANCEL_DRAIN);
}

START_TEST(task_cancelled_before_it_begins_runs_and_cannot_wait)
{
    run_tasks(cancel_before_it_begins, NULL);
}
END_TEST

static bool withdraw_never(void *arg)
{
    ++*(int *)arg;
    return false;
}

struct late_wake {
    int withdrawn;
    int result;
};

static void park_with_a_wake_under_way(void *arg)
{
    struct late_wake *const wake = arg;
    wake->result = task_park(withdraw_never, &wake->withdrawn, loop_self()->now_ns + NS_PER_MS);
}

static void wake_late(void *arg)
{
    (void)arg;
    struct late_wake wake = {.result = 1};
    struct task *const child = spawn(park_with_a_wake_under_way, &wake);
    ck_assert_int_eq(task_sleep(10 * NS_PER_MS), 0);
    task_cancel(child, CANCEL_DRAIN);
    ck_assert_int_eq(task_sleep(10 * NS_PER_MS), 0);
    ck_assert_int_eq(wake.withdrawn, 1);
    ck_assert_int_eq(wake.result, 1);
    task_wake(child, 5);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(wake.result, 5);
}

START_TEST(wake_that_is_on_its_way_is_waited_for)
{
    run_tasks_simulated(wake_late, NULL);
}
END_TEST

static void park_already_cancelled(void *arg)
{
    struct late_wake *const wake = arg;
    task_cancel(task_self(), CANCEL_DRAIN);
    wake->result = task_park(withdraw_never, &wake->withdrawn, INT64_MAX);
}

static void wake_the_cancelled(void *arg)
{
    (void)arg;
    struct late_wake wake = {.result = 1};
    struct task *const child = spawn(park_already_cancelled, &wake);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(wake.withdrawn, 1);
    ck_assert(task_parked(child));
    task_wake(child, 6);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(wake.result, 6);
}

START_TEST(wake_that_is_on_its_way_is_waited_for_even_if_cancelled_before)
{
    run_tasks(wake_the_cancelled, NULL);
}
END_TEST

static void park_without_withdraw(void *arg)
{
    *(int *)arg = task_park(NULL, NULL, INT64_MAX);
}

static void cancel_what_lent_memory(void *arg)
{
    (void)arg;
    int result = 1;
    struct task *const child = spawn(park_without_withdraw, &result);
    ck_assert_int_eq(task_yield(), 0);
    task_cancel(child, CANCEL_DRAIN);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert(task_parked(child));
    task_wake(child, 0);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(result, 0);
}

START_TEST(wait_without_withdraw_is_not_cancelled)
{
    run_tasks(cancel_what_lent_memory, NULL);
}
END_TEST

static void sleep_long(void *arg)
{
    *(int *)arg = task_sleep(3600 * NS_PER_SEC);
}

static void cancel_all(void *arg)
{
    (void)arg;
    int results[3] = {0};
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        spawn(sleep_long, &results[i]);
    }
    ck_assert_int_eq(task_yield(), 0);
    task_cancel_all(loop_self(), CANCEL_DRAIN);
    task_cancel_clear(task_self());
    ck_assert_int_eq(task_yield(), 0);
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        ck_assert_int_eq(results[i], -ECANCELED);
    }
}

START_TEST(cancel_all_reaches_every_task_of_the_loop)
{
    run_tasks(cancel_all, NULL);
}
END_TEST

START_TEST(no_stack_is_eagain_and_nothing_runs)
{
    struct loop loop;
    open_loop(&loop);
    fail_call("mmap", 0, -ENOMEM);
    ck_assert_int_eq(task_run(&loop, "a", just_note, &names[0]), -EAGAIN);
    fail_nothing();
    stack_pool_set_max(loop.stacks, 0);
    ck_assert_int_eq(task_spawn(&loop, "a", just_note, &names[0], NULL), -EAGAIN);
    ck_assert_uint_eq(order_len, 0);
    ck_assert_uint_eq(loop.task_count, 0);
    loop_deinit(&loop);
}
END_TEST

NOINLINE static unsigned fill(size_t size)
{
    volatile char local[KIB(8)];
    memset((char *)local, 1, sizeof(local));
    const unsigned sum = (unsigned)local[size % sizeof(local)];
    return size <= sizeof(local) ? sum : sum + fill(size - sizeof(local));
}

static void fill_most(void *arg)
{
    *(size_t *)arg = stack_bytes(task_stack(task_self()));
    ck_assert_uint_ge(fill(*(size_t *)arg * 3 / 4), 1);
}

START_TEST(large_stack_is_large)
{
    struct loop loop;
    open_loop(&loop);
    size_t bytes = 0;
    ck_assert_int_eq(task_run_on(&loop, KIB(1000), "big", fill_most, &bytes), 0);
    ck_assert_uint_eq(bytes, KIB(1024));
    ck_assert_int_eq(task_run_on(&loop, STACK_BYTES_MAX + 1, "big", fill_most, &bytes), -EINVAL);
    loop_deinit(&loop);
}
END_TEST

static void sleep_a_little(void *arg)
{
    ++*(unsigned *)arg;
    ck_assert_int_eq(task_sleep(NS_PER_MS), 0);
    ++*(unsigned *)arg;
}

static void burst(void *arg)
{
    unsigned *const steps = arg;
    for (int i = 0; i < 1000; i++) {
        spawn(sleep_a_little, steps);
    }
}

START_TEST(memory_of_a_thousand_tasks_goes_back_when_they_have_ended)
{
    unsigned steps = 0;
    struct loop loop;
    struct stack_pool_stats stats;
    struct sim *const sim = sim_new(1, NULL);
    ck_assert_int_eq(loop_init(&loop, sim_io_new(sim)), 0);
    sim_attach(sim, &loop);
    ck_assert_int_eq(task_run(&loop, "burst", burst, &steps), 0);
    ck_assert_int_eq(sim_run(sim, sim_now_ns(sim) + 100 * NS_PER_MS), 0);
    ck_assert_uint_eq(steps, 2000);
    stack_pool_stats(loop.stacks, &stats);
    ck_assert_uint_ge(stats.free_warm, 1000);
    ck_assert_int_eq(sim_run(sim, INT64_MAX), 0);
    stack_pool_stats(loop.stacks, &stats);
    ck_assert_uint_le(stats.free_warm, 8);
    ck_assert_uint_eq(stats.used_max, 1001);
    ck_assert_int_eq(timer_wheel_next(&loop.timers), INT64_MAX);
    loop_deinit(&loop);
    sim_free(sim);
}
END_TEST

Suite *task_suite(void)
{
    Suite *const suite = suite_create("task");
    TCase *const tcase = tcase_create("task");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, task_runs_at_once_until_it_ends);
    tcase_add_test(tcase, spawned_tasks_run_after_their_parent_parks);
    tcase_add_test(tcase, wait_returns_what_it_was_woken_with);
    tcase_add_test(tcase, sleep_takes_its_time);
    tcase_add_test(tcase, sleep_beyond_what_a_clock_can_tell_never_ends);
    tcase_add_test(tcase, wait_ends_at_its_deadline);
    tcase_add_test(tcase, cancel_ends_a_wait_and_the_first_reason_stays);
    tcase_add_test(tcase, every_wait_of_a_cancelled_task_ends_at_once_until_it_is_cleared);
    tcase_add_test(tcase, task_cancelled_before_it_begins_runs_and_cannot_wait);
    tcase_add_test(tcase, wake_that_is_on_its_way_is_waited_for);
    tcase_add_test(tcase, wake_that_is_on_its_way_is_waited_for_even_if_cancelled_before);
    tcase_add_test(tcase, wait_without_withdraw_is_not_cancelled);
    tcase_add_test(tcase, cancel_all_reaches_every_task_of_the_loop);
    tcase_add_test(tcase, no_stack_is_eagain_and_nothing_runs);
    tcase_add_test(tcase, large_stack_is_large);
    tcase_add_test(tcase, memory_of_a_thousand_tasks_goes_back_when_they_have_ended);
    suite_add_tcase(suite, tcase);
    return suite;
}
