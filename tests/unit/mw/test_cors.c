/* CORS: preflights, marks, Vary, and options that cannot be. */
#include "refusal.h"

#include <check.h>
#include <garm/garm.h>
#include <string.h>

Suite *suite_cors(void);

static int thing(garm_ctx *c)
{
    return garm_text(c, 200, "thing");
}

static void setup(garm_app *app)
{
    garm_app *const open = garm_group(app, "/open");
    garm_cors(open, .origins = {"*"}, .headers = {"X-Token"}, .methods = {"GET", "PUT"});
    garm_route(open, "/{$}", thing);
    garm_app *const named = garm_group(app, "/named");
    garm_cors(named, .origins = {"https://a.example", "http://b:8080"}, .credentials = true,
              .expose = {"X-Total", "ETag"}, .max_age_s = GARM_NONE);
    garm_route(named, "GET /{$}", thing);
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

static void expect(const char *name, const char *value)
{
    ck_assert_str_eq(garm_test_header(test, name), value);
}

START_TEST(a_preflight_of_a_listed_origin_is_204)
{
    const garm_response *const res = garm_test_do(
        test, "OPTIONS", "/named/",
        .headers = {"Origin: https://a.example", "Access-Control-Request-Method: DELETE",
                    "Access-Control-Request-Headers: x-one, x-two"});
    ck_assert_int_eq(res->status, 204);
    expect("Access-Control-Allow-Origin", "https://a.example");
    expect("Access-Control-Allow-Credentials", "true");
    expect("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
    expect("Access-Control-Allow-Headers", "x-one, x-two");
    expect("Access-Control-Max-Age", "");
    ck_assert_ptr_nonnull(strstr(res->head, "Vary: Origin"));
}
END_TEST

START_TEST(a_preflight_for_all_names_no_origin)
{
    const garm_response *const res =
        garm_test_do(test, "OPTIONS", "/open/",
                     .headers = {"Origin: https://z.example", "Access-Control-Request-Method: PUT",
                                 "Access-Control-Request-Headers: x-token"});
    ck_assert_int_eq(res->status, 204);
    expect("Access-Control-Allow-Origin", "*");
    expect("Access-Control-Allow-Headers", "X-Token");
    expect("Access-Control-Max-Age", "600");
    ck_assert_ptr_null(strstr(res->head, "Vary: Origin"));
}
END_TEST

static const struct {
    const char *path, *headers[3];
} refusals[] = {
    {"/named/", {"Origin: https://evil.example", "Access-Control-Request-Method: GET", NULL}},
    {"/named/", {"Origin: https://a.example.evil", "Access-Control-Request-Method: GET", NULL}},
    {"/named/", {"Origin: null", "Access-Control-Request-Method: GET", NULL}},
    {"/named/", {"Origin: http://b", "Access-Control-Request-Method: GET", NULL}},
    {"/open/", {"Origin: https://a.example", "Access-Control-Request-Method: DELETE", NULL}},
    {"/open/", {"Origin: https://a.example", "Access-Control-Request-Method: put", NULL}},
    {"/open/",
     {"Origin: https://a.example", "Access-Control-Request-Method: GET",
      "Access-Control-Request-Headers: x-token,x-other"}},
};

START_TEST(a_preflight_for_what_is_not_listed_is_403)
{
    const char *const *const headers = refusals[_i].headers;
    const garm_response *const res = garm_test_do(test, "OPTIONS", refusals[_i].path,
                                                  .headers = {headers[0], headers[1], headers[2]});
    ck_assert_int_eq(res->status, 403);
    expect("Access-Control-Allow-Methods", "");
}
END_TEST

START_TEST(an_answer_is_marked_for_its_origin)
{
    ck_assert_int_eq(
        garm_test_do(test, "GET", "/named/", .headers = {"Origin: http://b:8080"})->status, 200);
    expect("Access-Control-Allow-Origin", "http://b:8080");
    expect("Access-Control-Expose-Headers", "X-Total, ETag");
    expect("Vary", "Origin");
}
END_TEST

START_TEST(an_answer_for_another_origin_is_not_marked)
{
    const garm_response *res =
        garm_test_do(test, "GET", "/named/", .headers = {"Origin: https://evil.example"});
    ck_assert_int_eq(res->status, 200);
    ck_assert_ptr_null(strstr(res->head, "Access-Control"));
    expect("Vary", "Origin");
    res = garm_test_do(test, "GET", "/named/");
    ck_assert_ptr_null(strstr(res->head, "Access-Control"));
    expect("Vary", "Origin");
}
END_TEST

START_TEST(what_is_open_to_all_is_marked_for_all)
{
    garm_test_do(test, "GET", "/open/"); /* a cache may keep it for one that names an origin */
    expect("Access-Control-Allow-Origin", "*");
}
END_TEST

START_TEST(errors_are_marked_too)
{
    ck_assert_int_eq(
        garm_test_do(test, "GET", "/named/x", .headers = {"Origin: https://a.example"})->status,
        404);
    expect("Access-Control-Allow-Origin", "https://a.example");
}
END_TEST

START_TEST(options_without_a_preflight_is_as_ever)
{
    ck_assert_int_eq(
        garm_test_do(test, "OPTIONS", "/named/", .headers = {"Origin: https://a.example"})->status,
        204);
    expect("Allow", "GET, HEAD, OPTIONS");
}
END_TEST

static void no_origins(garm_app *app)
{
    garm_cors(app);
}

static void a_path(garm_app *app)
{
    garm_cors(app, .origins = {"https://a.example/"});
}

static void a_host(garm_app *app)
{
    garm_cors(app, .origins = {"a.example"});
}

static void credentials_for_all(garm_app *app)
{
    garm_cors(app, .origins = {"*"}, .credentials = true);
}

static void no_field(garm_app *app)
{
    garm_cors(app, .origins = {"*"}, .expose = {"X Total"});
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {no_origins, ".origins is needed"},
    {a_path, "\"https://a.example/\" is no origin"},
    {a_host, "\"a.example\" is no origin"},
    {credentials_for_all, ".credentials needs the origins named"},
    {no_field, "\"X Total\" is no name"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_cors.c:") != NULL, "%s", line);
}
END_TEST

Suite *suite_cors(void)
{
    Suite *const suite = suite_create("mw/cors");
    TCase *const tc = tcase_create("cors");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_preflight_of_a_listed_origin_is_204);
    tcase_add_test(tc, a_preflight_for_all_names_no_origin);
    tcase_add_loop_test(tc, a_preflight_for_what_is_not_listed_is_403, 0,
                        (int)(sizeof(refusals) / sizeof(refusals[0])));
    tcase_add_test(tc, an_answer_is_marked_for_its_origin);
    tcase_add_test(tc, an_answer_for_another_origin_is_not_marked);
    tcase_add_test(tc, what_is_open_to_all_is_marked_for_all);
    tcase_add_test(tc, errors_are_marked_too);
    tcase_add_test(tc, options_without_a_preflight_is_as_ever);
    suite_add_tcase(suite, tc);
    TCase *const options = tcase_create("options");
    tcase_add_loop_test(options, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, options);
    return suite;
}
