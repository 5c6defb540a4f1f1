/* The loop's turns. */
#include "suites.h"
#include "support.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/io_epoll.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>

static struct loop loop;
static char order[64];
static size_t order_len;

static void setup(void)
{
    open_loop(&loop);
    order_len = 0;
}

static void teardown(void)
{
    loop_deinit(&loop);
}

static void note(char what)
{
    ck_assert_uint_lt(order_len, sizeof(order) - 1);
    order[order_len++] = what;
    order[order_len] = '\0';
}

static void turn(void)
{
    ck_assert_int_eq(loop_turn(&loop, 0), 0);
}

struct named_job {
    struct job job;
    char name;
    struct job *adds;
    struct job *cancels;
};

static void run_named(struct job *job)
{
    const struct named_job *const named = CONTAINER_OF(job, struct named_job, job);
    note(named->name);
    if (named->adds != NULL) {
        loop_add(&loop, named->adds);
    }
    if (named->cancels != NULL) {
        job_cancel(named->cancels);
    }
}

static struct named_job new_job(char name)
{
    return (struct named_job){.name = name, .job = {.run = run_named}};
}

START_TEST(jobs_run_in_the_order_in_which_they_became_ready)
{
    struct named_job a = new_job('a');
    struct named_job b = new_job('b');
    job_init(&a.job, run_named);
    job_init(&b.job, run_named);
    loop_add(&loop, &b.job);
    loop_add(&loop, &a.job);
    loop_add(&loop, &b.job);
    turn();
    ck_assert_str_eq(order, "ba");
    turn();
    ck_assert_str_eq(order, "ba");
}
END_TEST

START_TEST(jobs_queued_by_jobs_run_in_the_next_turn)
{
    struct named_job a = new_job('a');
    job_init(&a.job, run_named);
    a.adds = &a.job;
    loop_add(&loop, &a.job);
    turn();
    ck_assert_str_eq(order, "a");
    ck_assert_int_eq(loop_wait_ns(&loop, -1), 0);
    turn();
    ck_assert_str_eq(order, "aa");
}
END_TEST

START_TEST(job_cancelled_by_one_of_the_same_turn_does_not_run)
{
    struct named_job a = new_job('a');
    struct named_job b = new_job('b');
    job_init(&a.job, run_named);
    job_init(&b.job, run_named);
    a.cancels = &b.job;
    loop_add(&loop, &a.job);
    loop_add(&loop, &b.job);
    turn();
    turn();
    ck_assert_str_eq(order, "a");
    job_cancel(&b.job);
}
END_TEST

struct named_post {
    struct post post;
    char name;
};

static void run_post(struct post *post)
{
    ck_assert_ptr_eq(loop_self(), &loop);
    note(CONTAINER_OF(post, struct named_post, post)->name);
}

START_TEST(posts_run_in_the_order_in_which_they_were_sent)
{
    struct named_post posts[] = {
        {{.run = run_post}, 'a'}, {{.run = run_post}, 'b'}, {{.run = run_post}, 'c'}};
    for (size_t i = 0; i < COUNT_OF(posts); i++) {
        loop_post(&loop, &posts[i].post);
    }
    ck_assert_int_eq(loop_wait_ns(&loop, -1), 0);
    turn();
    ck_assert_str_eq(order, "abc");
}
END_TEST

static void stop(struct post *post)
{
    (void)post;
    loop_stop(loop_self());
}

static void *post_stop(void *arg)
{
    loop_post(&loop, arg);
    return NULL;
}

START_TEST(post_from_another_thread_ends_an_endless_wait)
{
    pthread_t thread;
    struct post post = {.run = stop};
    ck_assert_int_eq(pthread_create(&thread, NULL, post_stop, &post), 0);
    ck_assert_int_eq(loop_run(&loop), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

static struct post late_post = {.run = stop};

static void *post_when_told(void *arg)
{
    const int fd = *(const int *)arg;
    uint64_t value = 0;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&poll_fd, 1, -1), 1);
    ck_assert_int_eq(sys_read(fd, &value, sizeof(value)), sizeof(value));
    loop_post(&loop, &late_post);
    return NULL;
}

/* The outer poll plays a program that turns the loop itself. */
START_TEST(descriptor_polls_readable_after_a_post)
{
    pthread_t thread;
    const int fd = io_epoll_fd(loop.io);
    int signal_fd = sys_eventfd();
    turn();
    turn();
    ck_assert_int_eq(pthread_create(&thread, NULL, post_when_told, &signal_fd), 0);
    const uint64_t one = 1;
    ck_assert_int_eq(sys_write(signal_fd, &one, sizeof(one)), sizeof(one));
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&poll_fd, 1, -1), 1);
    while (!loop.stop) {
        turn();
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    sys_close(signal_fd);
}
END_TEST

struct named_grave {
    struct grave grave;
    struct grave *next;
};

static void free_grave(struct grave *grave)
{
    note('g');
    struct grave *const next = CONTAINER_OF(grave, struct named_grave, grave)->next;
    if (next != NULL) {
        loop_bury(&loop, next, free_grave);
    }
}

static void run_bury(struct job *job)
{
    (void)job;
    static struct named_grave second;
    static struct named_grave first = {.next = &second.grave};
    loop_bury(&loop, &first.grave, free_grave);
    note('j');
}

START_TEST(graves_are_closed_at_the_end_of_the_turn)
{
    struct named_job last = new_job('l');
    struct job job;
    job_init(&job, run_bury);
    job_init(&last.job, run_named);
    loop_add(&loop, &job);
    loop_add(&loop, &last.job);
    turn();
    ck_assert_str_eq(order, "jlgg");
}
END_TEST

static struct timer timer;

static void on_timer(struct timer *due)
{
    ck_assert_ptr_eq(due, &timer);
    note('t');
}

START_TEST(wait_ends_when_a_timer_is_due)
{
    timer_init(&timer, on_timer);
    const int64_t begin_ns = sys_monotonic_ns();
    timer_set(&loop.timers, &timer, begin_ns + 5 * NS_PER_MS);
    ck_assert_int_le(loop_wait_ns(&loop, -1), 6 * NS_PER_MS);
    ck_assert_int_le(loop_wait_ns(&loop, 1000), 1000);
    while (order_len == 0) {
        ck_assert_int_eq(loop_turn(&loop, -1), 0);
    }
    ck_assert_int_ge(sys_monotonic_ns() - begin_ns, 5 * NS_PER_MS);
}
END_TEST

START_TEST(wait_is_no_longer_than_asked)
{
    ck_assert_int_eq(loop_wait_ns(&loop, -1), -1);
    ck_assert_int_eq(loop_turn(&loop, NS_PER_MS), 0);
    ck_assert_uint_eq(loop.turns, 1);
}
END_TEST

START_TEST(failing_poll_is_reported_and_work_goes_on)
{
    struct named_job a = new_job('a');
    job_init(&a.job, run_named);
    loop_add(&loop, &a.job);
    fail_call("epoll_wait", 0, -ENOMEM);
    ck_assert_int_eq(loop_turn(&loop, 0), -ENOMEM);
    fail_nothing();
    ck_assert_str_eq(order, "a");
    turn();
}
END_TEST

START_TEST(loop_stopped_before_it_runs_does_not_turn)
{
    loop_stop(&loop);
    ck_assert_int_eq(loop_run(&loop), 0);
    ck_assert_uint_eq(loop.turns, 0);
}
END_TEST

START_TEST(init_fails_cleanly_at_every_call)
{
    static const char *const calls[] = {"epoll_create1", "eventfd", "epoll_ctl", "calloc"};
    struct io *io = NULL;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        fail_call(calls[i], 0, -ENOMEM);
        ck_assert_int_eq(io_epoll_new(&io), -ENOMEM);
        fail_nothing();
        ck_assert_ptr_null(io);
    }
    struct loop other;
    ck_assert_int_eq(io_epoll_new(&io), 0);
    fail_call("calloc", 0, -ENOMEM);
    ck_assert_int_eq(loop_init(&other, io), -ENOMEM);
    fail_nothing();
    loop_deinit(&other);
}
END_TEST

Suite *loop_suite(void)
{
    Suite *const suite = suite_create("loop");
    TCase *const tcase = tcase_create("loop");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, jobs_run_in_the_order_in_which_they_became_ready);
    tcase_add_test(tcase, jobs_queued_by_jobs_run_in_the_next_turn);
    tcase_add_test(tcase, job_cancelled_by_one_of_the_same_turn_does_not_run);
    tcase_add_test(tcase, posts_run_in_the_order_in_which_they_were_sent);
    tcase_add_test(tcase, post_from_another_thread_ends_an_endless_wait);
    tcase_add_test(tcase, descriptor_polls_readable_after_a_post);
    tcase_add_test(tcase, graves_are_closed_at_the_end_of_the_turn);
    tcase_add_test(tcase, wait_ends_when_a_timer_is_due);
    tcase_add_test(tcase, wait_is_no_longer_than_asked);
    tcase_add_test(tcase, failing_poll_is_reported_and_work_goes_on);
    tcase_add_test(tcase, loop_stopped_before_it_runs_does_not_turn);
    tcase_add_test(tcase, init_fails_cleanly_at_every_call);
    suite_add_tcase(suite, tcase);
    return suite;
}
