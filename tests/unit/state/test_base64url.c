/* Base64url: every length there and back, and one text for one sequence of bytes. */
#include "app/base64url.h"

#include <check.h>
#include <errno.h>

Suite *suite_base64url(void);

START_TEST(every_length_comes_back)
{
    unsigned char bytes[100];
    unsigned char back[100];
    char text[200];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i * 73 + 251);
    }
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        base64url_encode(bytes, size, text);
        ck_assert_uint_eq(strlen(text), base64url_len(size));
        ck_assert_uint_eq(base64url_size(strlen(text)), size);
        ck_assert_int_eq(base64url_decode(slice_cstr(text), back), 0);
        ck_assert_mem_eq(back, bytes, size);
    }
}
END_TEST

START_TEST(the_letters_are_those_of_the_rfc)
{
    char text[16];
    base64url_encode("\xfb\xef\xff", 3, text);
    ck_assert_str_eq(text, "--__");
    base64url_encode("fooba", 5, text);
    ck_assert_str_eq(text, "Zm9vYmE");
}
END_TEST

START_TEST(what_is_not_canonical_is_refused)
{
    static const char *const bad[] = {"A",      "AAAAA", "AB",   "AAB",
                                      "A===",   "AA==",  "AA+A", "AA/A",
                                      "AA A",   "AA\nA", "AA.A", "\xff\xff\xff\xff",
                                      "Zm9vYmF"};
    unsigned char out[16];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(base64url_decode(slice_cstr(bad[i]), out) == -EINVAL, "%s", bad[i]);
    }
}
END_TEST

Suite *suite_base64url(void)
{
    Suite *const suite = suite_create("state/base64url");
    TCase *const tc = tcase_create("base64url");
    tcase_add_test(tc, every_length_comes_back);
    tcase_add_test(tc, the_letters_are_those_of_the_rfc);
    tcase_add_test(tc, what_is_not_canonical_is_refused);
    suite_add_tcase(suite, tc);
    return suite;
}
