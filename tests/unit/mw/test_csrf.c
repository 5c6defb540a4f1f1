/* CSRF: what a browser sends for a page of another origin changes nothing. */
#include "refusal.h"

#include <check.h>
#include <garm/garm.h>
#include <string.h>

Suite *suite_csrf(void);

static int change(garm_ctx *c)
{
    return garm_text(c, 200, "changed");
}

static void setup(garm_app *app)
{
    garm_csrf(app, .trusted_origins = {"https://login.example"});
    garm_route(app, "/{$}", change);
}

static const garm_app_entry entry = GARM_ENTRY(setup);

static const struct {
    const char *method, *headers[3];
    int status;
} cases[] = {
    {"POST", {NULL}, 200}, /* no browser */
    {"POST", {"Sec-Fetch-Site: same-origin"}, 200},
    {"POST", {"Sec-Fetch-Site: none"}, 200},
    {"POST", {"Sec-Fetch-Site: same-site"}, 403},
    {"POST", {"Sec-Fetch-Site: cross-site"}, 403},
    {"DELETE", {"Sec-Fetch-Site: cross-site"}, 403},
    {"PROPFIND", {"Sec-Fetch-Site: cross-site"}, 403},
    {"get", {"Sec-Fetch-Site: cross-site"}, 403}, /* methods have a case */
    {"GET", {"Sec-Fetch-Site: cross-site"}, 200},
    {"HEAD", {"Sec-Fetch-Site: cross-site"}, 200},
    {"POST", {"Sec-Fetch-Site: cross-site", "Origin: https://login.example"}, 200},
    {"POST", {"Sec-Fetch-Site: odd"}, 403},
    {"POST", {"Host: a.example:8080", "Origin: http://a.example:8080"}, 200},
    {"POST", {"Host: a.example:8080", "Origin: http://A.EXAMPLE:8080"}, 200},
    {"POST", {"Host: a.example:8080", "Origin: http://a.example"}, 403},
    {"POST", {"Host: a.example", "Origin: http://evil.example"}, 403},
    {"POST", {"Host: a.example", "Origin: null"}, 403},
    {"POST", {"Host: a.example", "Origin: https://login.example"}, 200},
    {"POST", {"Origin: null"}, 403},
    {"POST", {"Origin: http://"}, 403},
    {"POST", {"Origin: test"}, 403},
};

START_TEST(what_comes_from_elsewhere_changes_nothing)
{
    garm_test *const test = garm_test_new(&entry, NULL);
    const char *const *const headers = cases[_i].headers;
    const garm_response *const res =
        garm_test_do(test, cases[_i].method, "/", .headers = {headers[0], headers[1], headers[2]});
    ck_assert_int_eq(res->status, cases[_i].status);
    garm_test_free(test);
}
END_TEST

static void a_path(garm_app *app)
{
    garm_csrf(app, .trusted_origins = {"login.example"});
}

START_TEST(a_name_that_is_no_origin_stops_the_start)
{
    ck_assert_ptr_nonnull(strstr(refusal_of(a_path), "\"login.example\" is no origin"));
}
END_TEST

Suite *suite_csrf(void)
{
    Suite *const suite = suite_create("mw/csrf");
    TCase *const tc = tcase_create("csrf");
    tcase_add_loop_test(tc, what_comes_from_elsewhere_changes_nothing, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tc, a_name_that_is_no_origin_stops_the_start);
    suite_add_tcase(suite, tc);
    return suite;
}
