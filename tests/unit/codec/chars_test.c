/* The byte classes, byte by byte against the grammars they come from. */
#include "suites.h"
#include "codec/chars.h"

#include "spec/require.h"

#include <ctype.h>
#include <string.h>

static bool is_among(int byte, const char *set)
{
    return byte != 0 && strchr(set, byte) != NULL;
}

static bool is_alnum(int byte)
{
    return byte < 0x80 && isalnum(byte) != 0;
}

static bool is_text(int byte)
{
    return byte >= 0x21 && byte != 0x7f;
}

START_TEST(each_byte_belongs_to_its_classes)
{
    for (int i = 0; i < 256; i++) {
        const char c = (char)i;
        const bool alnum = is_alnum(i);
        const bool blank = i == ' ' || i == '\t';
        REQUIRE(char_is_blank(c) == blank);
        REQUIRE(char_is(c, CHAR_TOKEN) == (alnum || is_among(i, "!#$%&'*+-.^_`|~")));
        REQUIRE(char_is(c, CHAR_VALUE) == (is_text(i) || blank));
        REQUIRE(char_is(c, CHAR_TARGET) == is_text(i));
        REQUIRE(char_is(c, CHAR_PATH) == (alnum || is_among(i, "-_~!$&'()*+,;=:@/[]|")));
        REQUIRE(char_is(c, CHAR_QUERY) == (alnum || is_among(i, "-._~!$&'()*+,;=:@/?[]|\\^`{}")));
        REQUIRE(char_is(c, CHAR_HOST) == (alnum || is_among(i, "-._~!$&'()*+;=")));
        REQUIRE(char_is(c, CHAR_UNRESERVED) == (alnum || is_among(i, "-._~")));
    }
}
END_TEST

START_TEST(a_run_ends_at_the_first_byte_of_no_class)
{
    ck_assert_uint_eq(char_run("abc:d", 5, CHAR_TOKEN), 3);
    ck_assert_uint_eq(char_run("abc", 3, CHAR_TOKEN), 3);
    ck_assert_uint_eq(char_run(":", 1, CHAR_TOKEN), 0);
    ck_assert_uint_eq(char_run(NULL, 0, CHAR_TOKEN), 0);
}
END_TEST

Suite *chars_suite(void)
{
    Suite *const suite = suite_create("chars");
    TCase *const tests = tcase_create("chars");
    tcase_add_test(tests, each_byte_belongs_to_its_classes);
    tcase_add_test(tests, a_run_ends_at_the_first_byte_of_no_class);
    suite_add_tcase(suite, tests);
    return suite;
}
