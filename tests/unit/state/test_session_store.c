/* The store in memory: versions, bounds, the order in which sessions go, time. */
#include "jar.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Suite *suite_session_store(void);

#define COUNT_MAX 4
#define TTL_S     100

static const garm_session_store *store;
static int64_t entries_max, bytes_max;
static int (*work)(garm_ctx *c);
static garm_test *test;

static int run_work(garm_ctx *c)
{
    const int rc = work(c);
    ck_assert_int_eq(rc, 0);
    return garm_text(c, 200, "done");
}

static void setup(garm_app *app)
{
    store = garm_session_memory_new(app, .entries_max = entries_max, .bytes_max = bytes_max);
    garm_route(app, "GET /", run_work);
}

static const garm_app_entry entry = GARM_ENTRY(setup);

static void start(int64_t entries, int64_t bytes)
{
    entries_max = entries;
    bytes_max = bytes;
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
    test = NULL;
}

static void run(int (*fn)(garm_ctx *c))
{
    work = fn;
    ck_assert_int_eq(garm_test_do(test, "GET", "/")->status, 200);
}

/* The key of a number: 43 characters. */
static const char *key_of(int number)
{
    static char key[64];
    snprintf(key, sizeof(key), "%043d", number);
    return key;
}

static int save(garm_ctx *c, int number, const char *text, uint64_t version)
{
    return store->save(c, store->arg, key_of(number), text, strlen(text), version, TTL_S);
}

/* The version, if the text is what is kept; 0 if nothing is. */
static uint64_t load(garm_ctx *c, int number, const char *text)
{
    const void *data = NULL;
    size_t size = 0;
    uint64_t version = 0;
    if (store->load(c, store->arg, key_of(number), &data, &size, &version) == -ENOENT) {
        return 0;
    }
    ck_assert_uint_eq(size, strlen(text));
    ck_assert_mem_eq(data, text, size);
    return version;
}

static int versions_work(garm_ctx *c)
{
    ck_assert_int_eq(save(c, 1, "a", 1), -ENOENT);
    ck_assert_int_eq(save(c, 1, "a", 0), 0);
    ck_assert_int_eq(save(c, 1, "b", 0), -EEXIST);
    const uint64_t version = load(c, 1, "a");
    ck_assert_int_eq(save(c, 1, "longer", version), 0);
    ck_assert_int_eq(save(c, 1, "c", version), -EEXIST);
    const uint64_t next = load(c, 1, "longer");
    ck_assert_uint_ne(next, version);
    ck_assert_int_eq(store->remove(c, store->arg, key_of(1)), 0);
    ck_assert_int_eq(store->remove(c, store->arg, key_of(1)), 0);
    ck_assert_int_eq(save(c, 1, "c", next), -ENOENT);
    ck_assert_uint_eq(load(c, 1, ""), 0);
    return 0;
}

START_TEST(a_save_knows_what_it_replaces)
{
    start(_i, 0);
    run(versions_work);
}
END_TEST

static int fill_work(garm_ctx *c)
{
    for (int i = 0; i < COUNT_MAX; i++) {
        ck_assert_int_eq(save(c, i, "x", 0), 0);
    }
    ck_assert_uint_ne(load(c, 0, "x"), 0);
    ck_assert_int_eq(save(c, COUNT_MAX, "x", 0), 0);
    ck_assert_uint_ne(load(c, 0, "x"), 0);
    ck_assert_uint_eq(load(c, 1, ""), 0);
    for (int i = 2; i <= COUNT_MAX; i++) {
        ck_assert_uint_ne(load(c, i, "x"), 0);
    }
    return 0;
}

START_TEST(the_least_recently_used_goes_first)
{
    start(COUNT_MAX, 0);
    run(fill_work);
}
END_TEST

#define MANY_MAX 16

static int flood_work(garm_ctx *c)
{
    for (int i = 0; i < MANY_MAX / 2; i++) {
        ck_assert_int_eq(save(c, i, "x", 0), 0);
        ck_assert_int_eq(save(c, i, "y", load(c, i, "x")), 0);
    }
    for (int i = 100; i < 200; i++) {
        ck_assert_int_eq(save(c, i, "z", 0), 0);
    }
    for (int i = 0; i < MANY_MAX / 2; i++) {
        ck_assert_uint_ne(load(c, i, "y"), 0);
    }
    ck_assert_uint_ne(load(c, 199, "z"), 0);
    ck_assert_uint_eq(load(c, 100, ""), 0);
    return 0;
}

START_TEST(those_nobody_came_back_with_go_before_the_others)
{
    start(MANY_MAX, 0);
    run(flood_work);
}
END_TEST

static int full_work(garm_ctx *c)
{
    for (int i = 0; i < MANY_MAX; i++) {
        ck_assert_int_eq(save(c, i, "x", 0), 0);
        ck_assert_uint_ne(load(c, i, "x"), 0);
    }
    ck_assert_int_eq(save(c, 100, "new", 0), 0);
    ck_assert_int_eq(save(c, 101, "new", 0), 0);
    ck_assert_uint_ne(load(c, 100, "new"), 0);
    ck_assert_uint_ne(load(c, 101, "new"), 0);
    return 0;
}

START_TEST(a_full_store_has_room_for_those_that_begin)
{
    start(MANY_MAX, 0);
    run(full_work);
}
END_TEST

static int bytes_work(garm_ctx *c)
{
    static char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    ck_assert_int_eq(save(c, 0, "small", 0), 0);
    ck_assert_int_eq(save(c, 1, text, 0), -EMSGSIZE);
    ck_assert_uint_ne(load(c, 0, "small"), 0);
    text[2500] = '\0';
    ck_assert_int_eq(save(c, 2, text, 0), 0);
    ck_assert_int_eq(save(c, 3, text, 0), 0);
    ck_assert_uint_eq(load(c, 2, ""), 0);
    ck_assert_uint_ne(load(c, 3, text), 0);
    text[3000] = '\0';
    ck_assert_int_eq(save(c, 3, text, load(c, 3, text)), 0);
    ck_assert_uint_ne(load(c, 3, text), 0);
    return 0;
}

START_TEST(bytes_are_bounded)
{
    start(0, GARM_KIB(4));
    run(bytes_work);
}
END_TEST

static int put_work(garm_ctx *c)
{
    for (int i = 0; i < 2000; i++) {
        ck_assert_int_eq(save(c, i, "x", load(c, i, "x")), 0);
    }
    return 0;
}

static int there_work(garm_ctx *c)
{
    for (int i = 0; i < 2000; i++) {
        ck_assert_uint_ne(load(c, i, "x"), 0);
    }
    return 0;
}

static int gone_work(garm_ctx *c)
{
    for (int i = 0; i < 2000; i++) {
        ck_assert_uint_eq(load(c, i, ""), 0);
        ck_assert_int_eq(save(c, i, "y", 1), -ENOENT);
    }
    return 0;
}

START_TEST(time_ends_them)
{
    start(100000, 0);
    run(put_work);
    garm_test_advance(test, GARM_SEC(TTL_S - 10));
    run(there_work);
    run(put_work); /* again */
    garm_test_advance(test, GARM_SEC(TTL_S - 10));
    run(there_work);
    garm_test_advance(test, GARM_SEC(11));
    run(gone_work);
}
END_TEST

Suite *suite_session_store(void)
{
    Suite *const suite = suite_create("state/session_store");
    TCase *const tc = tcase_create("memory");
    tcase_add_checked_fixture(tc, NULL, end);
    tcase_add_loop_test(tc, a_save_knows_what_it_replaces, 1, 2);
    tcase_add_test(tc, the_least_recently_used_goes_first);
    tcase_add_test(tc, those_nobody_came_back_with_go_before_the_others);
    tcase_add_test(tc, a_full_store_has_room_for_those_that_begin);
    tcase_add_test(tc, bytes_are_bounded);
    tcase_add_test(tc, time_ends_them);
    suite_add_tcase(suite, tc);
    return suite;
}
