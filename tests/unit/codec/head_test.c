/* The syntax of a request head: what the parser reports, and where it finds the first offence. */
#include "suites.h"
#include "ways.h"

#include "base/compiler.h"

#include <stdio.h>

static bool span_is(struct slice text, struct h1_span span, const char *want)
{
    return slice_eq(h1_span_slice(span, text.ptr), slice_cstr(want));
}

static const struct slice full = SLICE("\r\nPOST /a/b?c=d HTTP/1.1\r\n"
                                       "Host: example.com:80\r\n"
                                       "X-Empty:\r\n"
                                       "Accept:\t a, b \t\r\n"
                                       "accept: c\r\n"
                                       "Content-Length: 3\r\n"
                                       "\r\nabc");

START_TEST(a_head_is_taken_apart_where_it_lies)
{
    const struct parsed *const parsed = parse_head(full);
    ck_assert_int_eq(parsed->result, H1_DONE);
    const struct h1_head *const head = &parsed->head;
    ck_assert_uint_eq(head->size, full.len - 3);
    ck_assert_uint_eq(head->method, METHOD_POST);
    ck_assert_uint_eq(head->form, TARGET_ORIGIN);
    ck_assert_uint_eq(head->minor, 1);
    ck_assert(span_is(full, head->method_text, "POST"));
    ck_assert(span_is(full, head->target, "/a/b?c=d"));
    ck_assert(span_is(full, head->path, "/a/b"));
    ck_assert(span_is(full, head->query, "c=d"));
    ck_assert(span_is(full, head->authority, "example.com:80"));
    ck_assert(head->has_query);
    ck_assert(head->path_plain);
    ck_assert_int_eq(head->content_length, 3);
    ck_assert(!head->chunked);
}
END_TEST

START_TEST(fields_stand_in_order_with_their_ids)
{
    static const struct {
        const char *name;
        const char *value;
        enum field_id id;
    } want[] = {
        {"Host", "example.com:80", FIELD_HOST},
        {"X-Empty", "", FIELD_OTHER},
        {"Accept", "a, b", FIELD_ACCEPT},
        {"accept", "c", FIELD_ACCEPT},
        {"Content-Length", "3", FIELD_CONTENT_LENGTH},
    };
    const struct h1_head *const head = &parse_head(full)->head;
    ck_assert_uint_eq(head->field_count, COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        const struct h1_field *const field = &head->fields[i];
        ck_assert(slice_eq(slice_of(full.ptr + field->name_offset, field->name_len),
                           slice_cstr(want[i].name)));
        ck_assert(slice_eq(slice_of(full.ptr + field->value_offset, field->value_len),
                           slice_cstr(want[i].value)));
        ck_assert_uint_eq(field->id, want[i].id);
    }
}
END_TEST

START_TEST(the_first_field_of_an_id_is_found_and_others_are_noted)
{
    const struct h1_head *const head = &parse_head(full)->head;
    ck_assert(slice_eq(h1_head_get(head, full.ptr, FIELD_ACCEPT), SLICE("a, b")));
    ck_assert(slice_eq(h1_head_get(head, full.ptr, FIELD_CONTENT_LENGTH), SLICE("3")));
    ck_assert_ptr_null(h1_head_get(head, full.ptr, FIELD_COOKIE).ptr);
    ck_assert_uint_eq(head->id_first[FIELD_HOST], 1);
    ck_assert_uint_eq(head->id_first[FIELD_ACCEPT], 3);
    ck_assert_uint_eq(head->id_first[FIELD_COOKIE], 0);
    ck_assert_uint_eq(head->id_repeated, UINT64_C(1) << FIELD_ACCEPT);
}
END_TEST

START_TEST(a_present_but_empty_field_is_not_absent)
{
    const struct slice text = SLICE("GET / HTTP/1.1\r\nHost: a\r\nCookie:\r\n\r\n");
    const struct slice cookie = h1_head_get(&parse_head(text)->head, text.ptr, FIELD_COOKIE);
    ck_assert_ptr_nonnull(cookie.ptr);
    ck_assert_uint_eq(cookie.len, 0);
}
END_TEST

START_TEST(an_absolute_forms_authority_stands_before_host)
{
    const struct slice text = SLICE("GET http://b:1?x HTTP/1.1\r\nHost: a\r\n\r\n");
    const struct h1_head *const head = &parse_head(text)->head;
    ck_assert_uint_eq(head->form, TARGET_ABSOLUTE);
    ck_assert(span_is(text, head->authority, "b:1"));
    ck_assert(span_is(text, head->path, ""));
    ck_assert(span_is(text, head->query, "x"));
}
END_TEST

START_TEST(minor_versions_above_1_are_read_as_1)
{
    ck_assert_uint_eq(parse_head(SLICE("GET / HTTP/1.0\r\n\r\n"))->head.minor, 0);
    ck_assert_uint_eq(parse_head(SLICE("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))->head.minor, 1);
    ck_assert_uint_eq(parse_head(SLICE("GET / HTTP/1.9\r\nHost: a\r\n\r\n"))->head.minor, 1);
}
END_TEST

START_TEST(long_elements_cross_every_width_of_the_scans)
{
    static char text[512];
    for (size_t len = 0; len <= 130; len++) {
        char filler[131];
        memset(filler, 'x', len);
        const int size =
            snprintf(text, sizeof(text), "GET /%.*s HTTP/1.1\r\nHost: a\r\nX: %.*s\r\n\r\n",
                     (int)len, filler, (int)len, filler);
        const struct parsed *const parsed = parse_head(slice_of(text, (size_t)size));
        ck_assert_int_eq(parsed->result, H1_DONE);
        ck_assert_uint_eq(parsed->head.path.len, len + 1);
        ck_assert_uint_eq(parsed->head.fields[1].value_len, len);
    }
}
END_TEST

static const struct {
    struct slice text;
    uint16_t status;
    uint32_t offset;
    const char *reason;
} offences[] = {
    {SLICE("\x16\x03\x01"), 400, 0, "byte not allowed in a method"},
    {SLICE("\n"), 400, 0, "bare LF"},
    {SLICE("\0"), 400, 0, "NUL"},
    {SLICE("\rG"), 400, 0, "bare CR"},
    {SLICE("\r\n\r\n G"), 400, 4, "byte not allowed in a method"},
    {SLICE("GET\r"), 400, 3, "misplaced CR"},
    {SLICE("GET\t/"), 400, 3, "byte not allowed in a method"},
    {SLICE("GET  "), 400, 4, "byte not allowed in a target"},
    {SLICE("GET /\r"), 400, 5, "misplaced CR"},
    {SLICE("GET /\x7f"), 400, 5, "byte not allowed in a target"},
    {SLICE("GET / X"), 400, 6, "bad version in the request line"},
    {SLICE("GET / HTTP/x"), 400, 11, "bad version in the request line"},
    {SLICE("GET / HTTP/1.1\n"), 400, 14, "bare LF"},
    {SLICE("GET / HTTP/1.1\rX"), 400, 15, "bad version in the request line"},
    {SLICE("GET / HTTP/3.1\r\n"), 505, 11, "major version not 1"},
    {SLICE("GET a HTTP/1.1\r\n"), 400, 4, "target in none of the four forms"},
    {SLICE("GET /% HTTP/1.1\r\n"), 400, 4, "bad escape in the path"},
    {SLICE("GET / HTTP/1.1\r\n a"), 400, 16, "blank at the beginning of a field line"},
    {SLICE("GET / HTTP/1.1\r\n:"), 400, 16, "byte not allowed in a field name"},
    {SLICE("GET / HTTP/1.1\r\nA b"), 400, 17, "byte not allowed in a field name"},
    {SLICE("GET / HTTP/1.1\r\nA\r"), 400, 17, "misplaced CR"},
    {SLICE("GET / HTTP/1.1\r\nA: \0"), 400, 19, "NUL"},
    {SLICE("GET / HTTP/1.1\r\nA: b\x01"), 400, 20, "control byte in a field value"},
    {SLICE("GET / HTTP/1.1\r\nA: b\n"), 400, 20, "bare LF"},
    {SLICE("GET / HTTP/1.1\r\nA: b\rc"), 400, 20, "bare CR"},
    {SLICE("GET / HTTP/1.1\r\nHost: a\r\n\rX"), 400, 25, "bare CR"},
    {SLICE("GET / HTTP/1.1\r\n\r\n"), 400, 18, "Host missing"},
    {SLICE("GET / HTTP/1.1\r\nA: b\r\nHost: ?\r\n\r\n"), 400, 22, "bad Host"},
};

START_TEST(an_offence_is_reported_at_once_and_in_its_place)
{
    const struct parsed *const parsed = parse_head(offences[_i].text);
    ck_assert_int_eq(parsed->result, H1_BAD);
    ck_assert_uint_eq(parsed->error.status, offences[_i].status);
    ck_assert_str_eq(parsed->error.reason, offences[_i].reason);
    ck_assert_uint_eq(parsed->error.offset, offences[_i].offset);
}
END_TEST

/* No byte but those of the grammar may pass, whatever stands there. */
START_TEST(any_byte_anywhere_gives_an_answer_on_which_all_ways_agree)
{
    static const char sample[] = "GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    char text[sizeof(sample)];
    const size_t len = sizeof(sample) - 1;
    for (int byte = _i * 16; byte < _i * 16 + 16; byte++) {
        for (size_t at = 0; at < len; at++) {
            memcpy(text, sample, sizeof(sample));
            text[at] = (char)byte;
            const struct parsed *const parsed = parse_head(slice_of(text, len));
            const bool control = byte < 0x20 && byte != '\t';
            if (control && sample[at] != byte) {
                ck_assert_int_ne(parsed->result, H1_DONE);
            }
        }
    }
}
END_TEST

START_TEST(eight_bit_targets_pass_where_they_are_let)
{
    struct h1_limits limits = h1_limits_default;
    limits.target_8bit = true;
    const struct slice text = SLICE("GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n");
    ck_assert_int_eq(parse_every_way(text, &limits, false)->result, H1_DONE);
    ck_assert_int_eq(parse_head(text)->result, H1_BAD);
}
END_TEST

Suite *head_suite(void)
{
    Suite *const suite = suite_create("head");
    TCase *const tests = tcase_create("head");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_head_is_taken_apart_where_it_lies);
    tcase_add_test(tests, fields_stand_in_order_with_their_ids);
    tcase_add_test(tests, the_first_field_of_an_id_is_found_and_others_are_noted);
    tcase_add_test(tests, a_present_but_empty_field_is_not_absent);
    tcase_add_test(tests, an_absolute_forms_authority_stands_before_host);
    tcase_add_test(tests, minor_versions_above_1_are_read_as_1);
    tcase_add_test(tests, long_elements_cross_every_width_of_the_scans);
    tcase_add_loop_test(tests, an_offence_is_reported_at_once_and_in_its_place, 0,
                        (int)COUNT_OF(offences));
    tcase_add_loop_test(tests, any_byte_anywhere_gives_an_answer_on_which_all_ways_agree, 0, 16);
    tcase_add_test(tests, eight_bit_targets_pass_where_they_are_let);
    suite_add_tcase(suite, tests);
    return suite;
}
