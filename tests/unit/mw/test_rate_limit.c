/* Rate limits: what is granted, to whom, and what the answers say; the table under threads, and
 * with more keys than it holds. */
#include "refusal.h"

#include "mw/rate_table.h"

#include <check.h>
#include <garm/garm.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_rate_limit(void);

static int hello(garm_ctx *c)
{
    return garm_text(c, 200, "hello\n");
}

static const char *tenant(garm_ctx *c)
{
    return garm_query(c, "tenant");
}

static int name_user(garm_ctx *c)
{
    GARM_TRY(garm_set_user(c, garm_query(c, "user")));
    return garm_next(c);
}

static void setup(garm_app *app)
{
    garm_app *const ip = garm_group(app, "/ip");
    garm_rate_limit(ip, .per_second = 2, .burst = 5);
    garm_route(ip, "GET /{$}", hello);
    garm_app *const slow = garm_group(app, "/slow");
    garm_rate_limit(slow, .per_second = 1.0 / 60, .name = "slow");
    garm_route(slow, "GET /{$}", hello);
    garm_app *const header = garm_group(app, "/header");
    garm_rate_limit(header, .per_second = 1, .by = GARM_BY_HEADER, .header = "X-Api-Key");
    garm_route(header, "GET /{$}", hello);
    garm_app *const user = garm_group(app, "/user");
    garm_use(user, name_user);
    garm_rate_limit(user, .per_second = 1, .by = GARM_BY_USER);
    garm_route(user, "GET /{$}", hello);
    garm_app *const own = garm_group(app, "/own");
    garm_rate_limit(own, .per_second = 1, .key = tenant);
    garm_route(own, "GET /{$}", hello);
    garm_app *const two = garm_group(app, "/two");
    garm_rate_limit(two, .per_second = 10, .name = "outer");
    garm_rate_limit(two, .per_second = 1, .name = "inner");
    garm_route(two, "GET /{$}", hello);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;

static void begin(void)
{
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
}

static int ask_as(const char *target, const char *header)
{
    return garm_test_do(test, "GET", target, .headers = {header})->status;
}

static int ask_from(const char *target, const char *address)
{
    return garm_test_do(test, "GET", target, .ip = address)->status;
}

static int ask(const char *target)
{
    return ask_from(target, "192.0.2.1");
}

START_TEST(a_burst_is_granted_and_then_what_comes_in)
{
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(ask("/ip/"), 200);
    }
    ck_assert_int_eq(ask("/ip/"), 429);
    garm_test_advance(test, GARM_MS(400));
    ck_assert_int_eq(ask("/ip/"), 429);
    garm_test_advance(test, GARM_MS(200));
    ck_assert_int_eq(ask("/ip/"), 200);
    ck_assert_int_eq(ask("/ip/"), 429);
    garm_test_advance(test, GARM_SEC(3600));
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(ask("/ip/"), 200);
    }
    ck_assert_int_eq(ask("/ip/"), 429);
}
END_TEST

START_TEST(answers_say_what_is_left_and_refusals_when_to_come_back)
{
    ck_assert_int_eq(ask("/ip/"), 200);
    ck_assert_str_eq(garm_test_header(test, "RateLimit-Policy"), "\"default\";q=5;w=3");
    ck_assert_str_eq(garm_test_header(test, "RateLimit"), "\"default\";r=4;t=1");
    ck_assert_str_eq(garm_test_header(test, "Retry-After"), "");
    ck_assert_int_eq(ask("/slow/"), 200);
    ck_assert_int_eq(ask("/slow/"), 429);
    ck_assert_str_eq(garm_test_header(test, "RateLimit-Policy"), "\"slow\";q=1;w=60");
    ck_assert_str_eq(garm_test_header(test, "RateLimit"), "\"slow\";r=0;t=60");
    ck_assert_str_eq(garm_test_header(test, "Retry-After"), "60");
    garm_test_advance(test, GARM_SEC(60));
    ck_assert_int_eq(ask("/slow/"), 200);
}
END_TEST

START_TEST(who_keeps_asking_is_served_at_the_rate)
{
    int granted = 0;
    for (int i = 0; i < 1000; i++) {
        granted += ask("/ip/") == 200 ? 1 : 0;
        garm_test_advance(test, GARM_MS(50));
    }
    ck_assert_int_ge(granted, 5 + 99);
    ck_assert_int_le(granted, 5 + 101);
}
END_TEST

START_TEST(an_ipv6_network_is_one_client_and_an_ipv4_address_is_one_in_any_form)
{
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(ask_from("/ip/", "2001:db8:1:2::1"), 200);
    }
    ck_assert_int_eq(ask_from("/ip/", "2001:db8:1:2:ffff::9"), 429);
    ck_assert_int_eq(ask_from("/ip/", "2001:db8:1:3::1"), 200);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(ask_from("/ip/", "::ffff:203.0.113.5"), 200);
    }
    ck_assert_int_eq(ask_from("/ip/", "203.0.113.5"), 429);
    ck_assert_int_eq(ask_from("/ip/", "203.0.113.6"), 200);
}
END_TEST

START_TEST(each_key_user_and_name_has_a_bucket_of_its_own)
{
    ck_assert_int_eq(ask_as("/header/", "X-Api-Key: a"), 200);
    ck_assert_int_eq(ask_as("/header/", "X-Api-Key: a"), 429);
    ck_assert_int_eq(ask_as("/header/", "X-Api-Key: b"), 200);
    ck_assert_int_eq(ask("/header/"), 200);
    ck_assert_int_eq(ask("/header/"), 429);
    ck_assert_int_eq(ask_as("/header/", "X-Api-Key: 192.0.2.1"), 200);
    ck_assert_int_eq(ask("/user/?user=ada"), 200);
    ck_assert_int_eq(ask("/user/?user=ada"), 429);
    ck_assert_int_eq(ask("/user/?user=bob"), 200);
    ck_assert_int_eq(ask("/own/?tenant=x"), 200);
    ck_assert_int_eq(ask("/own/?tenant=x"), 429);
    ck_assert_int_eq(ask("/own/"), 200);
    ck_assert_int_eq(ask("/own/"), 200);
    ck_assert_str_eq(garm_test_header(test, "RateLimit"), "");
}
END_TEST

START_TEST(two_limits_say_both)
{
    const garm_response *const res = garm_test_do(test, "GET", "/two/");
    ck_assert_int_eq(res->status, 200);
    ck_assert_ptr_nonnull(strstr(res->head, "RateLimit: \"outer\";r=9;t=1\r\n"));
    ck_assert_ptr_nonnull(strstr(res->head, "RateLimit: \"inner\";r=0;t=1\r\n"));
    ck_assert_int_eq(ask("/two/"), 429);
}
END_TEST

/* The table. */

static struct rate_table table;

static void make_table(size_t keys_max, int64_t token_ns, int64_t tokens)
{
    const size_t count = rate_set_count(keys_max);
    struct rate_set *const sets = calloc(count, sizeof(*sets));
    ck_assert_ptr_nonnull(sets);
    rate_table_init(&table, sets, count, token_ns, token_ns * tokens);
}

static void drop_table(void)
{
    free(table.sets);
    rate_table_deinit(&table);
}

static uint64_t hash_of(uint64_t number)
{
    return rate_hash(&table, &number, sizeof(number));
}

START_TEST(the_hash_is_siphash)
{
    /* The first vectors of the reference: key 00 01 ... 0f, input 00 01 ... */
    static const struct {
        size_t size;
        uint64_t hash;
    } cases[] = {{0, UINT64_C(0x726fdb47dd0e0e31)},
                 {1, UINT64_C(0x74f839c593dc67fd)},
                 {8, UINT64_C(0x93f5f5799a932462)},
                 {15, UINT64_C(0xa129ca6149be45e5)}};
    unsigned char bytes[16];
    for (unsigned char i = 0; i < 16; i++) {
        bytes[i] = table.seed[i] = i;
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_uint_eq(rate_hash(&table, bytes, cases[i].size), cases[i].hash);
    }
}
END_TEST

#define MILLION 1000000

START_TEST(a_million_clients_stay_within_the_bound_and_keep_their_limits)
{
    make_table(MILLION, GARM_SEC(1), 3);
    ck_assert_uint_le(table.set_count * sizeof(struct rate_set), 32 * MILLION + 1024);
    unsigned granted = 0;
    for (int round = 0; round < 5; round++) {
        for (uint64_t i = 0; i < MILLION; i++) {
            granted += rate_take(&table, hash_of(i), GARM_SEC(1)).granted ? 1 : 0;
        }
    }
    ck_assert_uint_ge(granted, 3 * MILLION);
    ck_assert_uint_le(granted, 3 * MILLION + 3 * MILLION / 100);
    drop_table();
}
END_TEST

START_TEST(ten_times_as_many_clients_as_it_holds_push_out_the_idlest)
{
    make_table(10000, GARM_SEC(1), 1000);
    const uint64_t busy = hash_of(UINT64_MAX);
    for (int i = 0; i < 1000; i++) {
        ck_assert(rate_take(&table, busy, GARM_SEC(1)).granted);
    }
    for (uint64_t i = 0; i < 100000; i++) {
        ck_assert(rate_take(&table, hash_of(i), GARM_SEC(1)).granted);
    }
    ck_assert(!rate_take(&table, busy, GARM_SEC(1)).granted);
    drop_table();
}
END_TEST

#define THREADS 4
#define TAKES   200000
#define KEYS    50

static _Atomic unsigned granted_to[KEYS];

static void *take_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < TAKES; i++) {
        const unsigned key = (unsigned)i % KEYS;
        if (rate_take(&table, hash_of(key), GARM_SEC(1) + i * INT64_C(50000)).granted) {
            atomic_fetch_add(&granted_to[key], 1);
        }
    }
    return NULL;
}

/* 10 s of four workers' time: 1000 at once, and 100 a second. */
START_TEST(four_threads_together_grant_what_one_may)
{
    pthread_t threads[THREADS];
    make_table(1000, GARM_MS(10), 1000);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_many, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < KEYS; i++) {
        ck_assert_uint_ge(atomic_load(&granted_to[i]), 1980);
        ck_assert_uint_le(atomic_load(&granted_to[i]), 2020);
    }
    drop_table();
}
END_TEST

/* Set-ups that cannot be. */

#define REFUSED(name, ...)                                                                         \
    static void name(garm_app *app)                                                                \
    {                                                                                              \
        garm_rate_limit(app, __VA_ARGS__);                                                         \
    }
REFUSED(no_rate, .burst = 5)
REFUSED(negative_rate, .per_second = -1)
REFUSED(huge_rate, .per_second = 1e9)
REFUSED(no_number, .per_second = NAN)
REFUSED(negative_burst, .per_second = 1, .burst = -1)
REFUSED(endless_burst, .per_second = 0.00001, .burst = 1000000)
REFUSED(no_header, .per_second = 1, .by = GARM_BY_HEADER)
REFUSED(bad_header, .per_second = 1, .by = GARM_BY_HEADER, .header = "a b")
REFUSED(stray_header, .per_second = 1, .header = "X-Api-Key")
REFUSED(two_keys, .per_second = 1, .by = GARM_BY_USER, .key = tenant)
REFUSED(no_kind, .per_second = 1, .by = (enum garm_rate_limit_by)9)
REFUSED(no_keys, .per_second = 1, .keys_max = 1)
REFUSED(bad_name, .per_second = 1, .name = "a\"b")

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} refused[] = {
    {no_rate, ".per_second"},   {negative_rate, ".per_second"},
    {huge_rate, ".per_second"}, {no_number, ".per_second"},
    {negative_burst, ".burst"}, {endless_burst, ".burst"},
    {no_header, ".header"},     {bad_header, ".header"},
    {stray_header, ".header"},  {two_keys, ".key and .by"},
    {no_kind, ".by"},           {no_keys, ".keys_max"},
    {bad_name, ".name"},
};

START_TEST(what_cannot_be_stops_the_start)
{
    const char *const line = refusal_of(refused[_i].setup);
    ck_assert_ptr_nonnull(strstr(line, "test_rate_limit.c:"));
    ck_assert_msg(strstr(line, refused[_i].says) != NULL, "%s", line);
}
END_TEST

Suite *suite_rate_limit(void)
{
    Suite *const suite = suite_create("mw/rate_limit");
    TCase *const tc = tcase_create("requests");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_burst_is_granted_and_then_what_comes_in);
    tcase_add_test(tc, answers_say_what_is_left_and_refusals_when_to_come_back);
    tcase_add_test(tc, who_keeps_asking_is_served_at_the_rate);
    tcase_add_test(tc, an_ipv6_network_is_one_client_and_an_ipv4_address_is_one_in_any_form);
    tcase_add_test(tc, each_key_user_and_name_has_a_bucket_of_its_own);
    tcase_add_test(tc, two_limits_say_both);
    suite_add_tcase(suite, tc);
    TCase *const tables = tcase_create("table");
    tcase_set_timeout(tables, 60);
    tcase_add_test(tables, the_hash_is_siphash);
    tcase_add_test(tables, a_million_clients_stay_within_the_bound_and_keep_their_limits);
    tcase_add_test(tables, ten_times_as_many_clients_as_it_holds_push_out_the_idlest);
    tcase_add_test(tables, four_threads_together_grant_what_one_may);
    suite_add_tcase(suite, tables);
    TCase *const refusals = tcase_create("refusals");
    tcase_add_loop_test(refusals, what_cannot_be_stops_the_start, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    suite_add_tcase(suite, refusals);
    return suite;
}
