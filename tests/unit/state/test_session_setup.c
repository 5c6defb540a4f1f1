/* Sessions as they are set up: keys that rotate between two runs, and options that cannot be. */
#include "jar.h"

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

static const char *secrets[2];
static garm_session_store shared_store;
static char kept[4096];
static size_t kept_size;
static char kept_key[64];

/* A store that outlives the server. */
static int load_kept(garm_ctx *c, void *arg, const char *key, const void **ret_data,
                     size_t *ret_size, uint64_t *ret_version)
{
    (void)arg;
    if (strcmp(key, kept_key) != 0) {
        return -ENOENT;
    }
    char *const copy = garm_alloc(c, kept_size);
    memcpy(copy, kept, kept_size);
    *ret_data = copy;
    *ret_size = kept_size;
    *ret_version = 1;
    return 0;
}

static int save_kept(garm_ctx *c, void *arg, const char *key, const void *data, size_t size,
                     uint64_t version, int64_t ttl_s)
{
    (void)c;
    (void)arg;
    (void)version;
    ck_assert(ttl_s > 0 && ttl_s <= 1800);
    memcpy(kept, data, size);
    kept_size = size;
    snprintf(kept_key, sizeof(kept_key), "%s", key);
    return 0;
}

static int forget_kept(garm_ctx *c, void *arg, const char *key)
{
    (void)c;
    (void)arg;
    kept_key[0] = strcmp(key, kept_key) == 0 ? '\0' : kept_key[0];
    return 0;
}

static void setup_rotated(garm_app *app)
{
    shared_store =
        (garm_session_store){sizeof(shared_store), NULL, load_kept, save_kept, forget_kept};
    garm_keys *const keys = garm_keys_new(app, .secrets = {secrets[0], secrets[1]});
    garm_sessions(app, .keys = keys, .store = &shared_store, .cookie = "sid", .persistent = true);
    garm_route(app, "GET /set", set);
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
    tcase_add_loop_test(tc, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, tc);
    return suite;
}
