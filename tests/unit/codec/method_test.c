/* The table of methods. */
#include "suites.h"
#include "codec/method.h"

#include "spec/require.h"

static enum method lookup(const char *name)
{
    return method_lookup(slice_cstr(name));
}

START_TEST(every_registered_method_is_found)
{
    const struct slice name = method_name((enum method)_i);
    ck_assert_uint_ge(name.len, 3);
    ck_assert_uint_eq(method_lookup(name), (unsigned)_i);
}
END_TEST

START_TEST(a_method_with_one_byte_changed_is_another)
{
    const struct slice name = method_name((enum method)_i);
    char text[32];
    for (size_t at = 0; at < name.len; at++) {
        for (int change = 1; change < 256; change++) {
            memcpy(text, name.ptr, name.len);
            text[at] = (char)(text[at] ^ change);
            REQUIRE(method_lookup(slice_of(text, name.len)) != (enum method)_i);
        }
    }
}
END_TEST

START_TEST(methods_are_case_sensitive)
{
    ck_assert_uint_eq(lookup("GET"), METHOD_GET);
    ck_assert_uint_eq(lookup("get"), METHOD_OTHER);
    ck_assert_uint_eq(lookup("Get"), METHOD_OTHER);
}
END_TEST

START_TEST(other_methods_are_other)
{
    ck_assert_uint_eq(lookup(""), METHOD_OTHER);
    ck_assert_uint_eq(lookup("G"), METHOD_OTHER);
    ck_assert_uint_eq(lookup("GE"), METHOD_OTHER);
    ck_assert_uint_eq(lookup("GETT"), METHOD_OTHER);
    ck_assert_uint_eq(lookup("M-SEARCH"), METHOD_OTHER);
    ck_assert_uint_eq(method_name(METHOD_OTHER).len, 0);
}
END_TEST

Suite *method_suite(void)
{
    Suite *const suite = suite_create("method");
    TCase *const tests = tcase_create("method");
    tcase_add_loop_test(tests, every_registered_method_is_found, 1, METHOD_COUNT_);
    tcase_add_loop_test(tests, a_method_with_one_byte_changed_is_another, 1, METHOD_COUNT_);
    tcase_add_test(tests, methods_are_case_sensitive);
    tcase_add_test(tests, other_methods_are_other);
    suite_add_tcase(suite, tests);
    return suite;
}
