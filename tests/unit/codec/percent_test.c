/* Percent-encoding. */
#include "suites.h"
#include "codec/target.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

struct decoding {
    struct slice raw;
    struct slice decoded; /* ptr NULL: refused */
};

static const struct decoding decodings[] = {
    {SLICE(""), SLICE("")},
    {SLICE("abc"), SLICE("abc")},
    {SLICE("%41"), SLICE("A")},
    {SLICE("a%20b"), SLICE("a b")},
    {SLICE("%2f%2F"), SLICE("//")},
    {SLICE("%25"), SLICE("%")},
    {SLICE("%2541"), SLICE("%41")}, /* once, not twice */
    {SLICE("%e4%E4"), SLICE("\xe4\xe4")},
    {SLICE("%c0%ae"), SLICE("\xc0\xae")}, /* overlong UTF-8 stays what it is */
    {SLICE("%ff"), SLICE("\xff")},
    {SLICE("%01"), SLICE("\x01")},
    {SLICE("%0d%0a"), SLICE("\r\n")},
    {SLICE("a+b"), SLICE("a+b")},
    {SLICE("%"), {NULL, 0}},
    {SLICE("%4"), {NULL, 0}},
    {SLICE("a%"), {NULL, 0}},
    {SLICE("%4g"), {NULL, 0}},
    {SLICE("%g4"), {NULL, 0}},
    {SLICE("%%41"), {NULL, 0}},
    {SLICE("%00"), {NULL, 0}},
    {SLICE("a%00b"), {NULL, 0}},
    {SLICE("% 41"), {NULL, 0}},
    {SLICE("%-1"), {NULL, 0}},
    {SLICE("%0x"), {NULL, 0}},
};

START_TEST(escapes_decode_once_or_are_refused)
{
    const struct decoding *const d = &decodings[_i];
    char out[64];
    size_t len = 99;
    const int rc = percent_decode(d->raw, false, out, &len);
    if (d->decoded.ptr == NULL) {
        ck_assert_int_eq(rc, -EINVAL);
        ck_assert_uint_eq(len, 99);
        return;
    }
    ck_assert_int_eq(rc, 0);
    ck_assert(slice_eq(slice_of(out, len), d->decoded));
}
END_TEST

START_TEST(decoding_works_in_place)
{
    char text[] = "%61b%63%20d";
    size_t len;
    ck_assert_int_eq(percent_decode(slice_cstr(text), false, text, &len), 0);
    ck_assert(slice_eq(slice_of(text, len), SLICE("abc d")));
}
END_TEST

START_TEST(forms_write_a_blank_as_plus)
{
    char out[16];
    size_t len;
    ck_assert_int_eq(percent_decode(SLICE("a+b%2Bc"), true, out, &len), 0);
    ck_assert(slice_eq(slice_of(out, len), SLICE("a b+c")));
}
END_TEST

START_TEST(all_but_unreserved_and_kept_bytes_are_encoded)
{
    char out[64];
    size_t len = percent_encode(SLICE("aZ09-._~"), "", out);
    ck_assert(slice_eq(slice_of(out, len), SLICE("aZ09-._~")));
    len = percent_encode(SLICE("/a b%\xe4\0"), "/", out);
    ck_assert(slice_eq(slice_of(out, len), SLICE("/a%20b%25%E4%00")));
    len = percent_encode(SLICE("/"), "", out);
    ck_assert(slice_eq(slice_of(out, len), SLICE("%2F")));
}
END_TEST

START_TEST(what_is_encoded_decodes_to_itself)
{
    char encoded[3];
    char decoded[3];
    for (int byte = 1; byte < 256; byte++) {
        const char c = (char)byte;
        const size_t len = percent_encode(slice_of(&c, 1), "", encoded);
        size_t back;
        ck_assert_int_eq(percent_decode(slice_of(encoded, len), true, decoded, &back), 0);
        ck_assert_uint_eq(back, 1);
        ck_assert_int_eq(decoded[0], c);
    }
}
END_TEST

Suite *percent_suite(void)
{
    Suite *const suite = suite_create("percent");
    TCase *const tests = tcase_create("percent");
    tcase_add_loop_test(tests, escapes_decode_once_or_are_refused, 0, (int)COUNT_OF(decodings));
    tcase_add_test(tests, decoding_works_in_place);
    tcase_add_test(tests, forms_write_a_blank_as_plus);
    tcase_add_test(tests, all_but_unreserved_and_kept_bytes_are_encoded);
    tcase_add_test(tests, what_is_encoded_decodes_to_itself);
    suite_add_tcase(suite, tests);
    return suite;
}
