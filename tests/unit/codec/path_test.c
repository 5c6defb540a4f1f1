/* Segments and dot segments. */
#include "suites.h"
#include "codec/target.h"

#include <string.h>

static const struct {
    struct slice raw;
    struct slice resolved;
} paths[] = {
    {SLICE("/"), SLICE("/")},
    {SLICE("/a"), SLICE("/a")},
    {SLICE("/a/b"), SLICE("/a/b")},
    {SLICE("/a/b/"), SLICE("/a/b/")},
    {SLICE("//"), SLICE("//")},
    {SLICE("//a//b//"), SLICE("//a//b//")},
    {SLICE("/."), SLICE("/")},
    {SLICE("/./"), SLICE("/")},
    {SLICE("/.."), SLICE("/")},
    {SLICE("/../"), SLICE("/")},
    {SLICE("/../.."), SLICE("/")},
    {SLICE("/../../a"), SLICE("/a")},
    {SLICE("/a/."), SLICE("/a/")},
    {SLICE("/a/./b"), SLICE("/a/b")},
    {SLICE("/a/.."), SLICE("/")},
    {SLICE("/a/../"), SLICE("/")},
    {SLICE("/a/../b"), SLICE("/b")},
    {SLICE("/a/b/.."), SLICE("/a/")},
    {SLICE("/a/b/c/./../../g"), SLICE("/a/g")}, /* RFC 3986 section 5.2.4 */
    {SLICE("/a//../b"), SLICE("/a/b")},
    {SLICE("//../a"), SLICE("/a")},
    {SLICE("///.."), SLICE("//")},
    {SLICE("/..."), SLICE("/...")},
    {SLICE("/a/..b"), SLICE("/a/..b")},
    {SLICE("/a/b.."), SLICE("/a/b..")},
    {SLICE("/.a"), SLICE("/.a")},
    {SLICE("/%2e"), SLICE("/")},
    {SLICE("/%2E%2e/a"), SLICE("/a")},
    {SLICE("/a/.%2e/b"), SLICE("/b")},
    {SLICE("/a/%2e./b"), SLICE("/b")},
    {SLICE("/a/%2e%2e%2e/b"), SLICE("/a/%2e%2e%2e/b")},
    {SLICE("/a/..%2fb"), SLICE("/a/..%2fb")}, /* an escaped '/' ends no segment */
    {SLICE("/a/..%5cb"), SLICE("/a/..%5cb")},
    {SLICE("/a/..\\b"), SLICE("/a/..\\b")},
    {SLICE("/a/%252e%252e/b"), SLICE("/a/%252e%252e/b")},
    {SLICE("/a/%2"), SLICE("/a/%2")},
    {SLICE("/%41/b%20c"), SLICE("/%41/b%20c")},
    {SLICE(""), SLICE("")},
};

START_TEST(dot_segments_resolve)
{
    char out[64];
    const size_t len = path_resolve(paths[_i].raw, out);
    ck_assert_uint_le(len, paths[_i].raw.len);
    ck_assert_msg(slice_eq(slice_of(out, len), paths[_i].resolved), "%.*s became %.*s",
                  SLICE_ARG(paths[_i].raw), (int)len, out);
}
END_TEST

START_TEST(a_resolved_path_stays_as_it_is)
{
    char out[64];
    const size_t len = path_resolve(paths[_i].resolved, out);
    ck_assert(slice_eq(slice_of(out, len), paths[_i].resolved));
}
END_TEST

START_TEST(resolving_works_in_place)
{
    char text[64];
    memcpy(text, paths[_i].raw.ptr, paths[_i].raw.len);
    const size_t len = path_resolve(slice_of(text, paths[_i].raw.len), text);
    ck_assert(slice_eq(slice_of(text, len), paths[_i].resolved));
}
END_TEST

START_TEST(a_path_falls_into_its_segments)
{
    struct slice path = SLICE("/a//b/");
    struct slice segment;
    static const char *const want[] = {"a", "", "b", ""};
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        ck_assert(path_next(&path, &segment));
        ck_assert(slice_eq(segment, slice_cstr(want[i])));
    }
    ck_assert(!path_next(&path, &segment));
}
END_TEST

START_TEST(the_root_is_one_empty_segment)
{
    struct slice path = SLICE("/");
    struct slice segment;
    ck_assert(path_next(&path, &segment));
    ck_assert_uint_eq(segment.len, 0);
    ck_assert(!path_next(&path, &segment));
}
END_TEST

START_TEST(dots_are_counted_in_any_spelling)
{
    ck_assert_uint_eq(path_dots(SLICE(".")), 1);
    ck_assert_uint_eq(path_dots(SLICE("%2e")), 1);
    ck_assert_uint_eq(path_dots(SLICE("..")), 2);
    ck_assert_uint_eq(path_dots(SLICE("%2E.")), 2);
    ck_assert_uint_eq(path_dots(SLICE("")), 0);
    ck_assert_uint_eq(path_dots(SLICE("...")), 0);
    ck_assert_uint_eq(path_dots(SLICE("..a")), 0);
    ck_assert_uint_eq(path_dots(SLICE("%2f")), 0);
}
END_TEST

Suite *path_suite(void)
{
    Suite *const suite = suite_create("path");
    TCase *const tests = tcase_create("path");
    tcase_add_loop_test(tests, dot_segments_resolve, 0, (int)COUNT_OF(paths));
    tcase_add_loop_test(tests, a_resolved_path_stays_as_it_is, 0, (int)COUNT_OF(paths));
    tcase_add_loop_test(tests, resolving_works_in_place, 0, (int)COUNT_OF(paths));
    tcase_add_test(tests, a_path_falls_into_its_segments);
    tcase_add_test(tests, the_root_is_one_empty_segment);
    tcase_add_test(tests, dots_are_counted_in_any_spelling);
    suite_add_tcase(suite, tests);
    return suite;
}
