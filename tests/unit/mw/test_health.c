/* Health: alive, ready, and what checks make of it. */
#include "refusal.h"

#include <check.h>
#include <errno.h>
#include <garm/garm.h>
#include <string.h>

Suite *suite_health(void);

static int database_result, database_runs, cache_result;

static int ask_database(garm_ctx *c, void *arg)
{
    ck_assert_str_eq(arg, "database");
    database_runs++;
    GARM_TRY(garm_sleep(c, GARM_MS(10)));
    return database_result;
}

static int ask_cache(garm_ctx *c, void *arg)
{
    (void)arg;
    if (cache_result == -ETIMEDOUT) {
        return garm_sleep(c, GARM_SEC(60));
    }
    return cache_result;
}

static int hello(garm_ctx *c)
{
    return garm_text(c, 200, "hello\n");
}

static void setup(garm_app *app)
{
    static char arg[] = "database";
    garm_ready_check(app, "database", ask_database, .arg = arg);
    garm_health(app);
    garm_app *const group = garm_group(app, "/api");
    garm_ready_check(group, "cache", ask_cache, .fresh_ms = GARM_NONE);
    garm_route(group, "GET /{$}", hello);
}

static void setup_bare(garm_app *app)
{
    garm_health(app, .live = "/alive", .ready = "/ready");
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static const garm_app_entry bare = GARM_ENTRY(setup_bare);
static garm_test *test;

static void begin(void)
{
    database_result = cache_result = database_runs = 0;
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
}

static void expect(int status, const char *body)
{
    const garm_response *const res = garm_test_do(test, "GET", "/readyz");
    ck_assert_int_eq(res->status, status);
    ck_assert_ptr_nonnull(strstr(res->body, body));
    ck_assert_str_eq(garm_test_header(test, "Cache-Control"), "no-store");
}

START_TEST(a_server_that_is_well_says_so)
{
    ck_assert_int_eq(garm_test_do(test, "GET", "/livez")->status, 200);
    ck_assert_str_eq(garm_test_json(test, "/status"), "\"alive\"");
    expect(200, "\"status\":\"ready\"");
    ck_assert_str_eq(garm_test_json(test, "/checks/database"), "\"ok\"");
    ck_assert_str_eq(garm_test_json(test, "/checks/cache"), "\"ok\"");
}
END_TEST

START_TEST(a_check_that_fails_is_named_and_the_server_lives_on)
{
    cache_result = -ECONNREFUSED;
    expect(503, "\"status\":\"failing\"");
    ck_assert_str_eq(garm_test_json(test, "/checks/database"), "\"ok\"");
    ck_assert_str_eq(garm_test_json(test, "/checks/cache"), "\"failed\"");
    ck_assert_int_eq(garm_test_do(test, "GET", "/livez")->status, 200);
    ck_assert_int_eq(garm_test_do(test, "GET", "/api/")->status, 200);
    cache_result = 0;
    expect(200, "ready");
}
END_TEST

START_TEST(a_check_that_takes_too_long_is_cut)
{
    cache_result = -ETIMEDOUT;
    expect(503, "\"cache\":\"timed out\"");
    ck_assert_str_eq(garm_test_json(test, "/checks/database"), "\"ok\"");
}
END_TEST

START_TEST(a_result_is_kept_for_a_second)
{
    for (int i = 0; i < 5; i++) {
        expect(200, "ready");
    }
    ck_assert_int_eq(database_runs, 1);
    database_result = -EIO;
    expect(200, "ready");
    garm_test_advance(test, GARM_MS(1001));
    expect(503, "\"database\":\"failed\"");
    ck_assert_int_eq(database_runs, 2);
}
END_TEST

START_TEST(a_prober_that_goes_leaves_no_result)
{
    garm_test_drop_client(test, 0);
    ck_assert_int_eq(garm_test_do(test, "GET", "/readyz")->status, 0);
    expect(200, "\"database\":\"ok\"");
}
END_TEST

START_TEST(without_checks_it_is_ready_and_the_paths_are_ours_to_choose)
{
    garm_test *const own = garm_test_new(&bare, NULL);
    ck_assert_int_eq(garm_test_do(own, "GET", "/alive")->status, 200);
    const garm_response *const res = garm_test_do(own, "GET", "/ready");
    ck_assert_int_eq(res->status, 200);
    ck_assert_str_eq(res->body, "{\"status\":\"ready\",\"checks\":{}}");
    ck_assert_int_eq(garm_test_do(own, "GET", "/livez")->status, 404);
    garm_test_free(own);
}
END_TEST

/* Set-ups that cannot be. */

static void no_path(garm_app *app)
{
    garm_health(app, .live = "livez");
}

static void twice(garm_app *app)
{
    garm_health(app);
    garm_health(app, .live = "/a", .ready = "/b");
}

static void no_name(garm_app *app)
{
    garm_ready_check(app, "a b", ask_cache);
}

static void no_function(garm_app *app)
{
    garm_ready_check(app, "a", NULL);
}

static void same_name(garm_app *app)
{
    garm_ready_check(app, "a", ask_cache);
    garm_ready_check(app, "a", ask_cache);
}

static void negative_deadline(garm_app *app)
{
    garm_ready_check(app, "a", ask_cache, .deadline_ms = -5);
}

static void negative_age(garm_app *app)
{
    garm_ready_check(app, "a", ask_cache, .fresh_ms = -5);
}

static void overload_of_a_group(garm_app *app)
{
    garm_overload(garm_group(app, "/a"), .off = true);
}

static void overload_without_a_delay(garm_app *app)
{
    garm_overload(app, .delay_ms = -1);
}

static void overload_for_ever(garm_app *app)
{
    garm_overload(app, .retry_after_s = 1000000);
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} refused[] = {
    {no_path, "\"livez\""},
    {twice, "second time"},
    {no_name, "\"a b\""},
    {no_function, "function"},
    {same_name, "already"},
    {negative_deadline, ".deadline_ms"},
    {negative_age, ".fresh_ms"},
    {overload_of_a_group, "group"},
    {overload_without_a_delay, ".delay_ms"},
    {overload_for_ever, ".retry_after_s"},
};

START_TEST(what_cannot_be_stops_the_start)
{
    const char *const line = refusal_of(refused[_i].setup);
    ck_assert_ptr_nonnull(strstr(line, "test_health.c:"));
    ck_assert_msg(strstr(line, refused[_i].says) != NULL, "%s", line);
}
END_TEST

Suite *suite_health(void)
{
    Suite *const suite = suite_create("mw/health");
    TCase *const tc = tcase_create("health");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_server_that_is_well_says_so);
    tcase_add_test(tc, a_check_that_fails_is_named_and_the_server_lives_on);
    tcase_add_test(tc, a_check_that_takes_too_long_is_cut);
    tcase_add_test(tc, a_result_is_kept_for_a_second);
    tcase_add_test(tc, a_prober_that_goes_leaves_no_result);
    suite_add_tcase(suite, tc);
    TCase *const alone = tcase_create("alone");
    tcase_add_test(alone, without_checks_it_is_ready_and_the_paths_are_ours_to_choose);
    tcase_add_loop_test(alone, what_cannot_be_stops_the_start, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    suite_add_tcase(suite, alone);
    return suite;
}
