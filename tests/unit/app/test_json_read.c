/* JSON bodies through the real server: what handlers read, and what clients are told. */
#include "base/buf.h"
#include "base/compiler.h"
#include "base/limits.h"

#include <garm/garm.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_json_read(void);

static garm_test *t;

/* Reads the members that the tests send, in this order. */
static int typed(garm_ctx *c)
{
    const garm_json_value *v = NULL;
    const char *name = NULL;
    int64_t age = -1;
    double height = -1;
    bool member = false;
    GARM_TRY(garm_body_json(c, &v));
    GARM_TRY(garm_json_string_at(c, v, "/name", &name));
    GARM_TRY(garm_json_int_at(c, v, "/age", &age));
    GARM_TRY(garm_json_double_at(c, v, "/height", &height));
    GARM_TRY(garm_json_bool_at(c, v, "/member", &member));
    return garm_json(c, 200, garm_kv("name", name), garm_kv("age", age), garm_kv("height", height),
                     garm_kv_bool("member", member));
}

static int echo(garm_ctx *c)
{
    const garm_json_value *v = NULL;
    const garm_json_value *same = NULL;
    GARM_TRY(garm_body_json(c, &v));
    GARM_TRY(garm_body_json(c, &same));
    ck_assert_ptr_eq(v, same);
    return garm_json_reply(c, 200, garm_kv_value(NULL, v));
}

/* Takes what is wrong for something else, and replies itself. */
static int lenient(garm_ctx *c)
{
    const garm_json_value *v = NULL;
    const int rc = garm_body_json(c, &v);
    int64_t n = 0;
    const int at = garm_json_int_at(c, v, "/n", &n);
    return garm_json(c, 200, garm_kv("rc", rc), garm_kv("at", at), garm_kv("n", n));
}

/* An error that has nothing to do with the one that was noted. */
static int elsewhere(garm_ctx *c)
{
    const garm_json_value *v = NULL;
    int64_t n = 0;
    GARM_TRY(garm_body_json(c, &v));
    return garm_json_int_at(c, v, "/n", &n) == -ENODATA ? -ENOENT : 204;
}

/* What was complained of before is not why this is no JSON. */
static int parse_own(garm_ctx *c)
{
    const garm_json_value *v = NULL;
    int64_t n = 0;
    ck_assert_int_eq(garm_query_int(c, "n", 1, 9, 1, &n), -EBADMSG);
    return garm_json_parse(c, "{", 1, &v, NULL);
}

/* More than the request's arena holds; a JSON string of SIZE bytes. */
static int much(garm_ctx *c)
{
    int64_t mib = 0;
    GARM_TRY(garm_query_int(c, "mib", 1, 64, 1, &mib));
    const size_t size = (size_t)mib << 20;
    char *const text = malloc(size);
    ck_assert_ptr_nonnull(text);
    memset(text, 'x', size);
    const int rc = garm_json(c, 200, garm_kv_text("text", text, size));
    free(text);
    return rc;
}

static int parse_any(garm_ctx *c)
{
    const garm_json_value *v = NULL;
    garm_json_error error = {0};
    ck_assert_int_eq(garm_json_parse(c, "[1,\n2 3]", 8, &v, &error), -EBADMSG);
    ck_assert_ptr_null(v);
    ck_assert_uint_eq(error.offset, 6);
    ck_assert_uint_eq(error.line, 2);
    ck_assert_uint_eq(error.column, 3);
    ck_assert_int_eq(garm_json_parse(c, "", 0, &v, NULL), -EBADMSG);
    ck_assert_int_eq(garm_json_parse(c, "{\"a\":[true,\"x\\u0000y\"]}", 23, &v, NULL), 0);
    size_t size = 0;
    const char *name = NULL;
    const char *string = NULL;
    ck_assert_mem_eq(garm_json_text(garm_json_at(v, "/a/1"), &size), "x\0y", 4);
    ck_assert_uint_eq(size, 3);
    ck_assert_ptr_null(garm_json_text(v, &size));
    ck_assert_uint_eq(size, 0);
    ck_assert_int_eq(garm_json_string_at(NULL, v, "/a/1", &string), -EBADMSG);
    ck_assert_int_eq(garm_json_string_at(NULL, v, "/b", &string), -ENODATA);
    ck_assert_ptr_null(string);
    ck_assert_int_eq(garm_json_type_of(v), GARM_JSON_OBJECT);
    ck_assert_int_eq(garm_json_type_of(garm_json_at(v, "/a/0")), GARM_JSON_BOOL);
    ck_assert_int_eq(garm_json_type_of(garm_json_at(v, "/a/2")), GARM_JSON_END);
    ck_assert_uint_eq(garm_json_count(garm_json_item(v, 0, &name)), 2);
    ck_assert_str_eq(name, "a");
    ck_assert_ptr_null(garm_json_item(v, 1, &name));
    ck_assert_str_eq(name, "");
    ck_assert_uint_eq(garm_json_count(NULL), 0);
    return 204;
}

static void setup(garm_app *app)
{
    garm_route(app, "POST /typed", typed);
    garm_route(app, "POST /echo", echo, .body_bytes_max = 1 << 24);
    garm_route(app, "POST /lenient", lenient);
    garm_route(app, "POST /elsewhere", elsewhere);
    garm_route(app, "GET /any", parse_any);
    garm_route(app, "GET /own", parse_own);
    garm_route(app, "GET /much", much);
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

static const struct {
    const char *json;
    int status;
    const char *detail; /* of a 400 */
} bodies[] = {
    {"{\"name\":\"A\",\"age\":7,\"height\":1.5,\"member\":true}", 200, NULL},
    {"{\"name\":\"\",\"age\":7.0,\"height\":2,\"member\":false}", 200, NULL},
    {"{\"name\":\"A\",\"age\":-7e3,\"height\":18446744073709551615,\"member\":true}", 200, NULL},
    {"{}", 400, "\"/name is missing: a string is expected\""},
    {"[]", 400, "\"/name is missing: a string is expected\""},
    {"{\"name\":null}", 400, "\"/name is null: a string is expected\""},
    {"{\"name\":7}", 400, "\"/name is a number: a string is expected\""},
    {"{\"name\":[]}", 400, "\"/name is an array: a string is expected\""},
    {"{\"name\":\"a\\u0000\"}", 400, "\"/name is a string: a string without NUL is expected\""},
    {"{\"name\":\"A\",\"age\":\"7\"}", 400, "\"/age is a string: a whole number is expected\""},
    {"{\"name\":\"A\",\"age\":7.5}", 400, "\"/age is a number: a whole number is expected\""},
    {"{\"name\":\"A\",\"age\":9007199254740993.0}", 400,
     "\"/age does not fit: a whole number of 64 bits with a sign is expected\""},
    {"{\"name\":\"A\",\"age\":-9007199254740992.0}", 400,
     "\"/age does not fit: a whole number of 64 bits with a sign is expected\""},
    {"{\"name\":\"A\",\"age\":-1e300}", 400,
     "\"/age does not fit: a whole number of 64 bits with a sign is expected\""},
    {"{\"name\":\"A\",\"age\":9007199254740991.0,\"height\":1,\"member\":true}", 200, NULL},
    {"{\"name\":\"A\",\"age\":9223372036854775808}", 400,
     "\"/age does not fit: a whole number of 64 bits with a sign is expected\""},
    {"{\"name\":\"A\",\"age\":1e17}", 400,
     "\"/age does not fit: a whole number of 64 bits with a sign is expected\""},
    {"{\"name\":\"A\",\"age\":7,\"height\":{}}", 400,
     "\"/height is an object: a number is expected\""},
    {"{\"name\":\"A\",\"age\":7,\"height\":1,\"member\":1}", 400,
     "\"/member is a number: true or false is expected\""},
    {"{\"name\":\"A\",\n\"age\":07}", 400, "\"line 2, column 7: a number has no leading zeros\""},
    {"", 400, "\"line 1, column 1: the text ends where a value is expected\""},
};

START_TEST(a_body_is_what_is_expected_or_400_says_what_is_not)
{
    const garm_response *const res = garm_test_do(t, "POST", "/typed", .json = bodies[_i].json);
    ck_assert_int_eq(res->status, bodies[_i].status);
    if (bodies[_i].detail != NULL) {
        ck_assert_str_eq(garm_test_json(t, "/detail"), bodies[_i].detail);
        ck_assert_str_eq(garm_test_header(t, "Content-Type"), "application/problem+json");
        ck_assert_str_eq(garm_test_header(t, "Connection"), "");
    }
}
END_TEST

/* The field says that the coding is meant, and not the type (RFC 7694 section 3). */
START_TEST(a_coded_body_is_415)
{
    const garm_response *res = garm_test_do(
        t, "POST", "/echo",
        .headers = {"Content-Type: application/json", "Content-Encoding: identity, Gzip"},
        .body = "{}");
    ck_assert_int_eq(res->status, 415);
    ck_assert_str_eq(garm_test_json(t, "/detail"),
                     "\"a body without a coding is expected, not Gzip\"");
    ck_assert_str_eq(garm_test_header(t, "Accept-Encoding"), "identity");
    res =
        garm_test_do(t, "POST", "/echo",
                     .headers = {"Content-Type: application/json", "Content-Encoding: , IDENTITY"},
                     .body = "{}");
    ck_assert_int_eq(res->status, 200);
    garm_test_do(t, "POST", "/echo", .headers = {"Content-Type: text/plain"}, .body = "{}");
    ck_assert_str_eq(garm_test_header(t, "Accept-Encoding"), "");
}
END_TEST

START_TEST(a_body_of_another_type_is_415)
{
    static const char *const types[] = {"Content-Type: text/plain",
                                        "Content-Type: application/json; charset=latin1",
                                        "X-Content-Type: application/json"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        ck_assert_int_eq(
            garm_test_do(t, "POST", "/echo", .headers = {types[i]}, .body = "{}")->status, 415);
    }
    ck_assert_int_eq(garm_test_do(t, "POST", "/echo",
                                  .headers = {"Content-Type: application/vnd.api+json"},
                                  .body = "{}")
                         ->status,
                     200);
}
END_TEST

START_TEST(a_handler_that_replies_itself_is_not_overruled)
{
    ck_assert_str_eq(garm_test_do(t, "POST", "/lenient", .json = "{")->body,
                     "{\"rc\":-74,\"at\":-61,\"n\":0}");
    ck_assert_str_eq(garm_test_do(t, "POST", "/lenient", .json = "{\"n\":5}")->body,
                     "{\"rc\":0,\"at\":0,\"n\":5}");
    ck_assert_int_eq(garm_test_do(t, "POST", "/elsewhere", .json = "{}")->status, 404);
}
END_TEST

START_TEST(any_text_can_be_parsed_and_looked_at)
{
    ck_assert_int_eq(garm_test_do(t, "GET", "/any")->status, 204);
}
END_TEST

static const char *const echoes[] = {
    "null",
    "\"a\\\"\\n\\u0001\xc3\xa9\"",
    "[]",
    "{}",
    "[[],{},[[{\"a\":[1]}]],-1,18446744073709551615,1.5,true,false,null]",
    "{\"a\":1,\"a\":2,\"\":{\"b\":[0.1,1e-07,1e+300,-0.0]}}",
};

START_TEST(what_was_read_is_written_the_same)
{
    ck_assert_str_eq(garm_test_do(t, "POST", "/echo", .json = echoes[_i])->body, echoes[_i]);
}
END_TEST

/* Handlers have 64 KiB of stack, or less. */
START_TEST(nesting_costs_a_handler_no_stack)
{
    static char deep[200001];
    memset(deep, '[', LIMIT_JSON_DEPTH);
    memset(deep + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
    ck_assert_str_eq(garm_test_do(t, "POST", "/echo", .json = deep)->body, deep);
    memset(deep, '[', 100000);
    memset(deep + 100000, ']', 100000);
    ck_assert_int_eq(garm_test_do(t, "POST", "/echo", .json = deep)->status, 400);
}
END_TEST

START_TEST(large_bodies_come_back_whole)
{
    struct buf text;
    buf_init(&text, MIB(8));
    for (int i = 0; i < 20000; i++) {
        buf_printf(&text, "%c{\"id\":%d,\"name\":\"Ada \\u%04x\"}", i == 0 ? '[' : ',', i,
                   (unsigned)(0x3000 + i % 1000));
    }
    buf_append_byte(&text, ']');
    const garm_response *const res = garm_test_do(t, "POST", "/echo", .json = buf_cstr(&text));
    ck_assert_int_eq(res->status, 200);
    ck_assert_str_eq(garm_test_json(t, "/19999/id"), "19999");
    ck_assert_int_eq(garm_test_json_int(t, "/1/id"), 1);
    buf_deinit(&text);
}
END_TEST

START_TEST(no_memory_is_503_and_leaves_nothing_behind)
{
    struct buf text;
    buf_init(&text, MIB(1));
    for (int i = 0; i < 3000; i++) {
        buf_printf(&text, "%c\"n%d\":%d", i == 0 ? '{' : ',', i, i);
    }
    buf_append_byte(&text, '}');
    unsigned failed = 0;
    for (unsigned n = 1; n < 40; n++) {
        garm_test_fail_alloc(t, n);
        const int status = garm_test_do(t, "POST", "/echo", .json = buf_cstr(&text))->status;
        ck_assert(status == 200 || status == 503 || status == 0);
        failed += status == 503 ? 1 : 0;
        garm_test_fail_alloc(t, 0);
    }
    ck_assert_uint_gt(failed, 1);
    ck_assert_int_eq(garm_test_do(t, "POST", "/echo", .json = buf_cstr(&text))->status, 200);
    buf_deinit(&text);
}
END_TEST

START_TEST(a_reply_may_be_larger_than_the_arena)
{
    const garm_response *const res = garm_test_do(t, "GET", "/much?mib=17");
    ck_assert_int_eq(res->status, 200);
    ck_assert_uint_eq(res->body_size, (17 << 20) + strlen("{\"text\":\"\"}"));
    ck_assert_int_eq(garm_test_do(t, "GET", "/much?mib=1")->status, 200);
    ck_assert_int_eq(garm_test_do(t, "GET", "/much?mib=64")->status, 500);
    ck_assert_int_eq(garm_test_do(t, "GET", "/any")->status, 204);
}
END_TEST

START_TEST(text_of_the_handlers_own_that_is_no_json_is_500)
{
    ck_assert_int_eq(garm_test_do(t, "GET", "/own?n=x")->status, 500);
}
END_TEST

Suite *suite_json_read(void)
{
    Suite *const suite = suite_create("app/json_read");
    TCase *const tc = tcase_create("bodies");
    tcase_add_checked_fixture(tc, begin, finish);
    tcase_add_loop_test(tc, a_body_is_what_is_expected_or_400_says_what_is_not, 0,
                        COUNT_OF(bodies));
    tcase_add_test(tc, a_body_of_another_type_is_415);
    tcase_add_test(tc, a_coded_body_is_415);
    tcase_add_test(tc, a_handler_that_replies_itself_is_not_overruled);
    tcase_add_test(tc, any_text_can_be_parsed_and_looked_at);
    tcase_add_loop_test(tc, what_was_read_is_written_the_same, 0, COUNT_OF(echoes));
    tcase_add_test(tc, nesting_costs_a_handler_no_stack);
    tcase_add_test(tc, large_bodies_come_back_whole);
    tcase_add_test(tc, a_reply_may_be_larger_than_the_arena);
    tcase_add_test(tc, text_of_the_handlers_own_that_is_no_json_is_500);
    tcase_add_test(tc, no_memory_is_503_and_leaves_nothing_behind);
    suite_add_tcase(suite, tc);
    return suite;
}
