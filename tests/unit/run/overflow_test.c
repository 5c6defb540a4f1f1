/* What a task that runs off its stack leaves behind: a line, and the signal. A child does it.
 * ASan's own handler is replaced by ours, which is what `allow_user_segv_handler`, its default,
 * permits. */
#include "suites.h"
#include "support.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/overflow.h"
#include "run/stack.h"
#include "run/task.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void be_quiet_child(int error_fd)
{
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(error_fd, STDERR_FILENO);
}

/* Runs fn in a child: how it ended, and what it wrote to standard error. */
static int die(void (*fn)(void), char *text, size_t cap)
{
    int fds[2];
    int status = 0;
    size_t len = 0;
    ck_assert_int_eq(pipe(fds), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        be_quiet_child(fds[1]);
        fn();
        _exit(0);
    }
    close(fds[1]);
    for (ssize_t n = 1; n > 0 && len < cap - 1; len += (size_t)(n > 0 ? n : 0)) {
        n = read(fds[0], text + len, cap - 1 - len);
    }
    text[len] = '\0';
    close(fds[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

NOINLINE static unsigned recurse(unsigned depth)
{
    volatile char frame[512];
    frame[depth % sizeof(frame)] = (char)depth;
    return depth == UINT32_MAX ? 0 : recurse(depth + 1) + (unsigned)frame[depth % sizeof(frame)];
}

static void run_off(void *arg)
{
    *(volatile unsigned *)arg = recurse(0);
}

static void overflow_a_task(void)
{
    struct loop loop;
    struct overflow_thread thread;
    static volatile unsigned sink;
    if (overflow_install() < 0 || overflow_enter(&thread) < 0) {
        _exit(3);
    }
    open_loop(&loop);
    const int rc = task_run_on(&loop, KIB(128), "GET /deep", run_off, (void *)(uintptr_t)&sink);
    _exit(rc == 0 ? 4 : 5);
}

START_TEST(overflow_is_reported_by_name_and_dies_of_the_signal)
{
    char text[4096];
    const int status = die(overflow_a_task, text, sizeof(text));
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
    ck_assert_msg(strstr(text, "garm: task 'GET /deep' overflowed its stack of 128 KiB: "
                               "raise .stack_kb or move big locals to the heap\n") != NULL,
                  "it said: %s", text);
}
END_TEST

static volatile char *volatile nowhere;

static void park_for_ever(void *arg)
{
    (void)arg;
    const int rc = task_park(NULL, NULL, INT64_MAX);
    (void)rc;
}

/* As a frame would that is larger than the guard and the stack below: into that one's guard. */
static void step_over_the_guard(void *arg)
{
    const size_t block = STACK_GUARD_BYTES + STACK_BYTES_DEFAULT * ANNOTATE_STACK_FACTOR;
    (void)arg;
    nowhere = (char *)((uintptr_t)task_stack(task_self())->low - block - 1);
    *nowhere = 1;
}

static void overflow_into_the_next_guard(void)
{
    struct loop loop;
    struct overflow_thread thread;
    signal(SIGSEGV, SIG_DFL);
    if (overflow_install() < 0 || overflow_enter(&thread) < 0) {
        _exit(3);
    }
    open_loop(&loop);
    const int first = task_run(&loop, "below", park_for_ever, NULL);
    const int rc = task_run(&loop, "GET /wide", step_over_the_guard, NULL);
    _exit(first == 0 && rc == 0 ? 4 : 5);
}

START_TEST(fault_below_the_guard_is_reported_as_a_possible_overflow)
{
    char text[4096];
    const int status = die(overflow_into_the_next_guard, text, sizeof(text));
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
    ck_assert_msg(strstr(text, "garm: task 'GET /wide' may have overflowed its stack of 64 KiB: "
                               "raise .stack_kb or move big locals to the heap\n") != NULL,
                  "it said: %s", text);
}
END_TEST

static void exit_with_nine(int signal)
{
    (void)signal;
    _exit(9);
}

static void fault_elsewhere(void *arg)
{
    (void)arg;
    *nowhere = 1;
}

/* Enough for the first byte to be far from a stack that is mapped right above. */
#define FAR_BYTES MIB(32)

static void fault_in_a_task(void)
{
    struct loop loop;
    struct overflow_thread thread;
    signal(SIGSEGV, exit_with_nine);
    void *pages = NULL;
    if (overflow_install() < 0 || overflow_enter(&thread) < 0 || sys_mmap(FAR_BYTES, &pages) < 0) {
        _exit(3);
    }
    nowhere = pages;
    sys_mprotect(pages, FAR_BYTES, 0);
    open_loop(&loop);
    _exit(task_run(&loop, "GET /", fault_elsewhere, NULL) == 0 ? 4 : 5);
}

START_TEST(other_faults_go_to_the_handler_from_before)
{
    char text[4096];
    const int status = die(fault_in_a_task, text, sizeof(text));
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 9);
    ck_assert_ptr_null(strstr(text, "overflowed"));
}
END_TEST

static void fault_without_a_handler(void)
{
    void *page = NULL;
    signal(SIGSEGV, SIG_DFL);
    if (overflow_install() < 0 || sys_mmap(4096, &page) < 0) {
        _exit(3);
    }
    nowhere = page;
    sys_mprotect(page, 4096, 0);
    fault_elsewhere(NULL);
}

START_TEST(other_faults_die_by_default)
{
    char text[4096];
    const int status = die(fault_without_a_handler, text, sizeof(text));
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGSEGV);
}
END_TEST

START_TEST(thread_leaves_with_the_stack_it_came_with)
{
    struct overflow_thread thread = {0};
    stack_t before;
    stack_t within;
    stack_t after;
    overflow_leave(&thread);
    ck_assert_int_eq(sigaltstack(NULL, &before), 0);
    ck_assert_int_eq(overflow_enter(&thread), 0);
    ck_assert_int_eq(sigaltstack(NULL, &within), 0);
    overflow_leave(&thread);
    ck_assert_int_eq(sigaltstack(NULL, &after), 0);
    ck_assert_ptr_ne(within.ss_sp, before.ss_sp);
    ck_assert_int_eq(after.ss_flags, before.ss_flags);
    ck_assert((after.ss_flags & SS_DISABLE) != 0 || after.ss_sp == before.ss_sp);
}
END_TEST

Suite *overflow_suite(void)
{
    Suite *const suite = suite_create("overflow");
    TCase *const tcase = tcase_create("overflow");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, overflow_is_reported_by_name_and_dies_of_the_signal);
    tcase_add_test(tcase, fault_below_the_guard_is_reported_as_a_possible_overflow);
    tcase_add_test(tcase, other_faults_go_to_the_handler_from_before);
    tcase_add_test(tcase, other_faults_die_by_default);
    tcase_add_test(tcase, thread_leaves_with_the_stack_it_came_with);
    suite_add_tcase(suite, tcase);
    return suite;
}
