/* The server's life over epoll: on threads of its own, or turned by the caller. */
#include "caller.h"
#include "suites.h"

#include "base/sys.h"
#include "serve/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORKERS 3

static const char echo[] = "GET /e HTTP/1.1\r\nHost: a\r\n\r\n";
static const char echo_and_close[] = "GET /e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

static struct site site;

static bool readable(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, timeout_ms) == 1;
}

static void stop_and_wait(int64_t grace_ns)
{
    server_stop(site.server, grace_ns);
    server_wait(site.server);
}

START_TEST(every_worker_starts_and_stops_once)
{
    site_open(&site, WORKERS);
    ck_assert_int_eq(site_start(&site), 0);
    ck_assert_int_eq(site.started, WORKERS);
    stop_and_wait(0);
    ck_assert_int_eq(site.stopped, WORKERS);
    site_close(&site);
}
END_TEST

START_TEST(a_failing_start_leaves_nothing_running)
{
    site_open(&site, WORKERS);
    site.start_error = -EACCES;
    ck_assert_int_eq(site_start(&site), -EACCES);
    ck_assert_int_eq(site.stopped, site.started);
    site_close(&site);
}
END_TEST

START_TEST(nobody_is_served_by_a_server_that_does_not_start)
{
    struct caller callers[20];
    size_t len;
    site_open(&site, WORKERS);
    site.start_error = -EACCES;
    for (size_t i = 0; i < COUNT_OF(callers); i++) {
        caller_open(&callers[i], &site, echo);
        caller_move(&callers[i]);
    }
    ck_assert_int_eq(site_start(&site), -EACCES);
    ck_assert_int_eq(site.handled, 0);
    for (size_t i = 0; i < COUNT_OF(callers); i++) {
        ck_assert_int_eq(caller_await(&callers[i], &len), 0);
        ck_assert(callers[i].ended);
        caller_close(&callers[i]);
    }
    site_close(&site);
}
END_TEST

START_TEST(a_failing_attach_leaves_nothing_running)
{
    site_open(&site, 1);
    site.start_error = -EACCES;
    ck_assert_int_eq(site_attach(&site), -EACCES);
    ck_assert_int_eq(site.stopped, 0);
    site_close(&site);
}
END_TEST

/* "POST PATH", with fields (whole lines), whose head has so many bytes. */
static const char *head_of_size(const char *path, const char *fields, size_t size)
{
    static char text[2 * RX_ROOM];
    const int begin =
        snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\nHost: a\r\n%sX: ", path, fields);
    const size_t end = size - strlen("\r\n\r\n");
    memset(text + begin, 'x', end - (size_t)begin);
    memcpy(text + end, "\r\n\r\n", sizeof("\r\n\r\n"));
    return text;
}

/* A receive that fills the buffer does not tell whether there is more. */
START_TEST(an_answer_goes_out_though_the_head_fills_the_buffer)
{
    struct caller caller;
    size_t len;
    site_open(&site, 1);
    site.options.limits.body_stall_ms = 600000;
    ck_assert_int_eq(site_start(&site), 0);
    caller_open(&caller, &site, head_of_size("/d", "Content-Length: 5\r\n", RX_ROOM));
    ck_assert_int_eq(caller_await(&caller, &len), 200);
    ck_assert(!caller.ended);
    caller_close(&caller);
    stop_and_wait(0);
    site_close(&site);
}
END_TEST

START_TEST(a_body_that_is_held_back_closes_though_the_head_fills_the_buffer)
{
    struct caller caller;
    size_t len;
    site_open(&site, 1);
    site.options.limits.body_stall_ms = 600000;
    ck_assert_int_eq(site_start(&site), 0);
    caller_open(&caller, &site,
                head_of_size("/d", "Expect: 100-continue\r\nContent-Length: 5\r\n", RX_ROOM));
    ck_assert_int_eq(caller_await(&caller, &len), 200);
    ck_assert_int_eq(caller_await(&caller, &len), 0);
    ck_assert(caller.ended);
    caller_close(&caller);
    stop_and_wait(0);
    site_close(&site);
}
END_TEST

START_TEST(an_answer_that_has_begun_goes_out_before_the_body_has_come)
{
    struct caller caller;
    size_t len;
    site_open(&site, 1);
    site.options.limits.body_stall_ms = 600000;
    ck_assert_int_eq(site_start(&site), 0);
    caller_open(&caller, &site, "POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    caller_move(&caller);
    while (caller.got.len == 0 && readable(caller.fd, 5000)) {
        caller_move(&caller);
    }
    ck_assert_uint_gt(caller.got.len, 0);
    ck_assert_int_eq(caller.got.data[caller.got.len - 1], 'a');
    caller.text = "b";
    ck_assert_int_eq(caller_await(&caller, &len), 200);
    ck_assert_uint_eq(len, 2);
    caller_close(&caller);
    stop_and_wait(0);
    site_close(&site);
}
END_TEST

START_TEST(threads_answer)
{
    struct caller callers[20];
    size_t len;
    site_open(&site, WORKERS);
    ck_assert_int_eq(site_start(&site), 0);
    for (size_t i = 0; i < COUNT_OF(callers); i++) {
        caller_open(&callers[i], &site,
                    i % 2 == 0 ? "GET /b HTTP/1.1\r\nHost: a\r\n\r\n"
                               : "GET /f HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    for (size_t i = 0; i < COUNT_OF(callers); i++) {
        ck_assert_int_eq(caller_await(&callers[i], &len), 200);
        ck_assert_uint_eq(len, SITE_BIG);
        caller_close(&callers[i]);
    }
    struct server_stats stats;
    stop_and_wait(1000 * NS_PER_MS);
    server_stats(site.server, &stats);
    ck_assert_uint_eq(stats.accepted, COUNT_OF(callers));
    ck_assert_uint_eq(stats.requests, COUNT_OF(callers));
    ck_assert_uint_eq(stats.connections, 0);
    ck_assert_uint_eq(stats.active, 0);
    site_close(&site);
}
END_TEST

START_TEST(a_stop_answers_what_was_sent)
{
    struct caller callers[50];
    size_t len;
    site_open(&site, WORKERS);
    ck_assert_int_eq(site_start(&site), 0);
    for (size_t i = 0; i < COUNT_OF(callers); i++) {
        caller_open(&callers[i], &site, echo);
        caller_move(&callers[i]);
    }
    server_stop(site.server, 5000 * NS_PER_MS);
    for (size_t i = 0; i < COUNT_OF(callers); i++) {
        ck_assert_int_eq(caller_await(&callers[i], &len), 200);
        caller_close(&callers[i]);
    }
    server_wait(site.server);
    site_close(&site);
}
END_TEST

static void note_index(struct server_worker *worker, void *arg)
{
    atomic_size_t *const note = arg;
    atomic_store(note, worker->index + 1);
}

/* Asks for the file while it cannot be sent whole, and for something else afterwards. */
static void ask_for_a_bad_file(void)
{
    struct caller caller;
    size_t len;
    caller_open(&caller, &site, "GET /f HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_int_eq(caller_await(&caller, &len), 0);
    ck_assert(caller.ended && caller.got.len < SITE_BIG);
    caller_close(&caller);
    caller_open(&caller, &site, echo_and_close);
    ck_assert_int_eq(caller_await(&caller, &len), 200);
    caller_close(&caller);
}

START_TEST(a_file_that_has_shrunk_cuts_its_answer)
{
    site_open(&site, 1);
    ck_assert_int_eq(ftruncate(site.file_fd, 1000), 0);
    ck_assert_int_eq(site_start(&site), 0);
    ask_for_a_bad_file();
    stop_and_wait(0);
    site_close(&site);
}
END_TEST

static int fail_sendfile(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    (void)kind;
    return strcmp(name, "sendfile") == 0 ? -EIO : 0;
}

START_TEST(a_file_that_cannot_be_read_cuts_its_answer)
{
    site_open(&site, 1);
    ck_assert_int_eq(site_attach(&site), 0);
    struct caller caller;
    size_t len;
    sys_set_fault(fail_sendfile, NULL);
    caller_open(&caller, &site, "GET /f HTTP/1.1\r\nHost: a\r\n\r\n");
    while (!caller.ended) {
        caller_move(&caller);
        ck_assert_int_eq(server_turn(site.server, NS_PER_MS), 0);
    }
    sys_set_fault(NULL, NULL);
    ck_assert_int_eq(caller_hear(&caller, &len), 0);
    caller_close(&caller);
    server_stop(site.server, 0);
    while (server_turn(site.server, -1) == 0) {
    }
    site_close(&site);
}
END_TEST

START_TEST(a_post_runs_on_its_worker)
{
    atomic_size_t notes[WORKERS] = {0};
    site_open(&site, WORKERS);
    ck_assert_int_eq(site_start(&site), 0);
    for (size_t i = 0; i < WORKERS; i++) {
        ck_assert_int_eq(server_post(site.server, i, note_index, &notes[i]), 0);
    }
    stop_and_wait(0);
    for (size_t i = 0; i < WORKERS; i++) {
        ck_assert_uint_eq(notes[i], i + 1);
    }
    site_close(&site);
}
END_TEST

START_TEST(a_post_after_the_end_is_refused)
{
    atomic_size_t note = 0;
    site_open(&site, 1);
    ck_assert_int_eq(site_start(&site), 0);
    stop_and_wait(0);
    ck_assert_int_eq(server_post(site.server, 0, note_index, (void *)&note), -ESHUTDOWN);
    ck_assert_uint_eq(note, 0);
    site_close(&site);
}
END_TEST

START_TEST(a_listener_that_somebody_shut_down_is_left_alone)
{
    site_open(&site, 1);
    ck_assert_int_eq(site_start(&site), 0);
    ck_assert_int_eq(sys_shutdown(site.listener.fds[0], SHUT_RDWR), 0);
    stop_and_wait(0);
    site_close(&site);
}
END_TEST

START_TEST(an_attached_server_says_when_it_wants_a_turn)
{
    struct caller caller;
    size_t len;
    site_open(&site, 1);
    ck_assert_int_eq(site_attach(&site), 0);
    const int fd = server_fd(site.server);
    ck_assert_int_ge(fd, 0);
    while (readable(fd, 0)) {
        ck_assert_int_eq(server_turn(site.server, 0), 0);
    }
    caller_open(&caller, &site, echo_and_close);
    caller_move(&caller);
    while (!caller.ended) {
        ck_assert(readable(fd, 10000));
        ck_assert_int_eq(server_turn(site.server, 0), 0);
        caller_move(&caller);
    }
    ck_assert_int_eq(caller_hear(&caller, &len), 200);
    caller_close(&caller);
    server_stop(site.server, 0);
    while (server_turn(site.server, -1) == 0) {
    }
    ck_assert_int_eq(site.stopped, 1);
    site_close(&site);
}
END_TEST

static int64_t live_before;

static void set_up(void)
{
    mem_count(true);
    live_before = mem_live();
}

static void tear_down(void)
{
    ck_assert_int_eq(mem_live(), live_before);
}

Suite *server_suite(void)
{
    Suite *const suite = suite_create("server");
    TCase *const tests = tcase_create("life");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_worker_starts_and_stops_once);
    tcase_add_test(tests, a_failing_start_leaves_nothing_running);
    tcase_add_test(tests, nobody_is_served_by_a_server_that_does_not_start);
    tcase_add_test(tests, a_file_that_has_shrunk_cuts_its_answer);
    tcase_add_test(tests, a_file_that_cannot_be_read_cuts_its_answer);
    tcase_add_test(tests, a_failing_attach_leaves_nothing_running);
    tcase_add_test(tests, an_answer_goes_out_though_the_head_fills_the_buffer);
    tcase_add_test(tests, a_body_that_is_held_back_closes_though_the_head_fills_the_buffer);
    tcase_add_test(tests, an_answer_that_has_begun_goes_out_before_the_body_has_come);
    tcase_add_test(tests, threads_answer);
    tcase_add_test(tests, a_stop_answers_what_was_sent);
    tcase_add_test(tests, a_post_runs_on_its_worker);
    tcase_add_test(tests, a_post_after_the_end_is_refused);
    tcase_add_test(tests, a_listener_that_somebody_shut_down_is_left_alone);
    tcase_add_test(tests, an_attached_server_says_when_it_wants_a_turn);
    suite_add_tcase(suite, tests);
    return suite;
}
