/* Scopes that tokens must grant: for an application by an option, for groups within by
 * garm_jwt_scope. */
#include "jwt_site.h"
#include "refusal.h"

#include "mw/jwt_scope.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_jwt_scope(void);

/* Lists. */

static const char *const lists[] = {"a", "a b", "orders:read https://x.example/y", "!", "~ #[]"};

START_TEST(a_list_is_words_with_a_space_between_them)
{
    ck_assert(jwt_scope_valid(lists[_i]));
}
END_TEST

static const char *const not_lists[] = {
    "", " ", " a", "a ", "a  b", "a\"b", "a\\b", "a\tb", "a\nb", "\x7f", "\xc3\xa4",
};

START_TEST(what_cannot_stand_in_a_challenge_is_no_list)
{
    ck_assert(!jwt_scope_valid(not_lists[_i]));
}
END_TEST

/* Claims. */

static const struct {
    const char *claims;
    bool read, write; /* what is granted */
} cases[] = {
    {"\"scope\":\"read\"", true, false},
    {"\"scope\":\"write\"", false, true},
    {"\"scope\":\"read write\"", true, true},
    {"\"scope\":\"write x read\"", true, true},
    {"\"scope\":\" read  write \"", true, true},
    {"\"scope\":\"READ readwrite reads rea read:write\"", false, false},
    {"\"scope\":\"read\\twrite\"", false, false},
    {"\"scope\":\"read\\u0000 write\"", false, true},
    {"\"scope\":\"read,write\"", false, false},
    {"\"scope\":\"\"", false, false},
    {"\"scope\":[\"read\",\"write\"]", true, true},
    {"\"scope\":[\"read write\"]", false, false},
    {"\"scope\":[]", false, false},
    {"\"scope\":[[\"read\"],{\"read\":\"read\"},null,7,\"\"]", false, false},
    {"\"scope\":{\"read\":true}", false, false},
    {"\"scope\":null", false, false},
    {"\"scope\":7", false, false},
    {"\"scp\":\"read write\"", true, true},
    {"\"scp\":[\"write\"]", false, true},
    {"\"scp\":[\"read\",\"write\"],\"scope\":\"read\"", true, false},
    {"\"scp\":\"read write\",\"scope\":null", false, false},
    {"\"Scope\":\"read write\"", false, false},
    {"\"x\":{\"scope\":\"read write\"}", false, false},
    {"\"x\":1", false, false},
};

static const char *token_with(const char *claims)
{
    char text[256];
    snprintf(text, sizeof(text), "{\"sub\":\"ada\",\"exp\":NOW+60,%s}", claims);
    return hs_token(text);
}

static void require(const char *path, const char *claims, bool granted, const char *lacks)
{
    char challenge[256];
    const garm_response *const res = get(path, token_with(claims));
    ck_assert_msg(res->status == (granted ? 200 : 403), "%s: %d %s", claims, res->status,
                  res->body);
    snprintf(challenge, sizeof(challenge),
             "Bearer realm=\"scoped\", error=\"insufficient_scope\", scope=\"%s\"", lacks);
    expect("WWW-Authenticate", granted ? "" : challenge);
}

START_TEST(a_token_grants_what_its_scope_says)
{
    const char *const claims = cases[_i].claims;
    require("/scope/read/", claims, cases[_i].read, "read");
    require("/scope/write/", claims, cases[_i].write, "write");
    require("/scope/both/", claims, cases[_i].read && cases[_i].write, "read write");
}
END_TEST

START_TEST(a_group_within_asks_for_more)
{
    require("/scope/read/more/", "\"scope\":\"read write\"", true, "");
    require("/scope/read/more/", "\"scope\":\"read\"", false, "write");
    require("/scope/read/more/", "\"scope\":\"write\"", false, "read");
}
END_TEST

START_TEST(a_wrong_token_is_401_whatever_it_grants)
{
    expect_refused(get("/scope/read/", hs_token("{\"scope\":\"read\",\"exp\":1}")), "has expired");
    ck_assert_int_eq(garm_test_do(test, "GET", "/scope/read/")->status, 401);
    expect("WWW-Authenticate", "Bearer realm=\"scoped\"");
}
END_TEST

START_TEST(an_optional_token_must_grant_it_if_it_is_there)
{
    ck_assert_str_eq(garm_test_do(test, "GET", "/scope/optional/")->body, "//none");
    require("/scope/optional/", "\"scope\":\"read\"", true, "");
    require("/scope/optional/", "\"scope\":\"write\"", false, "read");
}
END_TEST

START_TEST(a_group_that_needs_a_scope_needs_a_token)
{
    ck_assert_int_eq(garm_test_do(test, "GET", "/scope/optional/more/")->status, 401);
    expect("WWW-Authenticate", "Bearer realm=\"scoped\"");
    require("/scope/optional/more/", "\"scope\":\"read\"", false, "write");
    require("/scope/optional/more/", "\"scope\":\"read write\"", true, "");
}
END_TEST

START_TEST(without_garm_jwt_around_it_lets_nobody_in)
{
    ck_assert_int_eq(garm_test_do(test, "GET", "/scope/alone/")->status, 500);
    ck_assert_int_eq(get("/scope/alone/", token_with("\"scope\":\"read\""))->status, 500);
}
END_TEST

START_TEST(memory_that_runs_out_lets_nobody_in)
{
    char token[1024];
    snprintf(token, sizeof(token), "%s", token_with("\"scope\":\"write\""));
    for (unsigned nth = 1; nth < 40; nth++) {
        garm_test_fail_alloc(test, nth);
        const int status = get("/scope/read/", token)->status;
        ck_assert_msg(status == 403 || status == 503 || status == 0, "%u: %d", nth, status);
        garm_test_fail_alloc(test, 0);
    }
}
END_TEST

/* Options that cannot be. */

static void wrong_option(garm_app *app)
{
    garm_jwt(app, .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}}, .scope = "a,  b");
}

static void empty_scope(garm_app *app)
{
    garm_jwt_scope(app, "");
}

START_TEST(a_scope_that_is_none_stops_the_start)
{
    static void (*const setups[])(garm_app * app) = {wrong_option, empty_scope};
    const char *const line = refusal_of(setups[_i]);
    ck_assert_msg(strstr(line, "test_jwt_scope.c:") != NULL, "%s", line);
    ck_assert_msg(strstr(line, "a scope is words") != NULL, "%s", line);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *suite_jwt_scope(void)
{
    Suite *const suite = suite_create("mw/jwt_scope");
    TCase *const tc = tcase_create("scope");
    tcase_add_checked_fixture(tc, jwt_begin, jwt_end);
    tcase_add_loop_test(tc, a_token_grants_what_its_scope_says, 0, COUNT(cases));
    tcase_add_test(tc, a_group_within_asks_for_more);
    tcase_add_test(tc, a_wrong_token_is_401_whatever_it_grants);
    tcase_add_test(tc, an_optional_token_must_grant_it_if_it_is_there);
    tcase_add_test(tc, a_group_that_needs_a_scope_needs_a_token);
    tcase_add_test(tc, without_garm_jwt_around_it_lets_nobody_in);
    tcase_add_test(tc, memory_that_runs_out_lets_nobody_in);
    suite_add_tcase(suite, tc);
    TCase *const options = tcase_create("options");
    tcase_add_loop_test(options, a_list_is_words_with_a_space_between_them, 0, COUNT(lists));
    tcase_add_loop_test(options, what_cannot_stand_in_a_challenge_is_no_list, 0, COUNT(not_lists));
    tcase_add_loop_test(options, a_scope_that_is_none_stops_the_start, 0, 2);
    suite_add_tcase(suite, options);
    return suite;
}
