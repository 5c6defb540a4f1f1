/* Masks, deadlines, deferred functions, groups. */
#include "suites.h"
#include "support.h"

#include "base/limits.h"

#include <errno.h>

static bool withdraw_always(void *arg)
{
    (void)arg;
    return true;
}

static int park_until(int64_t due_ns)
{
    return task_park(withdraw_always, NULL, due_ns);
}

static int64_t in_ms(int64_t ms)
{
    return loop_self()->now_ns + ms * NS_PER_MS;
}

static void check_masks(void *arg)
{
    (void)arg;
    task_cancel(task_self(), CANCEL_DRAIN);
    task_mask();
    task_mask();
    ck_assert_int_eq(task_sleep(NS_PER_MS), 0);
    task_unmask();
    ck_assert_int_eq(task_yield(), 0);
    task_unmask();
    ck_assert_int_eq(task_yield(), -ECANCELED);
}

START_TEST(masked_waits_do_not_see_a_cancellation)
{
    run_tasks_simulated(check_masks, NULL);
}
END_TEST

static void sleep_masked(void *arg)
{
    task_mask();
    *(int *)arg = task_sleep(10 * NS_PER_MS);
    task_unmask();
}

static void cancel_the_masked(void *arg)
{
    (void)arg;
    int result = 1;
    struct task *child = NULL;
    ck_assert_int_eq(task_spawn(loop_self(), "child", sleep_masked, &result, &child), 0);
    ck_assert_int_eq(task_yield(), 0);
    task_cancel(child, CANCEL_DRAIN);
    ck_assert_int_eq(task_sleep(5 * NS_PER_MS), 0);
    ck_assert(task_parked(child));
    ck_assert_int_eq(task_sleep(10 * NS_PER_MS), 0);
    ck_assert_int_eq(result, 0);
}

START_TEST(masked_wait_goes_on_when_its_task_is_cancelled)
{
    run_tasks_simulated(cancel_the_masked, NULL);
}
END_TEST

static void check_deadline(void *arg)
{
    (void)arg;
    struct task_deadline deadline;
    task_deadline_begin(&deadline, in_ms(10));
    ck_assert_int_eq(task_sleep(5 * NS_PER_MS), 0);
    ck_assert(!deadline.passed);
    ck_assert_int_eq(task_sleep(50 * NS_PER_MS), -ECANCELED);
    ck_assert(deadline.passed);
    ck_assert_int_eq(task_cancel_reason(task_self()), CANCEL_DEADLINE);
    task_deadline_end(&deadline);
    ck_assert_int_eq(task_cancel_reason(task_self()), CANCEL_NONE);
    ck_assert_int_eq(task_sleep(50 * NS_PER_MS), 0);
}

START_TEST(deadline_cancels_what_is_within_it_and_nothing_after)
{
    run_tasks_simulated(check_deadline, NULL);
}
END_TEST

static void check_deadline_in_time(void *arg)
{
    (void)arg;
    struct task_deadline deadline;
    task_deadline_begin(&deadline, in_ms(10));
    ck_assert_int_eq(task_sleep(5 * NS_PER_MS), 0);
    task_deadline_end(&deadline);
    ck_assert(!deadline.passed);
    ck_assert_int_eq(task_sleep(50 * NS_PER_MS), 0);
    task_deadline_begin(&deadline, loop_self()->now_ns);
    ck_assert(deadline.passed);
    ck_assert_int_eq(task_yield(), -ECANCELED);
    task_deadline_end(&deadline);
    ck_assert_int_eq(task_yield(), 0);
}

START_TEST(deadline_that_was_met_leaves_nothing_behind)
{
    run_tasks_simulated(check_deadline_in_time, NULL);
}
END_TEST

static void check_nested(void *arg)
{
    (void)arg;
    struct task_deadline outer;
    struct task_deadline inner;
    task_deadline_begin(&outer, in_ms(100));
    task_deadline_begin(&inner, in_ms(10));
    ck_assert_int_eq(task_sleep(NS_PER_SEC), -ECANCELED);
    task_deadline_end(&inner);
    ck_assert(!outer.passed);
    ck_assert_int_eq(task_sleep(NS_PER_SEC), -ECANCELED);
    ck_assert(outer.passed);
    task_deadline_end(&outer);
    task_deadline_begin(&outer, in_ms(10));
    task_deadline_begin(&inner, in_ms(100));
    ck_assert_int_eq(task_sleep(NS_PER_SEC), -ECANCELED);
    ck_assert(outer.passed && !inner.passed);
    task_deadline_end(&inner);
    ck_assert_int_eq(task_yield(), -ECANCELED);
    task_deadline_end(&outer);
    ck_assert_int_eq(task_yield(), 0);
}

START_TEST(earliest_of_nested_deadlines_counts)
{
    run_tasks_simulated(check_nested, NULL);
}
END_TEST

static void check_both_passed(void *arg)
{
    (void)arg;
    struct task_deadline outer;
    struct task_deadline inner;
    task_deadline_begin(&outer, in_ms(20));
    task_deadline_begin(&inner, in_ms(10));
    task_mask();
    ck_assert_int_eq(task_sleep(50 * NS_PER_MS), 0);
    task_unmask();
    task_cancel(task_self(), CANCEL_CLIENT_GONE);
    ck_assert(outer.passed && inner.passed);
    task_deadline_end(&inner);
    task_deadline_end(&outer);
    /* What came from outside does not end with the scope. */
    ck_assert_int_eq(task_cancel_reason(task_self()), CANCEL_CLIENT_GONE);
    ck_assert_int_eq(task_yield(), -ECANCELED);
}

START_TEST(end_of_a_deadline_forgets_no_other_reason)
{
    run_tasks_simulated(check_both_passed, NULL);
}
END_TEST

static char names[] = "abcz"; /* their arguments */
static char order[16];
static size_t order_len;

static void note(void *arg)
{
    order[order_len++] = *(const char *)arg;
    order[order_len] = '\0';
}

static struct defer *defers;
static struct defer late;

static void note_and_defer(void *arg)
{
    note(arg);
    defer_push(&defers, &late, note, &names[3]);
}

static void check_defer_order(void *arg)
{
    (void)arg;
    struct defer a;
    struct defer b;
    struct defer c;
    defer_push(&defers, &a, note, &names[0]);
    defer_push(&defers, &b, note_and_defer, &names[1]);
    defer_push(&defers, &c, note, &names[2]);
    defer_run(&defers);
    ck_assert_str_eq(order, "cbza");
    defer_run(&defers);
    ck_assert_str_eq(order, "cbza");
}

START_TEST(deferred_functions_run_last_first_with_those_they_push)
{
    run_tasks(check_defer_order, NULL);
}
END_TEST

static void sleep_while_deferred(void *arg)
{
    *(int *)arg = task_sleep(100 * NS_PER_MS);
}

static void check_defer_masks(void *arg)
{
    (void)arg;
    int result = 1;
    struct defer defer;
    struct defer *list = NULL;
    defer_push(&list, &defer, sleep_while_deferred, &result);
    task_cancel(task_self(), CANCEL_CLIENT_GONE);
    defer_run(&list);
    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(task_yield(), -ECANCELED);
}

START_TEST(deferred_functions_of_a_cancelled_task_can_wait)
{
    run_tasks_simulated(check_defer_masks, NULL);
}
END_TEST

static void wait_far_too_long(void *arg)
{
    int64_t *const took_ns = arg;
    const int64_t begin_ns = loop_self()->now_ns;
    ck_assert_int_eq(park_until(INT64_MAX), -ETIMEDOUT);
    *took_ns = loop_self()->now_ns - begin_ns;
    ck_assert_int_eq(task_sleep(NS_PER_SEC), -ECANCELED);
    ck_assert_int_eq(park_until(INT64_MAX), -ETIMEDOUT);
}

static void check_defer_deadline(void *arg)
{
    (void)arg;
    int64_t took_ns = 0;
    struct defer defer;
    struct defer *list = NULL;
    defer_push(&list, &defer, wait_far_too_long, &took_ns);
    defer_run(&list);
    ck_assert_int_ge(took_ns, LIMIT_DEFER_MS * NS_PER_MS);
    ck_assert_int_le(took_ns, (LIMIT_DEFER_MS + 2) * NS_PER_MS);
    ck_assert_int_eq(task_sleep(NS_PER_SEC), 0);
}

START_TEST(deferred_functions_have_a_deadline_of_their_own)
{
    run_tasks_simulated(check_defer_deadline, NULL);
}
END_TEST

struct member {
    int64_t ms;
    int result;
    bool ended;
};

static void be_member(void *arg)
{
    struct member *const member = arg;
    member->result = task_sleep(member->ms * NS_PER_MS);
    member->ended = true;
}

static void check_group_wait(void *arg)
{
    (void)arg;
    struct task_group group;
    struct member members[] = {{.ms = 30}, {.ms = 10}, {.ms = 20}};
    task_group_init(&group);
    ck_assert_int_eq(task_group_wait(&group), 0);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        ck_assert_int_eq(task_group_go(&group, "member", be_member, &members[i]), 0);
    }
    ck_assert_int_eq(task_group_wait(&group), 0);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        ck_assert(members[i].ended);
        ck_assert_int_eq(members[i].result, 0);
    }
    task_group_leave(&group);
}

START_TEST(group_waits_for_all_members)
{
    run_tasks_simulated(check_group_wait, NULL);
}
END_TEST

static void check_group_leave(void *arg)
{
    (void)arg;
    struct task_group group;
    struct member members[] = {{.ms = 3600000}, {.ms = 3600000}};
    const int64_t begin_ns = loop_self()->now_ns;
    task_group_init(&group);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        ck_assert_int_eq(task_group_go(&group, "member", be_member, &members[i]), 0);
    }
    ck_assert_int_eq(task_yield(), 0);
    task_cancel(task_self(), CANCEL_CLIENT_GONE);
    ck_assert_int_eq(task_group_wait(&group), -ECANCELED);
    ck_assert(!members[0].ended);
    task_group_leave(&group);
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        ck_assert(members[i].ended);
        ck_assert_int_eq(members[i].result, -ECANCELED);
    }
    ck_assert_int_lt(loop_self()->now_ns - begin_ns, NS_PER_SEC);
}

START_TEST(leaving_a_group_cancels_its_members_and_waits_for_them)
{
    run_tasks_simulated(check_group_leave, NULL);
}
END_TEST

static void be_stubborn_member(void *arg)
{
    struct member *const member = arg;
    task_mask();
    member->result = task_sleep(member->ms * NS_PER_MS);
    task_unmask();
    member->ended = true;
}

static void leave_while_deferred(void *arg)
{
    struct task_group group;
    task_group_init(&group);
    ck_assert_int_eq(task_group_go(&group, "member", be_stubborn_member, arg), 0);
    ck_assert_int_eq(task_group_wait(&group), -ECANCELED);
    task_group_leave(&group);
}

static void check_stubborn_member(void *arg)
{
    (void)arg;
    struct member member = {.ms = 2 * LIMIT_DEFER_MS};
    struct defer defer;
    struct defer *list = NULL;
    defer_push(&list, &defer, leave_while_deferred, &member);
    defer_run(&list);
    ck_assert(member.ended);
}

START_TEST(no_deadline_makes_a_group_outlived_by_its_members)
{
    run_tasks_simulated(check_stubborn_member, NULL);
}
END_TEST

Suite *scope_suite(void)
{
    Suite *const suite = suite_create("scope");
    TCase *const tcase = tcase_create("scope");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, masked_waits_do_not_see_a_cancellation);
    tcase_add_test(tcase, masked_wait_goes_on_when_its_task_is_cancelled);
    tcase_add_test(tcase, deadline_cancels_what_is_within_it_and_nothing_after);
    tcase_add_test(tcase, deadline_that_was_met_leaves_nothing_behind);
    tcase_add_test(tcase, earliest_of_nested_deadlines_counts);
    tcase_add_test(tcase, end_of_a_deadline_forgets_no_other_reason);
    tcase_add_test(tcase, deferred_functions_run_last_first_with_those_they_push);
    tcase_add_test(tcase, deferred_functions_of_a_cancelled_task_can_wait);
    tcase_add_test(tcase, deferred_functions_have_a_deadline_of_their_own);
    tcase_add_test(tcase, group_waits_for_all_members);
    tcase_add_test(tcase, leaving_a_group_cancels_its_members_and_waits_for_them);
    tcase_add_test(tcase, no_deadline_makes_a_group_outlived_by_its_members);
    suite_add_tcase(suite, tcase);
    return suite;
}
