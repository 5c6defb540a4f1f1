/* CHECK. The process it ends is a child of the test's own, so that the suite also runs in one
 * process, as under Valgrind. */
#include "suites.h"
#include "base/compiler.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `fn` in a child; returns its wait status, and what it wrote to standard error in `out`. */
static int run_child(void (*fn)(void), char *out, size_t cap)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    ssize_t got;
    while ((got = read(ends[0], out + len, cap - 1 - len)) > 0) {
        len += (size_t)got;
    }
    out[len] = '\0';
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

/* Cuts what comes behind the first line: an emulator has a word about signals, too. */
static const char *first_line(char *out)
{
    char *const end = strchr(out, '\n');
    if (end != NULL) {
        end[1] = '\0';
    }
    return out;
}

static void fail_plainly(void)
{
    check_failed("some/file.c", 42, "x == 1");
}

static void fail_at_length(void)
{
    char what[2000];
    memset(what, 'x', sizeof(what) - 1);
    what[sizeof(what) - 1] = '\0';
    check_failed("f.c", -1, what);
}

static void hold(void)
{
    CHECK(1 + 1 == 2);
}

START_TEST(a_failed_check_says_where_and_aborts)
{
    char out[1024];
    const int status = run_child(fail_plainly, out, sizeof(out));
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
    ck_assert_str_eq(first_line(out), "some/file.c:42: check failed: x == 1\n");
}
END_TEST

START_TEST(a_long_text_is_cut_to_one_line)
{
    char out[4096];
    const int status = run_child(fail_at_length, out, sizeof(out));
    ck_assert(WIFSIGNALED(status));
    ck_assert_uint_eq(strlen(first_line(out)), 512);
    ck_assert_int_eq(out[511], '\n');
    ck_assert_int_eq(strncmp(out, "f.c:-1: check failed: xxx", 25), 0);
}
END_TEST

START_TEST(a_check_that_holds_does_nothing)
{
    char out[64];
    ck_assert_int_eq(run_child(hold, out, sizeof(out)), 0);
    ck_assert_str_eq(out, "");
}
END_TEST

Suite *check_suite(void)
{
    Suite *const suite = suite_create("check");
    TCase *const tests = tcase_create("check");
    tcase_add_test(tests, a_failed_check_says_where_and_aborts);
    tcase_add_test(tests, a_long_text_is_cut_to_one_line);
    tcase_add_test(tests, a_check_that_holds_does_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
