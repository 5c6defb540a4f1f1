/* Mutex, promise, wait group on one loop; threads_test.c has them across loops. */
#include "suites.h"
#include "support.h"

#include "base/limits.h"
#include "run/sync.h"

#include <errno.h>

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

static struct task_mutex mutex;
static char order[16];
static size_t order_len;

struct locker {
    char name;
    int64_t hold_ms;
    int64_t patience_ms;
    int result;
};

static void lock_and_hold(void *arg)
{
    struct locker *const locker = arg;
    const int64_t due_ns = locker->patience_ms == 0 ? INT64_MAX : in_ms(locker->patience_ms);
    locker->result = task_mutex_lock(&mutex, due_ns);
    if (locker->result == 0) {
        order[order_len++] = locker->name;
        ck_assert_int_eq(task_sleep(locker->hold_ms * NS_PER_MS), 0);
        task_mutex_unlock(&mutex);
    }
}

static void check_fairness(void *arg)
{
    (void)arg;
    struct locker lockers[] = {{.name = 'a', .hold_ms = 10}, {.name = 'b'}, {.name = 'c'}};
    task_mutex_init(&mutex);
    for (size_t i = 0; i < COUNT_OF(lockers); i++) {
        spawn(lock_and_hold, &lockers[i]);
    }
    ck_assert_int_eq(task_sleep(5 * NS_PER_MS), 0);
    ck_assert(!task_mutex_try_lock(&mutex));
    ck_assert_int_eq(task_sleep(50 * NS_PER_MS), 0);
    ck_assert_str_eq(order, "abc");
    ck_assert(task_mutex_try_lock(&mutex));
    task_mutex_unlock(&mutex);
    task_mutex_deinit(&mutex);
}

START_TEST(mutex_is_given_in_the_order_of_asking)
{
    run_tasks_simulated(check_fairness, NULL);
}
END_TEST

static void check_impatience(void *arg)
{
    (void)arg;
    struct locker holder = {.name = 'a', .hold_ms = 100};
    struct locker impatient = {.name = 'b', .patience_ms = 10};
    struct locker cancelled = {.name = 'c'};
    struct locker patient = {.name = 'd'};
    task_mutex_init(&mutex);
    spawn(lock_and_hold, &holder);
    spawn(lock_and_hold, &impatient);
    struct task *const task = spawn(lock_and_hold, &cancelled);
    spawn(lock_and_hold, &patient);
    ck_assert_int_eq(task_sleep(50 * NS_PER_MS), 0);
    task_cancel(task, CANCEL_DRAIN);
    ck_assert_int_eq(task_sleep(NS_PER_SEC), 0);
    ck_assert_int_eq(impatient.result, -ETIMEDOUT);
    ck_assert_int_eq(cancelled.result, -ECANCELED);
    ck_assert_int_eq(patient.result, 0);
    ck_assert_str_eq(order, "ad");
    task_mutex_deinit(&mutex);
}

START_TEST(mutex_is_not_given_to_who_has_left)
{
    run_tasks_simulated(check_impatience, NULL);
}
END_TEST

static void cancel_after_the_hand_over(void *arg)
{
    (void)arg;
    struct locker heir = {.name = 'a'};
    task_mutex_init(&mutex);
    ck_assert_int_eq(task_mutex_lock(&mutex, INT64_MAX), 0);
    struct task *const task = spawn(lock_and_hold, &heir);
    ck_assert_int_eq(task_yield(), 0);
    task_mutex_unlock(&mutex); /* it is the heir's now, who does not run yet */
    task_cancel(task, CANCEL_DRAIN);
    ck_assert(!task_mutex_try_lock(&mutex));
    heir.hold_ms = 0;
    task_cancel_clear(task);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(heir.result, 0);
    ck_assert(task_mutex_try_lock(&mutex));
    task_mutex_unlock(&mutex);
    task_mutex_deinit(&mutex);
}

START_TEST(mutex_handed_to_a_task_that_is_cancelled_then_is_not_lost)
{
    run_tasks(cancel_after_the_hand_over, NULL);
}
END_TEST

static struct promise promise;

struct promised {
    int64_t patience_ms;
    int result;
    void *value;
};

static void wait_for_promise(void *arg)
{
    struct promised *const promised = arg;
    const int64_t due_ns = promised->patience_ms == 0 ? INT64_MAX : in_ms(promised->patience_ms);
    promised->result = promise_wait(&promise, due_ns, &promised->value);
}

static void check_promise(void *arg)
{
    (void)arg;
    int value = 0;
    int other = 0;
    struct promised waiters[] = {{.result = 1}, {.result = 1}, {.patience_ms = 5}, {.result = 1}};
    promise_init(&promise);
    for (size_t i = 0; i < COUNT_OF(waiters); i++) {
        spawn(wait_for_promise, &waiters[i]);
    }
    ck_assert_int_eq(task_sleep(20 * NS_PER_MS), 0);
    ck_assert_int_eq(waiters[2].result, -ETIMEDOUT);
    ck_assert(promise_set(&promise, 0, &value));
    ck_assert(!promise_set(&promise, -EIO, &other));
    ck_assert_int_eq(task_sleep(NS_PER_MS), 0);
    for (size_t i = 0; i < COUNT_OF(waiters); i++) {
        if (i != 2) {
            ck_assert_int_eq(waiters[i].result, 0);
            ck_assert_ptr_eq(waiters[i].value, &value);
        }
    }
    wait_for_promise(&waiters[2]);
    ck_assert_ptr_eq(waiters[2].value, &value);
    promise_deinit(&promise);
}

START_TEST(promise_wakes_all_who_wait_and_those_who_come_later)
{
    run_tasks_simulated(check_promise, NULL);
}
END_TEST

static void check_broken_promise(void *arg)
{
    (void)arg;
    struct promised waiter = {.result = 1};
    struct promised cancelled = {.result = 1};
    promise_init(&promise);
    struct task *const task = spawn(wait_for_promise, &cancelled);
    spawn(wait_for_promise, &waiter);
    ck_assert_int_eq(task_yield(), 0);
    task_cancel(task, CANCEL_DRAIN);
    ck_assert(promise_set(&promise, -EIO, NULL));
    ck_assert_int_eq(task_yield(), 0);
    ck_assert_int_eq(cancelled.result, -ECANCELED);
    ck_assert_int_eq(waiter.result, -EIO);
    ck_assert_ptr_null(waiter.value);
    promise_deinit(&promise);
}

START_TEST(promise_may_be_an_error)
{
    run_tasks(check_broken_promise, NULL);
}
END_TEST

static struct wait_group group;

static void sleep_and_be_done(void *arg)
{
    ck_assert_int_eq(task_sleep(*(const int64_t *)arg), 0);
    wait_group_done(&group);
}

static void check_wait_group(void *arg)
{
    (void)arg;
    static int64_t naps[] = {30 * NS_PER_MS, 10 * NS_PER_MS, 20 * NS_PER_MS};
    wait_group_init(&group);
    ck_assert_int_eq(wait_group_wait(&group, INT64_MAX), 0);
    wait_group_add(&group, COUNT_OF(naps));
    for (size_t i = 0; i < COUNT_OF(naps); i++) {
        spawn(sleep_and_be_done, &naps[i]);
    }
    const int64_t begin_ns = loop_self()->now_ns;
    ck_assert_int_eq(wait_group_wait(&group, in_ms(15)), -ETIMEDOUT);
    ck_assert_int_eq(wait_group_wait(&group, INT64_MAX), 0);
    ck_assert_int_ge(loop_self()->now_ns - begin_ns, 30 * NS_PER_MS);
    wait_group_deinit(&group);
}

START_TEST(wait_group_waits_for_the_last)
{
    run_tasks_simulated(check_wait_group, NULL);
}
END_TEST

Suite *sync_suite(void)
{
    Suite *const suite = suite_create("sync");
    TCase *const tcase = tcase_create("sync");
    tcase_add_test(tcase, mutex_is_given_in_the_order_of_asking);
    tcase_add_test(tcase, mutex_is_not_given_to_who_has_left);
    tcase_add_test(tcase, mutex_handed_to_a_task_that_is_cancelled_then_is_not_lost);
    tcase_add_test(tcase, promise_wakes_all_who_wait_and_those_who_come_later);
    tcase_add_test(tcase, promise_may_be_an_error);
    tcase_add_test(tcase, wait_group_waits_for_the_last);
    suite_add_tcase(suite, tcase);
    return suite;
}
