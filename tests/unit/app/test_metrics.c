/* Metrics of a whole application, as a client reads them. */
#include "fake.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_metrics(void);

static garm_metric *sold, *level, *weight, *bare, *few;

static int item(garm_ctx *c)
{
    return garm_text(c, 200, "item %s", garm_param(c, "id"));
}

static int hello(garm_ctx *c)
{
    return garm_text(c, 200, "hello");
}

static int take_item(garm_ctx *c)
{
    const void *body = NULL;
    size_t size = 0;
    GARM_TRY(garm_body(c, 1000, &body, &size));
    return garm_text(c, 201, "taken");
}

/* A problem with the status that the query asks for. */
static int any(garm_ctx *c)
{
    return garm_problem(c, atoi(garm_query(c, "status")), "as asked");
}

static int slow(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_MS(300)));
    return garm_text(c, 200, "at last");
}

static int stream(garm_ctx *c)
{
    GARM_TRY(garm_write(c, "12345", 5));
    GARM_TRY(garm_sleep(c, GARM_SEC(1)));
    return garm_write(c, "67890", 5);
}

/* Its client has all of the answer long before it ends. */
static int early(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "Content-Length", "5"));
    GARM_TRY(garm_write(c, "12345", 5));
    GARM_TRY(garm_flush(c));
    return garm_sleep(c, GARM_SEC(10));
}

static int count_in_job(garm_ctx *c, void *arg)
{
    (void)arg;
    garm_metric_add(c, sold, 100, "job", "-");
    return 0;
}

static int own(garm_ctx *c)
{
    garm_metric_add(c, sold, 1, "book", "a\"\\\n\xff");
    garm_metric_add(c, sold, 2.5, "book", "a\"\\\n\xff");
    garm_metric_add(c, sold, 1, "pen", "");
    garm_metric_set(c, level, 7);
    garm_metric_add(c, level, -2);
    garm_metric_observe(c, weight, 1);
    garm_metric_observe(c, weight, 1.5);
    garm_metric_observe(c, weight, 1e9);
    garm_metric_add(c, bare, 1);
    GARM_TRY(garm_post(garm_server_of(c), count_in_job, NULL));
    return 204;
}

static int misuse(garm_ctx *c)
{
    garm_metric_add(c, sold, 1, "one");
    garm_metric_add(c, sold, 1, "one", "two", "three");
    garm_metric_add(c, bare, -1);
    garm_metric_add(c, bare, INFINITY);
    garm_metric_add(c, bare, NAN);
    garm_metric_set(c, bare, 1);
    garm_metric_observe(c, level, 1);
    garm_metric_observe(c, weight, NAN);
    garm_metric_add(c, weight, 1);
    garm_metric_add(c, NULL, 1);
    garm_metric_set(c, NULL, 1);
    garm_metric_observe(c, NULL, 1);
    return 204;
}

static int many(garm_ctx *c)
{
    for (int i = 0; i < 100; i++) {
        garm_metric_add(c, few, 1, garm_strf(c, "v%d", i));
    }
    return 204;
}

static int long_value(garm_ctx *c)
{
    char value[3 * GARM_METRIC_VALUE_MAX];
    memset(value, 'x', sizeof(value));
    memcpy(value + GARM_METRIC_VALUE_MAX - 1, "\xc3\xa9", 2); /* a character across the bound */
    value[sizeof(value) - 1] = '\0';
    garm_metric_add(c, few, 1, value);
    return 204;
}

static void declare(garm_app *app)
{
    sold = garm_counter(app, "shop_sold_total", "Things sold.", .labels = {"kind", "shelf"});
    level = garm_gauge(app, "shop_level", "How full it is.");
    weight = garm_histogram(app, "shop_weight_grams", "Weights.", .buckets = {1, 2.5});
    bare = garm_counter(app, "shop_bare_total", "Nothing beside it.");
    few = garm_counter(app, "shop_few_total", "Bounded.", .labels = {"v"}, .series_max = 10);
}

static void setup_bare(garm_app *app)
{
    declare(app);
    garm_route(app, "GET /item/{id}", item);
    garm_route(app, "POST /item/{id}", take_item, .body_bytes_max = 100);
    garm_route(app, "/any", any);
    garm_route(app, "GET /slow", slow);
    garm_route(app, "GET /big-stack", hello, .stack_kb = 128);
    garm_route(app, "GET /stream", stream);
    garm_route(app, "GET /early", early);
    garm_route(app, "POST /own", own);
    garm_route(app, "POST /misuse", misuse);
    garm_route(app, "POST /many", many);
    garm_route(app, "POST /long", long_value);
}

static void setup(garm_app *app)
{
    setup_bare(app);
    garm_app *const inner = garm_group(app, "/inner");
    garm_route(inner, "GET /x", hello);
    garm_route(app, "GET /metrics", garm_metrics);
}

static garm_test *t;

static void begin(void)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    t = garm_test_new(&entry, NULL);
}

static void finish(void)
{
    garm_test_free(t);
}

/* The page, after a line end so that whole lines can be looked for. */
static const char *page_as(const char *accept)
{
    static char page[1 << 20];
    char field[200];
    snprintf(field, sizeof(field), "Accept: %s", accept);
    const garm_response *const res = garm_test_do(t, "GET", "/metrics", .headers = {field});
    ck_assert_int_eq(res->status, 200);
    ck_assert(res->complete);
    ck_assert_uint_lt(res->body_size + 2, sizeof(page));
    snprintf(page, sizeof(page), "\n%s", res->body);
    return page;
}

static bool has_line(const char *page, const char *line)
{
    char whole[600];
    snprintf(whole, sizeof(whole), "\n%s\n", line);
    return strstr(page, whole) != NULL;
}

static void expect(const char *line)
{
    const char *const page = page_as("*/*");
    ck_assert_msg(has_line(page, line), "no line %s in%.3000s", line, page);
}

static const struct {
    const char *method, *target;
    const char *labels;
} requests[] = {
    {"GET", "/item/1", "route=\"GET /item/{id}\",method=\"GET\",status=\"200\""},
    {"GET", "/item/a%2Fb?c=d", "route=\"GET /item/{id}\",method=\"GET\",status=\"200\""},
    {"HEAD", "/item/1", "route=\"GET /item/{id}\",method=\"HEAD\",status=\"200\""},
    {"POST", "/item/1", "route=\"POST /item/{id}\",method=\"POST\",status=\"201\""},
    {"GET", "/nope", "route=\"none\",method=\"GET\",status=\"404\""},
    {"GET", "/inner/nope", "route=\"none\",method=\"GET\",status=\"404\""},
    {"GET", "/inner/x", "route=\"GET /inner/x\",method=\"GET\",status=\"200\""},
    {"DELETE", "/item/1", "route=\"none\",method=\"DELETE\",status=\"405\""},
    {"OPTIONS", "/item/1", "route=\"none\",method=\"OPTIONS\",status=\"204\""},
    {"BREW", "/item/1", "route=\"none\",method=\"other\",status=\"501\""},
    {"BREW", "/any?status=418", "route=\"/any\",method=\"other\",status=\"418\""},
    {"PROPFIND", "/any?status=599", "route=\"/any\",method=\"PROPFIND\",status=\"599\""},
    {"GET", "/any?status=400", "route=\"/any\",method=\"GET\",status=\"400\""},
    {"GET", "/slow", "route=\"GET /slow\",method=\"GET\",status=\"200\""},
    {"GET", "/big-stack", "route=\"GET /big-stack\",method=\"GET\",status=\"200\""},
    {"GET", "/stream", "route=\"GET /stream\",method=\"GET\",status=\"200\""},
    {"POST", "/misuse", "route=\"POST /misuse\",method=\"POST\",status=\"204\""},
};

START_TEST(a_request_is_counted_by_pattern_method_and_status)
{
    char line[300];
    for (unsigned i = 1; i <= 3; i++) {
        garm_test_do(t, requests[_i].method, requests[_i].target);
        snprintf(line, sizeof(line), "garm_http_requests_total{%s} %u", requests[_i].labels, i);
        expect(line);
    }
    const char *const page = page_as("*/*");
    ck_assert(strstr(page, "/item/1") == NULL && strstr(page, "/nope") == NULL);
}
END_TEST

START_TEST(the_page_counts_itself_when_it_is_written)
{
    static const char line[] =
        "garm_http_requests_total{route=\"GET /metrics\",method=\"GET\",status=\"200\"} 1";
    ck_assert_ptr_null(strstr(page_as("*/*"), "GET /metrics\",method"));
    ck_assert(has_line(page_as("*/*"), line));
    expect("garm_http_requests_in_flight 1");
    expect("garm_tasks 1");
}
END_TEST

START_TEST(times_and_sizes_are_summed_per_route)
{
    garm_test_do(t, "GET", "/slow");
    garm_test_do(t, "POST", "/item/1", .body = "0123456789");
    garm_test_do(t, "POST", "/item/2", .body = "01234");
    garm_test_do(t, "GET", "/stream");
    garm_test_do(t, "HEAD", "/item/2");
    expect("garm_http_request_duration_seconds_bucket{route=\"GET /slow\",le=\"0.25\"} 0");
    expect("garm_http_request_duration_seconds_bucket{route=\"GET /slow\",le=\"0.5\"} 1");
    expect("garm_http_request_duration_seconds_bucket{route=\"GET /slow\",le=\"+Inf\"} 1");
    expect("garm_http_request_duration_seconds_count{route=\"GET /slow\"} 1");
    expect("garm_http_request_duration_seconds_count{route=\"POST /item/{id}\"} 2");
    expect("garm_http_request_duration_seconds_bucket{route=\"GET /stream\",le=\"2.5\"} 1");
    expect("garm_http_request_body_bytes_total{route=\"POST /item/{id}\"} 15");
    expect("garm_http_response_body_bytes_total{route=\"POST /item/{id}\"} 10");
    expect("garm_http_response_body_bytes_total{route=\"GET /stream\"} 10");
    expect("garm_http_response_body_bytes_total{route=\"GET /item/{id}\"} 0");
}
END_TEST

START_TEST(who_has_the_whole_answer_finds_it_counted)
{
    ck_assert_str_eq(garm_test_do(t, "GET", "/early")->body, "12345");
    const char *const page = page_as("*/*");
    ck_assert(has_line(page, "garm_http_requests_total{route=\"GET /early\",method=\"GET\","
                             "status=\"200\"} 1"));
    ck_assert(has_line(page, "garm_http_response_body_bytes_total{route=\"GET /early\"} 5"));
    ck_assert(has_line(page, "garm_http_requests_in_flight 1"));
    ck_assert(has_line(page, "garm_tasks 2"));
}
END_TEST

START_TEST(a_client_that_goes_is_counted_once)
{
    garm_test_drop_client(t, 0);
    garm_test_do(t, "GET", "/slow");
    garm_test_drop_client(t, 20);
    garm_test_do(t, "GET", "/stream");
    garm_test_advance(t, GARM_SEC(5));
    expect("garm_http_requests_total{route=\"GET /slow\",method=\"GET\",status=\"0\"} 1");
    expect("garm_http_requests_total{route=\"GET /stream\",method=\"GET\",status=\"200\"} 1");
    expect("garm_http_requests_in_flight 1");
}
END_TEST

START_TEST(what_does_not_parse_is_counted_apart)
{
    garm_test_do(t, "GET", "no-path");
    expect("garm_http_requests_refused_total 1");
}
END_TEST

START_TEST(the_client_chooses_the_format)
{
    static const char prometheus[] =
        "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
        "version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    static const char end[] = "\n# EOF\n";
    garm_test_do(t, "POST", "/own");
    const char *page = page_as(prometheus);
    ck_assert_str_eq(garm_test_header(t, "Content-Type"),
                     "application/openmetrics-text; version=1.0.0; charset=utf-8");
    ck_assert_str_eq(page + strlen(page) - strlen(end), end);
    ck_assert(has_line(page, "# TYPE shop_bare counter"));
    page = page_as("image/png");
    ck_assert_str_eq(garm_test_header(t, "Content-Type"),
                     "text/plain; version=0.0.4; charset=utf-8");
    ck_assert_str_eq(garm_test_header(t, "Vary"), "Accept");
    ck_assert(strstr(page, "# EOF") == NULL);
    ck_assert(has_line(page, "# TYPE shop_bare_total counter"));
}
END_TEST

START_TEST(an_application_counts_what_it_likes)
{
    garm_test_do(t, "POST", "/own");
    garm_test_do(t, "POST", "/own");
    expect("shop_sold_total{kind=\"book\",shelf=\"a\\\"\\\\\\n\xef\xbf\xbd\"} 7");
    expect("shop_sold_total{kind=\"pen\",shelf=\"\"} 2");
    expect("shop_sold_total{kind=\"job\",shelf=\"-\"} 200");
    expect("shop_level 5");
    expect("shop_weight_grams_bucket{le=\"1.0\"} 2");
    expect("shop_weight_grams_bucket{le=\"2.5\"} 4");
    expect("shop_weight_grams_bucket{le=\"+Inf\"} 6");
    expect("shop_weight_grams_sum 2000000005");
    expect("shop_weight_grams_count 6");
    expect("shop_bare_total 2");
}
END_TEST

START_TEST(what_makes_no_sense_is_not_counted)
{
    garm_test_do(t, "POST", "/misuse");
    const char *const page = page_as("*/*");
    ck_assert(has_line(page, "# TYPE shop_sold_total counter"));
    ck_assert(strstr(page, "shop_sold_total{") == NULL);
    ck_assert(strstr(page, "\nshop_bare_total ") == NULL);
    ck_assert(strstr(page, "\nshop_level ") == NULL);
    ck_assert(strstr(page, "\nshop_weight_grams_count ") == NULL);
}
END_TEST

START_TEST(series_are_bounded)
{
    garm_test_do(t, "POST", "/many");
    garm_test_do(t, "POST", "/many");
    expect("shop_few_total{v=\"v9\"} 2");
    expect("shop_few_total{v=\"_other_\"} 180");
    ck_assert_ptr_null(strstr(page_as("*/*"), "v=\"v10\""));
}
END_TEST

START_TEST(long_values_are_cut_after_a_whole_character)
{
    char line[300];
    char value[GARM_METRIC_VALUE_MAX];
    memset(value, 'x', sizeof(value));
    garm_test_do(t, "POST", "/long");
    snprintf(line, sizeof(line), "shop_few_total{v=\"%.*s\"} 1", GARM_METRIC_VALUE_MAX - 1, value);
    expect(line);
}
END_TEST

START_TEST(any_allocation_may_fail)
{
    garm_test_fail_alloc(t, (unsigned)_i + 1);
    garm_test_do(t, "POST", "/own");
    garm_test_fail_alloc(t, (unsigned)_i + 1);
    garm_test_do(t, "GET", "/metrics");
    garm_test_fail_alloc(t, 0);
    page_as("*/*");
    garm_test_do(t, "GET", "/item/1");
    expect("garm_http_requests_in_flight 1");
    expect("garm_http_requests_total{route=\"GET /item/{id}\",method=\"GET\",status=\"200\"} 1");
}
END_TEST

START_TEST(without_a_route_nothing_is_collected)
{
    static const garm_app_entry entry = GARM_ENTRY(setup_bare);
    garm_test *const bare_test = garm_test_new(&entry, NULL);
    ck_assert_int_eq(garm_test_do(bare_test, "POST", "/own")->status, 204);
    ck_assert_int_eq(garm_test_do(bare_test, "GET", "/metrics")->status, 404);
    garm_test_free(bare_test);
}
END_TEST

Suite *suite_metrics(void)
{
    Suite *const suite = suite_create("app/metrics");
    TCase *const tc = tcase_create("metrics");
    tcase_add_checked_fixture(tc, begin, finish);
    tcase_add_loop_test(tc, a_request_is_counted_by_pattern_method_and_status, 0,
                        (int)(sizeof(requests) / sizeof(requests[0])));
    tcase_add_test(tc, the_page_counts_itself_when_it_is_written);
    tcase_add_test(tc, times_and_sizes_are_summed_per_route);
    tcase_add_test(tc, who_has_the_whole_answer_finds_it_counted);
    tcase_add_test(tc, a_client_that_goes_is_counted_once);
    tcase_add_test(tc, what_does_not_parse_is_counted_apart);
    tcase_add_test(tc, the_client_chooses_the_format);
    tcase_add_test(tc, an_application_counts_what_it_likes);
    tcase_add_test(tc, what_makes_no_sense_is_not_counted);
    tcase_add_test(tc, series_are_bounded);
    tcase_add_test(tc, long_values_are_cut_after_a_whole_character);
    tcase_add_loop_test(tc, any_allocation_may_fail, 0, 20);
    suite_add_tcase(suite, tc);
    TCase *const without = tcase_create("without");
    tcase_add_test(without, without_a_route_nothing_is_collected);
    suite_add_tcase(suite, without);
    return suite;
}
