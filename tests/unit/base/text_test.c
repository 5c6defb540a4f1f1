/* Numbers, sizes, durations, escapes, distances. */
#include "suites.h"
#include "base/random.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* A number of any length in bits. */
static uint64_t any_number(struct random *random)
{
    return random_u64(random) >> random_below(random, 64);
}

static void compare_with_printf(uint64_t value)
{
    char expected[32];
    char actual[TEXT_INT_MAX];
    snprintf(expected, sizeof(expected), "%" PRIu64, value);
    assert_slice(slice_of(actual, text_from_u64(value, actual)), expected);
    snprintf(expected, sizeof(expected), "%" PRId64, (int64_t)value);
    assert_slice(slice_of(actual, text_from_i64((int64_t)value, actual)), expected);
    char hex[16];
    snprintf(expected, sizeof(expected), "%" PRIx64, value);
    assert_slice(slice_of(hex, text_from_hex(value, hex)), expected);
}

START_TEST(numbers_are_written_as_printf_does)
{
    struct random random;
    random_seed(&random, 1);
    for (uint64_t value = 0; value < 2000; value++) {
        compare_with_printf(value);
        compare_with_printf(0 - value);
    }
    for (uint64_t power = 1; power < UINT64_MAX / 10; power *= 10) {
        compare_with_printf(power - 1);
        compare_with_printf(power);
    }
    compare_with_printf(INT64_MAX);
    compare_with_printf((uint64_t)INT64_MIN);
    for (int i = 0; i < 2000; i++) {
        compare_with_printf(any_number(&random));
    }
}
END_TEST

START_TEST(numbers_are_read_back)
{
    struct random random;
    random_seed(&random, 2);
    for (int i = 0; i < 5000; i++) {
        const uint64_t value = any_number(&random);
        char text[TEXT_INT_MAX];
        uint64_t number;
        int64_t integer;
        ck_assert_int_eq(text_to_u64(slice_of(text, text_from_u64(value, text)), &number), 0);
        ck_assert_uint_eq(number, value);
        ck_assert_int_eq(text_to_i64(slice_of(text, text_from_i64((int64_t)value, text)), &integer),
                         0);
        ck_assert_int_eq(integer, (int64_t)value);
    }
}
END_TEST

static int read_u64(const char *text, uint64_t *ret)
{
    return text_to_u64(slice_cstr(text), ret);
}

START_TEST(u64_ends_at_its_maximum)
{
    uint64_t value = 5;
    ck_assert_int_eq(read_u64("18446744073709551615", &value), 0);
    ck_assert_uint_eq(value, UINT64_MAX);
    ck_assert_int_eq(read_u64("000000000000000000000000000000018446744073709551615", &value), 0);
    value = 5;
    ck_assert_int_eq(read_u64("18446744073709551616", &value), -ERANGE);
    ck_assert_int_eq(read_u64("99999999999999999999999", &value), -ERANGE);
    ck_assert_uint_eq(value, 5);
}
END_TEST

START_TEST(u64_takes_digits_and_nothing_else)
{
    static const char *const bad[] = {
        "", " ", "-1", "+1", "1 ", " 1", "1a", "0x1", "1_0", "99999999999999999999999x", "/", ":",
    };
    uint64_t value = 5;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_int_eq(read_u64(bad[i], &value), -EINVAL);
    }
    ck_assert_int_eq(text_to_u64(slice_of(NULL, 0), &value), -EINVAL);
    ck_assert_int_eq(text_to_u64(SLICE("1\0"), &value), -EINVAL);
    ck_assert_uint_eq(value, 5);
}
END_TEST

START_TEST(i64_ends_at_both_its_ends)
{
    int64_t value = 5;
    ck_assert_int_eq(text_to_i64(SLICE("9223372036854775807"), &value), 0);
    ck_assert_int_eq(value, INT64_MAX);
    ck_assert_int_eq(text_to_i64(SLICE("-9223372036854775808"), &value), 0);
    ck_assert_int_eq(value, INT64_MIN);
    ck_assert_int_eq(text_to_i64(SLICE("-0"), &value), 0);
    ck_assert_int_eq(value, 0);
    value = 5;
    ck_assert_int_eq(text_to_i64(SLICE("9223372036854775808"), &value), -ERANGE);
    ck_assert_int_eq(text_to_i64(SLICE("-9223372036854775809"), &value), -ERANGE);
    ck_assert_int_eq(text_to_i64(SLICE("-"), &value), -EINVAL);
    ck_assert_int_eq(text_to_i64(SLICE("--1"), &value), -EINVAL);
    ck_assert_int_eq(text_to_i64(SLICE(""), &value), -EINVAL);
    ck_assert_int_eq(value, 5);
}
END_TEST

START_TEST(hex_digits_have_values_and_other_bytes_none)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (int c = 0; c < 256; c++) {
        const char *const at = c == 0 ? NULL : strchr(digits, c);
        const int place = at == NULL ? -1 : (int)(at - digits);
        ck_assert_int_eq(text_hex_digit((char)c), place > 15 ? place - 6 : place);
    }
}
END_TEST

START_TEST(durations_need_a_unit)
{
    static const struct {
        const char *text;
        int rc;
        int64_t ns;
    } cases[] = {
        {"250ms", 0, 250000000},
        {"0s", 0, 0},
        {"10s", 0, INT64_C(10000000000)},
        {"5m", 0, INT64_C(300000000000)},
        {"1h", 0, INT64_C(3600000000000)},
        {"2562047h", 0, INT64_C(2562047) * 3600 * 1000000000},
        {"2562048h", -ERANGE, 0},
        {"9999999999999999h", -ERANGE, 0},
        {"10", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"1S", -EINVAL, 0},
        {"1d", -EINVAL, 0},
        {"-1s", -EINVAL, 0},
        {"1s ", -EINVAL, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ns = 0;
        ck_assert_int_eq(text_to_duration(slice_cstr(cases[i].text), &ns), cases[i].rc);
        ck_assert_int_eq(ns, cases[i].ns);
    }
}
END_TEST

START_TEST(printable_escapes_all_but_printable_ascii)
{
    char out[64];
    ck_assert_str_eq(text_printable(SLICE("a b~"), out, sizeof(out)), "a b~");
    ck_assert_str_eq(text_printable(SLICE("\r\n\0\x7f\xff"), out, sizeof(out)),
                     "\\x0d\\x0a\\x00\\x7f\\xff");
    ck_assert_str_eq(text_printable(slice_of(NULL, 0), out, sizeof(out)), "");
}
END_TEST

START_TEST(printable_cuts_where_it_must_and_only_there)
{
    char out[16];
    ck_assert_str_eq(text_printable(SLICE("1234567"), out, 8), "1234567");
    ck_assert_str_eq(text_printable(SLICE("12345678"), out, 8), "1234...");
    ck_assert_str_eq(text_printable(SLICE("123\n"), out, 8), "123\\x0a");
    ck_assert_str_eq(text_printable(SLICE("1234\n"), out, 8), "1234...");
    ck_assert_str_eq(text_printable(SLICE("\n\n"), out, 8), "\\x0a...");
    ck_assert_str_eq(text_printable(SLICE("1\n2"), out, 8), "1\\x0a2");
    ck_assert_str_eq(text_printable(SLICE("1\n234"), out, 8), "1...");
}
END_TEST

START_TEST(printable_stays_within_its_room)
{
    struct random random;
    random_seed(&random, 6);
    for (size_t cap = 8; cap < 40; cap++) {
        for (int i = 0; i < 200; i++) {
            char in[40];
            char out[41];
            const size_t len = (size_t)random_below(&random, sizeof(in));
            for (size_t k = 0; k < len; k++) {
                in[k] = random_percent(&random, 70) ? 'a' : '\x01';
            }
            memset(out, '#', sizeof(out));
            text_printable(slice_of(in, len), out, cap);
            ck_assert_uint_lt(strnlen(out, sizeof(out)), cap);
            ck_assert_int_eq(out[cap], '#');
        }
    }
}
END_TEST

START_TEST(distance_counts_edits)
{
    ck_assert_uint_eq(text_distance(SLICE(""), SLICE("")), 0);
    ck_assert_uint_eq(text_distance(SLICE("abc"), SLICE("")), 3);
    ck_assert_uint_eq(text_distance(SLICE(""), SLICE("abc")), 3);
    ck_assert_uint_eq(text_distance(SLICE("kitten"), SLICE("sitting")), 3);
    ck_assert_uint_eq(text_distance(SLICE("--listne"), SLICE("--listen")), 2);
    ck_assert_uint_eq(text_distance(SLICE("workers"), SLICE("worker")), 1);
    ck_assert_uint_eq(text_distance(SLICE("flaw"), SLICE("lawn")), 2);
}
END_TEST

START_TEST(distance_takes_64_bytes_and_no_more)
{
    static const char text[65] = {0};
    ck_assert_uint_eq(text_distance(slice_of(text, 64), slice_of(text, 64)), 0);
    ck_assert_uint_eq(text_distance(slice_of(text, 65), slice_of(text, 64)), SIZE_MAX);
    ck_assert_uint_eq(text_distance(slice_of(text, 1), slice_of(text, 65)), SIZE_MAX);
}
END_TEST

Suite *text_suite(void)
{
    Suite *const suite = suite_create("text");
    TCase *const tests = tcase_create("text");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, numbers_are_written_as_printf_does);
    tcase_add_test(tests, numbers_are_read_back);
    tcase_add_test(tests, u64_ends_at_its_maximum);
    tcase_add_test(tests, u64_takes_digits_and_nothing_else);
    tcase_add_test(tests, i64_ends_at_both_its_ends);
    tcase_add_test(tests, hex_digits_have_values_and_other_bytes_none);
    tcase_add_test(tests, durations_need_a_unit);
    tcase_add_test(tests, printable_escapes_all_but_printable_ascii);
    tcase_add_test(tests, printable_cuts_where_it_must_and_only_there);
    tcase_add_test(tests, printable_stays_within_its_room);
    tcase_add_test(tests, distance_counts_edits);
    tcase_add_test(tests, distance_takes_64_bytes_and_no_more);
    suite_add_tcase(suite, tests);
    return suite;
}
