/* Security headers: there by default, left alone where a handler set them. */
#include "refusal.h"

#include <check.h>
#include <garm/garm.h>
#include <string.h>

Suite *suite_security_headers(void);

static int plain(garm_ctx *c)
{
    return garm_text(c, 200, "x");
}

static int own(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "X-Frame-Options", "SAMEORIGIN"));
    return garm_text(c, 200, "x");
}

static void setup(garm_app *app)
{
    garm_app *const all = garm_group(app, "/all");
    garm_security_headers(all);
    garm_route(all, "GET /{$}", plain);
    garm_route(all, "GET /own", own);
    garm_app *const few = garm_group(app, "/few");
    garm_security_headers(few, .content_security_policy = "", .frame_options = "",
                          .referrer_policy = "no-referrer", .hsts_s = 60);
    garm_route(few, "GET /{$}", plain);
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

START_TEST(every_answer_has_them)
{
    static const char *const targets[] = {"/all/", "/all/nowhere"};
    garm_test_do(test, "GET", targets[_i]);
    ck_assert_str_eq(garm_test_header(test, "X-Content-Type-Options"), "nosniff");
    ck_assert_str_eq(garm_test_header(test, "X-Frame-Options"), "DENY");
    ck_assert_str_eq(garm_test_header(test, "Content-Security-Policy"),
                     "base-uri 'self'; frame-ancestors 'none'; object-src 'none'");
    ck_assert_str_eq(garm_test_header(test, "Strict-Transport-Security"), "");
}
END_TEST

START_TEST(a_handlers_own_value_stays)
{
    garm_test_do(test, "GET", "/all/own");
    ck_assert_str_eq(garm_test_header(test, "X-Frame-Options"), "SAMEORIGIN");
}
END_TEST

START_TEST(options_change_and_leave_out)
{
    garm_test_do(test, "GET", "/few/");
    ck_assert_str_eq(garm_test_header(test, "X-Frame-Options"), "");
    ck_assert_str_eq(garm_test_header(test, "Content-Security-Policy"), "");
    ck_assert_str_eq(garm_test_header(test, "Referrer-Policy"), "no-referrer");
    ck_assert_str_eq(garm_test_header(test, "Strict-Transport-Security"), "max-age=60");
}
END_TEST

static void two_lines(garm_app *app)
{
    garm_security_headers(app, .frame_options = "DENY\r\nX: y");
}

START_TEST(a_value_of_two_lines_stops_the_start)
{
    ck_assert_ptr_nonnull(strstr(refusal_of(two_lines), "control bytes in X-Frame-Options"));
}
END_TEST

Suite *suite_security_headers(void)
{
    Suite *const suite = suite_create("mw/security_headers");
    TCase *const tc = tcase_create("security_headers");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, every_answer_has_them, 0, 2);
    tcase_add_test(tc, a_handlers_own_value_stays);
    tcase_add_test(tc, options_change_and_leave_out);
    tcase_add_test(tc, a_value_of_two_lines_stops_the_start);
    suite_add_tcase(suite, tc);
    return suite;
}
