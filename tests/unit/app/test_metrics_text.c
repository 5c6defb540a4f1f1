/* The lines of the two formats. */
#include "app/metrics_text.h"
#include "base/buf.h"
#include "base/compiler.h"

#include <check.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_metrics_text(void);

static struct metrics_text text;
static struct buf out;
static unsigned pieces;
static int sink_fails;

static int take(void *arg, const void *data, size_t size)
{
    (void)arg;
    pieces++;
    ck_assert_uint_gt(size, 0);
    return sink_fails < 0 ? sink_fails : buf_append(&out, data, size);
}

static void begin(bool open)
{
    buf_init(&out, 1 << 20);
    pieces = 0;
    sink_fails = 0;
    metrics_text_init(&text, open, take, NULL);
}

/* What was written, the end with it. */
static const char *written(void)
{
    ck_assert_int_eq(metrics_text_end(&text), 0);
    return buf_cstr(&out);
}

START_TEST(a_counter_is_total_in_both_formats)
{
    const struct metrics_label labels[] = {{"route", SLICE("GET /x")}, {"status", SLICE("200")}};
    begin(false);
    metrics_text_family(&text, METRIC_COUNTER, "hits", "All hits.");
    metrics_text_count(&text, labels, 2, 18446744073709551615U);
    metrics_text_count(&text, NULL, 0, 0);
    ck_assert_str_eq(written(), "# HELP hits_total All hits.\n"
                                "# TYPE hits_total counter\n"
                                "hits_total{route=\"GET /x\",status=\"200\"} 18446744073709551615\n"
                                "hits_total 0\n");
    buf_deinit(&out);
    begin(true);
    metrics_text_family(&text, METRIC_COUNTER, "hit_bytes", "All hits.");
    metrics_text_count(&text, labels, 1, 7);
    ck_assert_str_eq(written(), "# HELP hit_bytes All hits.\n"
                                "# TYPE hit_bytes counter\n"
                                "# UNIT hit_bytes bytes\n"
                                "hit_bytes_total{route=\"GET /x\"} 7\n"
                                "# EOF\n");
    buf_deinit(&out);
}
END_TEST

static const struct {
    double value;
    const char *text;
} values[] = {
    {0, "0"},           {1, "1"},
    {-17, "-17"},       {0.5, "0.5"},
    {0.1, "0.1"},       {1.0 / 3, "0.3333333333333333"},
    {1e15, "1e+15"},    {123456789012345, "123456789012345"},
    {1e-5, "1e-05"},    {5e-324, "4.94066e-324"},
    {INFINITY, "+Inf"}, {-INFINITY, "-Inf"},
    {NAN, "NaN"},       {1.7976931348623157e308, "1.7976931348623157e+308"},
};

START_TEST(a_number_is_short_and_reads_back_the_same)
{
    char line[100];
    begin(false);
    metrics_text_family(&text, METRIC_GAUGE, "g", "h");
    metrics_text_value(&text, NULL, 0, values[_i].value);
    const char *const got = strstr(written(), "gauge\ng ");
    ck_assert_ptr_nonnull(got);
    snprintf(line, sizeof(line), "gauge\ng %s\n", values[_i].text);
    ck_assert_str_eq(got, line);
    const double back = strtod(got + strlen("gauge\ng "), NULL);
    ck_assert(back == values[_i].value || isnan(values[_i].value));
    buf_deinit(&out);
}
END_TEST

START_TEST(labels_and_help_are_escaped)
{
    const struct metrics_label label = {"l", SLICE("a\"b\\c\nd\xff\xc3\xa9")};
    begin(false);
    metrics_text_family(&text, METRIC_GAUGE, "g", "say \"x\"\\\nbye");
    metrics_text_count(&text, &label, 1, 1);
    ck_assert_str_eq(written(), "# HELP g say \"x\"\\\\\\nbye\n"
                                "# TYPE g gauge\n"
                                "g{l=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa9\"} 1\n");
    buf_deinit(&out);
    begin(true);
    metrics_text_family(&text, METRIC_GAUGE, "g", "say \"x\"");
    ck_assert_str_eq(written(), "# HELP g say \\\"x\\\"\n# TYPE g gauge\n# EOF\n");
    buf_deinit(&out);
}
END_TEST

START_TEST(a_histogram_is_cumulative)
{
    const double bounds[] = {0.00001, 0.5, 1, 10, 100000, 1e6};
    const uint64_t buckets[] = {1, 0, 2, 0, 0, 0, 4};
    const struct metrics_label label = {"l", SLICE("v")};
    begin(true);
    metrics_text_family(&text, METRIC_HISTOGRAM, "took_seconds", "h");
    metrics_text_histogram(&text, &label, 1, bounds, COUNT_OF(bounds), buckets, 2.5);
    ck_assert_str_eq(written(), "# HELP took_seconds h\n"
                                "# TYPE took_seconds histogram\n"
                                "# UNIT took_seconds seconds\n"
                                "took_seconds_bucket{l=\"v\",le=\"1e-05\"} 1\n"
                                "took_seconds_bucket{l=\"v\",le=\"0.5\"} 1\n"
                                "took_seconds_bucket{l=\"v\",le=\"1.0\"} 3\n"
                                "took_seconds_bucket{l=\"v\",le=\"10.0\"} 3\n"
                                "took_seconds_bucket{l=\"v\",le=\"100000.0\"} 3\n"
                                "took_seconds_bucket{l=\"v\",le=\"1e+06\"} 3\n"
                                "took_seconds_bucket{l=\"v\",le=\"+Inf\"} 7\n"
                                "took_seconds_sum{l=\"v\"} 2.5\n"
                                "took_seconds_count{l=\"v\"} 7\n"
                                "# EOF\n");
    buf_deinit(&out);
}
END_TEST

START_TEST(long_output_goes_out_in_pieces)
{
    begin(false);
    metrics_text_family(&text, METRIC_COUNTER, "c", "h");
    for (unsigned i = 0; i < 1000; i++) {
        metrics_text_count(&text, NULL, 0, 1);
    }
    const char *const all = written();
    ck_assert_uint_eq(strlen(all), strlen("# HELP c_total h\n# TYPE c_total counter\n") +
                                       1000 * strlen("c_total 1\n"));
    ck_assert_uint_gt(pieces, 3);
    buf_deinit(&out);
}
END_TEST

START_TEST(a_sink_that_fails_is_not_asked_again)
{
    begin(false);
    sink_fails = -ECONNRESET;
    metrics_text_family(&text, METRIC_COUNTER, "c", "h");
    for (unsigned i = 0; i < 1000; i++) {
        metrics_text_count(&text, NULL, 0, 1);
    }
    ck_assert_int_eq(metrics_text_end(&text), -ECONNRESET);
    ck_assert_uint_eq(pieces, 1);
    buf_deinit(&out);
}
END_TEST

START_TEST(the_locale_does_not_matter)
{
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "de_DE") == NULL) {
        return; /* it is not installed */
    }
    begin(false);
    metrics_text_family(&text, METRIC_GAUGE, "g", "h");
    metrics_text_value(&text, NULL, 0, 0.25);
    ck_assert_ptr_nonnull(strstr(written(), "\ng 0.25\n"));
    setlocale(LC_NUMERIC, "C");
    buf_deinit(&out);
}
END_TEST

Suite *suite_metrics_text(void)
{
    Suite *const suite = suite_create("app/metrics_text");
    TCase *const tc = tcase_create("metrics_text");
    tcase_add_test(tc, a_counter_is_total_in_both_formats);
    tcase_add_loop_test(tc, a_number_is_short_and_reads_back_the_same, 0, (int)COUNT_OF(values));
    tcase_add_test(tc, labels_and_help_are_escaped);
    tcase_add_test(tc, a_histogram_is_cumulative);
    tcase_add_test(tc, long_output_goes_out_in_pieces);
    tcase_add_test(tc, a_sink_that_fails_is_not_asked_again);
    tcase_add_test(tc, the_locale_does_not_matter);
    suite_add_tcase(suite, tc);
    return suite;
}
