/* Route patterns: what parses, what is refused and how, and which of two is the more specific
 * one. */
#include "app/pattern.h"

#include <check.h>
#include <errno.h>

Suite *suite_pattern(void);

static int parse(const char *text, struct arena *arena, struct pattern *ret_pattern,
                 struct buf *error)
{
    return pattern_parse(text, "file.c:12", arena, ret_pattern, error);
}

static const struct {
    const char *text;
    const char *method;
    const char *host;
    const char *segments; /* L:text, I:name, S:name, R:name, $ */
} good[] = {
    {"/", "", "", "R:"},
    {"/{$}", "", "", "$"},
    {"/a", "", "", "L:a"},
    {"/a/", "", "", "L:a R:"},
    {"/a//b", "", "", "L:a L: L:b"},
    {"GET /a/b", "GET", "", "L:a L:b"},
    {"GET  \t/a", "GET", "", "L:a"},
    {"M-SEARCH /a", "M-SEARCH", "", "L:a"},
    {"! /a", "!", "", "L:a"},
    {"example.com/", "", "example.com", "R:"},
    {"GET Example.COM/a", "GET", "example.com", "L:a"},
    {"POST [::1]/a", "POST", "[::1]", "L:a"},
    {"/{x}/{y}", "", "", "S:x S:y"},
    {"/{x:int}/{$}", "", "", "I:x $"},
    {"/{id_2:int}/{rest...}", "", "", "I:id_2 R:rest"},
    {"/a%20b/c%2Fd", "", "", "L:a b L:c/d"},
    {"/%7Bx%7D", "", "", "L:{x}"},
    {"/a:b@c;d=e,~!$&'()*+", "", "", "L:a:b@c;d=e,~!$&'()*+"},
    {"/...", "", "", "L:..."},
};

static void show_segments(const struct pattern *pattern, struct buf *out)
{
    for (size_t i = 0; i < pattern->segment_count; i++) {
        const struct segment *const segment = &pattern->segments[i];
        buf_printf(out, "%s%c", i == 0 ? "" : " ", "L$ISR"[segment->kind]);
        if (segment->kind != SEGMENT_SLASH) {
            buf_printf(out, ":%.*s", SLICE_ARG(segment->text));
        }
    }
}

START_TEST(pattern_parses_into_method_host_and_segments)
{
    struct arena arena;
    arena_init(&arena, NULL, 0, 1 << 20);
    struct buf text;
    buf_init(&text, 4096);
    struct pattern pattern;
    ck_assert_msg(parse(good[_i].text, &arena, &pattern, &text) == 0, "%s", buf_cstr(&text));
    ck_assert(slice_eq(pattern.method_text, slice_cstr(good[_i].method)));
    ck_assert_int_eq(pattern.method, method_lookup(pattern.method_text));
    ck_assert(slice_eq(pattern.host, slice_cstr(good[_i].host)));
    show_segments(&pattern, &text);
    ck_assert_str_eq(buf_cstr(&text), good[_i].segments);
    ck_assert_str_eq(pattern.text, good[_i].text);
    ck_assert_str_eq(pattern.where, "file.c:12");
    buf_deinit(&text);
    arena_clear(&arena);
}
END_TEST

static const struct {
    const char *text;
    const char *error;
} bad[] = {
    {"", "file.c:12: pattern \"\": it is empty; write \"/\" for every path"},
    {"GET users",
     "file.c:12: pattern \"GET users\": the path must begin with '/'; write \"GET /users\""},
    {"users", "file.c:12: pattern \"users\": the path must begin with '/'; write \"/users\""},
    {"GET", "file.c:12: pattern \"GET\": it has no path; write \"GET /\""},
    {"get /a", "file.c:12: pattern \"get /a\": methods are case-sensitive; write \"GET /a\""},
    {"GE(T /a",
     "file.c:12: pattern \"GE(T /a\": \"GE(T\" is no method: a method is one token of at "
     "most 64 bytes"},
    {" /a",
     "file.c:12: pattern \" /a\": \"\" is no method: a method is one token of at most 64 bytes"},
    {"/a b", "file.c:12: pattern \"/a b\": a blank or control byte in the path is written as an "
             "escape: %20"},
    {"/a\nb",
     "file.c:12: pattern \"/a\\x0ab\": a blank or control byte in the path is written as an "
     "escape: %0A"},
    {"/a?b",
     "file.c:12: pattern \"/a?b\": a route has no query; write '?' as %3F if it is part of the "
     "path"},
    {"/a{x}",
     "file.c:12: pattern \"/a{x}\": a parameter is a whole segment: \"/{name}/\"; a plain '{' "
     "is written %7B"},
    {"/{x",
     "file.c:12: pattern \"/{x\": a parameter is a whole segment: \"/{name}/\"; a plain '{' is "
     "written %7B"},
    {"/{}", "file.c:12: pattern \"/{}\": \"\" is no parameter name; it is letters, digits and '_'"},
    {"/{1a}",
     "file.c:12: pattern \"/{1a}\": \"1a\" is no parameter name; it is letters, digits and '_'"},
    {"/{...}",
     "file.c:12: pattern \"/{...}\": \"\" is no parameter name; it is letters, digits and '_'"},
    {"/{x...}/a",
     "file.c:12: pattern \"/{x...}/a\": {x...} takes the rest of the path, and nothing "
     "follows it"},
    {"/{x...}/", "file.c:12: pattern \"/{x...}/\": {x...} takes the rest of the path, and nothing "
                 "follows it"},
    {"/{$}/a",
     "file.c:12: pattern \"/{$}/a\": {$} stands for the path's end, and nothing follows it"},
    {"/{x}/{x}", "file.c:12: pattern \"/{x}/{x}\": the parameter \"x\" is there twice"},
    {"/{x:float}",
     "file.c:12: pattern \"/{x:float}\": unknown type in {x:float}; write {x:int}, {x} or "
     "{x...}"},
    {"/{x:int...}",
     "file.c:12: pattern \"/{x:int...}\": unknown type in {x:int...}; write {x:int}, {x} "
     "or {x...}"},
    {"/a%2", "file.c:12: pattern \"/a%2\": bad escape; a plain '%' is written %25"},
    {"/a%00", "file.c:12: pattern \"/a%00\": bad escape; a plain '%' is written %25"},
    {"/a/../b",
     "file.c:12: pattern \"/a/../b\": \"..\" never matches: dot segments are resolved before"},
    {"/%2e", "file.c:12: pattern \"/%2e\": \".\" never matches: dot segments are resolved before"},
    {"example.com:80/",
     "file.c:12: pattern \"example.com:80/\": a host is matched without its port; "
     "write \"example.com/\""},
    {"{host}/",
     "file.c:12: pattern \"{host}/\": a host has no parameters; write it without '{', or "
     "leave it out"},
    {"a,b#/x", "file.c:12: pattern \"a,b#/x\": \"a,b#\" is no host name"},
};

START_TEST(pattern_error_is_one_line_with_place_and_remedy)
{
    struct arena arena;
    arena_init(&arena, NULL, 0, 1 << 20);
    struct buf text;
    buf_init(&text, 4096);
    struct pattern pattern;
    ck_assert_int_eq(parse(bad[_i].text, &arena, &pattern, &text), -EINVAL);
    ck_assert_str_eq(buf_cstr(&text), bad[_i].error);
    buf_deinit(&text);
    arena_clear(&arena);
}
END_TEST

/* "/{p0}/{p1}..." with `count` segments. */
static const char *many_segments(struct buf *text, const char *format, int count)
{
    buf_clear(text);
    for (int i = 0; i < count; i++) {
        buf_append_byte(text, '/');
        buf_printf(text, format, i);
    }
    return buf_cstr(text);
}

START_TEST(pattern_has_bounds)
{
    struct arena arena;
    arena_init(&arena, NULL, 0, 1 << 20);
    struct buf error;
    buf_init(&error, 1 << 16);
    struct buf text;
    buf_init(&text, 1 << 16);
    struct pattern pattern;
    ck_assert_int_eq(
        parse(many_segments(&text, "{p%d}", PATTERN_PARAM_MAX), &arena, &pattern, &error), 0);
    ck_assert_int_eq(
        parse(many_segments(&text, "{p%d}", PATTERN_PARAM_MAX + 1), &arena, &pattern, &error),
        -EINVAL);
    ck_assert_int_eq(
        parse(many_segments(&text, "s%d", PATTERN_SEGMENT_MAX), &arena, &pattern, &error), 0);
    ck_assert_int_eq(
        parse(many_segments(&text, "s%d", PATTERN_SEGMENT_MAX + 1), &arena, &pattern, &error),
        -EINVAL);
    ck_assert_int_eq(parse(many_segments(&text, "%0255d", 1), &arena, &pattern, &error), 0);
    ck_assert_int_eq(parse(many_segments(&text, "%0256d", 1), &arena, &pattern, &error), -EINVAL);
    ck_assert_int_eq(parse(many_segments(&text, "%01000d", 1), &arena, &pattern, &error), -EINVAL);
    buf_deinit(&text);
    buf_deinit(&error);
    arena_clear(&arena);
}
END_TEST

START_TEST(pattern_reports_an_exhausted_arena)
{
    struct buf error;
    buf_init(&error, 4096);
    struct pattern pattern;
    char lent[512];
    int failures = 0;
    for (size_t size = 0; size < sizeof(lent); size += 16) {
        struct arena arena;
        arena_init(&arena, lent, size, 0);
        const int rc = parse("GET example.com/a/{b}", &arena, &pattern, &error);
        ck_assert(rc == 0 || rc == -ENOMEM);
        failures += rc != 0;
        arena_clear(&arena);
    }
    ck_assert_int_gt(failures, 3);
    ck_assert_uint_eq(error.len, 0);
    buf_deinit(&error);
}
END_TEST

/* Go's tables of precedence, and ours for types. `example` is a request that both match. */
static const struct {
    const char *a;
    const char *b;
    enum pattern_relation relation;
    const char *example;
} pairs[] = {
    /* Equal. */
    {"/a", "/a", PATTERN_EQUAL, "GET /a"},
    {"/a/", "/a/", PATTERN_EQUAL, "GET /a/"},
    {"/{x}", "/{y}", PATTERN_EQUAL, "GET /x"},
    {"/{x:int}", "/{y:int}", PATTERN_EQUAL, "GET /1"},
    {"/{x...}", "/", PATTERN_EQUAL, "GET /"},
    {"/a/{$}", "/a/{$}", PATTERN_EQUAL, "GET /a/"},
    {"/a%62", "/ab", PATTERN_EQUAL, "GET /ab"},
    {"SLUDGE /", "SLUDGE /", PATTERN_EQUAL, "SLUDGE /"},
    /* Literals and wildcards of one segment. */
    {"/a", "/b", PATTERN_DISJOINT, NULL},
    {"/a", "/a/", PATTERN_DISJOINT, NULL},
    {"/a", "/a/{$}", PATTERN_DISJOINT, NULL},
    {"/a", "/{x}", PATTERN_NARROWER, "GET /a"},
    {"/a", "/A", PATTERN_DISJOINT, NULL},
    {"/a/b", "/{x}/b", PATTERN_NARROWER, "GET /a/b"},
    {"/a/b", "/{x}/c", PATTERN_DISJOINT, NULL},
    {"/a/{y}", "/{x}/b", PATTERN_OVERLAP, "GET /a/b"},
    {"/{x}/b/{z}", "/a/{y}/{z}", PATTERN_OVERLAP, "GET /a/b/z"},
    {"/{x}", "/{x}/{y}", PATTERN_DISJOINT, NULL},
    {"/{x}/{$}", "/{x}/{y}", PATTERN_DISJOINT, NULL},
    {"/{x}/{$}", "/{x}/", PATTERN_NARROWER, "GET /x/"},
    {"/a//b", "/a/{x}/b", PATTERN_DISJOINT, NULL},
    {"/a//b", "/a/{x...}", PATTERN_NARROWER, "GET /a//b"},
    /* The rest of a path. */
    {"/a", "/", PATTERN_NARROWER, "GET /a"},
    {"/{$}", "/", PATTERN_NARROWER, "GET /"},
    {"/a/", "/", PATTERN_NARROWER, "GET /a/"},
    {"/a", "/a/{x...}", PATTERN_DISJOINT, NULL},
    {"/a/{$}", "/a/{x...}", PATTERN_NARROWER, "GET /a/"},
    {"/a/b", "/a/{x...}", PATTERN_NARROWER, "GET /a/b"},
    {"/a/b/c", "/a/{x...}", PATTERN_NARROWER, "GET /a/b/c"},
    {"/a/{x}", "/a/{x...}", PATTERN_NARROWER, "GET /a/x"},
    {"/a/{x}/", "/a/{x...}", PATTERN_NARROWER, "GET /a/x/"},
    {"/{x}/b", "/a/{x...}", PATTERN_OVERLAP, "GET /a/b"},
    {"/{x}/", "/a/{x...}", PATTERN_WIDER, "GET /a/"},
    {"/{x}/{y}/c", "/a/", PATTERN_OVERLAP, "GET /a/y/c"},
    {"/b/{x...}", "/a/{x...}", PATTERN_DISJOINT, NULL},
    /* Types. */
    {"/12", "/{x:int}", PATTERN_NARROWER, "GET /12"},
    {"/-12", "/{x:int}", PATTERN_NARROWER, "GET /-12"},
    {"/a", "/{x:int}", PATTERN_DISJOINT, NULL},
    {"/+1", "/{x:int}", PATTERN_DISJOINT, NULL},
    {"/9223372036854775808", "/{x:int}", PATTERN_DISJOINT, NULL},
    {"/{x:int}", "/{x}", PATTERN_NARROWER, "GET /1"},
    {"/{x:int}", "/{$}", PATTERN_DISJOINT, NULL},
    {"/{x:int}", "/", PATTERN_NARROWER, "GET /1"},
    {"/{x:int}/b", "/12/{y}", PATTERN_OVERLAP, "GET /12/b"},
    {"/{x:int}/{y}", "/{x}/{y:int}", PATTERN_OVERLAP, "GET /1/1"},
    {"/{x:int}/b", "/a/{y}", PATTERN_DISJOINT, NULL},
    /* Methods. */
    {"GET /a", "POST /a", PATTERN_DISJOINT, NULL},
    {"GET /a", "/a", PATTERN_NARROWER, "GET /a"},
    {"HEAD /a", "GET /a", PATTERN_NARROWER, "HEAD /a"},
    {"HEAD /a", "POST /a", PATTERN_DISJOINT, NULL},
    {"HEAD /a", "/a", PATTERN_NARROWER, "HEAD /a"},
    {"GET /a", "/", PATTERN_NARROWER, "GET /a"},
    {"GET /", "/a", PATTERN_OVERLAP, "GET /a"},
    {"GET /a", "HEAD /", PATTERN_OVERLAP, "HEAD /a"},
    {"GET /", "HEAD /a", PATTERN_WIDER, "HEAD /a"},
    {"SLUDGE /{x}", "/a", PATTERN_OVERLAP, "SLUDGE /a"},
    {"SLUDGE /a", "sludge /a", PATTERN_DISJOINT, NULL},
    {"TRACE /{x}", "/a", PATTERN_DISJOINT, NULL},
    {"CONNECT /", "/", PATTERN_DISJOINT, NULL},
};

static enum pattern_relation mirrored(enum pattern_relation relation)
{
    if (relation == PATTERN_NARROWER) {
        return PATTERN_WIDER;
    }
    return relation == PATTERN_WIDER ? PATTERN_NARROWER : relation;
}

START_TEST(pattern_relation_holds_in_both_directions)
{
    struct arena arena;
    arena_init(&arena, NULL, 0, 1 << 20);
    struct buf text;
    buf_init(&text, 4096);
    struct pattern a;
    struct pattern b;
    ck_assert_int_eq(parse(pairs[_i].a, &arena, &a, &text), 0);
    ck_assert_int_eq(parse(pairs[_i].b, &arena, &b, &text), 0);
    ck_assert_int_eq(pattern_relate(&a, &b), pairs[_i].relation);
    ck_assert_int_eq(pattern_relate(&b, &a), mirrored(pairs[_i].relation));
    if (pairs[_i].example != NULL) {
        pattern_example(&a, &b, &text);
        ck_assert_str_eq(buf_cstr(&text), pairs[_i].example);
    }
    buf_deinit(&text);
    arena_clear(&arena);
}
END_TEST

Suite *suite_pattern(void)
{
    Suite *const suite = suite_create("pattern");
    TCase *const tests = tcase_create("pattern");
    tcase_add_loop_test(tests, pattern_parses_into_method_host_and_segments, 0,
                        (int)COUNT_OF(good));
    tcase_add_loop_test(tests, pattern_error_is_one_line_with_place_and_remedy, 0,
                        (int)COUNT_OF(bad));
    tcase_add_test(tests, pattern_has_bounds);
    tcase_add_test(tests, pattern_reports_an_exhausted_arena);
    tcase_add_loop_test(tests, pattern_relation_holds_in_both_directions, 0, (int)COUNT_OF(pairs));
    suite_add_tcase(suite, tests);
    return suite;
}
