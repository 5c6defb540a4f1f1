/* The response head, byte for byte. */
#include "suites.h"
#include "codec/h1.h"

#include "base/compiler.h"

static const struct h1_response_field two_fields[] = {
    {SLICE("Content-Type"), SLICE("text/plain")},
    {SLICE("X-Empty"), SLICE("")},
};

static const struct {
    struct h1_response response;
    struct slice text;
} responses[] = {
    {{.status = 200, .framing = H1_FRAMING_LENGTH, .content_length = 13},
     SLICE("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n")},
    {{.status = 200,
      .framing = H1_FRAMING_LENGTH,
      .content_length = 0,
      .prefix = SLICE("Date: x\r\nServer: y\r\n"),
      .fields = two_fields,
      .field_count = 2},
     SLICE("HTTP/1.1 200 OK\r\nDate: x\r\nServer: y\r\nContent-Length: 0\r\n"
           "Content-Type: text/plain\r\nX-Empty: \r\n\r\n")},
    {{.status = 200, .framing = H1_FRAMING_CHUNKED},
     SLICE("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")},
    {{.status = 204, .framing = H1_FRAMING_NONE}, SLICE("HTTP/1.1 204 No Content\r\n\r\n")},
    {{.status = 103, .framing = H1_FRAMING_NONE, .fields = two_fields, .field_count = 1},
     SLICE("HTTP/1.1 103 Early Hints\r\nContent-Type: text/plain\r\n\r\n")},
    {{.status = 200, .framing = H1_FRAMING_CLOSE, .close = true},
     SLICE("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")},
    {{.status = 200, .framing = H1_FRAMING_LENGTH, .content_length = 1, .keep_alive = true},
     SLICE("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n")},
    {{.status = 400, .framing = H1_FRAMING_LENGTH, .close = true, .keep_alive = true},
     SLICE("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")},
    {{.status = 599, .framing = H1_FRAMING_LENGTH, .content_length = UINT64_MAX},
     SLICE("HTTP/1.1 599 \r\nContent-Length: 18446744073709551615\r\n\r\n")},
    {{.status = 511, .framing = H1_FRAMING_CHUNKED, .keep_alive = true},
     SLICE("HTTP/1.1 511 Network Authentication Required\r\nTransfer-Encoding: chunked\r\n"
           "Connection: keep-alive\r\n\r\n")},
};

START_TEST(a_head_is_written_line_by_line)
{
    char out[512];
    const char *const end = h1_response_write(&responses[_i].response, out);
    const struct slice written = slice_of(out, (size_t)(end - out));
    ck_assert_msg(slice_eq(written, responses[_i].text), "%.*s", SLICE_ARG(written));
}
END_TEST

START_TEST(the_announced_size_is_enough)
{
    ck_assert_uint_ge(h1_response_size(&responses[_i].response), responses[_i].text.len);
}
END_TEST

Suite *response_suite(void)
{
    Suite *const suite = suite_create("response");
    TCase *const tests = tcase_create("response");
    tcase_add_loop_test(tests, a_head_is_written_line_by_line, 0, (int)COUNT_OF(responses));
    tcase_add_loop_test(tests, the_announced_size_is_enough, 0, (int)COUNT_OF(responses));
    suite_add_tcase(suite, tests);
    return suite;
}
