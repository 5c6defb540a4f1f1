/* JSON Web Tokens as requests have them: who may come in, who may not and why, and options that
 * cannot be. Forged tokens are test_jwt_forgery.c's. */
#include "jwt_site.h"
#include "refusal.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_jwt(void);

START_TEST(a_good_token_of_each_algorithm_comes_in)
{
    static const char *const headers[] = {
        [GARM_JWT_HS256] = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"h\"}",
        [GARM_JWT_RS256] = "{\"alg\":\"RS256\",\"kid\":\"r\"}",
        [GARM_JWT_ES256] = "{\"alg\":\"ES256\",\"kid\":\"e\"}",
        [GARM_JWT_EDDSA] = "{\"alg\":\"EdDSA\"}",
    };
    const char *const token = token_of(_i, headers[_i], at_now(GOOD));
    for (int round = 0; round < 2; round++) {
        const garm_response *const res = get("/all/", token);
        ck_assert_msg(res->status == 200, "%s", garm_test_header(test, "WWW-Authenticate"));
        ck_assert_str_eq(res->body, "ada/read/claims");
    }
}
END_TEST

START_TEST(no_token_is_401_without_an_error)
{
    ck_assert_int_eq(garm_test_do(test, "GET", "/rs/")->status, 401);
    expect("WWW-Authenticate", "Bearer realm=\"the api\"");
    ck_assert_int_eq(
        garm_test_do(test, "GET", "/hs/", .headers = {"Authorization: Basic eDp5"})->status, 401);
    expect("WWW-Authenticate", "Bearer realm=\"restricted\"");
    ck_assert_int_eq(
        garm_test_do(test, "GET", "/hs/", .headers = {"Authorization: Bearers x"})->status, 401);
}
END_TEST

static const char *const unreadable[][2] = {
    {"Authorization: Bearer", NULL},     {"Authorization: Bearer a b", NULL},
    {"Authorization: Bearer a,b", NULL}, {"Authorization: Bearer \"a\"", NULL},
    {"Authorization: Bearer =", NULL},   {"Authorization: Bearer a", "Authorization: Bearer a"},
};

START_TEST(a_field_that_cannot_be_read_is_400)
{
    const garm_response *const res =
        garm_test_do(test, "GET", "/hs/", .headers = {unreadable[_i][0], unreadable[_i][1]});
    ck_assert_int_eq(res->status, 400);
    if (garm_test_header(test, "WWW-Authenticate")[0] != '\0') {
        expect("WWW-Authenticate", "Bearer realm=\"restricted\", error=\"invalid_request\"");
    }
}
END_TEST

START_TEST(the_scheme_is_known_in_any_case)
{
    char field[1024];
    snprintf(field, sizeof(field), "Authorization: bEARER   %s", hs_token(GOOD));
    ck_assert_int_eq(garm_test_do(test, "GET", "/hs/", .headers = {field})->status, 200);
}
END_TEST

START_TEST(a_token_in_the_query_is_not_looked_at)
{
    char target[1024];
    snprintf(target, sizeof(target), "/hs/?access_token=%s", hs_token(GOOD));
    ck_assert_int_eq(garm_test_do(test, "GET", target)->status, 401);
}
END_TEST

/* Claims. */

static const struct {
    const char *path, *claims;
    const char *why; /* NULL: comes in */
} claims[] = {
    {"/hs/", "{\"exp\":NOW+1}", NULL},
    {"/hs/", "{\"exp\":NOW-29}", NULL},
    {"/hs/", "{\"exp\":NOW-30}", "The token has expired"},
    {"/hs/", "{\"exp\":NOW-3000}", "The token has expired"},
    {"/hs/", "{\"exp\":0}", "The token has expired"},
    {"/hs/", "{\"exp\":NOW.5}", NULL},
    {"/hs/", "{\"exp\":9e15}", NULL},
    {"/hs/", "{\"exp\":9007199254740993}", "a time that is none"},
    {"/hs/", "{\"exp\":9223372036854775807}", "a time that is none"},
    {"/hs/", "{\"exp\":18446744073709551615}", "a time that is none"},
    {"/hs/", "{\"exp\":1e300}", "a time that is none"},
    {"/hs/", "{\"exp\":-1}", "a time that is none"},
    {"/hs/", "{\"exp\":\"NOW+60\"}", "a time that is none"},
    {"/hs/", "{\"exp\":null}", "a time that is none"},
    {"/hs/", "{\"exp\":true}", "a time that is none"},
    {"/hs/", "{\"exp\":[NOW+60]}", "a time that is none"},
    {"/hs/", "{}", "The token has no expiry"},
    {"/hs/", "{\"Exp\":NOW+60}", "The token has no expiry"},
    {"/hs/", "{\"exp\":NOW+60,\"nbf\":NOW+30}", NULL},
    {"/hs/", "{\"exp\":NOW+60,\"nbf\":NOW+31}", "The token is not valid yet"},
    {"/hs/", "{\"exp\":NOW+60,\"nbf\":\"0\"}", "a time that is none"},
    {"/hs/", "{\"exp\":NOW+60,\"iat\":NOW}", NULL},
    {"/hs/", "{\"exp\":NOW+60,\"iat\":NOW+31}", "The token was issued in the future"},
    {"/hs/", "{\"exp\":NOW+60,\"iat\":{}}", "a time that is none"},
    {"/hs/", "{\"exp\":NOW+60,\"aud\":\"api\"}", "The token is for another audience"},
    {"/hs/", "{\"exp\":NOW+60,\"sub\":7}", "The token is malformed"},
    {"/hs/", "{\"exp\":NOW+60,\"sub\":\"a\\u0000b\"}", "The token is malformed"},
    {"/hs/", "{\"exp\":NOW+60,\"exp\":NOW+60}", "The token is malformed"},
    {"/hs/", "{\"exp\":NOW-99,\"e\\u0078p\":NOW+60}", "The token is malformed"},
    {"/hs/", "{\"a\":1,\"exp\":NOW+60,\"a\":1}", "The token is malformed"},
    {"/hs/", "[]", "The token is malformed"},
    {"/hs/", "\"exp\"", "The token is malformed"},
    {"/hs/", "{\"exp\":NOW+60} x", "The token is malformed"},
    {"/hs/", "{\"exp\":NOW+60", "The token is malformed"},
    {"/hs/", "", "The token is malformed"},
    {"/hs/", "{\"exp\":NOW+60,\"x\":\"\xff\"}", "The token is malformed"},
    {"/all/", "{}", NULL},
    {"/all/", "{\"exp\":NOW+1}", NULL},
    {"/all/", "{\"exp\":NOW}", "The token has expired"},
    {"/all/", "{\"nbf\":NOW}", NULL},
    {"/all/", "{\"nbf\":NOW+1}", "The token is not valid yet"},
    {"/all/", "{\"aud\":\"whoever\"}", NULL},
    {"/all/", "{\"aud\":[\"x\",\"y\"]}", NULL},
};

START_TEST(claims_decide_who_comes_in)
{
    const garm_response *const res = get(claims[_i].path, hs_token(claims[_i].claims));
    if (claims[_i].why != NULL) {
        expect_refused(res, claims[_i].why);
    } else {
        ck_assert_msg(res->status == 200, "%s", garm_test_header(test, "WWW-Authenticate"));
    }
}
END_TEST

static const struct {
    const char *header, *claims;
    const char *why; /* NULL: comes in */
} strict[] = {
    {"at+jwt", "\"iss\":\"joe\",\"aud\":\"api\"", NULL},
    {"AT+JWT", "\"iss\":\"joe\",\"aud\":[\"api\"]", NULL},
    {"application/at+jwt", "\"iss\":\"joe\",\"aud\":[\"x\",\"api\"]", NULL},
    {"JWT", "\"iss\":\"joe\",\"aud\":\"api\"", "The token is of another type"},
    {"at+jwt\\u0000", "\"iss\":\"joe\",\"aud\":\"api\"", "The token is of another type"},
    {"at+jwt", "\"iss\":\"joe\"", "The token is for another audience"},
    {"at+jwt", "\"iss\":\"joe\",\"aud\":\"API\"", "The token is for another audience"},
    {"at+jwt", "\"iss\":\"joe\",\"aud\":\"api \"", "The token is for another audience"},
    {"at+jwt", "\"iss\":\"joe\",\"aud\":\"*\"", "The token is for another audience"},
    {"at+jwt", "\"iss\":\"joe\",\"aud\":[]", "The token is for another audience"},
    {"at+jwt", "\"iss\":\"joe\",\"aud\":[[\"api\"]]", "The token is for another audience"},
    {"at+jwt", "\"iss\":\"joe\",\"aud\":{\"api\":\"api\"}", "The token is for another audience"},
    {"at+jwt", "\"iss\":\"joe\",\"aud\":\"api\\u0000\"", "The token is for another audience"},
    {"at+jwt", "\"iss\":\"Joe\",\"aud\":\"api\"", "The token is of another issuer"},
    {"at+jwt", "\"iss\":\"joe\\u0000\",\"aud\":\"api\"", "The token is of another issuer"},
    {"at+jwt", "\"iss\":[\"joe\"],\"aud\":\"api\"", "The token is of another issuer"},
    {"at+jwt", "\"aud\":\"api\"", "The token is of another issuer"},
};

START_TEST(issuer_audience_and_type_must_be_as_expected)
{
    char header[128];
    char text[256];
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"typ\":\"%s\"}", strict[_i].header);
    snprintf(text, sizeof(text), "{\"exp\":NOW+60,%s}", strict[_i].claims);
    const garm_response *const res =
        get("/strict/", token_of(GARM_JWT_HS256, header, at_now(text)));
    if (strict[_i].why != NULL) {
        expect_refused(res, strict[_i].why);
    } else {
        ck_assert_msg(res->status == 200, "%s", garm_test_header(test, "WWW-Authenticate"));
    }
}
END_TEST

START_TEST(an_optional_token_may_be_missing_and_not_be_wrong)
{
    ck_assert_str_eq(garm_test_do(test, "GET", "/optional/")->body, "//none");
    expect("Vary", "Authorization");
    ck_assert_str_eq(get("/optional/", hs_token(GOOD))->body, "ada/read/claims");
    expect_refused(get("/optional/", hs_token("{\"exp\":1}")), "has expired");
}
END_TEST

START_TEST(a_token_may_come_in_a_cookie)
{
    char field[1024];
    snprintf(field, sizeof(field), "Cookie: a=b; session=%s", hs_token(GOOD));
    ck_assert_str_eq(garm_test_do(test, "GET", "/cookie/", .headers = {field})->body,
                     "ada/read/claims");
    expect("Vary", "Cookie");
    ck_assert_int_eq(
        garm_test_do(test, "GET", "/cookie/", .headers = {field, "Authorization: Basic eDp5"})
            ->status,
        401);
    ck_assert_int_eq(garm_test_do(test, "GET", "/hs/", .headers = {field})->status, 401);
    ck_assert_int_eq(garm_test_do(test, "GET", "/cookie/")->status, 401);
    expect_refused(garm_test_do(test, "GET", "/cookie/", .headers = {"Cookie: session=a b"}),
                   "malformed");
    ck_assert_int_eq(get("/cookie/", hs_token(GOOD))->status, 200);
}
END_TEST

START_TEST(a_subject_with_control_bytes_is_refused)
{
    expect_refused(get("/hs/", hs_token("{\"sub\":\"ada\\r\\nbob\",\"exp\":NOW+60}")), "control");
    expect_refused(get("/hs/", hs_token("{\"sub\":\"ada\\u007f\",\"exp\":NOW+60}")), "control");
}
END_TEST

START_TEST(memory_that_runs_out_does_not_make_a_token_wrong)
{
    char token[1024];
    snprintf(token, sizeof(token), "%s", hs_token(GOOD));
    for (unsigned nth = 1; nth < 40; nth++) {
        garm_test_fail_alloc(test, nth);
        const int status = get("/hs/", token)->status;
        ck_assert_msg(status == 200 || status == 503 || status == 0, "%u: %d", nth, status);
        garm_test_fail_alloc(test, 0);
    }
}
END_TEST

START_TEST(memory_that_runs_out_lets_nobody_in)
{
    char token[1024];
    snprintf(token, sizeof(token), "%s", hs_token("{\"exp\":1}"));
    for (unsigned nth = 1; nth < 40; nth++) {
        garm_test_fail_alloc(test, nth);
        const int status = get("/hs/", token)->status;
        ck_assert_msg(status == 401 || status == 503 || status == 0, "%u: %d", nth, status);
        garm_test_fail_alloc(test, 0);
    }
}
END_TEST

/* Options that cannot be. */

#define IMPOSSIBLE(name, ...)                                                                      \
    static void name(garm_app *app)                                                                \
    {                                                                                              \
        garm_jwt(app, __VA_ARGS__);                                                                \
    }
IMPOSSIBLE(no_keys, .audience = "x")
IMPOSSIBLE(no_algorithm, .keys = {{.secret = TOKEN_SECRET}})
IMPOSSIBLE(short_secret, .keys = {{GARM_JWT_HS256, .secret = "short", .kid = "k"}})
IMPOSSIBLE(pem_as_secret, .keys = {{GARM_JWT_HS256, .secret = token_pem(GARM_JWT_RS256)}})
IMPOSSIBLE(pem_for_hs, .keys = {{GARM_JWT_HS256, .pem = token_pem(GARM_JWT_RS256)}})
IMPOSSIBLE(secret_for_rs, .keys = {{GARM_JWT_RS256, .secret = TOKEN_SECRET}})
IMPOSSIBLE(wrong_pem, .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET},
                               {GARM_JWT_RS256, .pem = token_pem(GARM_JWT_ES256)}})
IMPOSSIBLE(leeway, .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}}, .leeway_s = 601)
IMPOSSIBLE(negative_leeway, .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}}, .leeway_s = -2)
IMPOSSIBLE(realm, .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}}, .realm = "a\"b")
IMPOSSIBLE(cookie, .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}}, .cookie = "")

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {no_keys, ".keys is needed"},
    {no_algorithm, ".keys[0]: .algorithm is needed"},
    {short_secret, ".keys[0] (\"k\"): a secret of less than 32 bytes"},
    {pem_as_secret, "a key in PEM is no secret"},
    {pem_for_hs, "takes a .secret, and no .pem"},
    {secret_for_rs, "takes a public key in .pem"},
    {wrong_pem, ".keys[1]: RS256 needs an RSA key"},
    {leeway, ".leeway_s is from 1 to 600"},
    {negative_leeway, ".leeway_s is from 1 to 600"},
    {realm, ".realm has a byte"},
    {cookie, ".cookie: \"\" is no name of a cookie"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_jwt.c:") != NULL, "%s", line);
    ck_assert_ptr_null(strstr(line, "short"));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *suite_jwt(void)
{
    tokens_begin();
    Suite *const suite = suite_create("mw/jwt");
    TCase *const tc = tcase_create("jwt");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, jwt_begin, jwt_end);
    tcase_add_loop_test(tc, a_good_token_of_each_algorithm_comes_in, GARM_JWT_HS256,
                        GARM_JWT_EDDSA + 1);
    tcase_add_test(tc, no_token_is_401_without_an_error);
    tcase_add_loop_test(tc, a_field_that_cannot_be_read_is_400, 0, COUNT(unreadable));
    tcase_add_test(tc, the_scheme_is_known_in_any_case);
    tcase_add_test(tc, a_token_in_the_query_is_not_looked_at);
    tcase_add_loop_test(tc, claims_decide_who_comes_in, 0, COUNT(claims));
    tcase_add_loop_test(tc, issuer_audience_and_type_must_be_as_expected, 0, COUNT(strict));
    tcase_add_test(tc, an_optional_token_may_be_missing_and_not_be_wrong);
    tcase_add_test(tc, a_token_may_come_in_a_cookie);
    tcase_add_test(tc, a_subject_with_control_bytes_is_refused);
    tcase_add_test(tc, memory_that_runs_out_does_not_make_a_token_wrong);
    tcase_add_test(tc, memory_that_runs_out_lets_nobody_in);
    suite_add_tcase(suite, tc);
    TCase *const options = tcase_create("options");
    tcase_add_loop_test(options, an_impossible_option_stops_the_start, 0, COUNT(impossible));
    suite_add_tcase(suite, options);
    return suite;
}
