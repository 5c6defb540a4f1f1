/* Sessions as they are set up: keys that rotate between two runs, and options that cannot be. */
#include "app/session.h"
#include "jar.h"
#include "unit/mw/refusal.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Suite *suite_session_setup(void);

#define SECRET "0123456789abcdef0123456789abcdef"

/* Rotation. */

static int set(garm_ctx *c)
{
    GARM_TRY(garm_session_set(c, "a", "one"));
    return garm_text(c, 200, "set");
}

static int get(garm_ctx *c)
{
    return garm_text(c, 200, "<%s>", garm_session_get(c, "a"));
}

static int add(garm_ctx *c)
{
    GARM_TRY(garm_session_set(c, garm_query(c, "name"), "two"));
    return garm_text(c, 200, "%s", garm_session_get(c, "a"));
}

static int renew(garm_ctx *c)
{
    GARM_TRY(garm_session_renew(c));
    return garm_text(c, 200, "renewed");
}

static int end_it(garm_ctx *c)
{
    GARM_TRY(garm_session_end(c));
    return garm_text(c, 200, "ended");
}

static const char *secrets[2];
static garm_session_store shared_store;

/* A store that outlives the server. */
#define SLOTS 8
static struct slot {
    char key[64]; /* "": free */
    char data[1024];
    size_t size;
    uint64_t version;
} slots[SLOTS];

/* What another request does at a bad moment. */
static enum { NOTHING, MOVES_BEFORE_LOAD, MOVES_BEFORE_SAVE, ENDS_BEFORE_SAVE } other;
static char missed[64]; /* the last key that was not there */

static struct slot *slot_of(const char *key)
{
    size_t i = 0;
    while (i < SLOTS && strcmp(slots[i].key, key) != 0) {
        i++;
    }
    return i < SLOTS ? &slots[i] : NULL;
}

/* Not those that only say where a session went. */
static int count_kept(void)
{
    int count = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        count += slots[i].key[0] != '\0' &&
                 session_read_gone(slice_of(slots[i].data, slots[i].size)) == NULL;
    }
    return count;
}

static int load_kept(garm_ctx *c, void *arg, const char *key, const void **ret_data,
                     size_t *ret_size, uint64_t *ret_version)
{
    (void)arg;
    struct slot *slot = slot_of(key);
    if (slot != NULL && other == MOVES_BEFORE_LOAD) {
        other = NOTHING;
        snprintf(slot->key, sizeof(slot->key), "%s", missed);
        slot = NULL;
    }
    if (slot == NULL) {
        snprintf(missed, sizeof(missed), "%s", key);
        return -ENOENT;
    }
    char *const copy = garm_alloc(c, slot->size);
    memcpy(copy, slot->data, slot->size);
    *ret_data = copy;
    *ret_size = slot->size;
    *ret_version = slot->version;
    return 0;
}

/* The only session there is goes to the key that we are about to save under, or goes. */
static void intervene(const char *key)
{
    for (size_t i = 0; i < SLOTS && other != NOTHING; i++) {
        if (slots[i].key[0] != '\0') {
            snprintf(slots[i].key, sizeof(slots[i].key), "%s",
                     other == MOVES_BEFORE_SAVE ? key : "");
            slots[i].version = 7;
            other = NOTHING;
        }
    }
}

static int save_kept(garm_ctx *c, void *arg, const char *key, const void *data, size_t size,
                     uint64_t version, int64_t ttl_s)
{
    (void)c;
    (void)arg;
    ck_assert(ttl_s > 0 && ttl_s <= 1800);
    intervene(key);
    struct slot *const old = slot_of(key);
    if (old == NULL && version != 0) {
        return -ENOENT;
    }
    if (old != NULL && old->version != version) {
        return -EEXIST;
    }
    struct slot *const slot = old != NULL ? old : slot_of("");
    ck_assert_ptr_nonnull(slot);
    snprintf(slot->key, sizeof(slot->key), "%s", key);
    memcpy(slot->data, data, size);
    slot->size = size;
    slot->version = version + 1;
    return 0;
}

static int forget_kept(garm_ctx *c, void *arg, const char *key)
{
    (void)c;
    (void)arg;
    struct slot *const slot = slot_of(key);
    if (slot != NULL) {
        slot->key[0] = '\0';
    }
    return 0;
}

static bool persistent;

static void setup_rotated(garm_app *app)
{
    shared_store =
        (garm_session_store){sizeof(shared_store), NULL, load_kept, save_kept, forget_kept};
    garm_keys *const keys = garm_keys_new(app, .secrets = {secrets[0], secrets[1]});
    garm_sessions(app, .keys = keys, .store = &shared_store, .cookie = "sid",
                  .persistent = persistent);
    garm_route(app, "GET /set", set);
    garm_route(app, "GET /add", add);
    garm_route(app, "GET /renew", renew);
    garm_route(app, "GET /end", end_it);
    garm_route(app, "GET /get", get);
}

static const garm_app_entry entry_rotated = GARM_ENTRY(setup_rotated);

static garm_test *test;
static struct jar jar;

static void restart(const char *newest, const char *oldest)
{
    garm_test_free(test);
    secrets[0] = newest;
    secrets[1] = oldest;
    test = garm_test_new(&entry_rotated, NULL);
}

START_TEST(a_session_survives_the_rotation_of_keys)
{
    persistent = true;
    restart(SECRET "1", NULL);
    jar_body(test, &jar, "/set");
    ck_assert_ptr_nonnull(strstr(garm_test_header(test, "Set-Cookie"), "; Max-Age=1800"));
    restart(SECRET "2", SECRET "1");
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<one>"); /* and goes over to the new key */
    restart(SECRET "2", NULL);
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<one>");
    restart(SECRET "3", NULL);
    ck_assert_str_eq(jar_body(test, &jar, "/get"), "<>");
    garm_test_free(test);
}
END_TEST

/* A session of a former secret, which still holds. */
static void rotate(void)
{
    restart(SECRET "1", NULL);
    jar_body(test, &jar, "/set");
    restart(SECRET "2", SECRET "1");
}

static void expect(const char *target, const char *text)
{
    ck_assert_str_eq(jar_body(test, &jar, target), text);
}

START_TEST(a_rotation_changes_no_cookie)
{
    rotate();
    const struct jar before = jar;
    for (int i = 0; i < 6; i++) {
        expect("/get", "<one>");
        ck_assert_str_eq(garm_test_header(test, "Set-Cookie"), "");
        ck_assert_int_eq(count_kept(), 1);
    }
    expect("/add?name=b", "one");
    ck_assert_str_eq(jar.pair, before.pair);
    restart(SECRET "2", NULL);
    expect("/get", "<one>");
    garm_test_free(test);
}
END_TEST

START_TEST(requests_that_move_a_session_at_once_lose_nothing)
{
    rotate();
    other = _i == 0 ? MOVES_BEFORE_LOAD : MOVES_BEFORE_SAVE;
    expect("/add?name=b", "one");
    ck_assert_int_eq(other, NOTHING);
    ck_assert_str_eq(garm_test_header(test, "Set-Cookie"), "");
    ck_assert_int_eq(count_kept(), 1);
    restart(SECRET "2", NULL);
    expect("/get", "<one>");
    expect("/add?name=a", "two");
    garm_test_free(test);
}
END_TEST

START_TEST(a_rotation_brings_no_ended_session_back)
{
    rotate();
    other = ENDS_BEFORE_SAVE;
    expect("/get", "<one>"); /* it was there when it was asked for */
    ck_assert_int_eq(other, NOTHING);
    ck_assert_int_eq(count_kept(), 0);
    expect("/get", "<>");
    garm_test_free(test);
}
END_TEST

START_TEST(a_renewal_brings_no_ended_session_back)
{
    restart(SECRET "1", NULL);
    jar_body(test, &jar, "/set");
    const struct jar before = jar;
    if (_i == 1) {
        restart(SECRET "2", SECRET "1");
    }
    other = ENDS_BEFORE_SAVE;
    expect("/renew", "renewed");
    ck_assert_int_eq(other, NOTHING);
    ck_assert_str_eq(jar.pair, before.pair);
    ck_assert_int_eq(count_kept(), 0);
    expect("/get", "<>");
    garm_test_free(test);
}
END_TEST

START_TEST(a_rotated_session_can_be_renewed_and_ended)
{
    rotate();
    const struct jar before = jar;
    expect(_i == 0 ? "/renew" : "/end", _i == 0 ? "renewed" : "ended");
    ck_assert_str_ne(jar.pair, before.pair);
    ck_assert_int_eq(count_kept(), _i == 0 ? 1 : 0);
    expect("/get", _i == 0 ? "<one>" : "<>");
    jar = before;
    expect("/get", "<>");
    garm_test_free(test);
}
END_TEST

/* Options. */

static void cookie_and_store(garm_app *app)
{
    garm_sessions(app, .in_cookie = true, .store = garm_session_memory_new(app));
}
static void cookie_without_keys(garm_app *app)
{
    garm_sessions(app, .in_cookie = true);
}
static void store_without_keys(garm_app *app)
{
    garm_sessions(app, .store = garm_session_memory_new(app));
}
static void half_a_store(garm_app *app)
{
    const garm_session_store half = {.size = sizeof(half), .load = load_kept};
    garm_sessions(app, .store = &half, .keys = garm_keys_new(app, .secrets = {SECRET}));
}
static void negative_time(garm_app *app)
{
    garm_sessions(app, .idle_s = -2);
}
static void too_large(garm_app *app)
{
    garm_sessions(app, .bytes_max = GARM_MIB(2));
}
static void too_large_for_a_cookie(garm_app *app)
{
    garm_sessions(app, .in_cookie = true, .bytes_max = 4000,
                  .keys = garm_keys_new(app, .secrets = {SECRET}));
}
static void no_name(garm_app *app)
{
    garm_sessions(app, .cookie = "a b");
}
static void no_domain(garm_app *app)
{
    garm_sessions(app, .domain = "a;b");
}
static void none_and_insecure(garm_app *app)
{
    garm_sessions(app, .insecure = true, .same_site = GARM_SAME_SITE_NONE);
}
static void no_same_site(garm_app *app)
{
    garm_sessions(app, .same_site = (enum garm_same_site)9);
}
static void no_entries(garm_app *app)
{
    (void)garm_session_memory_new(app, .entries_max = -1);
}
static void no_bytes(garm_app *app)
{
    (void)garm_session_memory_new(app, .bytes_max = 10);
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {cookie_and_store, ".in_cookie and .store exclude each other"},
    {cookie_without_keys, ".keys are needed"},
    {store_without_keys, ".keys are needed"},
    {half_a_store, ".store lacks a function"},
    {negative_time, ".idle_s or .absolute_s is negative"},
    {too_large, ".bytes_max is below 0 or above 1 MiB"},
    {too_large_for_a_cookie, "bytes that fit a cookie"},
    {no_name, ".cookie is no token"},
    {no_domain, ".domain is no host name"},
    {none_and_insecure, "cannot be .insecure"},
    {no_same_site, "there is no such .same_site"},
    {no_entries, ".entries_max is below 1"},
    {no_bytes, ".bytes_max is below 4 KiB"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_session_setup.c:") != NULL, "%s", line);
}
END_TEST

Suite *suite_session_setup(void)
{
    Suite *const suite = suite_create("state/session_setup");
    TCase *const tc = tcase_create("setup");
    tcase_add_test(tc, a_session_survives_the_rotation_of_keys);
    tcase_add_test(tc, a_rotation_changes_no_cookie);
    tcase_add_loop_test(tc, requests_that_move_a_session_at_once_lose_nothing, 0, 2);
    tcase_add_test(tc, a_rotation_brings_no_ended_session_back);
    tcase_add_loop_test(tc, a_renewal_brings_no_ended_session_back, 0, 2);
    tcase_add_loop_test(tc, a_rotated_session_can_be_renewed_and_ended, 0, 2);
    tcase_add_loop_test(tc, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, tc);
    return suite;
}
