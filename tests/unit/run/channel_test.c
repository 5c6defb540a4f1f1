/* Channels on one loop. */
#include "suites.h"
#include "support.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/channel.h"

#include <errno.h>
#include <stdint.h>

static struct channel channel;

static void *item(uintptr_t number)
{
    return (void *)number;
}

static struct task *spawn(task_fn *fn, void *arg)
{
    struct task *task = NULL;
    ck_assert_int_eq(task_spawn(loop_self(), "child", fn, arg, &task), 0);
    return task;
}

static int64_t in_ms(int64_t ms)
{
    return loop_self()->now_ns + ms * NS_PER_MS;
}

#define ITEMS 100

static void send_all(void *arg)
{
    (void)arg;
    for (uintptr_t i = 1; i <= ITEMS; i++) {
        ck_assert_int_eq(channel_send(&channel, item(i), INT64_MAX), 0);
    }
    channel_close(&channel);
}

static void check_order(void *arg)
{
    const size_t cap = *(const size_t *)arg;
    ck_assert_int_eq(channel_init(&channel, cap), 0);
    spawn(send_all, NULL);
    void *got = NULL;
    for (uintptr_t i = 1; i <= ITEMS; i++) {
        if (i % 7 == 0) {
            ck_assert_int_eq(task_yield(), 0);
        }
        ck_assert_int_eq(channel_recv(&channel, INT64_MAX, &got), 0);
        ck_assert_ptr_eq(got, item(i));
    }
    ck_assert_int_eq(channel_recv(&channel, INT64_MAX, &got), -EPIPE);
    ck_assert_int_eq(channel_send(&channel, item(1), INT64_MAX), -EPIPE);
    channel_deinit(&channel);
}

START_TEST(items_arrive_once_and_in_order)
{
    static const size_t caps[] = {0, 1, 2, 5, 1000};
    size_t cap = caps[_i];
    run_tasks(check_order, &cap);
}
END_TEST

START_TEST(try_says_eagain_instead_of_waiting)
{
    void *got = NULL;
    ck_assert_int_eq(channel_init(&channel, 2), 0);
    ck_assert_int_eq(channel_try_recv(&channel, &got), -EAGAIN);
    ck_assert_int_eq(channel_try_send(&channel, item(1)), 0);
    ck_assert_int_eq(channel_try_send(&channel, item(2)), 0);
    ck_assert_int_eq(channel_try_send(&channel, item(3)), -EAGAIN);
    ck_assert_int_eq(channel_try_recv(&channel, &got), 0);
    ck_assert_ptr_eq(got, item(1));
    channel_close(&channel);
    ck_assert_int_eq(channel_try_send(&channel, item(3)), -EPIPE);
    ck_assert_int_eq(channel_try_recv(&channel, &got), 0);
    ck_assert_ptr_eq(got, item(2));
    ck_assert_int_eq(channel_try_recv(&channel, &got), -EPIPE);
    channel_deinit(&channel);
}
END_TEST

struct attempt {
    bool sends;
    int64_t patience_ms;
    int result;
};

static void attempt(void *arg)
{
    struct attempt *const self = arg;
    void *got = NULL;
    const int64_t due_ns = self->patience_ms == 0 ? INT64_MAX : in_ms(self->patience_ms);
    self->result = self->sends ? channel_send(&channel, item(9), due_ns)
                               : channel_recv(&channel, due_ns, &got);
}

static void check_failed_sends(void *arg)
{
    (void)arg;
    void *got = NULL;
    struct attempt impatient = {.sends = true, .patience_ms = 10, .result = 1};
    struct attempt cancelled = {.sends = true, .result = 1};
    struct attempt closed = {.sends = true, .result = 1};
    ck_assert_int_eq(channel_init(&channel, 1), 0);
    ck_assert_int_eq(channel_try_send(&channel, item(1)), 0);
    spawn(attempt, &impatient);
    struct task *const task = spawn(attempt, &cancelled);
    ck_assert_int_eq(task_sleep(20 * NS_PER_MS), 0);
    task_cancel(task, CANCEL_DRAIN);
    spawn(attempt, &closed);
    ck_assert_int_eq(task_yield(), 0);
    channel_close(&channel);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(impatient.result, -ETIMEDOUT);
    ck_assert_int_eq(cancelled.result, -ECANCELED);
    ck_assert_int_eq(closed.result, -EPIPE);
    ck_assert_int_eq(channel_try_recv(&channel, &got), 0);
    ck_assert_int_eq(channel_try_recv(&channel, &got), -EPIPE);
    channel_deinit(&channel);
}

START_TEST(item_of_a_failed_send_is_received_by_nobody)
{
    run_tasks_simulated(check_failed_sends, NULL);
}
END_TEST

static void check_failed_recvs(void *arg)
{
    (void)arg;
    void *got = NULL;
    struct attempt impatient = {.patience_ms = 10, .result = 1};
    struct attempt cancelled = {.result = 1};
    struct attempt closed = {.result = 1};
    ck_assert_int_eq(channel_init(&channel, 1), 0);
    spawn(attempt, &impatient);
    struct task *const task = spawn(attempt, &cancelled);
    ck_assert_int_eq(task_sleep(20 * NS_PER_MS), 0);
    task_cancel(task, CANCEL_DRAIN);
    ck_assert_int_eq(channel_try_send(&channel, item(1)), 0);
    ck_assert_int_eq(channel_try_recv(&channel, &got), 0);
    spawn(attempt, &closed);
    ck_assert_int_eq(task_yield(), 0);
    channel_close(&channel);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(impatient.result, -ETIMEDOUT);
    ck_assert_int_eq(cancelled.result, -ECANCELED);
    ck_assert_int_eq(closed.result, -EPIPE);
    channel_deinit(&channel);
}

START_TEST(receiver_that_left_takes_no_item_with_it)
{
    run_tasks_simulated(check_failed_recvs, NULL);
}
END_TEST

START_TEST(init_without_memory_is_enomem)
{
    struct channel zeroed = {0};
    channel_deinit(&zeroed);
    fail_call("calloc", 0, -ENOMEM);
    ck_assert_int_eq(channel_init(&channel, 4), -ENOMEM);
    fail_nothing();
    channel_deinit(&channel);
}
END_TEST

Suite *channel_suite(void)
{
    Suite *const suite = suite_create("channel");
    TCase *const tcase = tcase_create("channel");
    tcase_add_loop_test(tcase, items_arrive_once_and_in_order, 0, 5);
    tcase_add_test(tcase, try_says_eagain_instead_of_waiting);
    tcase_add_test(tcase, item_of_a_failed_send_is_received_by_nobody);
    tcase_add_test(tcase, receiver_that_left_takes_no_item_with_it);
    tcase_add_test(tcase, init_without_memory_is_enomem);
    suite_add_tcase(suite, tcase);
    return suite;
}
