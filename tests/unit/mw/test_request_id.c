/* Request ids: kept, made, refused. */
#include <check.h>
#include <garm/garm.h>
#include <string.h>

Suite *suite_request_id(void);

static int tell(garm_ctx *c)
{
    return garm_text(c, 200, "%s", garm_request_id_of(c));
}

static int stream(garm_ctx *c)
{
    return garm_write(c, "x", 1);
}

static void setup(garm_app *app)
{
    garm_request_id(app);
    garm_route(app, "GET /{$}", tell);
    garm_route(app, "GET /stream", stream);
    garm_app *const strict = garm_group(app, "/strict");
    garm_request_id(strict, .header = "X-Trace", .ignore_incoming = true);
    garm_route(strict, "GET /{$}", tell);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;

static void begin(void)
{
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
}

START_TEST(a_request_gets_an_id_and_tells_it)
{
    const garm_response *const res = garm_test_do(test, "GET", "/");
    ck_assert_int_eq(res->status, 200);
    ck_assert_uint_eq(res->body_size, 32);
    ck_assert_uint_eq(strspn(res->body, "0123456789abcdef"), 32);
    ck_assert_str_eq(garm_test_header(test, "X-Request-Id"), res->body);
}
END_TEST

START_TEST(two_requests_have_two_ids)
{
    char first[64];
    strcpy(first, garm_test_do(test, "GET", "/")->body);
    ck_assert_str_ne(garm_test_do(test, "GET", "/")->body, first);
}
END_TEST

START_TEST(a_harmless_id_is_kept)
{
    const garm_response *const res =
        garm_test_do(test, "GET", "/", .headers = {"X-Request-Id: a-1_b.c:d/e+f=@"});
    ck_assert_str_eq(res->body, "a-1_b.c:d/e+f=@");
    ck_assert_str_eq(garm_test_header(test, "X-Request-Id"), "a-1_b.c:d/e+f=@");
}
END_TEST

static const char *const harmful[] = {
    "X-Request-Id: a b",
    "X-Request-Id: a\"b",
    "X-Request-Id: <script>",
    "X-Request-Id: ",
    "X-Request-Id: 12345678901234567890123456789012345678901234567890123456789012345678901234567890"
    "1234567890123456789012345678901234567890123456789",
};

START_TEST(a_harmful_id_is_replaced)
{
    const garm_response *const res = garm_test_do(test, "GET", "/", .headers = {harmful[_i]});
    ck_assert_uint_eq(strspn(res->body, "0123456789abcdef"), 32);
    ck_assert_uint_eq(res->body_size, 32);
}
END_TEST

START_TEST(a_strict_one_keeps_none)
{
    const garm_response *const res =
        garm_test_do(test, "GET", "/strict/", .headers = {"X-Trace: mine"});
    ck_assert_uint_eq(res->body_size, 32);
    ck_assert_str_eq(garm_test_header(test, "X-Trace"), res->body);
}
END_TEST

START_TEST(errors_and_streams_have_it_too)
{
    ck_assert_int_eq(garm_test_do(test, "GET", "/nowhere")->status, 404);
    ck_assert_uint_eq(strlen(garm_test_header(test, "X-Request-Id")), 32);
    ck_assert_int_eq(garm_test_do(test, "GET", "/stream")->status, 200);
    ck_assert_uint_eq(strlen(garm_test_header(test, "X-Request-Id")), 32);
}
END_TEST

Suite *suite_request_id(void)
{
    Suite *const suite = suite_create("mw/request_id");
    TCase *const tc = tcase_create("request_id");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_request_gets_an_id_and_tells_it);
    tcase_add_test(tc, two_requests_have_two_ids);
    tcase_add_test(tc, a_harmless_id_is_kept);
    tcase_add_loop_test(tc, a_harmful_id_is_replaced, 0,
                        (int)(sizeof(harmful) / sizeof(harmful[0])));
    tcase_add_test(tc, a_strict_one_keeps_none);
    tcase_add_test(tc, errors_and_streams_have_it_too);
    suite_add_tcase(suite, tc);
    return suite;
}
