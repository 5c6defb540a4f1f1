/* Declaring metrics: what cannot be stops the start, and names its line. */
#include "fake.h"

#include <check.h>
#include <math.h>
#include <string.h>

Suite *suite_metrics_declare(void);

static void setup_all(garm_app *app)
{
    garm_counter(app, "a_total", "h", .labels = {"a", "b"}, .series_max = 1);
    garm_gauge(app, "_b", "h");
    garm_histogram(app, "c_seconds", "h");
    garm_histogram(app, "C9", "h", .buckets = {0.5});
}

static void setup_none(garm_app *app)
{
    (void)app;
}

#define BAD(name, ...)                                                                             \
    static void name(garm_app *app)                                                                \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }
BAD(bad_name, garm_gauge(app, "shop-level", "h"))
BAD(no_name, garm_gauge(app, NULL, "h"))
BAD(digit, garm_gauge(app, "0x", "h"))
BAD(taken, garm_gauge(app, "garm_x", "h"))
BAD(no_total, garm_counter(app, "x", "h"))
BAD(total, garm_gauge(app, "x_total", "h"))
BAD(ending, garm_histogram(app, "x_bucket", "h"))
BAD(no_help, garm_gauge(app, "x", ""))
BAD(twice, garm_gauge(app, "x", "h"); garm_counter(app, "x_total", "h"))
BAD(bad_label, garm_gauge(app, "x", "h", .labels = {"a-b"}))
BAD(dunder, garm_gauge(app, "x", "h", .labels = {"__a"}))
BAD(le, garm_histogram(app, "x", "h", .labels = {"le"}))
BAD(same_label, garm_gauge(app, "x", "h", .labels = {"a", "a"}))
BAD(descending, garm_histogram(app, "x", "h", .buckets = {2, 1}))
BAD(infinite, garm_histogram(app, "x", "h", .buckets = {INFINITY}))
BAD(negative, garm_histogram(app, "x", "h", .buckets = {-1}))
BAD(no_buckets, garm_gauge(app, "x", "h", .buckets = {1}))
BAD(no_bound, garm_gauge(app, "x", "h", .series_max = GARM_NONE))

static const struct {
    void (*setup)(garm_app *app);
    const char *reason; /* "": none */
} setups[] = {
    {setup_none, ""},
    {setup_all, ""},
    {bad_name, "[A-Za-z_]"},
    {no_name, "[A-Za-z_]"},
    {digit, "[A-Za-z_]"},
    {taken, "the server's"},
    {no_total, "_total"},
    {total, "_total"},
    {ending, "_bucket"},
    {no_help, "help"},
    {twice, "already"},
    {bad_label, "a label is"},
    {dunder, "__"},
    {le, "le and quantile"},
    {same_label, "same name"},
    {descending, "ascending"},
    {infinite, "finite"},
    {negative, "above 0"},
    {no_buckets, "only histograms"},
    {no_bound, "series_max"},
};

START_TEST(a_metric_that_cannot_be_stops_the_start)
{
    const char *const refusal = fake_refusal(setups[_i].setup);
    if (setups[_i].reason[0] == '\0') {
        ck_assert_str_eq(refusal, "");
    } else {
        ck_assert_msg(strstr(refusal, setups[_i].reason) != NULL, "%s", refusal);
        ck_assert_msg(strstr(refusal, "test_metrics_declare.c:") != NULL, "%s", refusal);
    }
}
END_TEST

static int call_it(garm_ctx *c)
{
    return garm_metrics(c);
}

static void setup_wrapped(garm_app *app)
{
    garm_route(app, "GET /metrics", call_it);
}

START_TEST(a_handler_around_it_is_told_of_its_mistake)
{
    fake_start(setup_wrapped);
    ck_assert_uint_eq(fake_ask("GET /metrics HTTP/1.1\nHost: a")->status, 500);
    ck_assert_ptr_nonnull(strstr(fake_log(), "garm_metrics was called"));
    fake_end();
}
END_TEST

Suite *suite_metrics_declare(void)
{
    Suite *const suite = suite_create("app/metrics_declare");
    TCase *const tc = tcase_create("metrics_declare");
    tcase_add_loop_test(tc, a_metric_that_cannot_be_stops_the_start, 0,
                        (int)(sizeof(setups) / sizeof(setups[0])));
    tcase_add_test(tc, a_handler_around_it_is_told_of_its_mistake);
    suite_add_tcase(suite, tc);
    return suite;
}
