/* Range fields (RFC 9110 section 14). */
#include "suites.h"
#include "base/random.h"
#include "codec/range.h"

#include <stdio.h>

/* What a field asks of 1000 bytes: "whole", "none", or "offset+size" of each part. */
static const struct {
    const char *field, *want;
} cases[] = {
    {"", "whole"},
    {"bytes=0-0", "0+1"},
    {"bytes=0-499", "0+500"},
    {"bytes=500-999", "500+500"},
    {"bytes=500-", "500+500"},
    {"bytes=-500", "500+500"},
    {"bytes=-1", "999+1"},
    {"bytes=0-", "0+1000"},
    {"bytes=-1000", "0+1000"},
    {"bytes=-5000", "0+1000"},
    {"bytes=0-5000", "0+1000"},
    {"bytes=999-999", "999+1"},
    {"BYTES=0-0", "0+1"},
    {"bytes=000-0000000000000000000000000000", "0+1"},
    {"bytes=0-18446744073709551615", "0+1000"},
    {"bytes=0-99999999999999999999999999", "0+1000"},
    {"bytes=-99999999999999999999999999", "0+1000"},
    {"bytes=1000-", "none"},
    {"bytes=1000-2000", "none"},
    {"bytes=18446744073709551616-", "none"},
    {"bytes=99999999999999999999-99999999999999999999", "none"},
    {"bytes=-0", "none"},
    {"bytes=-0,1000-", "none"},
    {"bytes=-0,0-0", "0+1"},
    {"bytes=2000-,5-6", "5+2"},
    {"bytes=0-0,-1", "0+1 999+1"},
    {"bytes= 0-0 ,\t2-3", "0+1 2+2"},
    {"bytes=,0-0,,2-2,", "0+1 2+1"},
    {"bytes=500-600,0-10", "500+101 0+11"},
    {"bytes=0-499,500-999", "0+1000"},
    {"bytes=0-100,50-200", "0+201"},
    {"bytes=0-9,20-29,9-20", "0+30"},
    {"bytes=20-29,0-9,40-49,5-25", "0+30 40+10"},
    {"bytes=0-,0-,0-,0-", "0+1000"},
    {"bytes=", "whole"},
    {"bytes=,", "whole"},
    {"bytes", "whole"},
    {"bytes 0-0", "whole"},
    {"bytes =0-0", "whole"},
    {"bytes=-", "whole"},
    {"bytes=a-b", "whole"},
    {"bytes=0", "whole"},
    {"bytes=1-0", "whole"},
    {"bytes=0-1,5-4", "whole"},
    {"bytes=+0-1", "whole"},
    {"bytes=0-+1", "whole"},
    {"bytes=--1", "whole"},
    {"bytes=0--1", "whole"},
    {"bytes=0 - 1", "whole"},
    {"bytes=0x0-1", "whole"},
    {"bytes=0-1;2-3", "whole"},
    {"bytes=0-1, bytes=2-3", "whole"},
    {"lines=0-1", "whole"},
    {"seconds=1-2", "whole"},
};

static const char *outcome(const char *field, uint64_t size)
{
    static char text[512];
    struct ranges ranges;
    const enum range_result result = range_parse(slice_cstr(field), size, &ranges);
    if (result != RANGE_PARTS) {
        return result == RANGE_WHOLE ? "whole" : "none";
    }
    size_t len = 0;
    for (size_t i = 0; i < ranges.count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%llu+%llu", i == 0 ? "" : " ",
                                (unsigned long long)ranges.parts[i].offset,
                                (unsigned long long)ranges.parts[i].size);
    }
    return text;
}

START_TEST(a_field_gives_the_ranges_that_it_asks_for)
{
    ck_assert_msg(strcmp(outcome(cases[_i].field, 1000), cases[_i].want) == 0,
                  "%s: wanted %s, got %s", cases[_i].field, cases[_i].want,
                  outcome(cases[_i].field, 1000));
}
END_TEST

START_TEST(nothing_has_no_ranges)
{
    ck_assert_str_eq(outcome("bytes=0-0", 0), "whole");
    ck_assert_str_eq(outcome("bytes=-0", 0), "whole");
    ck_assert_str_eq(outcome("bytes=-1", 0), "whole");
}
END_TEST

START_TEST(the_largest_size_does_not_overflow)
{
    ck_assert_str_eq(outcome("bytes=0-,-1", UINT64_MAX), "0+18446744073709551615");
    ck_assert_str_eq(outcome("bytes=18446744073709551614-", UINT64_MAX), "18446744073709551614+1");
}
END_TEST

/* "bytes=0-0,2-2,4-4..." of `count` ranges. */
static const char *many(size_t count, size_t stride)
{
    static char text[4096];
    size_t len = (size_t)snprintf(text, sizeof(text), "bytes=");
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%zu-%zu", i == 0 ? "" : ",",
                                i * stride, i * stride);
    }
    return text;
}

START_TEST(too_many_ranges_are_the_whole)
{
    ck_assert_str_ne(outcome(many(RANGE_PARTS_MAX, 2), 1000), "whole");
    ck_assert_str_eq(outcome(many(RANGE_PARTS_MAX + 1, 2), 1000), "whole");
    ck_assert_str_eq(outcome(many(RANGE_SPECS_MAX, 1), 1000), "0+64");
    ck_assert_str_eq(outcome(many(RANGE_SPECS_MAX + 1, 1), 1000), "whole");
}
END_TEST

/* Whatever the field, the parts are disjoint, not empty, and within the size. */
START_TEST(parts_are_disjoint_and_within_the_size)
{
    struct random random;
    random_seed(&random, 7);
    for (int round = 0; round < 20000; round++) {
        char field[256];
        struct ranges ranges;
        size_t len = (size_t)snprintf(field, sizeof(field), "bytes=");
        for (int i = (int)random_below(&random, 12); i >= 0; i--) {
            const int first = (int)random_below(&random, 70);
            len += (size_t)snprintf(field + len, sizeof(field) - len, "%d-%d,", first,
                                    first + (int)random_below(&random, 9));
        }
        if (range_parse(slice_of(field, len), 60, &ranges) != RANGE_PARTS) {
            continue;
        }
        bool taken[62] = {false};
        for (size_t i = 0; i < ranges.count; i++) {
            ck_assert_uint_gt(ranges.parts[i].size, 0);
            ck_assert_uint_le(ranges.parts[i].offset + ranges.parts[i].size, 60);
            for (size_t at = 0; at < ranges.parts[i].size; at++) {
                ck_assert(!taken[ranges.parts[i].offset + at]);
                taken[ranges.parts[i].offset + at] = true;
            }
        }
    }
}
END_TEST

Suite *range_suite(void)
{
    Suite *const suite = suite_create("range");
    TCase *const tests = tcase_create("range");
    tcase_add_loop_test(tests, a_field_gives_the_ranges_that_it_asks_for, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tests, nothing_has_no_ranges);
    tcase_add_test(tests, the_largest_size_does_not_overflow);
    tcase_add_test(tests, too_many_ranges_are_the_whole);
    tcase_add_test(tests, parts_are_disjoint_and_within_the_size);
    suite_add_tcase(suite, tests);
    return suite;
}
