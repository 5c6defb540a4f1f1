/* Cookies: attributes, prefixes, bounds; signed and sealed ones, and all ways to forge one. */
#include "jar.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Suite *suite_cookie(void);

#define SECRET "0123456789abcdef0123456789abcdef"

static garm_keys *keys, *others, *open_keys;
static int last_rc;

/* ?name=&value=&age= */
static int set_signed(garm_ctx *c)
{
    int64_t age_s = 0;
    GARM_TRY(garm_query_int(c, "age", -1, INT64_MAX, 0, &age_s));
    last_rc = garm_set_signed_cookie(c, keys, garm_query(c, "name"), garm_query(c, "value"),
                                     .max_age_s = age_s);
    return garm_text(c, 200, "set");
}

static int set_sealed(garm_ctx *c)
{
    int64_t age_s = 0;
    GARM_TRY(garm_query_int(c, "age", -1, INT64_MAX, 0, &age_s));
    last_rc = garm_set_sealed_cookie(c, keys, garm_query(c, "name"), garm_query(c, "value"),
                                     .max_age_s = age_s);
    return garm_text(c, 200, "set");
}

static int get_signed(garm_ctx *c)
{
    int64_t age_s = 0;
    GARM_TRY(garm_query_int(c, "age", 0, INT64_MAX, 0, &age_s));
    return garm_text(c, 200, "<%s>", garm_signed_cookie(c, keys, garm_query(c, "name"), age_s));
}

static int get_sealed(garm_ctx *c)
{
    return garm_text(c, 200, "<%s>", garm_sealed_cookie(c, keys, garm_query(c, "name"), 0));
}

static int get_with_other_keys(garm_ctx *c)
{
    return garm_text(c, 200, "<%s%s>", garm_sealed_cookie(c, others, "a", 0),
                     garm_signed_cookie(c, others, "a", 0));
}

static int set_in_other_ways(garm_ctx *c)
{
    GARM_TRY(garm_set_signed_cookie(c, keys, "a", "1", .path = "/x"));
    GARM_TRY(garm_set_signed_cookie(c, keys, "b", "1", .domain = "example.com"));
    GARM_TRY(garm_set_signed_cookie(c, open_keys, "c", "1"));
    GARM_TRY(garm_set_signed_cookie(c, keys, "d", "1", .same_site = GARM_SAME_SITE_NONE,
                                    .partitioned = true, .script_readable = true));
    return garm_text(c, 200, "%s", garm_signed_cookie(c, open_keys, "c", 0));
}

static int set_plain(garm_ctx *c)
{
    static char large[5000];
    GARM_TRY(garm_set_cookie(c, "a", "1", .max_age_s = INT64_MAX));
    GARM_TRY(garm_set_cookie(c, "b", "1", .same_site = GARM_SAME_SITE_UNSET));
    GARM_TRY(garm_set_cookie(c, "__Host-c", "1", .secure = true));
    GARM_TRY(garm_set_cookie(c, "__Secure-d", "1", .secure = true, .domain = "example.com"));
    memset(large, 'x', sizeof(large) - 1);
    const int refused[] = {
        garm_set_cookie(c, "__Host-c", "1"),
        garm_set_cookie(c, "__host-c", "1", .secure = true, .domain = "example.com"),
        garm_set_cookie(c, "__Host-c", "1", .secure = true, .path = "/x"),
        garm_set_cookie(c, "__secure-c", "1"),
        garm_set_cookie(c, "c", "1", .partitioned = true),
        garm_set_cookie(c, "c", "1", .same_site = (enum garm_same_site)4),
        garm_set_cookie(c, "c", large),
        garm_set_cookie(c, "c", large + 4999 - 4063),
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert_msg(refused[i] == -EINVAL, "%zu was not refused", i);
    }
    ck_assert_int_eq(garm_set_cookie(c, "c", large + 4999 - 4062), 0);
    return garm_text(c, 200, "set");
}

static void setup(garm_app *app)
{
    keys = garm_keys_new(app, .secrets = {SECRET});
    others = garm_keys_new(app, .secrets = {SECRET "x"});
    open_keys = garm_keys_new(app, .secrets = {SECRET}, .insecure = true);
    garm_route(app, "GET /signed/set", set_signed);
    garm_route(app, "GET /sealed/set", set_sealed);
    garm_route(app, "GET /signed", get_signed);
    garm_route(app, "GET /sealed", get_sealed);
    garm_route(app, "GET /other-keys", get_with_other_keys);
    garm_route(app, "GET /other-ways", set_in_other_ways);
    garm_route(app, "GET /plain", set_plain);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;
static struct jar jar;

static void begin(void)
{
    test = garm_test_new(&entry, NULL);
    jar = (struct jar){.pair = ""};
}

static void end(void)
{
    garm_test_free(test);
}

static const char *const kinds[] = {"signed", "sealed"};

/* The answer of /KIND?name=NAME for the jar. */
static const char *value_of(const char *kind, const char *name)
{
    char target[64];
    snprintf(target, sizeof(target), "/%s?name=%s", kind, name);
    return jar_body(test, &jar, target);
}

static void set(const char *kind, const char *query)
{
    char target[8192];
    snprintf(target, sizeof(target), "/%s/set?%s", kind, query);
    jar_body(test, &jar, target);
}

START_TEST(a_marked_cookie_comes_back)
{
    set(kinds[_i], "name=a&value=one%20%22two%22;%20%c3%a4");
    ck_assert_int_eq(strncmp(jar.pair, "__Host-a=", 9), 0);
    ck_assert_ptr_null(strstr(jar.pair, "two"));
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<one \"two\"; \xc3\xa4>");
    set(kinds[_i], "name=a&value=");
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<>");
}
END_TEST

START_TEST(its_attributes_are_the_safe_ones)
{
    set(kinds[_i], "name=a&value=1&age=60");
    const char *const line = garm_test_header(test, "Set-Cookie");
    ck_assert_str_eq(strchr(line, ';'), "; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax");
}
END_TEST

START_TEST(no_flipped_bit_and_no_cut_passes)
{
    set(kinds[_i], "name=a&value=admin");
    const struct jar good = jar;
    const size_t len = strlen(jar.pair);
    for (size_t at = 9; at < len; at++) {
        for (int bit = 0; bit < 7; bit++) {
            const char byte = (char)(good.pair[at] ^ (1 << bit));
            if (byte <= ' ' || byte == 0x7f || strchr("\",;\\", byte) != NULL) {
                continue;
            }
            jar = good;
            jar.pair[at] = byte;
            ck_assert_msg(strcmp(value_of(kinds[_i], "a"), "<>") == 0, "byte %zu", at);
        }
        jar = good;
        jar.pair[at] = '\0';
        ck_assert_msg(strcmp(value_of(kinds[_i], "a"), "<>") == 0, "cut at %zu", at);
    }
    jar = good;
    strcat(jar.pair, "A");
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<>");
    jar = good;
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<admin>");
}
END_TEST

START_TEST(a_cookie_is_good_under_its_own_name_only)
{
    set(kinds[_i], "name=a&value=1");
    jar.pair[7] = 'b';
    ck_assert_str_eq(value_of(kinds[_i], "b"), "<>");
    jar.pair[7] = 'a';
    ck_assert_str_eq(value_of(kinds[1 - _i], "a"), "<>"); /* nor as the other kind */
    char bare[JAR_SIZE + 16];
    snprintf(bare, sizeof(bare), "__Secure-%s", jar.pair + 7);
    snprintf(jar.pair, sizeof(jar.pair), "%.4000s", bare);
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<>");
    snprintf(jar.pair, sizeof(jar.pair), "%.4000s", bare + 9);
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<>");
}
END_TEST

START_TEST(other_keys_read_nothing)
{
    set(kinds[_i], "name=a&value=1");
    ck_assert_str_eq(jar_body(test, &jar, "/other-keys"), "<>");
}
END_TEST

START_TEST(garbage_reads_as_absent)
{
    static const char *const garbage[] = {"",
                                          "=",
                                          "AAAA",
                                          "a",
                                          "....",
                                          "%00",
                                          "AQ",
                                          "Ag",
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                          "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        snprintf(jar.pair, sizeof(jar.pair), "__Host-a=%s", garbage[i]);
        ck_assert_str_eq(value_of(kinds[_i], "a"), "<>");
    }
    memset(jar.pair + 9, 'A', 6000);
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<>");
}
END_TEST

START_TEST(a_planted_cookie_before_it_hides_nothing)
{
    set(kinds[_i], "name=a&value=1");
    struct jar both;
    snprintf(both.pair, sizeof(both.pair), "__Host-a=evil; %.4000s", jar.pair);
    jar = both;
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<1>");
}
END_TEST

START_TEST(the_server_itself_ends_its_life)
{
    set(kinds[_i], "name=a&value=1&age=60");
    garm_test_advance(test, GARM_SEC(59));
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<1>");
    garm_test_advance(test, GARM_SEC(3));
    ck_assert_str_eq(value_of(kinds[_i], "a"), "<>");
}
END_TEST

START_TEST(a_reader_may_want_it_younger)
{
    set("signed", "name=a&value=1");
    garm_test_advance(test, GARM_SEC(100));
    ck_assert_str_eq(jar_body(test, &jar, "/signed?name=a&age=90"), "<>");
    ck_assert_str_eq(jar_body(test, &jar, "/signed?name=a&age=110"), "<1>");
    ck_assert_str_eq(jar_body(test, &jar, "/signed?name=a"), "<1>");
}
END_TEST

START_TEST(a_cookie_can_be_deleted)
{
    set(kinds[_i], "name=a&value=1");
    set(kinds[_i], "name=a&value=ignored&age=-1");
    ck_assert_str_eq(garm_test_header(test, "Set-Cookie"),
                     "__Host-a=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax");
    ck_assert_str_eq(jar.pair, "");
}
END_TEST

START_TEST(one_that_is_too_large_is_refused)
{
    char query[6100] = "name=a&value=";
    memset(query + 13, 'x', 3500);
    set(kinds[_i], query);
    ck_assert_int_eq(last_rc, -EINVAL);
    memset(query + 13, 'x', 6000);
    set(kinds[_i], query);
    ck_assert_int_eq(last_rc, -EINVAL);
    ck_assert_str_eq(jar.pair, "");
}
END_TEST

START_TEST(the_prefix_follows_the_options)
{
    const garm_response *const res = garm_test_do(test, "GET", "/other-ways");
    ck_assert_int_eq(res->status, 200);
    ck_assert_ptr_nonnull(strstr(res->head, "Set-Cookie: __Secure-a="));
    ck_assert_ptr_nonnull(strstr(res->head, "; Path=/x; Secure; HttpOnly; SameSite=Lax\r\n"));
    ck_assert_ptr_nonnull(strstr(res->head, "Set-Cookie: __Secure-b="));
    ck_assert_ptr_nonnull(strstr(res->head, "Set-Cookie: c="));
    ck_assert_ptr_nonnull(strstr(res->head, "; Path=/; HttpOnly; SameSite=Lax\r\n"));
    ck_assert_ptr_nonnull(strstr(res->head, "; Path=/; Secure; SameSite=None; Partitioned\r\n"));
}
END_TEST

START_TEST(plain_cookies_have_bounds_and_prefixes_too)
{
    const garm_response *const res = garm_test_do(test, "GET", "/plain");
    ck_assert_int_eq(res->status, 200);
    ck_assert_ptr_nonnull(
        strstr(res->head, "a=1; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax\r\n"));
    ck_assert_ptr_nonnull(strstr(res->head, "b=1; Path=/; HttpOnly\r\n"));
    ck_assert_ptr_nonnull(
        strstr(res->head, "__Host-c=1; Path=/; Secure; HttpOnly; SameSite=Lax\r\n"));
    ck_assert_ptr_nonnull(strstr(res->head, "__Secure-d=1; Path=/; Domain=example.com; Secure;"));
}
END_TEST

/* Whatever allocation fails, the answer is right or 503. */
START_TEST(a_failing_allocation_forges_nothing)
{
    for (unsigned nth = 1; nth <= 40; nth++) {
        jar.pair[0] = '\0';
        set(kinds[_i], "name=a&value=1");
        char target[64];
        snprintf(target, sizeof(target), "/%s?name=a", kinds[_i]);
        garm_test_fail_alloc(test, nth);
        const garm_response *const res = jar_get(test, &jar, target);
        garm_test_fail_alloc(test, 0);
        ck_assert_msg(res->status == 503 || res->status == 0 || strcmp(res->body, "<1>") == 0,
                      "%u: %d %s", nth, res->status, res->body);
        snprintf(target, sizeof(target), "/%s/set?name=a&value=2", kinds[_i]);
        garm_test_fail_alloc(test, nth);
        last_rc = -1;
        const bool done = jar_get(test, &jar, target)->status == 200 && last_rc == 0;
        garm_test_fail_alloc(test, 0);
        ck_assert_str_eq(value_of(kinds[_i], "a"), done ? "<2>" : "<1>");
    }
}
END_TEST

Suite *suite_cookie(void)
{
    Suite *const suite = suite_create("state/cookie");
    TCase *const tc = tcase_create("cookie");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, a_marked_cookie_comes_back, 0, 2);
    tcase_add_loop_test(tc, its_attributes_are_the_safe_ones, 0, 2);
    tcase_add_loop_test(tc, no_flipped_bit_and_no_cut_passes, 0, 2);
    tcase_add_loop_test(tc, a_cookie_is_good_under_its_own_name_only, 0, 2);
    tcase_add_loop_test(tc, other_keys_read_nothing, 0, 2);
    tcase_add_loop_test(tc, garbage_reads_as_absent, 0, 2);
    tcase_add_loop_test(tc, a_planted_cookie_before_it_hides_nothing, 0, 2);
    tcase_add_loop_test(tc, the_server_itself_ends_its_life, 0, 2);
    tcase_add_test(tc, a_reader_may_want_it_younger);
    tcase_add_loop_test(tc, a_cookie_can_be_deleted, 0, 2);
    tcase_add_loop_test(tc, one_that_is_too_large_is_refused, 0, 2);
    tcase_add_test(tc, the_prefix_follows_the_options);
    tcase_add_test(tc, plain_cookies_have_bounds_and_prefixes_too);
    tcase_add_loop_test(tc, a_failing_allocation_forges_nothing, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}
