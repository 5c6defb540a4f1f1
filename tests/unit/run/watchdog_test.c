/* The watchdog's judgement, with a clock of the test's. */
#include "run/watchdog.h"

#include "base/limits.h"
#include "suites.h"

#include <check.h>
#include <string.h>

#define TICK (LIMIT_WATCH_TICK_MS * NS_PER_MS)

static struct loop loop; /* only what it publishes is looked at */
static struct watchdog watchdog;
static char lines[1024];
static int64_t now_ns;

static void take_line(void *arg, enum log_level level, struct slice line)
{
    (void)arg;
    ck_assert_int_eq(level, LOG_WARN);
    strncat(lines, line.ptr, line.len);
    strncat(lines, "\n", 2);
}

static void begin(void)
{
    const struct logger logger = {.sink = take_line};
    memset(&loop, 0, sizeof(loop));
    lines[0] = '\0';
    now_ns = 1;
    ck_assert_int_eq(watchdog_init(&watchdog, 1, &logger), 0);
    watchdog_watch(&watchdog, 0, &loop);
    watchdog_look(&watchdog, now_ns);
}

static void end(void)
{
    watchdog_deinit(&watchdog);
}

static void run(const char *name)
{
    counter_add(&loop.resumes, 1);
    atomic_store(&loop.running, name);
}

static void look(int count)
{
    for (int i = 0; i < count; i++) {
        now_ns += TICK;
        watchdog_look(&watchdog, now_ns);
    }
}

START_TEST(a_task_that_holds_its_loop_is_named_once_and_its_end_told)
{
    run("GET /slow (a.c:1)");
    look(3);
    ck_assert_str_eq(lines, "");
    look(6);
    ck_assert_ptr_nonnull(strstr(lines, "GET /slow (a.c:1) has blocked worker 0 for 300 ms; use "
                                        "garm_offload for calls that block"));
    ck_assert_ptr_eq(strchr(lines, '\n'), strrchr(lines, '\n'));
    lines[0] = '\0';
    atomic_store(&loop.running, NULL);
    look(3);
    ck_assert_ptr_nonnull(strstr(lines, "GET /slow (a.c:1) gave worker 0 back after about 900 ms"));
    ck_assert_ptr_eq(strchr(lines, '\n'), strrchr(lines, '\n'));
}
END_TEST

static size_t line_count(void)
{
    size_t count = 0;
    for (const char *end = strchr(lines, '\n'); end != NULL; end = strchr(end + 1, '\n')) {
        count++;
    }
    return count;
}

START_TEST(a_task_that_goes_on_is_told_of_now_and_then)
{
    run("GET /slow (a.c:1)");
    look(1 + 9);
    ck_assert_uint_eq(line_count(), 1);
    look(1);
    ck_assert_ptr_nonnull(strstr(lines, "has blocked worker 0 for 1000 ms;"));
    look(89);
    ck_assert_uint_eq(line_count(), 2);
    look(1);
    ck_assert_ptr_nonnull(strstr(lines, "has blocked worker 0 for 10000 ms;"));
    look(599);
    ck_assert_uint_eq(line_count(), 3);
    look(1);
    ck_assert_ptr_nonnull(strstr(lines, "has blocked worker 0 for 70000 ms;"));
    ck_assert_uint_eq(line_count(), 4);
}
END_TEST

START_TEST(a_task_that_ignores_its_cancellation_is_told_so)
{
    run("GET /deaf (a.c:1)");
    look(1);
    counter_add(&loop.refused_waits, 1);
    look(3);
    ck_assert_ptr_nonnull(strstr(lines, "GET /deaf (a.c:1) has blocked worker 0 for 300 ms; it is "
                                        "cancelled, and goes on in spite of -ECANCELED"));
    ck_assert_ptr_null(strstr(lines, "garm_offload"));
}
END_TEST

START_TEST(a_cancellation_of_the_task_before_is_not_held_against_this_one)
{
    run("GET /before (a.c:1)");
    counter_add(&loop.refused_waits, 1);
    look(1);
    run("GET /slow (a.c:1)");
    look(4);
    ck_assert_ptr_nonnull(strstr(lines, "use garm_offload"));
}
END_TEST

START_TEST(a_loop_that_is_busy_with_one_task_after_the_other_is_fine)
{
    for (int i = 0; i < 50; i++) {
        run("GET /busy (a.c:1)");
        look(2);
    }
    ck_assert_str_eq(lines, "");
}
END_TEST

START_TEST(a_loop_without_a_task_is_fine)
{
    look(50);
    ck_assert_str_eq(lines, "");
}
END_TEST

START_TEST(a_process_that_was_stopped_blames_nobody)
{
    run("GET /stopped (a.c:1)");
    look(2);
    now_ns += 100 * TICK;
    look(3);
    ck_assert_str_eq(lines, "");
}
END_TEST

Suite *watchdog_suite(void)
{
    Suite *const suite = suite_create("watchdog");
    TCase *const tests = tcase_create("watchdog");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_task_that_holds_its_loop_is_named_once_and_its_end_told);
    tcase_add_test(tests, a_task_that_goes_on_is_told_of_now_and_then);
    tcase_add_test(tests, a_task_that_ignores_its_cancellation_is_told_so);
    tcase_add_test(tests, a_cancellation_of_the_task_before_is_not_held_against_this_one);
    tcase_add_test(tests, a_loop_that_is_busy_with_one_task_after_the_other_is_fine);
    tcase_add_test(tests, a_loop_without_a_task_is_fine);
    tcase_add_test(tests, a_process_that_was_stopped_blames_nobody);
    suite_add_tcase(suite, tests);
    return suite;
}
