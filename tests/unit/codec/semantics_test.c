/* What a sound head means: lengths, persistence, expectations, upgrades. */
#include "suites.h"
#include "ways.h"

#include "base/compiler.h"

#include <stdio.h>

/* A POST with these field lines (each with its CRLF) behind Host. */
static const struct parsed *post(const char *version, const char *lines)
{
    static char text[4096];
    const int len =
        snprintf(text, sizeof(text), "POST / HTTP/%s\r\nHost: a\r\n%s\r\n", version, lines);
    ck_assert_uint_lt((size_t)len, sizeof(text));
    return parse_head(slice_of(text, (size_t)len));
}

static const struct {
    const char *lines;
    int64_t length;
} lengths[] = {
    {"", -1},
    {"Content-Length: 0\r\n", 0},
    {"Content-Length: 007\r\n", 7},
    {"content-length:\t7\t\r\n", 7},
    {"Content-Length: 9223372036854775807\r\n", INT64_MAX},
};

START_TEST(a_length_is_decimal_digits)
{
    const struct parsed *const parsed = post("1.1", lengths[_i].lines);
    ck_assert_int_eq(parsed->result, H1_DONE);
    ck_assert_int_eq(parsed->head.content_length, lengths[_i].length);
    ck_assert(!parsed->head.chunked);
}
END_TEST

START_TEST(chunked_has_no_length)
{
    const struct parsed *const parsed = post("1.1", "Transfer-Encoding: Chunked\r\n");
    ck_assert_int_eq(parsed->result, H1_DONE);
    ck_assert(parsed->head.chunked);
    ck_assert_int_eq(parsed->head.content_length, -1);
}
END_TEST

static const struct {
    const char *version;
    const char *lines;
    uint16_t status;
    const char *reason;
} refused[] = {
    {"1.1", "Host: a\r\n", 400, "more than one Host"},
    {"1.0", "Host: b\r\n", 400, "more than one Host"},
    {"1.1", "Content-Length:\r\n", 400, "bad Content-Length"},
    {"1.1", "Content-Length: -1\r\n", 400, "bad Content-Length"},
    {"1.1", "Content-Length: 9223372036854775808\r\n", 400, "bad Content-Length"},
    {"1.1", "Content-Length: 99999999999999999999999\r\n", 400, "bad Content-Length"},
    {"1.1", "Content-Length: 1\r\nContent-Length: 1\r\n", 400, "more than one Content-Length"},
    {"1.1", "Content-Length: 1, 1\r\n", 400, "bad Content-Length"},
    {"1.1", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", 400,
     "Content-Length beside Transfer-Encoding"},
    {"1.0", "Transfer-Encoding: chunked\r\n", 400, "Transfer-Encoding in HTTP/1.0"},
    {"1.1", "Transfer-Encoding:\r\n", 400, "bad Transfer-Encoding"},
    {"1.1", "Transfer-Encoding: ,\r\n", 400, "bad Transfer-Encoding"},
    {"1.1", "Transfer-Encoding: chunked,\r\n", 400, "bad Transfer-Encoding"},
    {"1.1", "Transfer-Encoding: ,chunked\r\n", 400, "bad Transfer-Encoding"},
    {"1.1", "Transfer-Encoding: chunked;a=b\r\n", 400, "bad Transfer-Encoding"},
    {"1.1", "Transfer-Encoding: \"chunked\"\r\n", 400, "bad Transfer-Encoding"},
    {"1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n", 400, "bad Transfer-Encoding"},
    {"1.1", "Transfer-Encoding: gzip,\r\n", 400, "bad Transfer-Encoding"},
    {"1.1", "Transfer-Encoding: chunked, chunked\r\n", 400, "chunked is not the last coding"},
    {"1.1", "Transfer-Encoding: chunked, gzip\r\n", 400, "chunked is not the last coding"},
    {"1.1", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400,
     "chunked is not the last coding"},
    {"1.1", "Transfer-Encoding: gzip\r\n", 501, "transfer coding not supported"},
    {"1.1", "Transfer-Encoding: gzip, chunked\r\n", 501, "transfer coding not supported"},
    {"1.1", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501,
     "transfer coding not supported"},
    {"1.1", "Expect: x\r\n", 417, "unknown expectation"},
    {"1.1", "Expect: 100-continue, x\r\n", 417, "unknown expectation"},
    {"1.1", "Expect: 100-continue\r\nExpect: x\r\n", 417, "unknown expectation"},
};

START_TEST(a_head_that_cannot_be_trusted_is_refused)
{
    const struct parsed *const parsed = post(refused[_i].version, refused[_i].lines);
    ck_assert_int_eq(parsed->result, H1_BAD);
    ck_assert_str_eq(parsed->error.reason, refused[_i].reason);
    ck_assert_uint_eq(parsed->error.status, refused[_i].status);
}
END_TEST

static const struct {
    const char *version;
    const char *lines;
    bool keep_alive;
    bool asked;
} connections[] = {
    {"1.1", "", true, false},
    {"1.0", "", false, false},
    {"1.1", "Connection: close\r\n", false, false},
    {"1.1", "Connection: CLOSE\r\n", false, false},
    {"1.1", "Connection: keep-alive\r\n", true, true},
    {"1.0", "Connection: keep-alive\r\n", true, true},
    {"1.0", "Connection: Keep-Alive\r\n", true, true},
    {"1.0", "Connection: keep-alive, close\r\n", false, true},
    {"1.0", "Connection: close\r\nConnection: keep-alive\r\n", false, true},
    {"1.1", "Connection: a, b ,\tclose\r\n", false, false},
    {"1.1", "Connection: a\r\nX: y\r\nConnection: close\r\n", false, false},
    {"1.1", "Connection:\r\nConnection: ,,close\r\n", false, false},
    {"1.1", "Connection: closer\r\n", true, false},
    {"1.1", "X: close\r\n", true, false},
};

START_TEST(persistence_hangs_on_version_and_options)
{
    const struct parsed *const parsed = post(connections[_i].version, connections[_i].lines);
    ck_assert_int_eq(parsed->result, H1_DONE);
    ck_assert_int_eq(parsed->head.keep_alive, connections[_i].keep_alive);
    ck_assert_int_eq(parsed->head.keep_alive_asked, connections[_i].asked);
}
END_TEST

START_TEST(an_upgrade_needs_both_fields_and_1_1)
{
    static const char both[] = "Connection: a, Upgrade\r\nUpgrade: websocket\r\n";
    ck_assert(post("1.1", both)->head.upgrade);
    ck_assert(!post("1.0", both)->head.upgrade);
    ck_assert(!post("1.1", "Connection: upgrade\r\n")->head.upgrade);
    ck_assert(!post("1.1", "Upgrade: websocket\r\n")->head.upgrade);
    ck_assert(!post("1.1", "Connection: upgraded\r\nUpgrade: x\r\n")->head.upgrade);
}
END_TEST

START_TEST(only_100_continue_is_expected_and_only_in_1_1)
{
    ck_assert(post("1.1", "Expect: 100-continue\r\n")->head.expect_continue);
    ck_assert(post("1.1", "Expect: 100-CONTINUE\r\n")->head.expect_continue);
    ck_assert(post("1.1", "Expect: ,100-continue,\r\n")->head.expect_continue);
    ck_assert(!post("1.1", "Expect:\r\n")->head.expect_continue);
    ck_assert(!post("1.0", "Expect: 100-continue\r\n")->head.expect_continue);
    ck_assert_int_eq(post("1.0", "Expect: x\r\n")->result, H1_DONE);
}
END_TEST

START_TEST(http_1_0_needs_no_host)
{
    const struct parsed *const parsed = parse_head(SLICE("GET / HTTP/1.0\r\n\r\n"));
    ck_assert_int_eq(parsed->result, H1_DONE);
    ck_assert_uint_eq(parsed->head.authority.len, 0);
}
END_TEST

Suite *semantics_suite(void)
{
    Suite *const suite = suite_create("semantics");
    TCase *const tests = tcase_create("semantics");
    tcase_add_loop_test(tests, a_length_is_decimal_digits, 0, (int)COUNT_OF(lengths));
    tcase_add_test(tests, chunked_has_no_length);
    tcase_add_loop_test(tests, a_head_that_cannot_be_trusted_is_refused, 0, (int)COUNT_OF(refused));
    tcase_add_loop_test(tests, persistence_hangs_on_version_and_options, 0,
                        (int)COUNT_OF(connections));
    tcase_add_test(tests, an_upgrade_needs_both_fields_and_1_1);
    tcase_add_test(tests, only_100_continue_is_expected_and_only_in_1_1);
    tcase_add_test(tests, http_1_0_needs_no_host);
    suite_add_tcase(suite, tests);
    return suite;
}
