/* The cache of a worker: bounds, time, lifetimes, and one filler at a time. */
#include "unit/mw/refusal.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Suite *suite_cache(void);

static garm_cache *cache;
static int (*work)(garm_ctx *c);
static garm_test *test;
static int fills;

static int run_work(garm_ctx *c)
{
    const int rc = work(c);
    ck_assert_int_eq(rc, 0);
    return garm_text(c, 200, "done");
}

static int lend(garm_ctx *c)
{
    const void *data = NULL;
    size_t size = 0;
    if (!garm_cache_get(c, cache, "a", &data, &size)) {
        return 404;
    }
    garm_cache_remove(c, cache, "a");
    return garm_bytes_view(c, 200, NULL, data, size);
}

static void setup(garm_app *app)
{
    cache = garm_cache_new(app, .entries_max = 3, .bytes_max = 4096, .ttl_ms = 10000);
    garm_route(app, "GET /", run_work);
    garm_route(app, "GET /lend", lend);
}

static const garm_app_entry entry = GARM_ENTRY(setup);

static void begin(void)
{
    fills = 0;
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
}

static int run(int (*fn)(garm_ctx *c))
{
    work = fn;
    return garm_test_do(test, "GET", "/")->status;
}

static const char *get(garm_ctx *c, const char *key)
{
    const void *data = NULL;
    size_t size = 0;
    if (!garm_cache_get(c, cache, key, &data, &size)) {
        return "-";
    }
    ck_assert_uint_eq(strlen(data), size);
    return data;
}

static int put(garm_ctx *c, const char *key, const char *text)
{
    return garm_cache_put(c, cache, key, text, strlen(text));
}

static int put_and_get(garm_ctx *c)
{
    ck_assert_str_eq(get(c, "a"), "-");
    GARM_TRY(put(c, "a", "one"));
    const char *const first = get(c, "a");
    GARM_TRY(put(c, "a", "two"));
    ck_assert_str_eq(get(c, "a"), "two");
    ck_assert_str_eq(first, "one"); /* still there */
    garm_cache_remove(c, cache, "a");
    garm_cache_remove(c, cache, "a");
    ck_assert_str_eq(get(c, "a"), "-");
    ck_assert_str_eq(first, "one");
    GARM_TRY(put(c, "", ""));
    ck_assert_str_eq(get(c, ""), "");
    return put(c, "a", "kept");
}

START_TEST(what_is_put_is_there_until_it_is_removed)
{
    ck_assert_int_eq(run(put_and_get), 200);
    const garm_response *const res = garm_test_do(test, "GET", "/lend");
    ck_assert_str_eq(res->body, "kept");
    ck_assert_int_eq(garm_test_do(test, "GET", "/lend")->status, 404);
}
END_TEST

static int fill_up(garm_ctx *c)
{
    static char large[5000];
    GARM_TRY(put(c, "a", "1"));
    GARM_TRY(put(c, "b", "1"));
    GARM_TRY(put(c, "c", "1"));
    ck_assert_str_eq(get(c, "a"), "1");
    GARM_TRY(put(c, "d", "1"));
    ck_assert_str_eq(get(c, "b"), "-");
    ck_assert_str_eq(get(c, "a"), "1");
    memset(large, 'x', sizeof(large) - 1);
    ck_assert_int_eq(put(c, "a", large), -EMSGSIZE);
    ck_assert_str_eq(get(c, "a"), "-");
    ck_assert_str_eq(get(c, "c"), "1");
    large[3850] = '\0';
    GARM_TRY(put(c, "e", large));
    ck_assert_str_eq(get(c, "e"), large);
    ck_assert_str_eq(get(c, "d"), "-");
    return 0;
}

START_TEST(the_least_recently_used_goes_first)
{
    ck_assert_int_eq(run(fill_up), 200);
}
END_TEST

static int put_one(garm_ctx *c)
{
    return put(c, "a", "1");
}

static int still_there(garm_ctx *c)
{
    ck_assert_str_eq(get(c, "a"), "1");
    return 0;
}

static int gone(garm_ctx *c)
{
    ck_assert_str_eq(get(c, "a"), "-");
    return 0;
}

START_TEST(time_ends_them)
{
    ck_assert_int_eq(run(put_one), 200);
    garm_test_advance(test, GARM_SEC(9));
    ck_assert_int_eq(run(still_there), 200);
    garm_test_advance(test, GARM_SEC(1));
    ck_assert_int_eq(run(gone), 200);
}
END_TEST

/* Filling. */

static int fill_slowly(garm_ctx *c, void *arg, const void **ret_data, size_t *ret_size)
{
    fills++;
    GARM_TRY(garm_sleep(c, GARM_MS(100)));
    const int *const rc = arg;
    *ret_data = garm_strf(c, "filled %d", fills);
    *ret_size = strlen(*ret_data);
    return rc != NULL ? *rc : 0;
}

static int ask(garm_ctx *c, void *arg, const char *expected)
{
    const void *data = NULL;
    size_t size = 0;
    const int rc = garm_cache_fill(c, cache, "a", fill_slowly, arg, &data, &size);
    if (rc == 0 && expected != NULL) {
        ck_assert_str_eq(data, expected);
    }
    return rc;
}

static int child(garm_ctx *c, void *arg)
{
    (void)arg;
    return ask(c, NULL, "filled 1");
}

static int ten_at_once(garm_ctx *c)
{
    garm_tasks *const tasks = garm_tasks_new(c);
    for (int i = 0; i < 10; i++) {
        GARM_TRY(garm_tasks_go(tasks, child, NULL));
    }
    GARM_TRY(garm_tasks_wait(tasks));
    ck_assert_int_eq(fills, 1);
    return ask(c, NULL, "filled 1");
}

START_TEST(one_fills_for_all)
{
    ck_assert_int_eq(run(ten_at_once), 200);
    ck_assert_int_eq(fills, 1);
    garm_test_advance(test, GARM_SEC(11));
    fills = 0;
    ck_assert_int_eq(run(ten_at_once), 200);
}
END_TEST

static int failures;

static int failing_child(garm_ctx *c, void *arg)
{
    failures += ask(c, arg, NULL) == -EHOSTUNREACH;
    return 0;
}

static int fail_together(garm_ctx *c)
{
    static int error = -EHOSTUNREACH;
    garm_tasks *const tasks = garm_tasks_new(c);
    for (int i = 0; i < 5; i++) {
        GARM_TRY(garm_tasks_go(tasks, failing_child, &error));
    }
    GARM_TRY(garm_tasks_wait(tasks));
    ck_assert_int_eq(failures, 5);
    ck_assert_int_eq(fills, 1);
    return ask(c, NULL, "filled 2"); /* a failure is not kept */
}

START_TEST(an_error_is_for_all_who_wait)
{
    failures = 0;
    ck_assert_int_eq(run(fail_together), 200);
}
END_TEST

static int absent_child(garm_ctx *c, void *arg)
{
    failures += ask(c, arg, NULL) == *(const int *)arg;
    return 0;
}

static int result;

static int lack_together(garm_ctx *c)
{
    garm_tasks *const tasks = garm_tasks_new(c);
    for (int i = 0; i < 5; i++) {
        GARM_TRY(garm_tasks_go(tasks, absent_child, &result));
    }
    GARM_TRY(garm_tasks_wait(tasks));
    ck_assert_int_eq(failures, 5);
    ck_assert_int_eq(fills, 1);
    ck_assert_str_eq(get(c, "a"), "-");
    return ask(c, NULL, "filled 2");
}

START_TEST(a_positive_result_is_for_all_who_wait_and_not_kept)
{
    failures = 0;
    result = _i == 0 ? 1 : 404;
    ck_assert_int_eq(run(lack_together), 200);
}
END_TEST

static int in_time(garm_ctx *c, void *arg)
{
    (void)arg;
    return ask(c, NULL, NULL);
}

static int hasty_child(garm_ctx *c, void *arg)
{
    (void)arg;
    ck_assert_int_eq(garm_with_deadline(c, GARM_MS(50), in_time, NULL), -ETIMEDOUT);
    return 0;
}

static int patient_child(garm_ctx *c, void *arg)
{
    (void)arg;
    return ask(c, NULL, "filled 2");
}

static int give_up(garm_ctx *c)
{
    garm_tasks *const tasks = garm_tasks_new(c);
    GARM_TRY(garm_tasks_go(tasks, hasty_child, NULL));
    GARM_TRY(garm_tasks_go(tasks, hasty_child, NULL));
    GARM_TRY(garm_tasks_go(tasks, patient_child, NULL));
    GARM_TRY(garm_tasks_go(tasks, patient_child, NULL));
    GARM_TRY(garm_tasks_wait(tasks));
    ck_assert_int_eq(fills, 2);
    return 0;
}

START_TEST(who_gives_up_leaves_it_to_the_next)
{
    ck_assert_int_eq(run(give_up), 200);
}
END_TEST

static int remover(garm_ctx *c, void *arg)
{
    GARM_TRY(garm_sleep(c, GARM_MS(50)));
    if (arg != NULL) {
        return put(c, "a", arg);
    }
    garm_cache_remove(c, cache, "a");
    return 0;
}

static int removed_meanwhile(garm_ctx *c)
{
    static char newer[] = "newer";
    garm_tasks *const tasks = garm_tasks_new(c);
    GARM_TRY(garm_tasks_go(tasks, child, NULL));
    GARM_TRY(garm_tasks_go(tasks, remover, NULL));
    GARM_TRY(garm_tasks_wait(tasks));
    ck_assert_str_eq(get(c, "a"), "-");
    fills = 0;
    GARM_TRY(garm_tasks_go(tasks, child, NULL));
    GARM_TRY(garm_tasks_go(tasks, remover, newer));
    GARM_TRY(garm_tasks_wait(tasks));
    ck_assert_str_eq(get(c, "a"), "newer");
    return 0;
}

START_TEST(what_is_removed_meanwhile_is_not_kept)
{
    ck_assert_int_eq(run(removed_meanwhile), 200);
}
END_TEST

static int fill_from_within(garm_ctx *c, void *arg, const void **ret_data, size_t *ret_size)
{
    const int rc = garm_cache_fill(c, cache, "a", fill_from_within, arg, ret_data, ret_size);
    ck_assert_int_eq(rc, -EDEADLK);
    *ret_data = "";
    *ret_size = 0;
    return 0;
}

static int recurse(garm_ctx *c)
{
    const void *data = NULL;
    size_t size = 1;
    return garm_cache_fill(c, cache, "a", fill_from_within, NULL, &data, &size);
}

START_TEST(a_filler_cannot_wait_for_itself)
{
    ck_assert_int_eq(run(recurse), 200);
}
END_TEST

static int fill_large(garm_ctx *c, void *arg, const void **ret_data, size_t *ret_size)
{
    static char large[100000];
    (void)c;
    (void)arg;
    *ret_data = large;
    *ret_size = sizeof(large);
    return 0;
}

static int ask_for_large(garm_ctx *c)
{
    const void *data = NULL;
    size_t size = 0;
    GARM_TRY(garm_cache_fill(c, cache, "a", fill_large, NULL, &data, &size));
    ck_assert_uint_eq(size, 100000);
    ck_assert_str_eq(get(c, "a"), "-");
    return 0;
}

START_TEST(what_is_too_large_is_given_and_not_kept)
{
    ck_assert_int_eq(run(ask_for_large), 200);
}
END_TEST

static int try_all(garm_ctx *c)
{
    (void)put(c, "b", "1");
    (void)ask(c, NULL, NULL);
    (void)get(c, "b");
    return garm_text(c, 200, "done");
}

static int try_work(garm_ctx *c)
{
    return try_all(c) < 0 ? 0 : garm_reply_reset(c);
}

START_TEST(a_failing_allocation_leaves_it_sound)
{
    for (unsigned nth = 1; nth < 30; nth++) {
        garm_test_fail_alloc(test, nth);
        (void)run(try_work);
        garm_test_fail_alloc(test, 0);
        garm_test_advance(test, GARM_SEC(11));
    }
    fills = 0;
    ck_assert_int_eq(run(ten_at_once), 200);
}
END_TEST

static void no_entries(garm_app *app)
{
    (void)garm_cache_new(app, .entries_max = -1);
}

static void no_bytes(garm_app *app)
{
    (void)garm_cache_new(app, .bytes_max = 100);
}

static void no_time(garm_app *app)
{
    (void)garm_cache_new(app, .ttl_ms = -2);
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {no_entries, ".entries_max is below 1"},
    {no_bytes, ".bytes_max is below 1024"},
    {no_time, ".ttl_ms is below 1"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_cache.c:") != NULL, "%s", line);
}
END_TEST

Suite *suite_cache(void)
{
    Suite *const suite = suite_create("state/cache");
    TCase *const tc = tcase_create("cache");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, what_is_put_is_there_until_it_is_removed);
    tcase_add_test(tc, the_least_recently_used_goes_first);
    tcase_add_test(tc, time_ends_them);
    tcase_add_test(tc, one_fills_for_all);
    tcase_add_test(tc, an_error_is_for_all_who_wait);
    tcase_add_loop_test(tc, a_positive_result_is_for_all_who_wait_and_not_kept, 0, 2);
    tcase_add_test(tc, who_gives_up_leaves_it_to_the_next);
    tcase_add_test(tc, what_is_removed_meanwhile_is_not_kept);
    tcase_add_test(tc, a_filler_cannot_wait_for_itself);
    tcase_add_test(tc, what_is_too_large_is_given_and_not_kept);
    tcase_add_test(tc, a_failing_allocation_leaves_it_sound);
    tcase_add_loop_test(tc, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, tc);
    return suite;
}
