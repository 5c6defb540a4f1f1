/* JSON replies that are written call by call, held and streamed. */
#include "base/compiler.h"

#include <garm/garm.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_json_writer(void);

static garm_test *t;

static int write_all(garm_json_writer *w)
{
    garm_json_begin_object(w, NULL);
    garm_json_put(w, garm_kv("a", 1));
    garm_json_begin_array(w, "list");
    garm_json_put(w, garm_kv(NULL, "x"));
    garm_json_begin_object(w, NULL);
    garm_json_end(w);
    garm_json_put(w, garm_arr(NULL, garm_kv(NULL, 1.5), garm_obj(NULL), garm_arr(NULL)));
    garm_json_end(w);
    garm_json_put(w, garm_obj("o", garm_kv_text("t", "a\0b", 3), garm_kv_text("n", NULL, 0)));
    garm_json_put(w, garm_kv_value("v", NULL));
    garm_json_end(w);
    return garm_json_finish(w);
}

static int held(garm_ctx *c)
{
    return write_all(garm_json_new(c, 201));
}

static int streamed(garm_ctx *c)
{
    return write_all(garm_json_stream(c, 201));
}

static int long_one(garm_ctx *c)
{
    garm_json_writer *const w = garm_json_stream(c, 200);
    garm_json_begin_array(w, NULL);
    for (int i = 0; i < 100000; i++) {
        GARM_TRY(garm_json_put(w, garm_obj(NULL, garm_kv("i", i))));
    }
    garm_json_end(w);
    return garm_json_finish(w);
}

static int long_string(garm_ctx *c)
{
    static char text[3 * 20000 + 1];
    for (size_t i = 0; i < 20000; i++) {
        memcpy(text + 3 * i, "\xe2\x82\xac", 3);
    }
    text[0] = text[1] = 'a'; /* pieces begin within characters, */
    text[2] = '"';           /* and there is something to escape */
    garm_json_writer *const w = garm_json_stream(c, 200);
    garm_json_put(w, garm_kv(NULL, text));
    return garm_json_finish(w);
}

static int misused(garm_ctx *c)
{
    garm_json_writer *const w = garm_json_new(c, 200);
    ck_assert_int_eq(garm_json_begin_object(w, NULL), 0);
    ck_assert_int_eq(garm_json_put(w, garm_kv(NULL, 1)), -EINVAL);
    ck_assert_int_eq(garm_json_put(w, garm_kv("a", 1)), -EINVAL);
    ck_assert_int_eq(garm_json_end(w), -EINVAL);
    return garm_json_finish(w);
}

static int ended_twice(garm_ctx *c)
{
    garm_json_writer *const w = garm_json_new(c, 200);
    garm_json_begin_array(w, NULL);
    ck_assert_int_eq(garm_json_end(w), 0);
    ck_assert_int_eq(garm_json_end(w), -EINVAL);
    return garm_json_finish(w);
}

static int unended(garm_ctx *c)
{
    garm_json_writer *const w = garm_json_new(c, 200);
    garm_json_begin_array(w, NULL);
    return garm_json_finish(w);
}

static int abandoned(garm_ctx *c)
{
    garm_json_writer *const w = garm_json_stream(c, 200);
    garm_json_begin_array(w, NULL);
    garm_json_put(w, garm_kv(NULL, 1));
    return garm_json_flush(w);
}

static int second(garm_ctx *c)
{
    GARM_TRY(garm_text(c, 200, "first"));
    garm_json_writer *const w = garm_json_new(c, 200);
    ck_assert_int_eq(garm_json_put(w, garm_kv(NULL, 1)), -EALREADY);
    ck_assert_int_eq(garm_json_finish(w), -EALREADY);
    return 0;
}

static int nameless(garm_ctx *c)
{
    return garm_json(c, 200, garm_kv("a", 1), garm_kv(NULL, 2));
}

static void setup(garm_app *app)
{
    garm_route(app, "GET /held", held);
    garm_route(app, "GET /streamed", streamed);
    garm_route(app, "GET /long", long_one);
    garm_route(app, "GET /long-string", long_string);
    garm_route(app, "GET /misused", misused);
    garm_route(app, "GET /ended-twice", ended_twice);
    garm_route(app, "GET /unended", unended);
    garm_route(app, "GET /abandoned", abandoned);
    garm_route(app, "GET /second", second);
    garm_route(app, "GET /nameless", nameless);
}

static void begin(void)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    t = garm_test_new(&entry, NULL);
}

static void finish(void)
{
    garm_test_free(t);
}

#define ALL                                                                                        \
    "{\"a\":1,\"list\":[\"x\",{},[1.5,{},[]]],\"o\":{\"t\":\"a\\u0000b\",\"n\":null},\"v\":null}"

START_TEST(held_and_streamed_replies_are_the_same_json)
{
    const garm_response *res = garm_test_do(t, "GET", "/held");
    ck_assert_int_eq(res->status, 201);
    ck_assert_str_eq(res->body, ALL);
    ck_assert_str_eq(garm_test_header(t, "Content-Type"), "application/json");
    ck_assert_str_ne(garm_test_header(t, "Content-Length"), "");
    res = garm_test_do(t, "GET", "/streamed");
    ck_assert_int_eq(res->status, 201);
    ck_assert(res->complete);
    ck_assert_str_eq(res->body, ALL);
    ck_assert_str_eq(garm_test_header(t, "Content-Type"), "application/json");
    ck_assert_str_eq(garm_test_header(t, "Content-Length"), "");
}
END_TEST

START_TEST(a_long_stream_comes_whole)
{
    const garm_response *const res = garm_test_do(t, "GET", "/long");
    ck_assert(res->complete);
    ck_assert_int_eq(garm_test_json_int(t, "/99999/i"), 99999);
}
END_TEST

START_TEST(a_long_string_is_cut_within_no_character)
{
    const garm_response *const res = garm_test_do(t, "GET", "/long-string");
    ck_assert(res->complete);
    ck_assert_uint_eq(res->body_size, 3 * 20000 + 3);
    ck_assert_ptr_null(strstr(res->body, "\xef\xbf\xbd"));
    ck_assert_int_eq(strncmp(res->body, "\"aa\\\"\xe2\x82\xac", 8), 0);
}
END_TEST

START_TEST(calls_that_make_no_json_are_500)
{
    static const char *const targets[] = {"/misused", "/ended-twice", "/unended", "/nameless"};
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        ck_assert_int_eq(garm_test_do(t, "GET", targets[i])->status, 500);
    }
}
END_TEST

START_TEST(a_stream_that_is_not_finished_is_cut)
{
    ck_assert(!garm_test_do(t, "GET", "/abandoned")->complete);
}
END_TEST

START_TEST(a_second_reply_is_refused)
{
    ck_assert_str_eq(garm_test_do(t, "GET", "/second")->body, "first");
}
END_TEST

START_TEST(no_memory_makes_no_broken_answer)
{
    static const char *const targets[] = {"/held", "/streamed"};
    for (unsigned n = 1; n < 30; n++) {
        garm_test_fail_alloc(t, n);
        const garm_response *const res = garm_test_do(t, "GET", targets[n % 2]);
        ck_assert(!res->complete || res->status == 503 || strcmp(res->body, ALL) == 0);
        garm_test_fail_alloc(t, 0);
    }
}
END_TEST

Suite *suite_json_writer(void)
{
    Suite *const suite = suite_create("app/json_writer");
    TCase *const tc = tcase_create("writers");
    tcase_add_checked_fixture(tc, begin, finish);
    tcase_add_test(tc, held_and_streamed_replies_are_the_same_json);
    tcase_add_test(tc, a_long_stream_comes_whole);
    tcase_add_test(tc, a_long_string_is_cut_within_no_character);
    tcase_add_test(tc, calls_that_make_no_json_are_500);
    tcase_add_test(tc, a_stream_that_is_not_finished_is_cut);
    tcase_add_test(tc, a_second_reply_is_refused);
    tcase_add_test(tc, no_memory_makes_no_broken_answer);
    suite_add_tcase(suite, tc);
    return suite;
}
