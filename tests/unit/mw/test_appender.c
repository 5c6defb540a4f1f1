/* Appenders: what comes fast is written, what is too much is counted. */
#include <check.h>
#include <garm/garm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *suite_appender(void);

#define LINE_BYTES 4096

static char dir[] = "garm-appender-XXXXXX";
static char path[64];
static garm_appender *appender;

/* Adds as many lines as the request says. */
static int add_lines(garm_ctx *c)
{
    static char line[LINE_BYTES];
    int64_t refused = 0;
    memset(line, 'x', sizeof(line));
    line[LINE_BYTES - 1] = '\n';
    for (int64_t i = garm_param_int(c, "count"); i > 0; i--) {
        refused += garm_append(c, appender, line, sizeof(line)) < 0;
    }
    return garm_text(c, 200, "%lld", (long long)refused);
}

static void setup(garm_app *app)
{
    appender = garm_appender_new(app, path);
    garm_route(app, "POST /{count:int}", add_lines);
}

static const garm_app_entry entry = GARM_ENTRY(setup);

static void begin(void)
{
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/lines", dir);
}

static void end(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static long long file_bytes(void)
{
    struct stat stat_of_file;
    ck_assert_int_eq(stat(path, &stat_of_file), 0);
    return (long long)stat_of_file.st_size;
}

START_TEST(lines_that_come_fast_are_all_written)
{
    garm_test *const test = garm_test_new(&entry, NULL);
    for (int i = 0; i < 40; i++) {
        ck_assert_str_eq(garm_test_do(test, "POST", "/64")->body, "0");
        garm_test_advance(test, GARM_MS(5)); /* 50 MB/s, ten times what a wait of 50 ms would let */
    }
    ck_assert_uint_eq(garm_appender_dropped(appender), 0);
    garm_test_free(test);
    ck_assert_int_eq(file_bytes(), 40LL * 64 * LINE_BYTES);
}
END_TEST

START_TEST(more_at_once_than_the_buffer_holds_is_counted)
{
    garm_test *const test = garm_test_new(&entry, NULL);
    ck_assert_str_eq(garm_test_do(test, "POST", "/300")->body, "44");
    ck_assert_uint_eq(garm_appender_dropped(appender), 44);
    garm_test_free(test);
    ck_assert_int_eq(file_bytes(), 256LL * LINE_BYTES);
}
END_TEST

START_TEST(a_file_that_was_moved_away_is_made_anew)
{
    char moved[80];
    snprintf(moved, sizeof(moved), "%s.1", path);
    garm_test *const test = garm_test_new(&entry, NULL);
    garm_test_do(test, "POST", "/1");
    garm_test_advance(test, GARM_SEC(1));
    ck_assert_int_eq(file_bytes(), LINE_BYTES);
    ck_assert_int_eq(rename(path, moved), 0);
    garm_test_advance(test, GARM_SEC(2));
    garm_test_do(test, "POST", "/2");
    garm_test_advance(test, GARM_SEC(1));
    ck_assert_int_eq(file_bytes(), 2LL * LINE_BYTES);
    garm_test_free(test);
    (void)unlink(moved);
}
END_TEST

Suite *suite_appender(void)
{
    Suite *const suite = suite_create("mw/appender");
    TCase *const tc = tcase_create("appender");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, lines_that_come_fast_are_all_written);
    tcase_add_test(tc, more_at_once_than_the_buffer_holds_is_counted);
    tcase_add_test(tc, a_file_that_was_moved_away_is_made_anew);
    suite_add_tcase(suite, tc);
    return suite;
}
