/* Which bytes are UTF-8: every code point, and random bytes against arithmetic. */
#include "suites.h"

#include "base/compiler.h"
#include "base/random.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>

/* The encoding of a code point by the table of RFC 3629, without its restrictions. */
static size_t encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; code >>= 6) {
        out[i] = (char)(0x80 | (code & 0x3f));
    }
    out[0] = (char)(leads[size] | code);
    return size;
}

START_TEST(every_code_point_but_surrogates_is_utf8)
{
    for (uint32_t code = 0; code < 0x120000; code++) {
        char out[4];
        const size_t size = encode(code, out);
        const bool valid = code < 0x110000 && (code < 0xd800 || code > 0xdfff);
        if (utf8_size(slice_of(out, size)) != (valid ? size : 0)) {
            ck_abort_msg("U+%04x", code);
        }
        if (utf8_size(slice_of(out, size - 1)) != 0) {
            ck_abort_msg("U+%04x cut short", code);
        }
    }
}
END_TEST

START_TEST(what_is_not_utf8_has_no_size)
{
    static const struct slice bad[] = {
        {"", 0},
        {"\x80", 1},
        {"\xbf\x80", 2},
        {"\xc0\x80", 2},
        {"\xc1\xbf", 2},
        {"\xc3\x28", 2},
        {"\xe0\x9f\xbf", 3},
        {"\xe2\x82\x28", 3},
        {"\xe2\x28\x82", 3},
        {"\xf0\x8f\xbf\xbf", 4},
        {"\xf0\x90\x80\xc0", 4},
        {"\xf5\x80\x80\x80", 4},
        {"\xff\xff\xff\xff", 4},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_uint_eq(utf8_size(bad[i]), 0);
    }
    ck_assert_uint_eq(utf8_size(SLICE("a\xff")), 1);
}
END_TEST

/* RFC 3629 by arithmetic: decode, then encode, must give the same bytes. */
static bool utf8_by_value(const unsigned char *p, size_t len)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value = p[0];
    const size_t size = p[0] < 0x80       ? 1
                        : p[0] >> 5 == 6  ? 2
                        : p[0] >> 4 == 14 ? 3
                        : p[0] >> 3 == 30 ? 4
                                          : 0;
    if (size != len) {
        return false;
    }
    value = size == 1 ? value : value & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return false;
        }
        value = value << 6 | (p[i] & 0x3fU);
    }
    return value >= smallest[size] && value <= 0x10ffff && !(value >= 0xd800 && value < 0xe000);
}

START_TEST(utf8_agrees_with_its_arithmetic)
{
    struct random random;
    random_seed(&random, 3);
    for (int round = 0; round < 40000; round++) {
        unsigned char bytes[4];
        for (size_t i = 0; i < sizeof(bytes); i++) {
            const uint64_t any = random_below(&random, 256);
            bytes[i] =
                (unsigned char)(i > 0 && random_percent(&random, 80) ? 0x80 | (any & 0x3f) : any);
        }
        const size_t len = 1 + random_below(&random, 4);
        bool valid = false;
        const size_t size = utf8_take((const char *)bytes, len, &valid);
        ck_assert(size >= 1 && size <= len);
        if (valid) {
            ck_assert(utf8_by_value(bytes, size));
        } else {
            for (size_t i = 1; i <= len; i++) {
                ck_assert(!utf8_by_value(bytes, i));
            }
        }
    }
}
END_TEST

Suite *utf8_suite(void)
{
    Suite *const suite = suite_create("utf8");
    TCase *const tests = tcase_create("utf8");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_code_point_but_surrogates_is_utf8);
    tcase_add_test(tests, what_is_not_utf8_has_no_size);
    tcase_add_test(tests, utf8_agrees_with_its_arithmetic);
    suite_add_tcase(suite, tests);
    return suite;
}
