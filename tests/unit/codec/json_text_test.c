/* What is a JSON text, and where one that is none breaks. The kinds are those that RFC 8259 has: y
 * what must be taken, n what must be refused, i what it leaves open: here is what we chose. */
#include "suites.h"

#include "base/compiler.h"
#include "json_support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The text is taken, or breaks at an offset. */
#define TAKEN (-1)

struct text_case {
    char kind;
    struct slice text;
    int at;
};

static const struct text_case texts[] = {
    /* Values and blanks. */
    {'y', SLICE("null"), TAKEN},
    {'y', SLICE("true"), TAKEN},
    {'y', SLICE("false"), TAKEN},
    {'y', SLICE("0"), TAKEN},
    {'y', SLICE("\"\""), TAKEN},
    {'y', SLICE("{}"), TAKEN},
    {'y', SLICE("[]"), TAKEN},
    {'y', SLICE(" \t\r\n[ \t\r\n] \t\r\n"), TAKEN},
    {'y', SLICE("{ \"a\" : [ 1 , 2 ] , \"b\" : { } }"), TAKEN},
    {'n', SLICE(""), 0},
    {'n', SLICE("   "), 3},
    {'n', SLICE("\n\n"), 2},
    {'n', SLICE("\f1"), 0},
    {'n', SLICE("\v1"), 0},
    {'n', SLICE("1\f"), 1},
    {'n', SLICE("\0"), 0},
    {'n', SLICE("1\0"), 1},
    {'n', SLICE("\xc2\xa0"), 0},      /* a blank, but not of JSON's */
    {'n', SLICE("1\xe2\x80\xa8"), 1}, /* so is a line separator */
    {'n', SLICE("\xef\xbb\xbf"), 0},
    {'i', SLICE("\xef\xbb\xbf{}"), 0}, /* a byte order mark */
    {'i', SLICE("\xff\xfe[\0]\0"), 0}, /* UTF-16 */
    {'i', SLICE("[\0]\0"), 1},
    {'i', SLICE("\0[\0]"), 0},

    /* Words. */
    {'n', SLICE("nul"), 0},
    {'n', SLICE("tru"), 0},
    {'n', SLICE("fals"), 0},
    {'n', SLICE("nulll"), 4},
    {'n', SLICE("True"), 0},
    {'n', SLICE("NULL"), 0},
    {'n', SLICE("[trux]"), 1},
    {'n', SLICE("undefined"), 0},
    {'n', SLICE("word"), 0},
    {'n', SLICE("\xc3\xa4"), 0},
    {'n', SLICE("truefalse"), 4},
    {'n', SLICE("'a'"), 0},
    {'n', SLICE("`a`"), 0},
    {'n', SLICE("<x/>"), 0},
    {'n', SLICE("/* no */ 1"), 0},
    {'n', SLICE("// no\n1"), 0},
    {'n', SLICE("1 # no"), 2},
    {'n', SLICE("{\"a\":1} // no"), 8},

    /* Structure. */
    {'y', SLICE("[1,[2,[3,{\"a\":[4]}]],null]"), TAKEN},
    {'y', SLICE("[[],{},[[]],[{}]]"), TAKEN},
    {'n', SLICE("["), 1},
    {'n', SLICE("{"), 1},
    {'n', SLICE("]"), 0},
    {'n', SLICE("}"), 0},
    {'n', SLICE("[1"), 2},
    {'n', SLICE("[1,"), 3},
    {'n', SLICE("[1,]"), 3},
    {'n', SLICE("[,1]"), 1},
    {'n', SLICE("[,]"), 1},
    {'n', SLICE("[1,,2]"), 3},
    {'n', SLICE("[1 2]"), 3},
    {'n', SLICE("[1;2]"), 2},
    {'n', SLICE("[1:2]"), 2},
    {'n', SLICE("[1}"), 2},
    {'n', SLICE("{]"), 1},
    {'n', SLICE("[1]]"), 3},
    {'n', SLICE("[1],"), 3},
    {'n', SLICE("[1][2]"), 3},
    {'n', SLICE("1 2"), 2},
    {'n', SLICE("{}{}"), 2},
    {'n', SLICE("[]x"), 2},
    {'n', SLICE("[\"a\" \"b\"]"), 5},
    {'n', SLICE("[\"a\":1]"), 4},
    {'n', SLICE("[true\"a\"]"), 5},
    {'n', SLICE("[...1]"), 1},
    {'n', SLICE("*"), 0},

    /* Objects. */
    {'y', SLICE("{\"\":0}"), TAKEN},
    {'y', SLICE("{\"a\":1,\"a\":2}"), TAKEN}, /* two of one name: see the lookups */
    {'y', SLICE("{\"a\":1,\"a\":1}"), TAKEN},
    {'y', SLICE("{\"a\\u0000b\":1}"), TAKEN},
    {'n', SLICE("{\"a\"}"), 4},
    {'n', SLICE("{\"a\":}"), 5},
    {'n', SLICE("{\"a\":1,}"), 7},
    {'n', SLICE("{,\"a\":1}"), 1},
    {'n', SLICE("{\"a\":1,,\"b\":2}"), 7},
    {'n', SLICE("{\"a\":1 \"b\":2}"), 7},
    {'n', SLICE("{\"a\" 1}"), 5},
    {'n', SLICE("{\"a\",1}"), 4},
    {'n', SLICE("{\"a\"::1}"), 5},
    {'n', SLICE("{:1}"), 1},
    {'n', SLICE("{a:1}"), 1},
    {'n', SLICE("{'a':1}"), 1},
    {'n', SLICE("{1:1}"), 1},
    {'n', SLICE("{null:1}"), 1},
    {'n', SLICE("{[]:1}"), 1},
    {'n', SLICE("{\"a\":1]"), 6},
    {'n', SLICE("{\"a\":1"), 6},
    {'n', SLICE("{\"a\":"), 5},
    {'n', SLICE("{\"a\""), 4},
    {'n', SLICE("{\"a"), 3},
    {'n', SLICE("{\"a\":1,"), 7},
    {'n', SLICE("{\"a\":\"b\"}#"), 9},

    /* Strings. */
    {'y', SLICE("\"abc\""), TAKEN},
    {'y', SLICE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), TAKEN},
    {'y', SLICE("\"\\u0000\""), TAKEN},
    {'y', SLICE("\"\\u0041\\u00e9\\u20aC\\uFFFF\""), TAKEN},
    {'y', SLICE("\"\\ud83d\\uDE00\""), TAKEN},
    {'y', SLICE("\"\\uDBFF\\uDFFF\""), TAKEN},
    {'y', SLICE("\"\\\\u0000\""), TAKEN},
    {'y', SLICE("\"\x7f\""), TAKEN},
    {'y', SLICE("\"\xc2\x80\xe2\x82\xac\xf0\x9f\x98\x80\""), TAKEN},
    {'y', SLICE("\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\""), TAKEN}, /* no characters, yet code points */
    {'y', SLICE("\"\xe2\x80\xa8\xef\xbb\xbf\""), TAKEN},
    {'n', SLICE("\""), 1},
    {'n', SLICE("\"a"), 2},
    {'n', SLICE("\"\\"), 2},
    {'n', SLICE("\"\\\""), 3},
    {'n', SLICE("\"\\\\\\\""), 5},
    {'n', SLICE("\"a\"b\""), 3},
    {'n', SLICE("\"\t\""), 1},
    {'n', SLICE("\"\n\""), 1},
    {'n', SLICE("\"a\0b\""), 2},
    {'n', SLICE("\"\x1f\""), 1},
    {'n', SLICE("\"\\a\""), 2},
    {'n', SLICE("\"\\'\""), 2},
    {'n', SLICE("\"\\x41\""), 2},
    {'n', SLICE("\"\\0\""), 2},
    {'n', SLICE("\"\\\0\""), 2},
    {'n', SLICE("\"\\ \""), 2},
    {'n', SLICE("\"\\\xc3\xa9\""), 2},
    {'n', SLICE("\"\\u\""), 3},
    {'n', SLICE("\"\\u1\""), 3},
    {'n', SLICE("\"\\u123\""), 3},
    {'n', SLICE("\"\\u12G4\""), 3},
    {'n', SLICE("\"\\U0041\""), 2},
    {'n', SLICE("\"\\u{41}\""), 3},
    {'n', SLICE("\"\\u-041\""), 3},
    {'n', SLICE("\"\\u004"), 3},
    {'n', SLICE("\\u0041"), 0},
    {'i', SLICE("\"\\uD800\""), 1}, /* half a pair */
    {'i', SLICE("\"\\uDC00\""), 1},
    {'i', SLICE("\"a\\uD800b\""), 2},
    {'i', SLICE("\"\\uD800\\uD800\""), 1},
    {'i', SLICE("\"\\uD800\\u0041\""), 1},
    {'i', SLICE("\"\\uDE00\\uD83D\""), 1},
    {'i', SLICE("\"\\uD83D\\uDE00\\uD83D\""), 13},
    {'n', SLICE("\"\\uD800\\"), 1},
    {'n', SLICE("\"\\uD800\\u\""), 1},
    {'n', SLICE("\"\\uD800\\uDC0x\""), 1},
    {'i', SLICE("\"\x80\""), 1}, /* no UTF-8 */
    {'i', SLICE("\"\xff\""), 1},
    {'i', SLICE("\"\xc3\""), 1},
    {'i', SLICE("\"\xc3\xc3\""), 1},
    {'i', SLICE("\"\xe2\x82\""), 1},
    {'i', SLICE("\"a\xc0\xaf\""), 2}, /* overlong */
    {'i', SLICE("\"\xe0\x80\xaf\""), 1},
    {'i', SLICE("\"\xf0\x80\x80\xaf\""), 1},
    {'i', SLICE("\"\xed\xa0\x80\""), 1},     /* a surrogate */
    {'i', SLICE("\"\xf4\x90\x80\x80\""), 1}, /* beyond U+10FFFF */
    {'i', SLICE("\"\xf8\x88\x80\x80\x80\""), 1},
    {'i', SLICE("{\"\xff\":1}"), 2},
    {'n', SLICE("[\xff]"), 1},

    /* Numbers. */
    {'y', SLICE("-0"), TAKEN},
    {'y', SLICE("10"), TAKEN},
    {'y', SLICE("-1"), TAKEN},
    {'y', SLICE("0.0"), TAKEN},
    {'y', SLICE("-0.0"), TAKEN},
    {'y', SLICE("0e0"), TAKEN},
    {'y', SLICE("0E+01"), TAKEN},
    {'y', SLICE("1e1"), TAKEN},
    {'y', SLICE("1E-2"), TAKEN},
    {'y', SLICE("1.5e+300"), TAKEN},
    {'y', SLICE("123.456e78"), TAKEN},
    {'y', SLICE("-0.00000000000000000000000000000000000000000000000000000000000000001"), TAKEN},
    {'y', SLICE("9223372036854775807"), TAKEN},
    {'y', SLICE("-9223372036854775808"), TAKEN},
    {'y', SLICE("18446744073709551615"), TAKEN},
    {'y', SLICE("1.7976931348623157e308"), TAKEN},
    {'y', SLICE("100000000000000000000.0"), TAKEN},
    {'y', SLICE("1e20"), TAKEN},
    {'i', SLICE("1e-400"), TAKEN}, /* the nearest double is 0 */
    {'i', SLICE("0e400"), TAKEN},
    {'i', SLICE("0.0e99999999999999999999"), TAKEN},
    {'i', SLICE("1e-99999999999999999999"), TAKEN},
    {'i', SLICE("1e00000000000000000000000000001"), TAKEN},
    {'i', SLICE("1e400"), 0}, /* no double holds it */
    {'i', SLICE("-1e400"), 0},
    {'i', SLICE("[1e99999999999999999999]"), 1},
    {'i', SLICE("0.1e310"), 0},
    {'i', SLICE("1.7976931348623159e308"), 0},
    {'i', SLICE("18446744073709551616"), 0}, /* nor 64 bits */
    {'i', SLICE("-9223372036854775809"), 0},
    {'i', SLICE("[123123123123123123123123]"), 1},
    {'i', SLICE("-123123123123123123123123"), 0},
    {'n', SLICE("-"), 1},
    {'n', SLICE("+1"), 0},
    {'n', SLICE("--1"), 1},
    {'n', SLICE("- 1"), 1},
    {'n', SLICE("01"), 0},
    {'n', SLICE("-01"), 1},
    {'n', SLICE("00"), 0},
    {'n', SLICE("[012]"), 1},
    {'n', SLICE("1."), 2},
    {'n', SLICE(".5"), 0},
    {'n', SLICE("-.5"), 1},
    {'n', SLICE("1.e5"), 2},
    {'n', SLICE("1.5."), 3},
    {'n', SLICE("1..5"), 2},
    {'n', SLICE("1e"), 2},
    {'n', SLICE("1e+"), 3},
    {'n', SLICE("1e-"), 3},
    {'n', SLICE("1ee5"), 2},
    {'n', SLICE("1e5.5"), 3},
    {'n', SLICE("1e+-5"), 3},
    {'n', SLICE("1 000"), 2},
    {'n', SLICE("1_000"), 1},
    {'n', SLICE("1,5"), 1},
    {'n', SLICE("0x1F"), 1},
    {'n', SLICE("1f"), 1},
    {'n', SLICE("1n"), 1},
    {'n', SLICE("-a"), 1},
    {'n', SLICE("NaN"), 0},
    {'n', SLICE("Infinity"), 0},
    {'n', SLICE("-Infinity"), 1},
    {'n', SLICE("1\xc2\xb2"), 1},
    {'n', SLICE("\xef\xbc\x91"), 0}, /* a digit, but not of JSON's */
    {'n', SLICE("0.1.2"), 3},
    {'n', SLICE("1-2"), 1},
};

/* A process for each text would take longer than the texts: each test has every PROCESSES-th. */
#define PROCESSES 8

static void check_text(size_t i)
{
    const struct text_case *const t = &texts[i];
    const struct garm_json_value *root = NULL;
    struct json_error error = {0};
    const int rc = json_test_parse(t->text, &root, &error);
    ck_assert(t->kind != 'y' || t->at == TAKEN);
    ck_assert(t->kind != 'n' || t->at != TAKEN);
    ck_assert_int_eq(rc, t->at == TAKEN ? 0 : -EBADMSG);
    ck_assert(rc < 0 || root != NULL);
    if (rc < 0) {
        ck_assert_msg(error.offset == (size_t)t->at, "%.*s: at %zu", SLICE_ARG(t->text),
                      error.offset);
    }
    json_test_free();
}

START_TEST(a_text_is_taken_or_broken_where_it_says)
{
    for (size_t i = (size_t)_i; i < COUNT_OF(texts); i += PROCESSES) {
        check_text(i);
    }
}
END_TEST

/* json_test_parse compares the two parsers at each. */
static void check_beginnings(struct slice text)
{
    for (size_t size = 0; size < text.len; size++) {
        const struct garm_json_value *root = NULL;
        (void)!json_test_parse(slice_of(text.ptr, size), &root, NULL);
        json_test_free();
    }
}

START_TEST(every_beginning_of_a_text_is_judged_alike)
{
    for (size_t i = (size_t)_i; i < COUNT_OF(texts); i += PROCESSES) {
        check_beginnings(texts[i].text);
    }
}
END_TEST

static void check_within_others(struct slice text)
{
    static const char *const around[][2] = {{"[", "]"},     {"{\"a\":", "}"}, {" ", "\n"},
                                            {"[1,", ",2]"}, {"\"", "\""},     {"", "1"}};
    char whole[256];
    for (size_t i = 0; i < COUNT_OF(around); i++) {
        const struct garm_json_value *root = NULL;
        const size_t before = strlen(around[i][0]);
        const size_t behind = strlen(around[i][1]);
        memcpy(whole, around[i][0], before);
        memcpy(whole + before, text.ptr, text.len);
        memcpy(whole + before + text.len, around[i][1], behind);
        (void)!json_test_parse(slice_of(whole, before + text.len + behind), &root, NULL);
        json_test_free();
    }
}

START_TEST(every_text_is_judged_alike_within_others)
{
    for (size_t i = (size_t)_i; i < COUNT_OF(texts); i += PROCESSES) {
        check_within_others(texts[i].text);
    }
}
END_TEST

START_TEST(every_byte_is_judged_alike_everywhere)
{
    char text[] = "{\"a\\n\\u0041\":[1.5e3,-2,true,null],\"b\":\"\xc3\xa9\"}";
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        const char was = text[i];
        for (int byte = 0; byte < 256; byte++) {
            const struct garm_json_value *root = NULL;
            text[i] = (char)byte;
            (void)!json_test_parse(slice_of(text, sizeof(text) - 1), &root, NULL);
            json_test_free();
        }
        text[i] = was;
    }
}
END_TEST

static const struct {
    const char *text;
    size_t line, column;
    const char *reason;
} places[] = {
    {"", 1, 1, "the text ends where a value is expected"},
    {"{\n  \"a\": tru\n}", 2, 8, "a value is expected"},
    {"[1,\r\n2,\r\n3 4]", 3, 3, "a comma or the array's end is expected"},
    {"{\"\xc3\xa9\": x}", 1, 8, "a value is expected"}, /* columns count bytes */
    {"\n\n[\"\n\"]", 3, 3, "a control character in a string must be escaped"},
    {"{\"a\":1,\n}", 2, 1, "a member's name, in quotes, is expected"},
    {"{\"a\";1}", 1, 5, "a colon is expected"},
    {"{\"a\":1;}", 1, 7, "a comma or the object's end is expected"},
    {"[\"abc", 1, 6, "the text ends within a string"},
    {"[1]\n x", 2, 2, "only blanks may stand behind the value"},
    {"[1e999]", 1, 2, "the number is too large for a double"},
    {"[18446744073709551616]", 1, 2, "the whole number does not fit 64 bits"},
    {"[\"\\ud800\"]", 1, 3, "half a surrogate pair"},
    {"[\"\\q\"]", 1, 4, "no such escape"},
    {"[\"\\u00g0\"]", 1, 5, "four hex digits are expected behind \\u"},
    {"[007]", 1, 2, "a number has no leading zeros"},
    {"[1.]", 1, 4, "a digit is expected"},
    {"[\"\xff\"]", 1, 3, "not UTF-8"},
    {"\xef\xbb\xbf[]", 1, 1, "a byte order mark"},
};

START_TEST(an_error_tells_line_column_and_reason)
{
    const struct garm_json_value *root = NULL;
    struct json_error error = {0};
    ck_assert_int_eq(json_test_parse(slice_cstr(places[_i].text), &root, &error), -EBADMSG);
    ck_assert_uint_eq(error.line, places[_i].line);
    ck_assert_uint_eq(error.column, places[_i].column);
    ck_assert_str_eq(error.reason, places[_i].reason);
}
END_TEST

static const struct {
    const char *type;
    bool json;
} types[] = {
    {"application/json", true},
    {"Application/JSON", true},
    {" application/json ", true},
    {"application/json; charset=utf-8", true},
    {"application/json;charset=\"UTF-8\"", true},
    {"application/json; q=\"a;charset=x\"; charset=utf-8", true},
    {"application/json;", true},
    {"application/problem+json", true},
    {"model/gltf+JSON; version=2", true},
    {"application/json; charset=latin1", false},
    {"application/json; q=\"\\\"\"; charset=utf-16", false},
    {"application/json; charset=utf-8; charset=utf-16", false},
    {"", false},
    {"json", false},
    {"+json", false},
    {"application/+json", false},
    {"/x+json", false},
    {"text/plain", false},
    {"text/json", false},
    {"application/jsonp", false},
    {"application/json5", false},
    {"application/json, text/plain", false},
    {"application/x-www-form-urlencoded", false},
};

START_TEST(json_is_announced_by_its_type_in_utf_8)
{
    ck_assert(json_media_type(slice_cstr(types[_i].type)) == types[_i].json);
}
END_TEST

Suite *json_text_suite(void)
{
    Suite *const suite = suite_create("json_text");
    TCase *const tc = tcase_create("texts");
    tcase_add_checked_fixture(tc, NULL, json_test_free);
    tcase_add_loop_test(tc, a_text_is_taken_or_broken_where_it_says, 0, PROCESSES);
    tcase_add_loop_test(tc, every_beginning_of_a_text_is_judged_alike, 0, PROCESSES);
    tcase_add_loop_test(tc, every_text_is_judged_alike_within_others, 0, PROCESSES);
    tcase_add_test(tc, every_byte_is_judged_alike_everywhere);
    tcase_add_loop_test(tc, an_error_tells_line_column_and_reason, 0, COUNT_OF(places));
    tcase_add_loop_test(tc, json_is_announced_by_its_type_in_utf_8, 0, COUNT_OF(types));
    suite_add_tcase(suite, tc);
    return suite;
}
