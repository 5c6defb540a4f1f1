/* API keys and bearer tokens: known ones, unknown ones, and options that cannot be. */
#include "refusal.h"

#include <check.h>
#include <errno.h>
#include <garm/garm.h>
#include <string.h>

Suite *suite_api_key(void);

/* "test" and "other" */
#define CI    "ci:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define OTHER "other:D9298A10D1B0735837DC4BD85DAC641B0F3CEF27A47E5D53A54F2F3F5B2FCFFA"

static int show(garm_ctx *c)
{
    return garm_text(c, 200, "[%s]", garm_user(c));
}

static garm_app *group(garm_app *app, const char *prefix)
{
    garm_app *const sub = garm_group(app, prefix);
    garm_route(sub, "GET /{$}", show);
    return sub;
}

static int check(garm_ctx *c, const char *secret, void *arg)
{
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    if (strcmp(secret, "narrow") == 0) {
        return -EPERM;
    }
    if (strcmp(secret, "busy") == 0) {
        return 429;
    }
    if (strcmp(secret, "down") == 0) {
        return -ETIMEDOUT;
    }
    return garm_secret_equal(secret, arg) ? garm_set_user(c, "checked") : -EACCES;
}

static void setup(garm_app *app)
{
    static char secret[] = "sesame";
    garm_api_key(group(app, "/keys"), .keys = {CI, OTHER});
    garm_api_key(group(app, "/query"), .keys = {CI}, .query = "key", .header = "");
    garm_api_key(group(app, "/both"), .keys = {CI}, .query = "key", .header = "Token",
                 .check = check, .arg = secret, .realm = "hooks");
    garm_api_key(group(app, "/optional"), .keys = {CI}, .optional = true);
    garm_bearer(group(app, "/bearer"), .check = check, .arg = secret);
    garm_bearer(group(app, "/maybe"), .check = check, .arg = secret, .optional = true,
                .realm = "x");
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

static void expect(const char *target, const char *field, int status, const char *body)
{
    const garm_response *const res = garm_test_do(test, "GET", target, .headers = {field});
    ck_assert_int_eq(res->status, status);
    if (body != NULL) {
        ck_assert_str_eq(res->body, body);
    }
}

static void expect_challenge(const char *challenge)
{
    ck_assert_str_eq(garm_test_header(test, "WWW-Authenticate"), challenge);
}

START_TEST(a_known_key_names_its_user)
{
    expect("/keys/", "X-API-Key: test", 200, "[ci]");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "X-API-Key");
    expect("/keys/", "x-api-key: other", 200, "[other]");
}
END_TEST

START_TEST(an_unknown_key_is_401)
{
    static const char *const fields[] = {
        "X: y",
        "X-API-Key: Test",
        "X-API-Key: tes",
        "X-API-Key: test1",
        "X-API-Key:",
        "X-API-Key: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "Authorization: ApiKey test"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        expect("/keys/", fields[i], 401, NULL);
        expect_challenge("ApiKey realm=\"restricted\"");
        ck_assert_str_eq(garm_test_header(test, "Vary"), "X-API-Key");
    }
    expect("/keys/?key=test", "X: y", 401, NULL);
    const garm_response *const res =
        garm_test_do(test, "GET", "/keys/", .headers = {"X-API-Key: test", "X-API-Key: test"});
    ck_assert_int_eq(res->status, 401);
}
END_TEST

START_TEST(a_key_may_come_in_the_query)
{
    expect("/query/?key=test", "X: y", 200, "[ci]");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "");
    expect("/query/?key=%74est", "X: y", 200, "[ci]");
    expect("/query/?key=no", "X-API-Key: test", 401, NULL);
    expect("/query/?key=", "X: y", 401, NULL);
    expect("/both/?key=test", "X: y", 200, "[ci]");
    expect("/both/?key=test", "Token: wrong", 401, NULL);
    expect_challenge("ApiKey realm=\"hooks\"");
}
END_TEST

START_TEST(a_check_is_for_keys_that_are_not_listed)
{
    expect("/both/", "Token: test", 200, "[ci]");
    expect("/both/", "Token: sesame", 200, "[checked]");
    expect("/both/", "Token: narrow", 403, NULL);
    expect("/both/", "Token: busy", 429, NULL);
    expect("/both/", "Token: down", 504, NULL);
    expect("/both/", "Token: other", 401, NULL);
}
END_TEST

START_TEST(an_optional_key_may_be_missing_and_not_be_wrong)
{
    expect("/optional/", "X: y", 200, "[]");
    expect("/optional/", "X-API-Key: test", 200, "[ci]");
    expect("/optional/", "X-API-Key: x", 401, NULL);
}
END_TEST

START_TEST(a_bearer_token_is_for_the_check)
{
    expect("/bearer/", "Authorization: Bearer sesame", 200, "[checked]");
    expect("/bearer/", "Authorization: bearer   sesame", 200, "[checked]");
    expect("/bearer/", "X: y", 401, NULL);
    expect_challenge("Bearer realm=\"restricted\"");
    expect("/bearer/?access_token=sesame", "Authorization: Basic eDp5", 401, NULL);
    expect_challenge("Bearer realm=\"restricted\"");
    expect("/bearer/", "Authorization: Bearer sesam", 401, NULL);
    expect_challenge("Bearer realm=\"restricted\", error=\"invalid_token\"");
    expect("/bearer/", "Authorization: Bearer narrow", 403, NULL);
    expect_challenge("Bearer realm=\"restricted\", error=\"insufficient_scope\"");
    expect("/bearer/", "Authorization: Bearer busy", 429, NULL);
    expect_challenge("");
}
END_TEST

START_TEST(a_bearer_field_that_cannot_be_read_is_400)
{
    static const char *const fields[] = {
        "Authorization: Bearer",          "Authorization: Bearer a b",
        "Authorization: Bearer a, b",     "Authorization: Bearer =a",
        "Authorization: Bearer sesame=x", "Authorization: Bearer token=\"sesame\""};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        expect("/bearer/", fields[i], 400, NULL);
        expect_challenge("Bearer realm=\"restricted\", error=\"invalid_request\"");
    }
}
END_TEST

START_TEST(an_optional_token_may_be_missing_and_not_be_wrong)
{
    expect("/maybe/", "X: y", 200, "[]");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "Authorization");
    expect("/maybe/", "Authorization: Bearer sesame", 200, "[checked]");
    expect("/maybe/", "Authorization: Bearer x", 401, NULL);
    expect("/maybe/", "Authorization: Bearer", 400, NULL);
}
END_TEST

/* Options that cannot be. */

#define IMPOSSIBLE(name, make, ...)                                                                \
    static void name(garm_app *app)                                                                \
    {                                                                                              \
        make(app, __VA_ARGS__);                                                                    \
    }
IMPOSSIBLE(no_keys, garm_api_key, .header = "X-Key")
IMPOSSIBLE(plain_key, garm_api_key, .keys = {"ci:hunter2"})
IMPOSSIBLE(no_name, garm_api_key, .keys = {CI + 2})
IMPOSSIBLE(control, garm_api_key, .keys = {"\n" CI})
IMPOSSIBLE(no_colon, garm_api_key, .keys = {"hunter2"})
IMPOSSIBLE(long_digest, garm_api_key, .keys = {CI "0"})
IMPOSSIBLE(no_place, garm_api_key, .keys = {CI}, .header = "")
IMPOSSIBLE(no_field, garm_api_key, .keys = {CI}, .header = "X Key")
IMPOSSIBLE(key_realm, garm_api_key, .keys = {CI}, .realm = "\x7f")
IMPOSSIBLE(no_check, garm_bearer, .realm = "x")
IMPOSSIBLE(bearer_realm, garm_bearer, .check = check, .realm = "a\nb")

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {no_keys, ".keys or .check is needed"},
    {plain_key, "\"NAME:DIGEST\""},
    {no_name, "\"NAME:DIGEST\""},
    {control, "\"NAME:DIGEST\""},
    {no_colon, "\"NAME:DIGEST\""},
    {long_digest, "\"NAME:DIGEST\""},
    {no_place, "without .header it needs .query"},
    {no_field, "\"X Key\" is no name of a field"},
    {key_realm, "garm_api_key: .realm has a byte"},
    {no_check, "garm_bearer: .check is needed"},
    {bearer_realm, "garm_bearer: .realm has a byte"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_api_key.c:") != NULL, "%s", line);
    ck_assert_ptr_null(strstr(line, "hunter2"));
}
END_TEST

Suite *suite_api_key(void)
{
    Suite *const suite = suite_create("mw/api_key");
    TCase *const tc = tcase_create("api_key");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_known_key_names_its_user);
    tcase_add_test(tc, an_unknown_key_is_401);
    tcase_add_test(tc, a_key_may_come_in_the_query);
    tcase_add_test(tc, a_check_is_for_keys_that_are_not_listed);
    tcase_add_test(tc, an_optional_key_may_be_missing_and_not_be_wrong);
    tcase_add_test(tc, a_bearer_token_is_for_the_check);
    tcase_add_test(tc, a_bearer_field_that_cannot_be_read_is_400);
    tcase_add_test(tc, an_optional_token_may_be_missing_and_not_be_wrong);
    suite_add_tcase(suite, tc);
    TCase *const options = tcase_create("options");
    tcase_add_loop_test(options, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, options);
    return suite;
}
