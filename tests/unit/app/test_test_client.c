/* The test client: an application as a test of its own would drive it, through the real server. */
#include "base/compiler.h"

#include <garm/garm.h>

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_test_client(void);

static int ticks;
static char trace[128];

static int hello(garm_ctx *c)
{
    return garm_json(c, 200, garm_kv("id", garm_param_int(c, "id")),
                     garm_obj("who", garm_kv("name", "Ada")));
}

static int slow(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_SEC(30)));
    return garm_text(c, 200, "at last");
}

static int echo(garm_ctx *c)
{
    const void *body = NULL;
    size_t size = 0;
    GARM_TRY(garm_body(c, 1 << 20, &body, &size));
    garm_set_header(c, "X-Type", garm_header(c, "Content-Type"));
    garm_set_header(c, "X-Own", garm_header(c, "X-Own"));
    return garm_bytes_view(c, 200, NULL, body, size);
}

static int count(garm_ctx *c)
{
    for (int i = 0; i < 3; i++) {
        GARM_TRY(garm_write(c, garm_strf(c, "%d ", i), 2));
        GARM_TRY(garm_flush(c));
        GARM_TRY(garm_sleep(c, GARM_SEC(1)));
    }
    return 0;
}

static void note_end(garm_ctx *c, const garm_outcome *outcome, void *arg)
{
    (void)c;
    (void)arg;
    snprintf(trace, sizeof(trace), "status %d error %d", outcome->status, outcome->error);
}

static int endless(garm_ctx *c)
{
    GARM_TRY(garm_on_finish(c, note_end, NULL));
    for (;;) {
        GARM_TRY(garm_write(c, "tick ", 5));
        GARM_TRY(garm_flush(c));
        GARM_TRY(garm_sleep(c, GARM_SEC(1)));
    }
}

static int tell_ip(garm_ctx *c)
{
    return garm_text(c, 200, "%s", garm_client_ip(c));
}

static int tick(garm_ctx *c, void *arg)
{
    GARM_TRY(garm_sleep(c, GARM_SEC(3)));
    ticks += *(const int *)arg;
    return 0;
}

static int job(garm_ctx *c, void *arg)
{
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    ticks = *(const int *)arg;
    return garm_text(c, 200, "x") == -ENOTCONN ? 0 : -EIO;
}

static int post(garm_ctx *c)
{
    static const int value = 42;
    GARM_TRY(garm_post(garm_server_of(c), job, (void *)(uintptr_t)&value));
    return 204;
}

static int stop(garm_ctx *c)
{
    garm_server_stop(garm_server_of(c), GARM_SEC(1));
    return 204;
}

static int stats(garm_ctx *c)
{
    garm_server_stats now = {.size = sizeof(now)};
    GARM_TRY(garm_server_get_stats(garm_server_of(c), &now));
    return garm_json(c, 200, garm_kv("requests", now.requests), garm_kv("workers", now.workers));
}

static void setup(garm_app *app)
{
    static const int one = 1;
    garm_route(app, "GET /hello/{id:int}", hello);
    garm_route(app, "GET /slow", slow);
    garm_route(app, "POST /echo", echo, .body_bytes_max = 100);
    garm_route(app, "GET /count", count);
    garm_route(app, "GET /endless", endless);
    garm_route(app, "GET /post", post);
    garm_route(app, "GET /ip", tell_ip);
    garm_route(app, "GET /stop", stop);
    garm_route(app, "GET /stats", stats);
    garm_every(app, GARM_SEC(10), tick, (void *)(uintptr_t)&one);
}

static garm_test *t;

static void begin(void)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    ticks = 0;
    trace[0] = '\0';
    t = garm_test_new(&entry, NULL);
}

static void finish(void)
{
    garm_test_free(t);
}

START_TEST(a_request_goes_through_the_real_server)
{
    const garm_response *const res = garm_test_do(t, "GET", "/hello/7");
    ck_assert_int_eq(res->status, 200);
    ck_assert(res->complete);
    ck_assert_int_eq(garm_test_json_int(t, "/id"), 7);
    ck_assert_str_eq(garm_test_json(t, "/who/name"), "\"Ada\"");
    ck_assert_str_eq(garm_test_json(t, "/who/none"), "");
    ck_assert_int_eq(garm_test_json_int(t, "/who"), INT64_MIN);
    ck_assert_str_eq(garm_test_header(t, "content-length"), "29");
    ck_assert_str_ne(garm_test_header(t, "Date"), "");
    ck_assert_int_eq(garm_test_do(t, "GET", "/hello/x")->status, 404);
    ck_assert_int_eq(garm_test_do(t, "GET", "/bad path")->status, 400);
}
END_TEST

START_TEST(json_is_found_by_pointers_and_written_without_blanks)
{
    garm_test_do(t, "POST", "/echo", .json = "{ \"a/b\": {\"~\": [1, 2.50, \"\\u0041\"]} }");
    ck_assert_str_eq(garm_test_json(t, ""), "{\"a/b\":{\"~\":[1,2.5,\"A\"]}}");
    ck_assert_str_eq(garm_test_json(t, "/a~1b/~0"), "[1,2.5,\"A\"]");
    ck_assert_str_eq(garm_test_json(t, "/a~1b/~0/2"), "\"A\"");
    ck_assert_str_eq(garm_test_json(t, "/a~1b/~0/3"), "");
    garm_test_do(t, "POST", "/echo", .json = "[7] 8");
    ck_assert_str_eq(garm_test_json(t, "/0"), "");
}
END_TEST

START_TEST(sleeping_takes_no_time)
{
    ck_assert_str_eq(garm_test_do(t, "GET", "/slow")->body, "at last");
}
END_TEST

START_TEST(a_body_that_stays_away_is_408)
{
    ck_assert_int_eq(garm_test_do(t, "POST", "/echo", .headers = {"Content-Length: 3"})->status,
                     408);
}
END_TEST

START_TEST(bodies_and_fields_are_sent)
{
    ck_assert_str_eq(garm_test_do(t, "POST", "/echo", .json = "{}", .headers = {"X-Own: 1"})->body,
                     "{}");
    ck_assert_str_eq(garm_test_header(t, "X-Type"), "application/json");
    ck_assert_str_eq(garm_test_header(t, "X-Own"), "1");
    ck_assert_uint_eq(garm_test_do(t, "POST", "/echo", .body = "a\0b", .body_size = 3)->body_size,
                      3);
    char large[102];
    memset(large, 'x', 101);
    large[101] = '\0';
    ck_assert_int_eq(garm_test_do(t, "POST", "/echo", .body = large)->status, 413);
    ck_assert_str_eq(garm_test_header(t, "Connection"), "close");
}
END_TEST

START_TEST(streams_are_put_together)
{
    const garm_response *const res = garm_test_do(t, "GET", "/count");
    ck_assert_str_eq(res->body, "0 1 2 ");
    ck_assert(res->complete);
    ck_assert_str_eq(garm_test_header(t, "Transfer-Encoding"), "chunked");
    ck_assert_uint_eq(garm_test_do(t, "HEAD", "/count")->body_size, 0);
}
END_TEST

START_TEST(a_dropped_client_ends_the_handler)
{
    garm_test_drop_client(t, 200);
    ck_assert(!garm_test_do(t, "GET", "/endless")->complete);
    garm_test_advance(t, GARM_SEC(2));
    ck_assert_ptr_nonnull(strstr(trace, "status 200 error -"));
    ck_assert_str_eq(garm_test_do(t, "GET", "/hello/1")->body,
                     "{\"id\":1,\"who\":{\"name\":\"Ada\"}}");
}
END_TEST

START_TEST(any_allocation_of_a_request_may_fail)
{
    garm_test_fail_alloc(t, (unsigned)_i);
    const int status = garm_test_do(t, "POST", "/echo", .body = "x")->status;
    ck_assert_msg(status == 200 || status == 503 || status == 0, "%d", status);
    ck_assert(_i > 0 || status == 200);
    garm_test_fail_alloc(t, 0);
    ck_assert_int_eq(garm_test_do(t, "GET", "/hello/1")->status, 200);
}
END_TEST

START_TEST(periodic_jobs_keep_their_period)
{
    garm_test_advance(t, GARM_SEC(12));
    ck_assert_int_eq(ticks, 0);
    garm_test_advance(t, GARM_SEC(2));
    ck_assert_int_eq(ticks, 1);
    garm_test_advance(t, GARM_SEC(100));
    ck_assert_int_eq(ticks, 11);
}
END_TEST

START_TEST(posted_work_runs)
{
    ck_assert_int_eq(garm_test_do(t, "GET", "/post")->status, 204);
    garm_test_advance(t, GARM_MS(10));
    ck_assert_int_eq(ticks, 42);
}
END_TEST

START_TEST(statistics_count_requests)
{
    garm_test_do(t, "GET", "/hello/1");
    garm_test_do(t, "GET", "/stats");
    ck_assert_int_eq(garm_test_json_int(t, "/requests"), 2);
    ck_assert_int_eq(garm_test_json_int(t, "/workers"), 1);
}
END_TEST

START_TEST(a_client_has_one_address_unless_told_otherwise)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(garm_test_do(t, "GET", "/ip")->body, "192.0.2.1");
    }
    ck_assert_str_eq(garm_test_do(t, "GET", "/ip", .ip = "198.51.100.7")->body, "198.51.100.7");
    ck_assert_str_eq(garm_test_do(t, "GET", "/ip", .ip = "2001:db8::1")->body, "2001:db8::1");
    ck_assert_str_eq(garm_test_do(t, "GET", "/ip")->body, "192.0.2.1");
}
END_TEST

START_TEST(an_address_that_is_none_ends_the_test)
{
    garm_test_do(t, "GET", "/ip", .ip = "localhost");
}
END_TEST

START_TEST(a_stopped_application_answers_nobody)
{
    ck_assert_int_eq(garm_test_do(t, "GET", "/stop")->status, 204);
    const garm_response *const res = garm_test_do(t, "GET", "/hello/1");
    ck_assert_int_eq(res->status, 0);
    ck_assert(!res->complete);
    ck_assert_uint_eq(res->body_size, 0);
    ck_assert_str_eq(garm_test_header(t, "Date"), "");
}
END_TEST

Suite *suite_test_client(void)
{
    Suite *const suite = suite_create("app/test_client");
    TCase *const tc = tcase_create("test_client");
    tcase_add_checked_fixture(tc, begin, finish);
    tcase_add_test(tc, a_request_goes_through_the_real_server);
    tcase_add_test(tc, json_is_found_by_pointers_and_written_without_blanks);
    tcase_add_test(tc, sleeping_takes_no_time);
    tcase_add_test(tc, a_body_that_stays_away_is_408);
    tcase_add_test(tc, bodies_and_fields_are_sent);
    tcase_add_test(tc, streams_are_put_together);
    tcase_add_test(tc, a_dropped_client_ends_the_handler);
    tcase_add_loop_test(tc, any_allocation_of_a_request_may_fail, 0, 20);
    tcase_add_test(tc, periodic_jobs_keep_their_period);
    tcase_add_test(tc, posted_work_runs);
    tcase_add_test(tc, statistics_count_requests);
    tcase_add_test(tc, a_client_has_one_address_unless_told_otherwise);
    tcase_add_test_raise_signal(tc, an_address_that_is_none_ends_the_test, SIGABRT);
    tcase_add_test(tc, a_stopped_application_answers_nobody);
    suite_add_tcase(suite, tc);
    return suite;
}
