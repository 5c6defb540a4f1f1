/* Field names and values. */
#include "suites.h"
#include "codec/field.h"

#include "spec/require.h"

#include <ctype.h>
#include <string.h>

static enum field_id lookup(const char *name)
{
    return field_lookup(slice_cstr(name));
}

START_TEST(every_registered_name_is_found_in_any_case)
{
    const struct slice name = field_name((enum field_id)_i);
    char upper[32];
    char lower[32];
    ck_assert_uint_gt(name.len, 0);
    ck_assert_uint_lt(name.len, sizeof(upper));
    for (size_t i = 0; i < name.len; i++) {
        upper[i] = (char)toupper(name.ptr[i]);
        lower[i] = (char)tolower(name.ptr[i]);
    }
    ck_assert_uint_eq(field_lookup(name), (unsigned)_i);
    ck_assert_uint_eq(field_lookup(slice_of(upper, name.len)), (unsigned)_i);
    ck_assert_uint_eq(field_lookup(slice_of(lower, name.len)), (unsigned)_i);
}
END_TEST

START_TEST(a_name_with_one_byte_changed_is_another)
{
    const struct slice name = field_name((enum field_id)_i);
    char text[32];
    for (size_t at = 0; at < name.len; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, name.ptr, name.len);
            text[at] = (char)byte;
            if (!slice_eq_nocase(slice_of(text, name.len), name)) {
                REQUIRE(field_lookup(slice_of(text, name.len)) != (enum field_id)_i);
            }
        }
    }
}
END_TEST

START_TEST(other_names_are_other)
{
    static const char *const names[] = {
        "",
        "X",
        "Hos",
        "Hosts",
        "Hpst",
        "H-st",
        "ho",
        "TE-",
        "T",
        "Cooki",
        "xcept",
        "Content-Lengt",
        "Content_Length",
        "IF-UNMODIFIED-SINCE-THIS-TIME",
        "Transfer-Encodinh",
        "Content\rLength",
        "\022e",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert_uint_eq(lookup(names[i]), FIELD_OTHER);
    }
    ck_assert_uint_eq(field_name(FIELD_OTHER).len, 0);
}
END_TEST

START_TEST(a_name_is_a_token)
{
    ck_assert(field_name_valid(SLICE("X")));
    ck_assert(field_name_valid(SLICE("!#$%&'*+-.^_`|~09azAZ")));
    ck_assert(!field_name_valid(SLICE("")));
    ck_assert(!field_name_valid(SLICE("X ")));
    ck_assert(!field_name_valid(SLICE("X:")));
    ck_assert(!field_name_valid(SLICE("X\r\n")));
    ck_assert(!field_name_valid(SLICE("X\0")));
    ck_assert(!field_name_valid(SLICE("\xc3\xa4")));
    ck_assert(!field_name_valid(slice_of(NULL, 0)));
}
END_TEST

START_TEST(a_value_has_no_control_bytes_and_no_blanks_at_its_ends)
{
    ck_assert(field_value_valid(SLICE("")));
    ck_assert(field_value_valid(slice_of(NULL, 0)));
    ck_assert(field_value_valid(SLICE("a")));
    ck_assert(field_value_valid(SLICE("a b\tc")));
    ck_assert(field_value_valid(SLICE("\x80\xff")));
    ck_assert(!field_value_valid(SLICE(" a")));
    ck_assert(!field_value_valid(SLICE("a ")));
    ck_assert(!field_value_valid(SLICE("\ta")));
    ck_assert(!field_value_valid(SLICE("a\t")));
    ck_assert(!field_value_valid(SLICE("a\r\nX: y")));
    ck_assert(!field_value_valid(SLICE("a\nb")));
    ck_assert(!field_value_valid(SLICE("a\0b")));
    ck_assert(!field_value_valid(SLICE("a\x7f"
                                       "b")));
}
END_TEST

static bool has(const char *list, const char *token)
{
    return field_list_has(slice_cstr(list), slice_cstr(token));
}

START_TEST(a_list_has_its_elements_in_any_case)
{
    ck_assert(has("close", "close"));
    ck_assert(has("Close", "close"));
    ck_assert(has("keep-alive, close", "close"));
    ck_assert(has("keep-alive,close", "keep-alive"));
    ck_assert(has(",, \tclose\t ,", "close"));
    ck_assert(!has("", "close"));
    ck_assert(!has(",", "close"));
    ck_assert(!has("closed", "close"));
    ck_assert(!has("x close", "close"));
    ck_assert(!has("\"close\"", "close"));
    ck_assert(!has(" , ", ""));
}
END_TEST

static size_t found(const char *value)
{
    return field_find_unquoted(slice_cstr(value), ';');
}

START_TEST(a_byte_in_a_quoted_string_is_not_found)
{
    ck_assert_uint_eq(found("a;b;c"), 1);
    ck_assert_uint_eq(found(";"), 0);
    ck_assert_uint_eq(found("a=\"b;c\";d"), 7);
    ck_assert_uint_eq(found("a=\"\\\";\";d"), 7);
    ck_assert_uint_eq(found("a\\;d"), 2);
    ck_assert_uint_eq(found("\"a;"), 3);
    ck_assert_uint_eq(found("\"a;\\"), 4);
    ck_assert_uint_eq(found("abc"), 3);
    ck_assert_uint_eq(found(""), 0);
}
END_TEST

START_TEST(products_have_versions_and_comments)
{
    ck_assert(field_products_valid(SLICE("garm")));
    ck_assert(field_products_valid(SLICE("garm/0.1")));
    ck_assert(field_products_valid(SLICE("garm/0.1 (linux; (x86-64) \xc3\xa4) lib/2")));
    ck_assert(!field_products_valid(SLICE("")));
    ck_assert(!field_products_valid(SLICE("(a)")));
    ck_assert(!field_products_valid(SLICE("a/")));
    ck_assert(!field_products_valid(SLICE("a/b/c")));
    ck_assert(!field_products_valid(SLICE("/a")));
    ck_assert(!field_products_valid(SLICE("a ")));
    ck_assert(!field_products_valid(SLICE(" a")));
    ck_assert(!field_products_valid(SLICE("a  b")));
    ck_assert(!field_products_valid(SLICE("a, b")));
    ck_assert(!field_products_valid(SLICE("a (b")));
    ck_assert(!field_products_valid(SLICE("a b)")));
    ck_assert(!field_products_valid(SLICE("a (\n)")));
    ck_assert(!field_products_valid(SLICE("a (b\\)")));
    ck_assert(!field_products_valid(SLICE("a\r\nX: y")));
}
END_TEST

START_TEST(trailers_may_not_frame_route_or_authenticate)
{
    static const enum field_id refused[] = {
        FIELD_CONTENT_LENGTH,
        FIELD_TRANSFER_ENCODING,
        FIELD_HOST,
        FIELD_CONNECTION,
        FIELD_UPGRADE,
        FIELD_TE,
        FIELD_TRAILER,
        FIELD_KEEP_ALIVE,
        FIELD_AUTHORIZATION,
        FIELD_COOKIE,
        FIELD_SET_COOKIE,
        FIELD_CONTENT_TYPE,
        FIELD_CONTENT_RANGE,
        FIELD_CONTENT_ENCODING,
        FIELD_EXPECT,
        FIELD_RANGE,
        FIELD_IF_MATCH,
        FIELD_IF_NONE_MATCH,
        FIELD_IF_RANGE,
        FIELD_MAX_FORWARDS,
        FIELD_CACHE_CONTROL,
        FIELD_PROXY_CONNECTION,
        FIELD_IF_MODIFIED_SINCE,
        FIELD_IF_UNMODIFIED_SINCE,
        FIELD_PROXY_AUTHORIZATION,
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert(!field_trailer_allowed(refused[i]));
    }
    ck_assert(field_trailer_allowed(FIELD_OTHER));
    ck_assert(field_trailer_allowed(FIELD_ETAG));
    ck_assert(field_trailer_allowed(FIELD_VARY));
}
END_TEST

Suite *field_suite(void)
{
    Suite *const suite = suite_create("field");
    TCase *const tests = tcase_create("field");
    tcase_add_loop_test(tests, every_registered_name_is_found_in_any_case, 1, FIELD_COUNT_);
    tcase_add_loop_test(tests, a_name_with_one_byte_changed_is_another, 1, FIELD_COUNT_);
    tcase_add_test(tests, other_names_are_other);
    tcase_add_test(tests, a_name_is_a_token);
    tcase_add_test(tests, a_value_has_no_control_bytes_and_no_blanks_at_its_ends);
    tcase_add_test(tests, a_list_has_its_elements_in_any_case);
    tcase_add_test(tests, a_byte_in_a_quoted_string_is_not_found);
    tcase_add_test(tests, products_have_versions_and_comments);
    tcase_add_test(tests, trailers_may_not_frame_route_or_authenticate);
    suite_add_tcase(suite, tests);
    return suite;
}
