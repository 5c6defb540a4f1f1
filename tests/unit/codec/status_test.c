/* The table of status codes. */
#include "suites.h"
#include "codec/status.h"

#include "spec/require.h"

#include <stdio.h>

static bool reason_is(int status, const char *reason)
{
    return slice_eq(status_reason(status), slice_cstr(reason));
}

START_TEST(registered_codes_have_their_phrases)
{
    ck_assert(reason_is(200, "OK"));
    ck_assert(reason_is(103, "Early Hints"));
    ck_assert(reason_is(203, "Non-Authoritative Information"));
    ck_assert(reason_is(413, "Content Too Large"));
    ck_assert(reason_is(422, "Unprocessable Content"));
    ck_assert(reason_is(451, "Unavailable For Legal Reasons"));
    ck_assert(reason_is(511, "Network Authentication Required"));
}
END_TEST

START_TEST(the_registry_is_whole)
{
    static const int codes[] = {
        100, 101, 102, 103, 104, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300,
        301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408,
        409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 425, 426, 428,
        429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
    };
    const size_t count = sizeof(codes) / sizeof(codes[0]);
    size_t next = 0;
    for (int status = 0; status < 700; status++) {
        const bool listed = next < count && codes[next] == status;
        REQUIRE(status_registered(status) == listed);
        REQUIRE((status_reason(status).len > 0) == listed);
        next += listed;
    }
    ck_assert_uint_eq(next, count);
}
END_TEST

START_TEST(codes_that_are_none_have_no_phrase)
{
    ck_assert_uint_eq(status_reason(-1).len, 0);
    ck_assert_uint_eq(status_reason(0).len, 0);
    ck_assert_uint_eq(status_reason(600).len, 0);
    ck_assert(!status_registered(418));
    ck_assert(!status_registered(306));
}
END_TEST

START_TEST(every_status_line_is_well_formed)
{
    char out[STATUS_LINE_MAX];
    char want[STATUS_LINE_MAX + 16];
    for (int status = STATUS_MIN; status <= STATUS_MAX; status++) {
        const struct slice line = status_line(status, out);
        const int len = snprintf(want, sizeof(want), "HTTP/1.1 %d %.*s\r\n", status,
                                 SLICE_ARG(status_reason(status)));
        REQUIRE(line.len <= STATUS_LINE_MAX);
        REQUIRE(slice_eq(line, slice_of(want, (size_t)len)));
    }
}
END_TEST

START_TEST(informational_204_and_304_have_no_content)
{
    ck_assert(status_bodiless(100));
    ck_assert(status_bodiless(199));
    ck_assert(status_bodiless(204));
    ck_assert(status_bodiless(304));
    ck_assert(!status_bodiless(200));
    ck_assert(!status_bodiless(205));
    ck_assert(!status_bodiless(404));
}
END_TEST

Suite *status_suite(void)
{
    Suite *const suite = suite_create("status");
    TCase *const tests = tcase_create("status");
    tcase_add_test(tests, registered_codes_have_their_phrases);
    tcase_add_test(tests, the_registry_is_whole);
    tcase_add_test(tests, codes_that_are_none_have_no_phrase);
    tcase_add_test(tests, every_status_line_is_well_formed);
    tcase_add_test(tests, informational_204_and_304_have_no_content);
    suite_add_tcase(suite, tests);
    return suite;
}
