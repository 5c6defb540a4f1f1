/* The router: which route a request gets, with which parameters, and what is said when there is
 * none. */
#include "app/router.h"
#include "base/sys.h"
#include "base/text.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

Suite *suite_router(void);

/* A router over `patterns`; a route's data is its pattern's text. */
static struct router *build(const char *const *patterns, size_t count)
{
    struct router *router = NULL;
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_int_eq(router_new(&router), 0);
    for (size_t i = 0; i < count; i++) {
        const int rc =
            router_add(router, patterns[i], "test.c:1", (void *)(uintptr_t)patterns[i], &error);
        ck_assert_msg(rc == 0, "%s", buf_cstr(&error));
    }
    ck_assert_uint_eq(router_count(router), count);
    buf_deinit(&error);
    return router;
}

static struct router_match match(const struct router *router, const char *method, const char *host,
                                 const char *path)
{
    struct router_match ret;
    const struct slice name = slice_cstr(method);
    router_match(router, method_lookup(name), name, slice_cstr(host), slice_cstr(path),
                 strchr(path, '%') == NULL, &ret);
    return ret;
}

/* What the match says, as text: the pattern, or the status. */
static const char *outcome(const struct router_match *found, char out[TEXT_INT_MAX + 1])
{
    if (found->data != NULL) {
        ck_assert_uint_eq(found->status, 0);
        return found->data;
    }
    ck_assert_uint_eq(found->param_count, 0);
    out[text_from_u64(found->status, out)] = '\0';
    return out;
}

static void check_match(const struct router *router, const char *method, const char *host,
                        const char *path, const char *expected)
{
    char text[TEXT_INT_MAX + 1];
    const struct router_match found = match(router, method, host, path);
    ck_assert_msg(strcmp(outcome(&found, text), expected) == 0, "%s %s%s: %s, not %s", method, host,
                  path, outcome(&found, text), expected);
}

static const char *const table[] = {
    "/item/",
    "POST /item/{user}",
    "GET /item/{user}",
    "/item/{user}/{id}",
    "/item/{user}/new",
    "/item/{$}",
    "GET alt.com/item/{user}",
    "GET /headwins",
    "HEAD /headwins",
    "/path/{p...}",
    "GET /users/{id:int}",
    "GET /users/{name}",
    "GET /users/7",
    "GET /users/me",
    "DELETE /users/{id:int}",
    "SLUDGE /sludge",
    "GET /caf\xc3\xa9",
    "GET /a%2Fb",
    "GET /a/b",
    "GET /deep/x/{y}/z",
    "GET /deep/{x}/y/q",
    "TRACE /trace",
};

static const struct {
    const char *method;
    const char *host;
    const char *path;
    const char *expected;
} cases[] = {
    /* Precedence of paths. */
    {"GET", "", "/item/jba", "GET /item/{user}"},
    {"POST", "", "/item/jba", "POST /item/{user}"},
    {"PUT", "", "/item/jba", "/item/"},
    {"HEAD", "", "/item/jba", "GET /item/{user}"},
    {"GET", "", "/item/jba/17", "/item/{user}/{id}"},
    {"GET", "", "/item/jba/new", "/item/{user}/new"},
    {"GET", "", "/item/", "/item/{$}"},
    {"GET", "", "/item/jba/17/line2", "/item/"},
    {"GET", "", "/item/jba/", "/item/"},
    {"GET", "", "/item//", "/item/"},
    {"GET", "", "/item", "404"},
    {"GET", "", "/", "404"},
    {"GET", "", "/itemx", "404"},
    {"GET", "", "/path", "404"},
    {"GET", "", "/path/", "/path/{p...}"},
    {"GET", "", "/path/to/file", "/path/{p...}"},
    {"GET", "", "/path//file/", "/path/{p...}"},
    /* A dead end of literals is left for a parameter. */
    {"GET", "", "/deep/x/y/q", "GET /deep/{x}/y/q"},
    {"GET", "", "/deep/x/y/z", "GET /deep/x/{y}/z"},
    {"GET", "", "/deep/x/y/n", "404"},
    /* Hosts. */
    {"GET", "alt.com", "/item/jba", "GET alt.com/item/{user}"},
    {"GET", "ALT.com:8080", "/item/jba", "GET alt.com/item/{user}"},
    {"HEAD", "alt.com", "/item/jba", "GET alt.com/item/{user}"},
    {"POST", "alt.com", "/item/jba", "POST /item/{user}"},
    {"GET", "alt.com", "/item/jba/17", "/item/{user}/{id}"},
    {"GET", "www.alt.com", "/item/jba", "GET /item/{user}"},
    /* Methods. */
    {"GET", "", "/headwins", "GET /headwins"},
    {"HEAD", "", "/headwins", "HEAD /headwins"},
    {"POST", "", "/headwins", "405"},
    {"OPTIONS", "", "/headwins", "405"},
    {"get", "", "/headwins", "501"},
    {"SLUDGE", "", "/sludge", "SLUDGE /sludge"},
    {"SLUDGE", "", "/headwins", "405"},
    {"SLUDGE", "", "/nowhere", "404"},
    {"SLUDGE", "", "/item/x", "/item/"},
    {"MUDGE", "", "/sludge", "501"},
    {"MUDGE", "", "/nowhere", "501"},
    {"MUDGE", "", "/item/x", "/item/"},
    {"GET", "", "/sludge", "405"},
    {"TRACE", "", "/item/x", "405"},
    {"CONNECT", "", "/item/x", "405"},
    {"TRACE", "", "/trace", "TRACE /trace"},
    {"TRACE", "", "/nowhere", "404"},
    {"PROPFIND", "", "/item/x", "/item/"},
    {"PROPFIND", "", "/headwins", "405"},
    /* Types. */
    {"GET", "", "/users/7", "GET /users/7"},
    {"GET", "", "/users/8", "GET /users/{id:int}"},
    {"GET", "", "/users/-8", "GET /users/{id:int}"},
    {"GET", "", "/users/007", "GET /users/{id:int}"},
    {"GET", "", "/users/9223372036854775807", "GET /users/{id:int}"},
    {"GET", "", "/users/9223372036854775808", "GET /users/{name}"},
    {"GET", "", "/users/+8", "GET /users/{name}"},
    {"GET", "", "/users/8x", "GET /users/{name}"},
    {"GET", "", "/users/-", "GET /users/{name}"},
    {"GET", "", "/users/me", "GET /users/me"},
    {"GET", "", "/users/", "404"},
    {"DELETE", "", "/users/8", "DELETE /users/{id:int}"},
    {"DELETE", "", "/users/7", "DELETE /users/{id:int}"},
    {"DELETE", "", "/users/x", "405"},
    /* Escapes. */
    {"GET", "", "/%75sers/me", "GET /users/me"},
    {"GET", "", "/users/%37", "GET /users/7"},
    {"GET", "", "/users/%38", "GET /users/{id:int}"},
    {"GET", "", "/users/m%65%65", "GET /users/{name}"},
    {"GET", "", "/caf%C3%A9", "GET /caf\xc3\xa9"},
    {"GET", "", "/caf%c3%a9", "GET /caf\xc3\xa9"},
    {"GET", "", "/a%2Fb", "GET /a%2Fb"},
    {"GET", "", "/a%2fb", "GET /a%2Fb"},
    {"GET", "", "/a/b", "GET /a/b"},
    {"GET", "", "/users%2Fme", "404"},
    {"GET", "", "/users/a%2Fb", "GET /users/{name}"},
    {"GET", "", "/users/a%252Fb", "GET /users/{name}"},
};

START_TEST(router_finds_the_most_specific_route)
{
    struct router *const router = build(table, COUNT_OF(table));
    check_match(router, cases[_i].method, cases[_i].host, cases[_i].path, cases[_i].expected);
    router_free(router);
}
END_TEST

START_TEST(router_finds_the_same_in_any_order_of_adding)
{
    const char *reversed[COUNT_OF(table)];
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        reversed[i] = table[COUNT_OF(table) - 1 - i];
    }
    struct router *const router = build(reversed, COUNT_OF(reversed));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_match(router, cases[i].method, cases[i].host, cases[i].path, cases[i].expected);
    }
    router_free(router);
}
END_TEST

static void check_param(const struct router_match *found, size_t i, enum param_type type,
                        const char *name, const char *raw, int64_t value)
{
    ck_assert_uint_lt(i, found->param_count);
    const struct router_param *const param = &found->params[i];
    ck_assert_int_eq(param->type, type);
    ck_assert_str_eq(param->name, name);
    ck_assert(slice_eq(param->raw, slice_cstr(raw)));
    ck_assert_int_eq(param->value, value);
}

START_TEST(router_gives_parameters_raw_and_in_order)
{
    static const char *const patterns[] = {"/{a}/x/{b:int}/{c...}", "/{z}/{y}/one/{x}",
                                           "s.com/s/{rest...}", "t.com/t/"};
    struct router *const router = build(patterns, COUNT_OF(patterns));
    struct router_match found = match(router, "GET", "", "/p%2fq/x/%2d12/r/s%20/");
    ck_assert_uint_eq(found.param_count, 3);
    check_param(&found, 0, PARAM_STRING, "a", "p%2fq", 0);
    check_param(&found, 1, PARAM_INT, "b", "%2d12", -12);
    check_param(&found, 2, PARAM_REST, "c", "r/s%20/", 0);
    /* A branch that failed leaves nothing behind. */
    found = match(router, "GET", "", "/p/x/one/w");
    ck_assert_str_eq(found.data, patterns[1]);
    ck_assert_uint_eq(found.param_count, 3);
    check_param(&found, 0, PARAM_STRING, "z", "p", 0);
    check_param(&found, 1, PARAM_STRING, "y", "x", 0);
    check_param(&found, 2, PARAM_STRING, "x", "w", 0);
    found = match(router, "GET", "s.com", "/s/");
    ck_assert_uint_eq(found.param_count, 1);
    check_param(&found, 0, PARAM_REST, "rest", "", 0);
    ck_assert_uint_eq(match(router, "GET", "t.com", "/t/u/v").param_count, 0);
    router_free(router);
}
END_TEST

START_TEST(router_prefix_match_respects_segments)
{
    static const char *const patterns[] = {"/static/"};
    struct router *const router = build(patterns, COUNT_OF(patterns));
    check_match(router, "GET", "", "/static/x", "/static/");
    check_match(router, "GET", "", "/static-secret", "404");
    check_match(router, "GET", "", "/static-secret/x", "404");
    check_match(router, "GET", "", "/static%2Fx", "404");
    router_free(router);
}
END_TEST

START_TEST(router_without_routes_is_404_or_501)
{
    struct router *const router = build(NULL, 0);
    check_match(router, "GET", "h", "/", "404");
    check_match(router, "SLUDGE", "h", "/", "501");
    char out[64];
    ck_assert_uint_eq(router_allow(router, SLICE("h"), SLICE("/"), true, out, sizeof(out)), 0);
    router_free(router);
}
END_TEST

static const struct {
    const char *host;
    const char *path;
    const char *allow;
} allows[] = {
    {"", "/headwins", "GET, HEAD, OPTIONS"},
    {"", "/users/8", "DELETE, GET, HEAD, OPTIONS"},
    {"", "/users/7", "DELETE, GET, HEAD, OPTIONS"},
    {"", "/users/%37", "DELETE, GET, HEAD, OPTIONS"},
    {"", "/users/x", "GET, HEAD, OPTIONS"},
    {"", "/sludge", "OPTIONS, SLUDGE"},
    {"", "/trace", "OPTIONS, TRACE"},
    {"", "/item/x", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"},
    {"", "/nowhere", ""},
};

START_TEST(router_allow_lists_every_method_of_the_path)
{
    struct router *const router = build(table, COUNT_OF(table));
    char out[256];
    const struct slice path = slice_cstr(allows[_i].path);
    const size_t len = router_allow(router, slice_cstr(allows[_i].host), path,
                                    slice_find(path, '%') == path.len, out, sizeof(out));
    ck_assert_str_eq(out, allows[_i].allow);
    ck_assert_uint_eq(len, strlen(out));
    router_free(router);
}
END_TEST

START_TEST(router_allow_joins_hosts_and_general_patterns)
{
    static const char *const patterns[] = {"GET a.com/x",  "PUT /x",         "SLUDGE /{y}",
                                           "POST /{z...}", "SLUDGE /{z...}", "PATCH b.com/x"};
    struct router *const router = build(patterns, COUNT_OF(patterns));
    char out[256];
    router_allow(router, SLICE("A.com:1"), SLICE("/x"), true, out, sizeof(out));
    ck_assert_str_eq(out, "GET, HEAD, OPTIONS, POST, PUT, SLUDGE");
    router_allow(router, SLICE("c.com"), SLICE("/x"), true, out, sizeof(out));
    ck_assert_str_eq(out, "OPTIONS, POST, PUT, SLUDGE");
    check_match(router, "PATCH", "a.com", "/x", "405");
    router_free(router);
}
END_TEST

START_TEST(router_allow_is_cut_at_whole_methods)
{
    static const char *const patterns[] = {"GET /x", "POST /x"};
    struct router *const router = build(patterns, COUNT_OF(patterns));
    const char *const whole = "GET, HEAD, OPTIONS, POST";
    for (size_t cap = 1; cap <= strlen(whole) + 1; cap++) {
        char *const out = malloc(cap);
        const size_t len = router_allow(router, SLICE(""), SLICE("/x"), true, out, cap);
        ck_assert_uint_eq(len, strlen(out));
        ck_assert_int_eq(strncmp(out, whole, len), 0);
        ck_assert(whole[len] == '\0' || whole[len] == ',' || len == 0);
        free(out);
    }
    router_free(router);
}
END_TEST

static const struct {
    const char *first;
    const char *second;
    const char *error;
} conflicts[] = {
    {"GET /a", "GET /a",
     "b.c:2: pattern \"GET /a\": it is the same as \"GET /a\" at a.c:1: both match \"GET /a\""},
    {"GET /{x}", "GET /{y}",
     "b.c:2: pattern \"GET /{y}\": it is the same as \"GET /{x}\" at a.c:1: both match \"GET /y\""},
    {"/a/{y}", "GET /{x}/b",
     "b.c:2: pattern \"GET /{x}/b\": it conflicts with \"/a/{y}\" at a.c:1: both match \"GET "
     "/a/b\", and "
     "neither is more specific than the other"},
    {"/a", "GET /",
     "b.c:2: pattern \"GET /\": it conflicts with \"/a\" at a.c:1: both match \"GET /a\", and "
     "neither is "
     "more specific than the other"},
    {"H.com/a", "h.com/%61",
     "b.c:2: pattern \"h.com/%61\": it is the same as \"H.com/a\" at a.c:1: both match \"GET "
     "h.com/a\""},
    {"/{x:int}/a%20b", "/7/{y}",
     "b.c:2: pattern \"/7/{y}\": it conflicts with \"/{x:int}/a%20b\" at a.c:1: both match \"GET "
     "/7/a%20b\", and neither is more specific than the other"},
};

START_TEST(router_refuses_a_conflict_and_names_both_places)
{
    struct router *router = NULL;
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_int_eq(router_new(&router), 0);
    ck_assert_int_eq(router_add(router, conflicts[_i].first, "a.c:1", router, &error), 0);
    ck_assert_int_eq(router_add(router, conflicts[_i].second, "b.c:2", router, &error), -EEXIST);
    ck_assert_str_eq(buf_cstr(&error), conflicts[_i].error);
    ck_assert_uint_eq(router_count(router), 1);
    buf_deinit(&error);
    router_free(router);
}
END_TEST

START_TEST(router_lets_patterns_of_different_hosts_be)
{
    static const char *const patterns[] = {"a.com/{x}", "GET b.com/x", "GET /{x}", "/x/y"};
    struct router *const router = build(patterns, COUNT_OF(patterns));
    check_match(router, "GET", "a.com", "/x", "a.com/{x}");
    check_match(router, "GET", "b.com", "/x", "GET b.com/x");
    check_match(router, "GET", "b.com", "/y", "GET /{x}");
    check_match(router, "POST", "a.com", "/x/y", "/x/y");
    router_free(router);
}
END_TEST

START_TEST(router_finds_each_of_many_literals)
{
    struct router *router = NULL;
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_int_eq(router_new(&router), 0);
    static char names[500][32];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(names[i], sizeof(names[i]), "/%zu/x%zx", i * 7919 % 1000, i * i);
        ck_assert_int_eq(router_add(router, names[i], "a.c:1", names[i], &error), 0);
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        check_match(router, "GET", "", names[i], names[i]);
    }
    check_match(router, "GET", "", "/1000/x0", "404");
    buf_deinit(&error);
    router_free(router);
}
END_TEST

START_TEST(router_work_is_bounded_by_its_tree)
{
    /* 2^15 ways to go wrong, if the search did not share its nodes' prefixes. */
    struct router *router = NULL;
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_int_eq(router_new(&router), 0);
    for (int i = 0; i < 15; i++) {
        char pattern[256] = "";
        for (int k = 0; k < 15; k++) {
            char segment[16];
            snprintf(segment, sizeof(segment), k <= i ? "/a" : "/{p%d}", k);
            strcat(pattern, segment);
        }
        strcat(pattern, "/end");
        ck_assert_int_eq(router_add(router, pattern, "a.c:1", router, &error), 0);
    }
    const int64_t start = sys_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        check_match(router, "GET", "", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/miss", "404");
    }
    ck_assert_int_lt(sys_monotonic_ns() - start, INT64_C(2000000000));
    buf_deinit(&error);
    router_free(router);
}
END_TEST

/* Fails the allocation whose turn it is. */
static int fail_nth(void *arg, enum sys_kind kind, const char *name)
{
    (void)name;
    int *const left = arg;
    return kind == SYS_MEMORY && (*left)-- == 0 ? -ENOMEM : 0;
}

START_TEST(router_survives_every_failed_allocation)
{
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_int_eq(buf_reserve(&error, 2000), 0);
    int failures = 0;
    bool done = false;
    for (int nth = 0; !done; nth++) {
        struct router *router = NULL;
        int left = nth;
        sys_set_fault(fail_nth, &left);
        int rc = router_new(&router);
        for (size_t i = 0; i < COUNT_OF(table) && rc == 0; i++) {
            rc = router_add(router, table[i], "a.c:1", router, &error);
        }
        sys_set_fault(NULL, NULL);
        ck_assert(rc == 0 || rc == -ENOMEM);
        done = rc == 0;
        failures += rc != 0;
        router_free(router);
    }
    ck_assert_int_gt(failures, 2);
    buf_deinit(&error);
}
END_TEST

Suite *suite_router(void)
{
    Suite *const suite = suite_create("router");
    TCase *const tests = tcase_create("router");
    tcase_add_loop_test(tests, router_finds_the_most_specific_route, 0, (int)COUNT_OF(cases));
    tcase_add_test(tests, router_finds_the_same_in_any_order_of_adding);
    tcase_add_test(tests, router_gives_parameters_raw_and_in_order);
    tcase_add_test(tests, router_prefix_match_respects_segments);
    tcase_add_test(tests, router_without_routes_is_404_or_501);
    tcase_add_loop_test(tests, router_allow_lists_every_method_of_the_path, 0,
                        (int)COUNT_OF(allows));
    tcase_add_test(tests, router_allow_joins_hosts_and_general_patterns);
    tcase_add_test(tests, router_allow_is_cut_at_whole_methods);
    tcase_add_loop_test(tests, router_refuses_a_conflict_and_names_both_places, 0,
                        (int)COUNT_OF(conflicts));
    tcase_add_test(tests, router_lets_patterns_of_different_hosts_be);
    tcase_add_test(tests, router_finds_each_of_many_literals);
    tcase_add_test(tests, router_work_is_bounded_by_its_tree);
    tcase_add_test(tests, router_survives_every_failed_allocation);
    suite_add_tcase(suite, tests);
    return suite;
}
