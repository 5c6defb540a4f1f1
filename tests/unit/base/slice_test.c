/* Slices. */
#include "suites.h"

START_TEST(slices_are_equal_by_their_bytes)
{
    ck_assert(slice_eq(SLICE("abc"), SLICE("abc")));
    ck_assert(slice_eq(SLICE("a\0c"), SLICE("a\0c")));
    ck_assert(!slice_eq(SLICE("a\0c"), SLICE("a\0d")));
    ck_assert(!slice_eq(SLICE("abc"), SLICE("ab")));
    ck_assert(slice_eq(slice_of(NULL, 0), SLICE("")));
    ck_assert(slice_eq(slice_cstr(NULL), slice_cstr("")));
}
END_TEST

START_TEST(only_ascii_letters_are_equal_without_case)
{
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            const char left = (char)a;
            const char right = (char)b;
            const bool letters = ((a | 32) >= 'a' && (a | 32) <= 'z') && (a | 32) == (b | 32);
            ck_assert_int_eq(slice_eq_nocase(slice_of(&left, 1), slice_of(&right, 1)),
                             a == b || letters);
        }
    }
    ck_assert(slice_eq_nocase(SLICE("Content-Length"), SLICE("cONTENT-lENGTH")));
    ck_assert(!slice_eq_nocase(SLICE("Content-Length"), SLICE("Content-Lengt")));
    ck_assert(slice_eq_nocase(slice_of(NULL, 0), SLICE("")));
}
END_TEST

START_TEST(a_slice_starts_with_its_prefixes_only)
{
    ck_assert(slice_starts_with(SLICE("abc"), SLICE("")));
    ck_assert(slice_starts_with(SLICE("abc"), SLICE("ab")));
    ck_assert(slice_starts_with(SLICE("abc"), SLICE("abc")));
    ck_assert(!slice_starts_with(SLICE("abc"), SLICE("abcd")));
    ck_assert(!slice_starts_with(SLICE("abc"), SLICE("b")));
    ck_assert(slice_starts_with(slice_of(NULL, 0), slice_of(NULL, 0)));
}
END_TEST

START_TEST(case_can_be_left_out_at_both_ends)
{
    ck_assert(slice_starts_with_nocase(SLICE("Content-Type"), SLICE("content-")));
    ck_assert(slice_starts_with_nocase(SLICE("a"), SLICE("A")));
    ck_assert(!slice_starts_with_nocase(SLICE("conten"), SLICE("content-")));
    ck_assert(!slice_starts_with_nocase(SLICE("a@"), SLICE("a`")));
    ck_assert(slice_ends_with_nocase(SLICE("text/x+JSON"), SLICE("+json")));
    ck_assert(slice_ends_with_nocase(SLICE("+json"), SLICE("+json")));
    ck_assert(!slice_ends_with_nocase(SLICE("json"), SLICE("+json")));
    ck_assert(!slice_ends_with_nocase(SLICE("+jsons"), SLICE("+json")));
}
END_TEST

START_TEST(find_gives_the_first_index_or_the_length)
{
    ck_assert_uint_eq(slice_find(SLICE("a:b:c"), ':'), 1);
    ck_assert_uint_eq(slice_find(SLICE("a:b:c"), 'x'), 5);
    ck_assert_uint_eq(slice_find(SLICE("a\0b"), '\0'), 1);
    ck_assert_uint_eq(slice_find(SLICE("\xff"), '\xff'), 0);
    ck_assert_uint_eq(slice_find(slice_of(NULL, 0), 'x'), 0);
}
END_TEST

START_TEST(trim_takes_spaces_and_tabs_off_both_ends_only)
{
    assert_slice(slice_trim(SLICE(" \t a b \t")), "a b");
    assert_slice(slice_trim(SLICE("ab")), "ab");
    assert_slice(slice_trim(SLICE(" \t ")), "");
    assert_slice(slice_trim(SLICE("\r\na\v")), "\r\na\v");
    assert_slice(slice_trim(slice_of(NULL, 0)), "");
}
END_TEST

START_TEST(cut_gives_the_parts_between_the_bytes)
{
    struct slice rest = SLICE("a,,b");
    struct slice head;
    ck_assert(slice_cut(&rest, ',', &head));
    assert_slice(head, "a");
    ck_assert(slice_cut(&rest, ',', &head));
    assert_slice(head, "");
    ck_assert(slice_cut(&rest, ',', &head));
    assert_slice(head, "b");
    ck_assert(!slice_cut(&rest, ',', &head));
    assert_slice(head, "b");
}
END_TEST

START_TEST(cut_gives_nothing_after_a_last_separator)
{
    struct slice rest = SLICE("a,");
    struct slice head;
    ck_assert(slice_cut(&rest, ',', &head));
    assert_slice(head, "a");
    ck_assert(!slice_cut(&rest, ',', &head));
    rest = slice_of(NULL, 0);
    ck_assert(!slice_cut(&rest, ',', &head));
}
END_TEST

Suite *slice_suite(void)
{
    Suite *const suite = suite_create("slice");
    TCase *const tests = tcase_create("slice");
    tcase_add_test(tests, slices_are_equal_by_their_bytes);
    tcase_add_test(tests, only_ascii_letters_are_equal_without_case);
    tcase_add_test(tests, a_slice_starts_with_its_prefixes_only);
    tcase_add_test(tests, case_can_be_left_out_at_both_ends);
    tcase_add_test(tests, find_gives_the_first_index_or_the_length);
    tcase_add_test(tests, trim_takes_spaces_and_tabs_off_both_ends_only);
    tcase_add_test(tests, cut_gives_the_parts_between_the_bytes);
    tcase_add_test(tests, cut_gives_nothing_after_a_last_separator);
    suite_add_tcase(suite, tests);
    return suite;
}
