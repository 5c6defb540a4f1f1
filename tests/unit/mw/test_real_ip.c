/* The client behind proxies: who is believed, and how far. */
#include "refusal.h"

#include <check.h>
#include <garm/garm.h>
#include <string.h>

Suite *suite_real_ip(void);

#define PEER "192.0.2.1" /* of the test client */

static int tell(garm_ctx *c)
{
    return garm_text(c, 200, "%s", garm_client_ip(c));
}

static void setup(garm_app *app)
{
    garm_app *const far = garm_group(app, "/far");
    garm_real_ip(far, .trusted = {"203.0.113.0/24"});
    garm_route(far, "GET /{$}", tell);
    garm_app *const xff = garm_group(app, "/xff");
    garm_real_ip(xff, .trusted = {PEER, "private", "2001:db8::/33", "192.0.2.8/30"});
    garm_route(xff, "GET /{$}", tell);
    garm_app *const std = garm_group(app, "/std");
    garm_real_ip(std, .trusted = {PEER, "10.0.0.1"}, .field = GARM_FORWARDED);
    garm_route(std, "GET /{$}", tell);
    garm_app *const real = garm_group(app, "/real");
    garm_real_ip(real, .trusted = {PEER, "loopback"}, .field = GARM_X_REAL_IP);
    garm_route(real, "GET /{$}", tell);
}

static const garm_app_entry entry = GARM_ENTRY(setup);

static const struct {
    const char *path, *headers[3], *ip;
} cases[] = {
    {"/far/", {"X-Forwarded-For: 198.51.100.7"}, PEER},
    {"/xff/", {NULL}, PEER},
    {"/xff/", {"X-Forwarded-For: "}, PEER},
    {"/xff/", {"X-Forwarded-For: 198.51.100.7"}, "198.51.100.7"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1,198.51.100.7 ,10.1.2.3"}, "198.51.100.7"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 198.51.100.7"}, "198.51.100.7"},
    {"/xff/", {"X-Forwarded-For: 10.9.9.9, 10.1.2.3"}, "10.9.9.9"},
    {"/xff/", {"X-Forwarded-For: 198.51.100.7:4711"}, "198.51.100.7"},
    {"/xff/", {"X-Forwarded-For: [2001:db9::1]:4711"}, "2001:db9::1"},
    {"/xff/", {"X-Forwarded-For: 2001:db9::1"}, "2001:db9::1"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, 2001:db8:7fff::1"}, "1.1.1.1"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, 2001:db8:8000::1"}, "2001:db8:8000::1"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, 192.0.2.11"}, "1.1.1.1"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, 192.0.2.12"}, "192.0.2.12"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, ::ffff:10.0.0.1"}, "1.1.1.1"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, unknown"}, PEER},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.1"}, "10.0.0.1"},
    {"/xff/", {"X-Forwarded-For: 1.1.1.1, <script>"}, PEER},
    {"/xff/", {"X-Forwarded-For: ,"}, PEER},
    {"/xff/", {"X-Forwarded-For: 1.2.3.4,,10.0.0.1"}, "1.2.3.4"},
    {"/xff/", {"X-Forwarded-For: 1.2.3.4, "}, "1.2.3.4"},
    {"/xff/", {"X-Forwarded-For: ::ffff:5.5.5.5"}, "5.5.5.5"},
    {"/xff/", {"X-Forwarded-For: [::2]junk"}, PEER},
    {"/xff/", {"X-Forwarded-For: [::2]:x"}, PEER},
    {"/xff/", {"X-Forwarded-For: [5.5.5.5]"}, PEER},
    {"/xff/", {"X-Forwarded-For: 5.5.5.5:"}, PEER},
    {"/xff/", {"X-Forwarded-For: [::2"}, PEER},
    {"/xff/", {"X-Forwarded-For: \"", "X-Forwarded-For: 9.9.9.9"}, "9.9.9.9"},
    {"/xff/", {"X-Forwarded-For: \", 9.9.9.9"}, "9.9.9.9"},
    {"/real/", {"X-Real-IP: \"", "X-Real-IP: 9.9.9.9"}, "9.9.9.9"},
    {"/xff/", {"X-Forwarded-For: \"5.5.5.5"}, PEER},
    {"/xff/", {"Forwarded: for=1.1.1.1"}, PEER},
    {"/std/", {"Forwarded: for=198.51.100.7"}, "198.51.100.7"},
    {"/std/", {"Forwarded: For=198.51.100.7;proto=https;by=10.0.0.1"}, "198.51.100.7"},
    {"/std/", {"Forwarded: proto=http; for=\"[2001:db8::1]:4711\""}, "2001:db8::1"},
    {"/std/", {"Forwarded: for=1.1.1.1, for=198.51.100.7, for=10.0.0.1"}, "198.51.100.7"},
    {"/std/", {"Forwarded: for=1.1.1.1, for=_hidden"}, PEER},
    {"/std/", {"Forwarded: for=1.1.1.1;host=\"a,b\", for=10.0.0.1"}, "1.1.1.1"},
    {"/std/", {"Forwarded: host=\";for=6.6.6.6;\";for=1.2.3.4"}, "1.2.3.4"},
    {"/std/", {"Forwarded: by=\"x\\\";for=6.6.6.6;\";for=1.2.3.4"}, "1.2.3.4"},
    {"/std/", {"Forwarded: a=\";for=6.6.6.6\";for=1.2.3.4"}, "1.2.3.4"},
    {"/std/", {"Forwarded: for=1.2.3.4, host=\",for=6.6.6.6,\";for=10.0.0.1"}, "1.2.3.4"},
    {"/std/", {"Forwarded: x=y; ; , for=10.0.0.1"}, "10.0.0.1"},
    {"/std/", {"Forwarded: for=1.2.3.4;x=\"", "Forwarded: for=9.9.9.9"}, "9.9.9.9"},
    {"/std/", {"Forwarded: for=1.2.3.4;x=\", for=9.9.9.9"}, "9.9.9.9"},
    {"/std/", {"Forwarded: for=1.2.3.4;x=\"\\, for=9.9.9.9"}, "9.9.9.9"},
    {"/std/", {"Forwarded: for=1.2.3.4;x=\"", "Forwarded: for=\"[2001:db8::9]\""}, "2001:db8::9"},
    {"/std/", {"Forwarded: for=1.2.3.4;x=\", for=9.9.9.9;by=\"a\\\"b\""}, "9.9.9.9"},
    {"/std/", {"Forwarded: for=\"1.2.3.4:_port\""}, "1.2.3.4"},
    {"/std/", {"Forwarded: proto=https"}, PEER},
    {"/std/", {"Forwarded: for="}, PEER},
    {"/std/", {"X-Forwarded-For: 198.51.100.7"}, PEER},
    {"/real/", {"X-Real-IP: 198.51.100.7"}, "198.51.100.7"},
};

START_TEST(the_client_is_the_last_that_no_listed_proxy_is)
{
    garm_test *const test = garm_test_new(&entry, NULL);
    const char *const *const headers = cases[_i].headers;
    const garm_response *const res =
        garm_test_do(test, "GET", cases[_i].path, .headers = {headers[0], headers[1]});
    ck_assert_str_eq(res->body, cases[_i].ip);
    garm_test_free(test);
}
END_TEST

static void nobody(garm_app *app)
{
    garm_real_ip(app);
}

static void a_name(garm_app *app)
{
    garm_real_ip(app, .trusted = {"proxy.example"});
}

static void too_many_bits(garm_app *app)
{
    garm_real_ip(app, .trusted = {"10.0.0.0/33"});
}

static void no_bits(garm_app *app)
{
    garm_real_ip(app, .trusted = {"10.0.0.0/"});
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {nobody, ".trusted is needed"},
    {a_name, "\"proxy.example\" is no address"},
    {too_many_bits, "\"10.0.0.0/33\" is no address"},
    {no_bits, "\"10.0.0.0/\" is no address"},
};

START_TEST(an_impossible_list_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
}
END_TEST

Suite *suite_real_ip(void)
{
    Suite *const suite = suite_create("mw/real_ip");
    TCase *const tc = tcase_create("real_ip");
    tcase_add_loop_test(tc, the_client_is_the_last_that_no_listed_proxy_is, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_loop_test(tc, an_impossible_list_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, tc);
    return suite;
}
