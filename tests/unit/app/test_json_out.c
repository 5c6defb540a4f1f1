/* The JSON writer, and what it makes of bytes that are not UTF-8. */
#include "app/json_out.h"
#include "base/compiler.h"
#include "base/random.h"
#include "base/sys.h"

#include <check.h>
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

Suite *suite_json_out(void);

static struct buf text;
static struct json json;

static void begin(void)
{
    buf_init(&text, 1 << 20);
    json_init(&json, &text);
}

static void finish(void)
{
    buf_deinit(&text);
}

START_TEST(json_writes_nested_members_with_commas)
{
    json_begin_object(&json);
    json_key(&json, SLICE("a"));
    json_int(&json, INT64_MIN);
    json_key(&json, SLICE("b"));
    json_begin_array(&json);
    json_uint(&json, UINT64_MAX);
    json_bool(&json, true);
    json_begin_object(&json);
    json_end_object(&json);
    json_begin_array(&json);
    json_end_array(&json);
    json_null(&json);
    json_end_array(&json);
    json_key(&json, SLICE("\"c\""));
    json_string(&json, SLICE("d"));
    json_end_object(&json);
    ck_assert_int_eq(json_finish(&json), 0);
    ck_assert_str_eq(buf_cstr(&text),
                     "{\"a\":-9223372036854775808,\"b\":[18446744073709551615,true,{},"
                     "[],null],\"\\\"c\\\"\":\"d\"}");
}
END_TEST

START_TEST(json_appends_to_what_is_there)
{
    buf_append(&text, "x=", 2);
    json_bool(&json, false);
    ck_assert_int_eq(json_finish(&json), 0);
    ck_assert_str_eq(buf_cstr(&text), "x=false");
}
END_TEST

static void key_outside_object(void)
{
    json_key(&json, SLICE("a"));
}
static void value_without_key(void)
{
    json_begin_object(&json);
    json_int(&json, 1);
}
static void key_after_key(void)
{
    json_begin_object(&json);
    json_key(&json, SLICE("a"));
    json_key(&json, SLICE("b"));
}
static void end_after_key(void)
{
    json_begin_object(&json);
    json_key(&json, SLICE("a"));
    json_end_object(&json);
}
static void end_too_many(void)
{
    json_begin_array(&json);
    json_end_array(&json);
    json_end_array(&json);
}
static void end_too_few(void)
{
    json_begin_array(&json);
}
static void wrong_end(void)
{
    json_begin_array(&json);
    json_end_object(&json);
}
static void two_values(void)
{
    json_int(&json, 1);
    json_int(&json, 2);
}
static void no_value(void)
{
}
static void key_in_array(void)
{
    json_begin_array(&json);
    json_key(&json, SLICE("a"));
}

static void (*const misuses[])(void) = {
    key_outside_object, value_without_key, key_after_key, end_after_key, end_too_many,
    end_too_few,        wrong_end,         two_values,    no_value,      key_in_array,
};

START_TEST(json_refuses_calls_that_make_no_json)
{
    misuses[_i]();
    ck_assert_int_eq(json_finish(&json), -EINVAL);
}
END_TEST

START_TEST(json_depth_is_bounded)
{
    for (int i = 0; i < JSON_DEPTH_MAX; i++) {
        json_begin_array(&json);
    }
    for (int i = 0; i < JSON_DEPTH_MAX; i++) {
        json_end_array(&json);
    }
    ck_assert_int_eq(json_finish(&json), 0);
    ck_assert_uint_eq(text.len, 2 * JSON_DEPTH_MAX);
    json_init(&json, &text);
    for (int i = 0; i <= JSON_DEPTH_MAX; i++) {
        json_begin_object(&json);
        json_key(&json, SLICE("a"));
    }
    ck_assert_int_eq(json_finish(&json), -EOVERFLOW);
}
END_TEST

START_TEST(json_reports_a_full_buffer)
{
    struct buf small;
    buf_init(&small, 8);
    json_init(&json, &small);
    json_string(&json, SLICE("longer than eight"));
    ck_assert_int_eq(json_finish(&json), -EMSGSIZE);
    buf_deinit(&small);
}
END_TEST

static const struct {
    const char *from;
    size_t len;
    const char *to;
} strings[] = {
#define S(from, to)                                                                                \
    {                                                                                              \
        from, sizeof(from) - 1, "\"" to "\""                                                       \
    }
    S("", ""),
    S("a", "a"),
    S("exactly8", "exactly8"),
    S("a longer plain string than sixteen", "a longer plain string than sixteen"),
    S("\"\\/", "\\\"\\\\/"),
    S("\b\f\n\r\t", "\\b\\f\\n\\r\\t"),
    S("a\0b", "a\\u0000b"),
    S("\x01\x1f\x7f", "\\u0001\\u001f\x7f"),
    S("12345678\"12345678", "12345678\\\"12345678"),
    S("1234567\x1f", "1234567\\u001f"),
    S("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"),
    S("\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80"),
    S("\xe2\x80\xa8", "\xe2\x80\xa8"),
    /* Not UTF-8: one U+FFFD for each longest beginning of a character. */
    S("\x80", "\xef\xbf\xbd"),
    S("a\xff\xfe"
      "b",
      "a\xef\xbf\xbd\xef\xbf\xbd"
      "b"),
    S("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"),
    S("\xe2\x82", "\xef\xbf\xbd"),
    S("\xe2\x82z", "\xef\xbf\xbdz"),
    S("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    S("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
    S("\xf0\x9f\x98\"", "\xef\xbf\xbd\\\""),
    S("\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"),
#undef S
};

START_TEST(json_string_is_escaped_and_utf8)
{
    char *const tight = malloc(strings[_i].len + 1);
    memcpy(tight, strings[_i].from, strings[_i].len);
    ck_assert_int_eq(json_quote(slice_of(tight, strings[_i].len), &text), 0);
    ck_assert_str_eq(buf_cstr(&text), strings[_i].to);
    free(tight);
}
END_TEST

/* One byte of each value at each place among sixteen plain ones: the fast path misses none. */
START_TEST(json_string_escapes_at_every_offset)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 16; at++) {
            char from[16];
            memset(from, 'a', sizeof(from));
            from[at] = (char)byte;
            buf_clear(&text);
            ck_assert_int_eq(json_quote(slice_of(from, sizeof(from)), &text), 0);
            const bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            ck_assert_uint_eq(text.len == 18, plain);
            const size_t tail = 16 - at - 1;
            ck_assert_int_eq(strncmp(text.data + text.len - 1 - tail, "aaaaaaaaaaaaaaaa", tail), 0);
        }
    }
}
END_TEST

static const struct {
    double value;
    const char *text;
} doubles[] = {
    {0, "0"},
    {-0.0, "-0.0"},
    {1, "1"},
    {-42, "-42"},
    {0.1, "0.1"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {1e15, "1e+15"},
    {999999999999999, "999999999999999"},
    {1e21, "1e+21"},
    {1e-7, "1e-07"},
    {123456.789, "123456.789"},
    {DBL_MAX, "1.7976931348623157e+308"},
    {DBL_MIN, "2.2250738585072014e-308"},
    {5e-324, "5e-324"},
    {9007199254740993.0, "9007199254740992"},
    {INFINITY, "null"},
    {-INFINITY, "null"},
    {NAN, "null"},
};

START_TEST(json_double_is_short_and_reads_back)
{
    json_double(&json, doubles[_i].value);
    ck_assert_int_eq(json_finish(&json), 0);
    ck_assert_str_eq(buf_cstr(&text), doubles[_i].text);
}
END_TEST

START_TEST(json_double_reads_back_whatever_its_bits)
{
    struct random random;
    random_seed(&random, 11);
    for (int round = 0; round < 5000; round++) {
        const uint64_t bits = random_u64(&random);
        double value = 0;
        memcpy(&value, &bits, sizeof(value));
        buf_clear(&text);
        json_init(&json, &text);
        json_double(&json, value);
        ck_assert_int_eq(json_finish(&json), 0);
        if (isfinite(value)) {
            ck_assert(strtod(buf_cstr(&text), NULL) == value);
        } else {
            ck_assert_str_eq(buf_cstr(&text), "null");
        }
    }
}
END_TEST

/* A locale with a comma, if this machine has one; else the writer's own check of the C locale
 * remains. */
START_TEST(json_double_knows_no_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "C"};
    const char *set = NULL;
    for (size_t i = 0; i < COUNT_OF(names) && set == NULL; i++) {
        set = setlocale(LC_NUMERIC, names[i]);
    }
    ck_assert_ptr_ne(set, NULL);
    json_begin_array(&json);
    json_double(&json, 0.5);
    json_double(&json, -1.25e-300);
    json_end_array(&json);
    ck_assert_int_eq(json_finish(&json), 0);
    ck_assert_str_eq(buf_cstr(&text), "[0.5,-1.25e-300]");
}
END_TEST

Suite *suite_json_out(void)
{
    Suite *const suite = suite_create("json_out");
    TCase *const tests = tcase_create("json_out");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_test(tests, json_writes_nested_members_with_commas);
    tcase_add_test(tests, json_appends_to_what_is_there);
    tcase_add_loop_test(tests, json_refuses_calls_that_make_no_json, 0, (int)COUNT_OF(misuses));
    tcase_add_test(tests, json_depth_is_bounded);
    tcase_add_test(tests, json_reports_a_full_buffer);
    tcase_add_loop_test(tests, json_string_is_escaped_and_utf8, 0, (int)COUNT_OF(strings));
    tcase_add_test(tests, json_string_escapes_at_every_offset);
    tcase_add_loop_test(tests, json_double_is_short_and_reads_back, 0, (int)COUNT_OF(doubles));
    tcase_add_test(tests, json_double_reads_back_whatever_its_bits);
    tcase_add_test(tests, json_double_knows_no_locale);
    suite_add_tcase(suite, tests);
    return suite;
}
