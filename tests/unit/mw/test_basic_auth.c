/* Basic authentication: users with hashes, checks of the application's, what is remembered, and
 * options that cannot be. */
#include "refusal.h"

#include <check.h>
#include <errno.h>
#include <garm/garm.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

Suite *suite_basic_auth(void);

/* "lovelace" and "p\xc3\xa4ssword", hashed at the least cost. */
#define ADA                                                                                        \
    "ada:$argon2id$v=19$m=8,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$"                                       \
    "wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M"
#define JO                                                                                         \
    "j\xc3\xb6:$argon2id$v=19$m=8,t=1,p=1$h439F9OivuCngYRqcERgtQ$"                                 \
    "ZiSVF8RKiuQRfImYNuEUfyKn1mcNaJuokfWxMMJPxeo"

#define BEA                                                                                        \
    "bea:$argon2id$v=19$m=16384,t=4,p=1$/RCrmrk6pGkmx0iIOTI4SA$"                                   \
    "wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M"

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

static int calls;

static int check(garm_ctx *c, const char *user, const char *password, void *arg)
{
    calls++;
    GARM_TRY(garm_sleep(c, GARM_MS(5)));
    if (strcmp(user, "busy") == 0) {
        return 429;
    }
    if (strcmp(user, "down") == 0) {
        return -ECONNREFUSED;
    }
    if (!garm_secret_equal(password, arg)) {
        return -EACCES;
    }
    if (strcmp(user, "forger") == 0) {
        return garm_set_user(c, "ada\nbob") == -EINVAL && garm_set_user(c, "\x7f") == -EINVAL ? 0
                                                                                              : 500;
    }
    return strcmp(user, "alias") == 0 ? garm_set_user(c, "somebody") : 0;
}

static int wait_25_s(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_SEC(25)));
    return 204;
}

static int outer(garm_ctx *c)
{
    GARM_TRY(garm_set_user(c, "outer"));
    return garm_next(c);
}

static void setup(garm_app *app)
{
    static char secret[] = "open";
    garm_basic_auth(group(app, "/users"), .users = {ADA, JO}, .realm = "The site");
    garm_basic_auth(group(app, "/costs"), .users = {ADA, BEA, JO});
    garm_basic_auth(group(app, "/check"), .check = check, .arg = secret);
    garm_basic_auth(group(app, "/cached"), .check = check, .arg = secret, .cache_s = 60);
    garm_basic_auth(group(app, "/both"), .users = {ADA}, .check = check, .arg = secret,
                    .cache_s = GARM_NONE);
    garm_route(app, "GET /wait", wait_25_s);
    garm_app *const optional = group(app, "/optional");
    garm_use(optional, outer);
    garm_basic_auth(optional, .users = {ADA}, .optional = true);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;

static void begin(void)
{
    calls = 0;
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
}

static int get(const char *path, const char *field)
{
    return garm_test_do(test, "GET", path, .headers = {field})->status;
}

static const char *body_of(const char *path, const char *field)
{
    return garm_test_do(test, "GET", path, .headers = {field})->body;
}

#define ADA_FIELD   "Authorization: Basic YWRhOmxvdmVsYWNl"
#define WRONG_FIELD "Authorization: Basic YWRhOmxvdmVsYWNf"
#define X_OPEN      "Authorization: Basic eDpvcGVu"
#define X_SHUT      "Authorization: Basic eDpzaHV0"

START_TEST(a_user_with_the_password_comes_in)
{
    ck_assert_str_eq(body_of("/users/", ADA_FIELD), "[ada]");
    ck_assert_str_eq(body_of("/users/", "Authorization: bAsIc  YWRhOmxvdmVsYWNl"), "[ada]");
    ck_assert_str_eq(body_of("/users/", "Authorization: Basic asO2OnDDpHNzd29yZA=="),
                     "[j\xc3\xb6]");
}
END_TEST

static const char *const strangers[] = {
    "X: no credentials",
    "Authorization: Bearer YWRhOmxvdmVsYWNl",
    "Authorization: Basics YWRhOmxvdmVsYWNl",
    WRONG_FIELD,
    "Authorization: Basic YWRhOg==",             /* ada: */
    "Authorization: Basic YWRhOmxvdmVsYWNlIA==", /* ada:lovelace and a blank */
    "Authorization: Basic QURBOmxvdmVsYWNl",     /* ADA:lovelace */
    "Authorization: Basic YWQ6bG92ZWxhY2U=",     /* ad:lovelace */
    "Authorization: Basic Om92ZWxhY2U=",         /* no name */
    "Authorization: Basic eDpsb3ZlbGFjZQ==",     /* x:lovelace, the first user's password */
    "Authorization: Basic avY6cORzc3dvcmQ=",     /* the right ones, in Latin-1 */
};

START_TEST(anybody_else_is_asked_for_a_password)
{
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(get("/users/", strangers[_i]), 401);
        ck_assert_str_eq(garm_test_header(test, "WWW-Authenticate"),
                         "Basic realm=\"The site\", charset=\"UTF-8\"");
        ck_assert_str_eq(garm_test_header(test, "Content-Type"), "application/problem+json");
    }
}
END_TEST

static const char *const unreadable[] = {
    "Authorization: Basic",
    "Authorization: Basic YWRh",            /* no colon */
    "Authorization: Basic YWRhOmxvdmVsYWN", /* cut */
    "Authorization: Basic YWRhOg",          /* no padding */
    "Authorization: Basic YWRhOh==",        /* bits that mean nothing */
    "Authorization: Basic YWRhOmxv dmVsYWNl",
    "Authorization: Basic YWRhOmxv,YWRhOmxv",
    "Authorization: Basic YWRhOmxvdmVsYWNl=",
    "Authorization: Basic YWRhOmxv-_Vs",
    "Authorization: Basic ====",
    "Authorization: Basic YWRhOmxvdmVsYWNlAA==", /* a NUL at the end */
    "Authorization: Basic YWRhAHg6bG92ZWxhY2U=", /* a NUL in the name */
    "Authorization: Basic YWRhOmxvdmUKbGFjZQ==", /* a newline */
    "Authorization: Basic YWRhOmxvdmVsYWNlfw==", /* DEL */
};

/* Processor time: nobody has Bea's password, and it takes 500 times what Ada's does. */
static clock_t cost_of(const char *field)
{
    const clock_t begun = clock();
    ck_assert_int_eq(get("/costs/", field), 401);
    return clock() - begun;
}

START_TEST(an_unknown_name_costs_what_the_costliest_does)
{
    const clock_t known = cost_of("Authorization: Basic YmVhOng=");
    const clock_t unknown = cost_of("Authorization: Basic eDp4");
    ck_assert_msg(unknown > known / 4, "%ld, and %ld", (long)known, (long)unknown);
}
END_TEST

START_TEST(credentials_that_cannot_be_read_are_400)
{
    ck_assert_int_eq(get("/users/", unreadable[_i]), 400);
    ck_assert_int_eq(get("/check/", unreadable[_i]), 400);
    ck_assert_int_eq(calls, 0);
}
END_TEST

START_TEST(two_fields_are_400)
{
    ck_assert_int_eq(
        garm_test_do(test, "GET", "/users/", .headers = {ADA_FIELD, ADA_FIELD})->status, 400);
}
END_TEST

START_TEST(a_password_that_is_too_long_is_wrong)
{
    char field[4000] = "Authorization: Basic YWRh";
    const size_t len = strlen(field);
    memcpy(field + len, "Ong6", 4);
    memset(field + len + 4, 'e', 2000);
    field[len + 2004] = '\0';
    ck_assert_int_eq(get("/users/", field), 401);
}
END_TEST

START_TEST(a_check_decides)
{
    ck_assert_str_eq(body_of("/check/", X_OPEN), "[x]");
    ck_assert_int_eq(get("/check/", X_SHUT), 401);
    ck_assert_str_eq(body_of("/check/", "Authorization: Basic YWxpYXM6b3Blbg=="), "[somebody]");
    ck_assert_int_eq(get("/check/", "Authorization: Basic YnVzeTpvcGVu"), 429);
    ck_assert_int_eq(get("/check/", "Authorization: Basic ZG93bjpvcGVu"), 502);
    ck_assert_int_eq(calls, 5);
}
END_TEST

START_TEST(a_user_with_control_bytes_is_refused)
{
    ck_assert_str_eq(body_of("/check/", "Authorization: Basic Zm9yZ2VyOm9wZW4="), "[forger]");
}
END_TEST

START_TEST(a_check_is_asked_each_time_unless_told_otherwise)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(get("/check/", X_OPEN), 200);
    }
    ck_assert_int_eq(calls, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(get("/cached/", X_OPEN), 200);
    }
    ck_assert_int_eq(calls, 4);
}
END_TEST

START_TEST(what_was_right_is_remembered_for_its_time)
{
    ck_assert_int_eq(get("/cached/", X_OPEN), 200);
    ck_assert_int_eq(get("/wait", "X: y"), 204);
    ck_assert_int_eq(get("/wait", "X: y"), 204);
    ck_assert_int_eq(get("/cached/", X_OPEN), 200);
    ck_assert_int_eq(calls, 1);
    ck_assert_int_eq(get("/wait", "X: y"), 204);
    ck_assert_int_eq(get("/cached/", X_OPEN), 200);
    ck_assert_int_eq(calls, 2);
}
END_TEST

START_TEST(who_the_check_said_it_is_is_remembered)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(body_of("/cached/", "Authorization: Basic YWxpYXM6b3Blbg=="),
                         "[somebody]");
    }
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(what_was_wrong_is_not_remembered)
{
    ck_assert_int_eq(get("/cached/", X_SHUT), 401);
    ck_assert_int_eq(get("/cached/", X_SHUT), 401);
    ck_assert_int_eq(calls, 2);
    ck_assert_int_eq(get("/cached/", X_OPEN), 200);
    ck_assert_int_eq(get("/cached/", X_SHUT), 401);
    ck_assert_int_eq(calls, 4);
}
END_TEST

/* "a" with "b:open" and "a:b" with "open" would be one text. */
START_TEST(a_pair_is_remembered_as_a_pair)
{
    ck_assert_int_eq(get("/cached/", "Authorization: Basic YTpvcGVu"), 200);
    ck_assert_int_eq(get("/cached/", "Authorization: Basic YW86cGVu"), 401);
    ck_assert_int_eq(calls, 2);
}
END_TEST

START_TEST(many_pairs_stay_within_the_bound_and_right)
{
    char text[64];
    char field[128];
    for (int i = 0; i < 3000; i++) {
        const int len = snprintf(text, sizeof(text), "u%05d:open", i);
        snprintf(field, sizeof(field), "Authorization: Basic ");
        static const char digits[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        size_t at = strlen(field);
        for (int k = 0; k + 2 < len; k += 3) {
            const unsigned three =
                (unsigned)text[k] << 16 | (unsigned)text[k + 1] << 8 | (unsigned)text[k + 2];
            for (int shift = 18; shift >= 0; shift -= 6) {
                field[at++] = digits[three >> shift & 63];
            }
        }
        const unsigned last = (unsigned)text[len - 2] << 16 | (unsigned)text[len - 1] << 8;
        ck_assert_int_eq(len % 3, 2);
        field[at++] = digits[last >> 18 & 63];
        field[at++] = digits[last >> 12 & 63];
        field[at++] = digits[last >> 6 & 63];
        memcpy(field + at, "=", 2);
        ck_assert_int_eq(get("/cached/", field), 200);
    }
    ck_assert_int_eq(calls, 3000);
    ck_assert_int_eq(get("/cached/", field), 200);
    ck_assert_int_eq(calls, 3000);
    ck_assert_int_eq(get("/cached/", X_SHUT), 401);
}
END_TEST

START_TEST(with_users_and_a_check_the_check_is_for_the_others)
{
    ck_assert_str_eq(body_of("/both/", ADA_FIELD), "[ada]");
    ck_assert_int_eq(get("/both/", "Authorization: Basic YWRhOm9wZW4="), 401);
    ck_assert_int_eq(calls, 0);
    ck_assert_str_eq(body_of("/both/", X_OPEN), "[x]");
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(optional_credentials_may_be_missing_and_not_be_wrong)
{
    ck_assert_str_eq(body_of("/optional/", "X: y"), "[outer]");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "Authorization");
    ck_assert_str_eq(body_of("/optional/", ADA_FIELD), "[ada]");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "Authorization");
    ck_assert_int_eq(get("/optional/", WRONG_FIELD), 401);
}
END_TEST

START_TEST(memory_that_runs_out_lets_nobody_in)
{
    for (unsigned nth = 1; nth < 40; nth++) {
        garm_test_fail_alloc(test, nth);
        const int status = get("/users/", WRONG_FIELD);
        ck_assert_msg(status == 401 || status == 503 || status == 0, "%u: %d", nth, status);
        garm_test_fail_alloc(test, 0);
    }
}
END_TEST

/* Options that cannot be. */

#define IMPOSSIBLE(name, ...)                                                                      \
    static void name(garm_app *app)                                                                \
    {                                                                                              \
        garm_basic_auth(app, __VA_ARGS__);                                                         \
    }
IMPOSSIBLE(nobody, .realm = "x")
IMPOSSIBLE(plain, .users = {"ada:hunter2"})
IMPOSSIBLE(bcrypt, .users = {"ada:$2y$05$hunter2"})
IMPOSSIBLE(cut, .users = {"ada:$argon2id$v=19$m=8,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$"})
IMPOSSIBLE(huge, .users = {"ada:$argon2id$v=19$m=1048577,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$"
                           "wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M"})
IMPOSSIBLE(slow, .users = {"ada:$argon2id$v=19$m=8,t=17,p=1$/RCrmrk6pGkmx0iIOTI4SA$"
                           "wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M"})
IMPOSSIBLE(no_colon, .users = {"ada"})
IMPOSSIBLE(no_name, .users = {":hunter2"})
IMPOSSIBLE(control, .users = {"a\nda:hunter2"})
IMPOSSIBLE(twice, .users = {ADA, ADA})
IMPOSSIBLE(realm, .users = {ADA}, .realm = "a\\b")
IMPOSSIBLE(long_cache, .users = {ADA}, .cache_s = 86401)
IMPOSSIBLE(negative_cache, .users = {ADA}, .cache_s = -2)

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {nobody, ".users or .check is needed"},
    {plain, "\"ada\" has is no argon2id hash; make one with garm_password_hash"},
    {bcrypt, "\"ada\" has is no argon2id hash"},
    {cut, "\"ada\" has is no argon2id hash"},
    {huge, "\"ada\" has is no argon2id hash"},
    {slow, "\"ada\" has is no argon2id hash"},
    {no_colon, "is \"NAME:HASH\""},
    {no_name, "is \"NAME:HASH\""},
    {control, "is \"NAME:HASH\""},
    {twice, "\"ada\" is there twice"},
    {realm, ".realm has a byte"},
    {long_cache, ".cache_s is from 1 to 86400"},
    {negative_cache, ".cache_s is from 1 to 86400"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_basic_auth.c:") != NULL, "%s", line);
    ck_assert_ptr_null(strstr(line, "hunter2"));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *suite_basic_auth(void)
{
    Suite *const suite = suite_create("mw/basic_auth");
    TCase *const tc = tcase_create("basic_auth");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_user_with_the_password_comes_in);
    tcase_add_loop_test(tc, anybody_else_is_asked_for_a_password, 0, COUNT(strangers));
    tcase_add_test(tc, an_unknown_name_costs_what_the_costliest_does);
    tcase_add_loop_test(tc, credentials_that_cannot_be_read_are_400, 0, COUNT(unreadable));
    tcase_add_test(tc, two_fields_are_400);
    tcase_add_test(tc, a_password_that_is_too_long_is_wrong);
    tcase_add_test(tc, a_check_decides);
    tcase_add_test(tc, a_user_with_control_bytes_is_refused);
    tcase_add_test(tc, a_check_is_asked_each_time_unless_told_otherwise);
    tcase_add_test(tc, what_was_right_is_remembered_for_its_time);
    tcase_add_test(tc, who_the_check_said_it_is_is_remembered);
    tcase_add_test(tc, what_was_wrong_is_not_remembered);
    tcase_add_test(tc, a_pair_is_remembered_as_a_pair);
    tcase_add_test(tc, many_pairs_stay_within_the_bound_and_right);
    tcase_add_test(tc, with_users_and_a_check_the_check_is_for_the_others);
    tcase_add_test(tc, optional_credentials_may_be_missing_and_not_be_wrong);
    tcase_add_test(tc, memory_that_runs_out_lets_nobody_in);
    suite_add_tcase(suite, tc);
    TCase *const options = tcase_create("options");
    tcase_add_loop_test(options, an_impossible_option_stops_the_start, 0, COUNT(impossible));
    suite_add_tcase(suite, options);
    return suite;
}
