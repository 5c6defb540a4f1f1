/* Paths of files, as clients may choose them. */
#include "app/file_path.h"
#include "base/compiler.h"

#include <check.h>
#include <stdlib.h>

Suite *suite_file_path(void);

static const struct {
    const char *path;
    bool servable, with_dotfiles;
} cases[] = {
    {"", true, true},
    {"a", true, true},
    {"a/", true, true},
    {"a/b.txt", true, true},
    {"a..b", true, true},
    {"a/b..", true, true},
    {"%2e%2e", true, true},
    {"\xc0\xae\xc0\xae/x", true, true}, /* bytes of a name, and no dots to anybody */
    {" ", true, true},
    {"~", true, true},
    {"a:b", true, true},
    {"/", false, false},
    {"/a", false, false},
    {"a//b", false, false},
    {"a//", false, false},
    {".", false, false},
    {"..", false, false},
    {"./a", false, false},
    {"../a", false, false},
    {"a/./b", false, false},
    {"a/../b", false, false},
    {"a/..", false, false},
    {"a/../", false, false},
    {"a\\b", false, false},
    {"..\\a", false, false},
    {"a\nb", false, false},
    {"a\x7f", false, false},
    {"a\x01", false, false},
    {"a%2fb", false, false},
    {"a%2Fb", false, false},
    {"a%5cb", false, false},
    {"..%2f", false, false},
    {".env", false, true},
    {"...", false, true},
    {".git/config", false, true},
    {"a/.hidden", false, true},
    {"a/.hidden/b", false, true},
    {".well-known", true, true},
    {".well-known/a", true, true},
    {".well-known/.a", false, true},
    {".well-known2", false, true},
    {"a/.well-known/b", false, true},
};

START_TEST(only_what_stays_below_is_servable)
{
    const struct slice path = slice_cstr(cases[_i].path);
    ck_assert_msg(file_path_servable(path, false) == cases[_i].servable, "%s", cases[_i].path);
    ck_assert_msg(file_path_servable(path, true) == cases[_i].with_dotfiles, "%s", cases[_i].path);
}
END_TEST

static const struct {
    const char *path;
    bool hashed;
} names[] = {
    {"app.3f9a0c21.js", true},
    {"assets/index-BX2f9aQ1.css", true},
    {"main.8f3a1b2c9d0e.chunk.js", false}, /* the last part counts */
    {"chunk-5FQ2XWQV.js", true},
    {"a.0123456789abcdef0123456789abcdef.woff2", true},
    {"index_a-b2_c3d4e.js", true},
    {"3f9a0c21.js", false},
    {"app.3f9a0c2.js", false},
    {"report-20240131.pdf", false},
    {"jquery-3.7.1.min.js", false},
    {"bootstrap-grid.css", false},
    {"some-component.js", false},
    {"some-component1.js", false},
    {"app.3f9a0c21", false},
    {"app.3f9a0c21.d/x.js", false},
    {"-3f9a0c21.js", false},
    {"app-3f9a c21.js", false},
    {"", false},
};

START_TEST(a_hash_in_a_name_is_seen)
{
    ck_assert_msg(file_path_hashed(slice_cstr(names[_i].path)) == names[_i].hashed, "%s",
                  names[_i].path);
}
END_TEST

START_TEST(an_extension_is_behind_a_dot_that_is_not_the_first_byte)
{
    ck_assert(file_path_has_extension(SLICE("a.b")));
    ck_assert(file_path_has_extension(SLICE("x/a.b")));
    ck_assert(file_path_has_extension(SLICE("a.")));
    ck_assert(!file_path_has_extension(SLICE("a")));
    ck_assert(!file_path_has_extension(SLICE(".a")));
    ck_assert(!file_path_has_extension(SLICE("x.y/a")));
    ck_assert(!file_path_has_extension(SLICE("x/.a")));
    ck_assert(!file_path_has_extension(SLICE("")));
}
END_TEST

Suite *suite_file_path(void)
{
    Suite *const suite = suite_create("app/file_path");
    TCase *const tests = tcase_create("file_path");
    tcase_add_loop_test(tests, only_what_stays_below_is_servable, 0, (int)COUNT_OF(cases));
    tcase_add_loop_test(tests, a_hash_in_a_name_is_seen, 0, (int)COUNT_OF(names));
    tcase_add_test(tests, an_extension_is_behind_a_dot_that_is_not_the_first_byte);
    suite_add_tcase(suite, tests);
    return suite;
}
