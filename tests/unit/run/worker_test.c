/* Threads of ours. */
#include "suites.h"
#include "support.h"

#include "run/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

struct seen {
    char name[WORKER_NAME_SIZE];
    int cpu;
    sigset_t blocked;
    stack_t stack;
};

static void look_around(void *arg)
{
    struct seen *const seen = arg;
    pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    seen->cpu = sched_getcpu();
    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    sigaltstack(NULL, &seen->stack);
}

START_TEST(worker_has_its_name_and_a_stack_for_overflows)
{
    struct worker worker = {0};
    struct seen seen = {0};
    worker_join(&worker);
    ck_assert_int_eq(worker_start(&worker, "garm/0", -1, look_around, &seen), 0);
    worker_join(&worker);
    worker_join(&worker);
    ck_assert_str_eq(seen.name, "garm/0");
    ck_assert_int_eq(seen.stack.ss_flags & SS_DISABLE, 0);
}
END_TEST

START_TEST(long_name_is_cut)
{
    struct worker worker;
    struct seen seen = {0};
    ck_assert_int_eq(worker_start(&worker, "a-name-that-is-too-long", -1, look_around, &seen), 0);
    worker_join(&worker);
    ck_assert_str_eq(seen.name, "a-name-that-is-");
}
END_TEST

static int last_cpu(void)
{
    cpu_set_t set;
    int last = -1;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        last = CPU_ISSET((size_t)cpu, &set) ? cpu : last;
    }
    return last;
}

START_TEST(pinned_worker_runs_on_its_processor)
{
    struct worker worker;
    struct seen seen = {0};
    const int cpu = last_cpu();
    ck_assert_int_eq(worker_start(&worker, "pinned", cpu, look_around, &seen), 0);
    worker_join(&worker);
    ck_assert_int_eq(seen.cpu, cpu);
    ck_assert_int_eq(worker_start(&worker, "elsewhere", 1000000, look_around, &seen), 0);
    worker_join(&worker);
}
END_TEST

START_TEST(worker_is_deaf_but_to_its_own_faults)
{
    struct worker worker;
    struct seen seen = {0};
    sigset_t mine;
    ck_assert_int_eq(worker_start(&worker, "deaf", -1, look_around, &seen), 0);
    worker_join(&worker);
    ck_assert(sigismember(&seen.blocked, SIGTERM));
    ck_assert(sigismember(&seen.blocked, SIGCHLD));
    ck_assert(!sigismember(&seen.blocked, SIGSEGV));
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    ck_assert(!sigismember(&mine, SIGTERM));
}
END_TEST

START_TEST(thread_that_cannot_be_made_is_an_error)
{
    struct worker worker;
    sigset_t mine;
    fail_call("pthread_create", 0, -EAGAIN);
    ck_assert_int_eq(worker_start(&worker, "none", -1, look_around, NULL), -EAGAIN);
    fail_nothing();
    worker_join(&worker);
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    ck_assert(!sigismember(&mine, SIGTERM));
}
END_TEST

Suite *worker_suite(void)
{
    Suite *const suite = suite_create("worker");
    TCase *const tcase = tcase_create("worker");
    tcase_add_test(tcase, worker_has_its_name_and_a_stack_for_overflows);
    tcase_add_test(tcase, long_name_is_cut);
    tcase_add_test(tcase, pinned_worker_runs_on_its_processor);
    tcase_add_test(tcase, worker_is_deaf_but_to_its_own_faults);
    tcase_add_test(tcase, thread_that_cannot_be_made_is_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}
