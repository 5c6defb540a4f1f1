/* Keys: rotation, the file that is read again, and options that cannot be. */
#include "jar.h"
#include "unit/mw/refusal.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *suite_keys(void);

#define ONE   "one_0123456789abcdef0123456789abcdef"
#define TWO   "two_0123456789abcdef0123456789abcdef"
#define THREE "three_0123456789abcdef0123456789abcdef"

static char dir[] = "garm-keys-XXXXXX";
static char path[64];
static garm_keys *keys;

static int set(garm_ctx *c)
{
    GARM_TRY(garm_set_sealed_cookie(c, keys, "a", "value"));
    return garm_text(c, 200, "set");
}

static int get(garm_ctx *c)
{
    return garm_text(c, 200, "<%s>", garm_sealed_cookie(c, keys, "a", 0));
}

static void setup(garm_app *app)
{
    keys = garm_keys_new(app, .file = path);
    garm_route(app, "GET /set", set);
    garm_route(app, "GET /get", get);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;
static struct jar jar;

static void write_file(const char *text)
{
    FILE *const file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    ck_assert_int_eq(chmod(path, 0600), 0);
}

static void begin(void)
{
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/secrets", dir);
    jar.pair[0] = '\0';
}

static void end(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void start(const char *text)
{
    write_file(text);
    test = garm_test_new(&entry, NULL);
}

/* Some seconds go by, in which the file may be seen. */
static void wait_for_keys(void)
{
    garm_test_advance(test, GARM_SEC(4));
}

START_TEST(a_new_key_is_put_before_the_old_one)
{
    start("# secrets\n\n" ONE "\n");
    jar_body(test, &jar, "/set");
    const struct jar first = jar;
    write_file(TWO "\r\n  " ONE "  \n");
    wait_for_keys();
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<value>");
    jar_body(test, &jar, "/set");
    const struct jar second = jar;
    write_file(TWO);
    wait_for_keys();
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<value>");
    jar = first;
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<>");
    write_file(THREE "\n" TWO "\n" ONE "\n");
    wait_for_keys();
    jar = second;
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<value>");
    jar = first;
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<value>");
    garm_test_free(test);
}
END_TEST

static const char *const unsound[] = {
    "",        "# nothing\n",
    "short\n", ONE "\nshort\n",
    NULL,      ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n" ONE "\n"};

START_TEST(an_unsound_file_changes_nothing)
{
    start(ONE "\n");
    jar_body(test, &jar, "/set");
    if (unsound[_i] != NULL) {
        write_file(unsound[_i]);
    } else {
        ck_assert_int_eq(unlink(path), 0);
    }
    wait_for_keys();
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<value>");
    jar_body(test, &jar, "/set");
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<value>");
    write_file(TWO "\n");
    wait_for_keys();
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<>");
    garm_test_free(test);
}
END_TEST

START_TEST(a_failing_allocation_keeps_the_old_keys_or_takes_the_new)
{
    start(ONE "\n");
    for (unsigned nth = 1; nth < 30; nth++) {
        write_file(nth % 2 == 0 ? ONE "\n" : ONE "\n" TWO "\n");
        jar_body(test, &jar, "/set");
        garm_test_fail_alloc(test, nth);
        wait_for_keys();
        garm_test_fail_alloc(test, 0);
        ck_assert_str_eq(jar_body(test, &jar, "/get"), "<value>");
    }
    garm_test_free(test);
}
END_TEST

static void neither(garm_app *app)
{
    (void)garm_keys_new(app);
}

static void both(garm_app *app)
{
    write_file(ONE "\n");
    (void)garm_keys_new(app, .secrets = {ONE}, .file = path);
}

static void short_secret(garm_app *app)
{
    (void)garm_keys_new(app, .secrets = {ONE, "0123456789abcdef0123456789abcde"});
}

static void no_file(garm_app *app)
{
    (void)garm_keys_new(app, .file = "no/such/file");
}

static void directory(garm_app *app)
{
    (void)garm_keys_new(app, .file = "/");
}

static void short_line(garm_app *app)
{
    write_file(ONE "\n# x\nshort\n");
    (void)garm_keys_new(app, .file = path);
}

static void empty_file(garm_app *app)
{
    write_file("\n");
    (void)garm_keys_new(app, .file = path);
}

static void large_file(garm_app *app)
{
    static char text[20000];
    memset(text, '#', sizeof(text) - 1);
    write_file(text);
    (void)garm_keys_new(app, .file = path);
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {neither, "either .secrets or .file is needed"},
    {both, "either .secrets or .file is needed"},
    {short_secret, ".secrets[1] has 31 bytes, less than 32"},
    {no_file, "no/such/file: No such file"},
    {directory, "/: Invalid argument"},
    {short_line, "the secret in line 3 has 5 bytes, less than 32"},
    {empty_file, "it has no secret"},
    {large_file, "File too large"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_keys.c:") != NULL, "%s", line);
}
END_TEST

Suite *suite_keys(void)
{
    Suite *const suite = suite_create("state/keys");
    TCase *const tc = tcase_create("keys");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_new_key_is_put_before_the_old_one);
    tcase_add_loop_test(tc, an_unsound_file_changes_nothing, 0,
                        (int)(sizeof(unsound) / sizeof(unsound[0])));
    tcase_add_test(tc, a_failing_allocation_keeps_the_old_keys_or_takes_the_new);
    tcase_add_loop_test(tc, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, tc);
    return suite;
}
