/* The access log's lines, and the file they go to. */
#include "refusal.h"

#include <check.h>
#include <errno.h>
#include <garm/garm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_access_log(void);

static char dir[] = "garm-access-log-XXXXXX";
static char path[64];
static enum garm_access_log_format format;
static int64_t slower_than_ms;

static int thing(garm_ctx *c)
{
    GARM_TRY(garm_set_user(c, "ada"));
    return garm_text(c, 200, "thing");
}

static int slow(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_MS(250)));
    return garm_text(c, 200, "late");
}

static int wrong(garm_ctx *c)
{
    (void)c;
    return -EIO;
}

static void setup(garm_app *app)
{
    garm_access_log(app, .path = path, .format = format, .slower_than_ms = slower_than_ms);
    garm_request_id(app);
    garm_route(app, "GET /things/{id}", thing);
    garm_route(app, "GET /slow", slow);
    garm_route(app, "GET /wrong", wrong);
}

static const garm_app_entry entry = GARM_ENTRY(setup);

static void begin(void)
{
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/access.log", dir);
    format = GARM_ACCESS_LOGFMT;
    slower_than_ms = 0;
}

static void end(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

/* What the file holds. */
static const char *content(void)
{
    static char text[65536];
    FILE *const file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static const char *log_of(const char *method, const char *target, const char *one,
                          const char *another)
{
    garm_test *const test = garm_test_new(&entry, NULL);
    garm_test_do(test, method, target, .headers = {one, another});
    garm_test_free(test);
    return content();
}

static void expect(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "%s lacks %s", text, part);
}

START_TEST(a_line_of_logfmt_tells_all)
{
    const char *const text =
        log_of("GET", "/things/7?a=b", "X-Request-Id: id-1", "User-Agent: \"odd\" \\ \xc3\xa4");
    expect(text, "time=1994-11-06T09:06:17.");
    expect(text, " ip=192.0.2.1 user=ada id=id-1 method=GET target=");
    expect(text, " route=\"GET /things/{id}\" status=200 bytes_in=0 bytes_out=5 duration_ms=0.");
    expect(text, " agent=\"\\\"odd\\\" \\\\ \\xc3\\xa4\"\n");
    ck_assert_ptr_null(strstr(text, "error="));
}
END_TEST

START_TEST(a_line_of_json_is_an_object)
{
    format = GARM_ACCESS_JSON;
    const char *const text =
        log_of("GET", "/nowhere", "Referer: http://a/\"", "User-Agent: \xff\\");
    expect(text, "{\"time\":\"1994-11-06T09:06:17.");
    expect(text, "\"target\":\"/nowhere\",\"status\":404");
    expect(text, "\"referer\":\"http://a/\\\"\",\"agent\":\"\\u00ff\\\\\"}\n");
}
END_TEST

START_TEST(a_line_is_combined_as_apache_has_it)
{
    format = GARM_ACCESS_COMBINED;
    const char *const text = log_of("GET", "/things/7", "User-Agent: x y", NULL);
    ck_assert_str_eq(text, "192.0.2.1 - ada [06/Nov/1994:09:06:17 +0000] "
                           "\"GET /things/7 HTTP/1.1\" 200 5 \"-\" \"x y\"\n");
}
END_TEST

START_TEST(an_error_is_told)
{
    expect(log_of("GET", "/wrong", NULL, NULL), " status=500 ");
}
END_TEST

START_TEST(only_slow_ones_if_asked_for)
{
    slower_than_ms = 200;
    garm_test *const test = garm_test_new(&entry, NULL);
    garm_test_do(test, "GET", "/things/1");
    garm_test_do(test, "GET", "/slow");
    garm_test_do(test, "GET", "/wrong");
    garm_test_free(test);
    ck_assert_ptr_null(strstr(content(), "/things/1"));
    expect(content(), "/slow");
    expect(content(), "/wrong");
}
END_TEST

START_TEST(the_longest_texts_leave_a_sound_line)
{
    static char referer[6000];
    static char agent[6000];
    format = GARM_ACCESS_JSON;
    snprintf(referer, sizeof(referer), "Referer: ");
    snprintf(agent, sizeof(agent), "User-Agent: ");
    memset(referer + 9, '\xff', 5900);
    memset(agent + 12, '"', 5900);
    const char *const text = log_of("GET", "/things/1", referer, agent);
    ck_assert_uint_lt(strlen(text), 6000);
    ck_assert_str_eq(text + strlen(text) - 3, "\"}\n");
}
END_TEST

START_TEST(lines_are_written_within_a_moment)
{
    garm_test *const test = garm_test_new(&entry, NULL);
    garm_test_do(test, "GET", "/things/1");
    ck_assert_str_eq(content(), "");
    garm_test_advance(test, GARM_MS(200));
    expect(content(), "/things/1");
    garm_test_do(test, "GET", "/things/2");
    garm_test_advance(test, GARM_MS(200));
    expect(content(), "/things/2");
    garm_test_free(test);
}
END_TEST

static void no_directory(garm_app *app)
{
    garm_access_log(app, .path = "no/such/directory/access.log");
}

static void no_format(garm_app *app)
{
    garm_access_log(app, .format = (enum garm_access_log_format)7);
}

static void negative(garm_app *app)
{
    garm_access_log(app, .slower_than_ms = -1);
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {no_directory, "no/such/directory/access.log cannot be opened"},
    {no_format, "no such .format"},
    {negative, ".slower_than_ms is negative"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_access_log.c:") != NULL, "%s", line);
}
END_TEST

Suite *suite_access_log(void)
{
    Suite *const suite = suite_create("mw/access_log");
    TCase *const tc = tcase_create("access_log");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_line_of_logfmt_tells_all);
    tcase_add_test(tc, a_line_of_json_is_an_object);
    tcase_add_test(tc, a_line_is_combined_as_apache_has_it);
    tcase_add_test(tc, an_error_is_told);
    tcase_add_test(tc, only_slow_ones_if_asked_for);
    tcase_add_test(tc, the_longest_texts_leave_a_sound_line);
    tcase_add_test(tc, lines_are_written_within_a_moment);
    tcase_add_loop_test(tc, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, tc);
    return suite;
}
