/* See test_reader.h. */
#include "app/test_reader.h"

#include "base/limits.h"
#include "base/text.h"
#include "codec/status.h"

#define BODY_BYTES_MAX MIB(256)

void test_answer_clear(struct test_answer *answer)
{
    answer->status = 0;
    answer->complete = false;
    answer->head.max = LIMIT_HEAD_BYTES * 2;
    answer->body.max = BODY_BYTES_MAX;
    buf_clear(&answer->head);
    buf_clear(&answer->body);
}

void test_answer_deinit(struct test_answer *answer)
{
    buf_deinit(&answer->head);
    buf_deinit(&answer->body);
}

void test_answer_end(struct test_answer *answer)
{
    (void)buf_cstr(&answer->head);
    (void)buf_cstr(&answer->body);
}

/* Takes a line off the front; false if it is not all there. */
static bool take_line(struct slice *rest, struct slice *ret_line)
{
    for (size_t i = 0; i + 1 < rest->len; i++) {
        if (rest->ptr[i] == '\r' && rest->ptr[i + 1] == '\n') {
            *ret_line = slice_of(rest->ptr, i);
            *rest = slice_of(rest->ptr + i + 2, rest->len - i - 2);
            return true;
        }
    }
    return false;
}

/* Takes a head off the front, interim ones too; false if it is not all there. */
static bool take_head(struct slice *rest, struct slice *ret_head)
{
    struct slice line = {0};
    const char *const start = rest->ptr;
    while (take_line(rest, &line)) {
        if (line.len == 0) {
            *ret_head = slice_of(start, (size_t)(rest->ptr - start));
            return true;
        }
    }
    return false;
}

static int status_of(struct slice head)
{
    uint64_t status = 0;
    return head.len < 12 || text_to_u64(slice_of(head.ptr + 9, 3), &status) < 0 ? 0 : (int)status;
}

struct slice test_answer_field(const struct test_answer *answer, struct slice name)
{
    struct slice rest = buf_slice(&answer->head);
    struct slice line = {0};
    struct slice field = {0};
    while (take_line(&rest, &line)) {
        if (slice_cut(&line, ':', &field) && slice_eq_nocase(field, name)) {
            return slice_trim(line);
        }
    }
    return SLICE("");
}

/* Reads chunks as far as they go: true at the end of the last one's trailers. */
static bool read_chunks(struct test_answer *answer, struct slice rest)
{
    struct slice line = {0};
    while (take_line(&rest, &line)) {
        uint64_t size = 0;
        for (size_t i = 0; i < line.len && text_hex_digit(line.ptr[i]) >= 0; i++) {
            size = size * 16 + (uint64_t)text_hex_digit(line.ptr[i]);
        }
        if (size == 0) {
            while (take_line(&rest, &line)) {
                if (line.len == 0) {
                    return true;
                }
            }
            return false;
        }
        const size_t have = size < rest.len ? (size_t)size : rest.len;
        buf_append_slice(&answer->body, slice_of(rest.ptr, have));
        if (rest.len < size + 2) {
            return false;
        }
        rest = slice_of(rest.ptr + size + 2, rest.len - (size_t)size - 2);
    }
    return false;
}

static bool read_body(struct test_answer *answer, struct slice rest, bool head_only, bool ended)
{
    uint64_t length = 0;
    if (head_only || status_bodiless(answer->status)) {
        return true;
    }
    if (slice_eq_nocase(test_answer_field(answer, SLICE("Transfer-Encoding")), SLICE("chunked"))) {
        return read_chunks(answer, rest);
    }
    if (text_to_u64(test_answer_field(answer, SLICE("Content-Length")), &length) < 0) {
        buf_append_slice(&answer->body, rest);
        return ended;
    }
    buf_append_slice(&answer->body,
                     slice_of(rest.ptr, length < rest.len ? (size_t)length : rest.len));
    return rest.len >= length;
}

bool test_answer_read(struct test_answer *answer, struct slice received, bool head_only, bool ended)
{
    struct slice head = {0};
    do {
        if (!take_head(&received, &head)) {
            return false;
        }
    } while (status_of(head) < 200 && status_of(head) > 0);
    test_answer_clear(answer);
    answer->status = status_of(head);
    buf_append_slice(&answer->head, head);
    answer->complete = read_body(answer, received, head_only, ended);
    return answer->complete;
}
