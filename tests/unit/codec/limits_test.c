/* The bounds of a head: what fits exactly passes, one more is refused, and what never ends is
 * refused as soon as it is too long. */
#include "suites.h"
#include "ways.h"

#include "base/compiler.h"

#include <stdio.h>

static char text[1 << 18];
static size_t text_len;

static void put(const char *piece)
{
    const size_t len = strlen(piece);
    ck_assert_uint_le(text_len + len, sizeof(text));
    memcpy(text + text_len, piece, len);
    text_len += len;
}

static void put_run(char c, size_t count)
{
    ck_assert_uint_le(text_len + count, sizeof(text));
    memset(text + text_len, c, count);
    text_len += count;
}

/* Puts whole fields of 6 bytes. */
static void put_fields(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put("X: y\r\n");
    }
}

static void require_done(const struct h1_limits *limits)
{
    ck_assert_int_eq(parse_every_way(slice_of(text, text_len), limits, false)->result, H1_DONE);
}

static void require_bad(const struct h1_limits *limits, uint16_t status, uint32_t offset)
{
    const struct parsed *const parsed = parse_every_way(slice_of(text, text_len), limits, false);
    ck_assert_int_eq(parsed->result, H1_BAD);
    ck_assert_uint_eq(parsed->error.status, status);
    ck_assert_uint_eq(parsed->error.offset, offset);
}

static void reset(void)
{
    text_len = 0;
}

START_TEST(a_method_has_64_bytes)
{
    put_run('M', 64);
    put(" / HTTP/1.0\r\n\r\n");
    require_done(NULL);
    reset();
    put_run('M', 65);
    require_bad(NULL, 501, 64);
    put(" / HTTP/1.0\r\n\r\n");
    require_bad(NULL, 501, 64);
}
END_TEST

START_TEST(eight_empty_lines_may_come_first)
{
    for (int i = 0; i < 8; i++) {
        put("\r\n");
    }
    put("GET / HTTP/1.0\r\n\r\n");
    require_done(NULL);
    reset();
    for (int i = 0; i < 9; i++) {
        put("\r\n");
    }
    require_bad(NULL, 400, 16);
}
END_TEST

START_TEST(a_target_is_414_one_byte_beyond_its_limit)
{
    struct h1_limits limits = h1_limits_default;
    limits.target_bytes = 10;
    put("GET /123456789 HTTP/1.0\r\n\r\n");
    require_done(&limits);
    reset();
    put("GET /1234567890");
    require_bad(&limits, 414, 14);
    put(" HTTP/1.0\r\n\r\n");
    require_bad(&limits, 414, 14);
    reset();
    put("GET /1234567890\x01"); /* too long comes first */
    require_bad(&limits, 414, 14);
}
END_TEST

START_TEST(the_default_target_limit_is_16_kib)
{
    put("GET /");
    put_run('a', KIB(16) - 1);
    put(" HTTP/1.0\r\n\r\n");
    require_done(NULL);
    reset();
    put("GET /");
    put_run('a', KIB(16));
    require_bad(NULL, 414, 4 + KIB(16));
}
END_TEST

START_TEST(a_field_too_many_is_431_at_its_first_byte)
{
    put("GET / HTTP/1.0\r\n");
    put_fields(100);
    const uint32_t end = (uint32_t)text_len;
    put("\r\n");
    require_done(NULL);
    text_len = end;
    put("X");
    require_bad(NULL, 431, end);
}
END_TEST

START_TEST(fewer_fields_may_be_asked_for)
{
    struct h1_limits limits = h1_limits_default;
    limits.field_count = 2;
    put("GET / HTTP/1.0\r\n");
    put_fields(2);
    put("\r\n");
    require_done(&limits);
    text_len -= 2;
    put("X: y\r\n\r\n");
    require_bad(&limits, 431, 28);
    limits.field_count = 0;
    require_bad(&limits, 431, 16);
}
END_TEST

/* A head of exactly `size` bytes. */
static void put_head(size_t size)
{
    put("GET / HTTP/1.0\r\nX: ");
    put_run('y', size - text_len - 4);
    put("\r\n\r\n");
}

START_TEST(a_head_has_as_many_bytes_as_its_limit)
{
    put_head(LIMIT_HEAD_BYTES);
    require_done(NULL);
    put("the body");
    require_done(NULL);
    reset();
    put_head(LIMIT_HEAD_BYTES + 1);
    require_bad(NULL, 431, LIMIT_HEAD_BYTES);
}
END_TEST

START_TEST(a_head_that_fills_its_limit_without_end_is_not_waited_for)
{
    put_head(LIMIT_HEAD_BYTES + 1);
    text_len = LIMIT_HEAD_BYTES;
    require_bad(NULL, 431, LIMIT_HEAD_BYTES);
}
END_TEST

START_TEST(each_element_that_never_ends_is_refused)
{
    static const struct {
        const char *before;
        char filler;
        uint16_t status;
    } endless[] = {
        {"", 'M', 501},
        {"GET /", 'a', 414},
        {"GET / HTTP/1.0\r\n", 'n', 431},
        {"GET / HTTP/1.0\r\nX:", ' ', 431},
        {"GET / HTTP/1.0\r\nX: ", 'v', 431},
        {"GET / HTTP/1.0\r\nX: v", '\t', 431},
    };
    for (size_t i = 0; i < COUNT_OF(endless); i++) {
        reset();
        put(endless[i].before);
        put_run(endless[i].filler, 70000);
        const struct parsed *const parsed = parse_every_way(slice_of(text, text_len), NULL, false);
        ck_assert_int_eq(parsed->result, H1_BAD);
        ck_assert_uint_eq(parsed->error.status, endless[i].status);
    }
}
END_TEST

START_TEST(a_head_limit_below_the_target_limit_is_414_in_the_target)
{
    struct h1_limits limits = h1_limits_default;
    limits.head_bytes = 100;
    put("GET /");
    put_run('a', 200);
    require_bad(&limits, 414, 100);
}
END_TEST

START_TEST(a_name_beyond_65535_bytes_is_refused_where_larger_heads_are_let)
{
    struct h1_limits limits = h1_limits_default;
    limits.head_bytes = 1 << 20;
    put("GET / HTTP/1.0\r\n");
    put_run('n', UINT16_MAX);
    put(": v\r\n\r\n");
    require_done(&limits);
    reset();
    put("GET / HTTP/1.0\r\n");
    put_run('n', UINT16_MAX + 1);
    require_bad(&limits, 431, 16 + UINT16_MAX);
}
END_TEST

Suite *limits_suite(void)
{
    Suite *const suite = suite_create("limits");
    TCase *const tests = tcase_create("limits");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_method_has_64_bytes);
    tcase_add_test(tests, eight_empty_lines_may_come_first);
    tcase_add_test(tests, a_target_is_414_one_byte_beyond_its_limit);
    tcase_add_test(tests, the_default_target_limit_is_16_kib);
    tcase_add_test(tests, a_field_too_many_is_431_at_its_first_byte);
    tcase_add_test(tests, fewer_fields_may_be_asked_for);
    tcase_add_test(tests, a_head_has_as_many_bytes_as_its_limit);
    tcase_add_test(tests, a_head_that_fills_its_limit_without_end_is_not_waited_for);
    tcase_add_test(tests, each_element_that_never_ends_is_refused);
    tcase_add_test(tests, a_head_limit_below_the_target_limit_is_414_in_the_target);
    tcase_add_test(tests, a_name_beyond_65535_bytes_is_refused_where_larger_heads_are_let);
    suite_add_tcase(suite, tests);
    return suite;
}
