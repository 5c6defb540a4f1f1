/* The trailer section behind a last chunk. */
#include "suites.h"
#include "ways.h"

#include "base/compiler.h"

static const struct parsed *parse(struct slice text)
{
    return parse_every_way(text, NULL, true);
}

START_TEST(an_empty_section_is_one_crlf)
{
    const struct parsed *const parsed = parse(SLICE("\r\nGET"));
    ck_assert_int_eq(parsed->result, H1_DONE);
    ck_assert_uint_eq(parsed->head.size, 2);
    ck_assert_uint_eq(parsed->head.field_count, 0);
}
END_TEST

START_TEST(fields_are_parsed_as_in_a_head)
{
    const struct slice text = SLICE("X: \ta \r\nETag:b\r\n\r\n");
    const struct parsed *const parsed = parse(text);
    ck_assert_int_eq(parsed->result, H1_DONE);
    ck_assert_uint_eq(parsed->head.size, text.len);
    ck_assert_uint_eq(parsed->head.field_count, 2);
    ck_assert_uint_eq(parsed->head.fields[0].value_len, 1);
    ck_assert(slice_eq(h1_head_get(&parsed->head, text.ptr, FIELD_ETAG), SLICE("b")));
}
END_TEST

START_TEST(no_leading_empty_line_is_skipped)
{
    const struct parsed *const parsed = parse(SLICE("\r\nX: a\r\n\r\n"));
    ck_assert_int_eq(parsed->result, H1_DONE);
    ck_assert_uint_eq(parsed->head.size, 2);
}
END_TEST

START_TEST(what_may_not_stand_there_is_dropped)
{
    const struct slice text = SLICE("Content-Length: 5\r\nX: a\r\nHost: b\r\nHost: c\r\n\r\n");
    const struct parsed *const parsed = parse(text);
    ck_assert_int_eq(parsed->result, H1_DONE);
    ck_assert_uint_eq(parsed->head.field_count, 1);
    ck_assert_uint_eq(parsed->head.fields[0].name_offset, 19);
    ck_assert_uint_eq(parsed->head.id_first[FIELD_HOST], 0);
    ck_assert_uint_eq(parsed->head.id_repeated, 0);
}
END_TEST

static const struct slice refused[] = {
    SLICE("\n"),         SLICE("\rX"),
    SLICE(" X: a\r\n"),  SLICE(": a\r\n"),
    SLICE("X\r\n"),      SLICE("X : a\r\n"),
    SLICE("X: a\n"),     SLICE("X: a\rb"),
    SLICE("X: \0"),      SLICE("X: a\r\n b"),
    SLICE("\xff: a"),    SLICE("X: \x7f"),
    SLICE("Host: \x01"), SLICE("GET / HTTP/1.1\r\n"),
};

START_TEST(errors_are_those_of_a_head)
{
    const struct parsed *const parsed = parse(refused[_i]);
    ck_assert_int_eq(parsed->result, H1_BAD);
    ck_assert_uint_eq(parsed->error.status, 400);
}
END_TEST

START_TEST(a_section_has_as_many_bytes_as_its_limit)
{
    struct h1_limits limits = h1_limits_default;
    limits.trailer_bytes = 12;
    ck_assert_int_eq(parse_every_way(SLICE("X: 12345\r\n\r\n"), &limits, true)->result, H1_DONE);
    const struct parsed *const parsed = parse_every_way(SLICE("X: 123456\r\n\r\n"), &limits, true);
    ck_assert_int_eq(parsed->result, H1_BAD);
    ck_assert_uint_eq(parsed->error.status, 431);
    ck_assert_uint_eq(parsed->error.offset, 12);
}
END_TEST

START_TEST(more_fields_than_the_limit_are_431)
{
    struct h1_limits limits = h1_limits_default;
    limits.field_count = 1;
    ck_assert_int_eq(parse_every_way(SLICE("X: a\r\n\r\n"), &limits, true)->result, H1_DONE);
    const struct parsed *const parsed = parse_every_way(SLICE("X: a\r\nY"), &limits, true);
    ck_assert_int_eq(parsed->result, H1_BAD);
    ck_assert_uint_eq(parsed->error.status, 431);
}
END_TEST

Suite *trailers_suite(void)
{
    Suite *const suite = suite_create("trailers");
    TCase *const tests = tcase_create("trailers");
    tcase_add_test(tests, an_empty_section_is_one_crlf);
    tcase_add_test(tests, fields_are_parsed_as_in_a_head);
    tcase_add_test(tests, no_leading_empty_line_is_skipped);
    tcase_add_test(tests, what_may_not_stand_there_is_dropped);
    tcase_add_loop_test(tests, errors_are_those_of_a_head, 0, (int)COUNT_OF(refused));
    tcase_add_test(tests, a_section_has_as_many_bytes_as_its_limit);
    tcase_add_test(tests, more_fields_than_the_limit_are_431);
    suite_add_tcase(suite, tests);
    return suite;
}
