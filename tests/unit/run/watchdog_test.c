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
    look(7);
    ck_assert_ptr_nonnull(strstr(lines, "GET /slow (a.c:1) has blocked worker 0 for 300 ms; use "
                                        "garm_offload for calls that block"));
    ck_assert_ptr_eq(strchr(lines, '\n'), strrchr(lines, '\n'));
    lines[0] = '\0';
    atomic_store(&loop.running, NULL);
    look(3);
    ck_assert_ptr_nonnull(
        strstr(lines, "GET /slow (a.c:1) gave worker 0 back after about 1000 ms"));
    ck_assert_ptr_eq(strchr(lines, '\n'), strrchr(lines, '\n'));
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
    tcase_add_test(tests, a_loop_that_is_busy_with_one_task_after_the_other_is_fine);
    tcase_add_test(tests, a_loop_without_a_task_is_fine);
    tcase_add_test(tests, a_process_that_was_stopped_blames_nobody);
    suite_add_tcase(suite, tests);
    return suite;
}
