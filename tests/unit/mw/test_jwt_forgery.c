/* Tokens that somebody has made up, changed, cut or stretched: none of them comes in. */
#include "jwt_site.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

Suite *suite_jwt_forgery(void);

/* Headers, all signed as HS256 with the right secret. */
static const struct {
    const char *header, *why;
} headers[] = {
    {"{\"alg\":\"none\"}", "algorithm is not accepted"},
    {"{\"alg\":\"None\"}", "algorithm is not accepted"},
    {"{\"alg\":\"hs256\"}", "algorithm is not accepted"},
    {"{\"alg\":\"HS256\\u0000\"}", "algorithm is not accepted"},
    {"{\"alg\":\"HS512\"}", "algorithm is not accepted"},
    {"{\"alg\":\"PS256\"}", "algorithm is not accepted"},
    {"{\"alg\":\"RS256\"}", "algorithm is not accepted"},
    {"{\"alg\":[\"HS256\"]}", "algorithm is not accepted"},
    {"{\"alg\":null}", "algorithm is not accepted"},
    {"{}", "algorithm is not accepted"},
    {"{\"alg\":\"none\",\"alg\":\"HS256\"}", "malformed"},
    {"{\"alg\":\"HS256\",\"alg\":\"HS256\"}", "malformed"},
    {"{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", "an extension that is not known"},
    {"{\"alg\":\"HS256\",\"crit\":[]}", "an extension that is not known"},
    {"{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", "an extension that is not known"},
    {"{\"alg\":\"HS256\",\"kid\":7}", "malformed"},
    {"[\"HS256\"]", "malformed"},
    {"", "malformed"},
    {"{\"alg\":\"HS256\"}{}", "malformed"},
    {"{\"alg\":\"HS256\",\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,"
     "\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1}",
     "malformed"},
};

START_TEST(a_header_that_says_something_else_is_refused)
{
    expect_refused(get("/hs/", token_of(GARM_JWT_HS256, headers[_i].header, at_now(GOOD))),
                   headers[_i].why);
}
END_TEST

START_TEST(a_token_without_a_signature_is_refused)
{
    char token[1024];
    snprintf(token, sizeof(token), "%s",
             token_of(GARM_JWT_HS256, "{\"alg\":\"none\"}", at_now(GOOD)));
    strrchr(token, '.')[1] = '\0';
    expect_refused(get("/hs/", token), "algorithm is not accepted");
    snprintf(token, sizeof(token), "%s", hs_token(GOOD));
    strrchr(token, '.')[1] = '\0';
    expect_refused(get("/hs/", token), "signature is not valid");
}
END_TEST

/* The public key is known to everybody: it must not serve as a secret. */
START_TEST(a_public_key_does_not_sign_as_a_secret)
{
    const char *const pem = token_pem(GARM_JWT_RS256);
    const char *const token =
        token_with_secret(pem, "{\"alg\":\"HS256\",\"kid\":\"r\"}", at_now(GOOD));
    expect_refused(get("/rs/", token), "algorithm is not accepted");
    expect_refused(get("/all/", token), "signature is not valid");
}
END_TEST

START_TEST(a_token_is_checked_with_the_keys_of_its_algorithm_only)
{
    expect_refused(
        get("/all/", token_of(GARM_JWT_RS256, "{\"alg\":\"ES256\",\"kid\":\"r\"}", at_now(GOOD))),
        "signature is not valid");
    expect_refused(
        get("/all/", token_of(GARM_JWT_ES256, "{\"alg\":\"RS256\",\"kid\":\"e\"}", at_now(GOOD))),
        "signature is not valid");
    expect_refused(
        get("/all/", token_of(GARM_JWT_HS256, "{\"alg\":\"EdDSA\",\"kid\":\"h\"}", at_now(GOOD))),
        "signature is not valid");
}
END_TEST

START_TEST(a_kid_chooses_among_keys)
{
    char secret[33];
    memcpy(secret, OTHER_SECRET, 32);
    secret[32] = '\0';
    const char *const text = at_now(GOOD);
    static const char *const good[] = {"{\"alg\":\"HS256\",\"kid\":\"h2\"}", "{\"alg\":\"HS256\"}"};
    static const char *const bad[] = {
        "{\"alg\":\"HS256\",\"kid\":\"h\"}", "{\"alg\":\"HS256\",\"kid\":\"r\"}",
        "{\"alg\":\"HS256\",\"kid\":\"\"}", "{\"alg\":\"HS256\",\"kid\":\"h2\\u0000\"}"};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(get("/all/", token_with_secret(secret, good[i], text))->status, 200);
    }
    for (size_t i = 0; i < 4; i++) {
        expect_refused(get("/all/", token_with_secret(secret, bad[i], text)),
                       "signature is not valid");
    }
    ck_assert_int_eq(get("/hs/", token_of(GARM_JWT_HS256, bad[1], text))->status, 200);
}
END_TEST

START_TEST(every_truncation_of_a_token_is_refused)
{
    char token[2048];
    snprintf(token, sizeof(token), "%s",
             token_of(_i, _i == GARM_JWT_ES256 ? "{\"alg\":\"ES256\"}" : "{\"alg\":\"HS256\"}",
                      at_now(GOOD)));
    for (size_t len = strlen(token) - 1; len > 0; len--) {
        token[len] = '\0';
        ck_assert_int_eq(get("/all/", token)->status, 401);
    }
}
END_TEST

START_TEST(a_token_with_any_character_changed_is_refused)
{
    char token[2048];
    snprintf(token, sizeof(token), "%s", hs_token(GOOD));
    ck_assert_int_eq(get("/all/", token)->status, 200);
    for (size_t at = 0; token[at] != '\0'; at++) {
        const char before = token[at];
        for (const char *other = "Aw9_-.~="; *other != '\0'; other++) {
            token[at] = *other;
            if (*other != before) {
                const int status = get("/all/", token)->status;
                ck_assert_msg(status == 401 || (status == 400 && *other == '='), "%zu", at);
            }
        }
        token[at] = before;
    }
}
END_TEST

START_TEST(what_stands_behind_a_token_is_refused)
{
    static const char *const behind[] = {".", "A", "AA", ".e30", "=", "==", "~", "/", "+"};
    char token[2048];
    for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
        snprintf(token, sizeof(token), "%s%s", hs_token(GOOD), behind[i]);
        ck_assert_msg(get("/hs/", token)->status == 401, "%s", behind[i]);
    }
    expect_refused(get("/hs/", "a"), "malformed");
    expect_refused(get("/hs/", ".."), "malformed");
    expect_refused(get("/hs/", "e30.e30"), "malformed");
}
END_TEST

START_TEST(a_token_that_is_too_long_is_refused)
{
    static char text[8000];
    const int len = snprintf(text, sizeof(text), "{\"sub\":\"ada\",\"exp\":NOW+60,\"x\":\"");
    memset(text + len, 'x', 5800);
    memcpy(text + len + 5800, "\"}", 3);
    ck_assert_int_eq(get("/hs/", hs_token(text))->status, 200);
    memset(text + len, 'x', 6200);
    memcpy(text + len + 6200, "\"}", 3);
    expect_refused(get("/hs/", hs_token(text)), "The token is too long");
    static char header[2000];
    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"x\":\"%1000d\"}", 1);
    expect_refused(get("/hs/", token_of(GARM_JWT_HS256, header, at_now(GOOD))), "malformed");
}
END_TEST

START_TEST(at_most_128_claims_are_taken)
{
    char text[4096];
    for (int count = 127; count <= 128; count++) {
        int len = snprintf(text, sizeof(text), "{\"exp\":NOW+60");
        for (int i = 0; i < count; i++) {
            len += snprintf(text + len, sizeof(text) - (size_t)len, ",\"c%d\":%d", i, i);
        }
        snprintf(text + len, sizeof(text) - (size_t)len, "}");
        ck_assert_int_eq(get("/hs/", hs_token(text))->status, count == 127 ? 200 : 401);
    }
}
END_TEST

Suite *suite_jwt_forgery(void)
{
    tokens_begin();
    Suite *const suite = suite_create("mw/jwt_forgery");
    TCase *const tc = tcase_create("jwt_forgery");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, jwt_begin, jwt_end);
    tcase_add_loop_test(tc, a_header_that_says_something_else_is_refused, 0,
                        (int)(sizeof(headers) / sizeof(headers[0])));
    tcase_add_test(tc, a_token_without_a_signature_is_refused);
    tcase_add_test(tc, a_public_key_does_not_sign_as_a_secret);
    tcase_add_test(tc, a_token_is_checked_with_the_keys_of_its_algorithm_only);
    tcase_add_test(tc, a_kid_chooses_among_keys);
    tcase_add_loop_test(tc, every_truncation_of_a_token_is_refused, GARM_JWT_HS256, GARM_JWT_EDDSA);
    tcase_add_test(tc, a_token_with_any_character_changed_is_refused);
    tcase_add_test(tc, what_stands_behind_a_token_is_refused);
    tcase_add_test(tc, a_token_that_is_too_long_is_refused);
    tcase_add_test(tc, at_most_128_claims_are_taken);
    suite_add_tcase(suite, tc);
    return suite;
}
