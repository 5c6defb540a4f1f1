/* A strict response parser for tests: simple, quadratic, and written without a look at the server's
 * own. */
#include "answers.h"

#include "base/text.h"

#include <stdint.h>
#include <string.h>

static enum answer_result bad(const char *why, const char **ret_why)
{
    *ret_why = why;
    return ANSWER_BAD;
}

struct slice answer_field(struct slice head, const char *name, size_t *ret_count)
{
    const size_t name_len = strlen(name);
    struct slice found = {0};
    struct slice line;
    *ret_count = 0;
    while (slice_cut(&head, '\n', &line)) {
        if (line.len > name_len + 1 && line.ptr[name_len] == ':' &&
            slice_eq_nocase(slice_of(line.ptr, name_len), slice_cstr(name))) {
            found = slice_trim(slice_of(line.ptr + name_len + 1, line.len - name_len - 2));
            ++*ret_count;
        }
    }
    return found;
}

/* A chunk's size line: nothing but hexadecimal digits. */
static bool read_chunk_size(struct slice line, size_t *ret_size)
{
    size_t size = 0;
    for (size_t i = 0; i < line.len; i++) {
        const int digit = text_hex_digit(line.ptr[i]);
        if (digit < 0 || size > SIZE_MAX / 32) {
            return false;
        }
        size = size * 16 + (size_t)digit;
    }
    *ret_size = size;
    return line.len > 0;
}

/* Passes over the trailer section that begins at *pos: its lines and the empty one. */
static bool skip_trailers(struct slice data, size_t *pos)
{
    for (;;) {
        const char *const end = memmem(data.ptr + *pos, data.len - *pos, "\r\n", 2);
        if (end == NULL) {
            return false;
        }
        const size_t len = (size_t)(end - data.ptr) - *pos;
        *pos += len + 2;
        if (len == 0) {
            return true;
        }
    }
}

/* Decodes a chunked body. */
static enum answer_result read_chunks(struct slice data, struct answer *answer,
                                      const char **ret_why)
{
    size_t pos = 0;
    for (;;) {
        const char *const end = memmem(data.ptr + pos, data.len - pos, "\r\n", 2);
        size_t size;
        if (end == NULL) {
            return ANSWER_MORE;
        }
        if (!read_chunk_size(slice_of(data.ptr + pos, (size_t)(end - data.ptr) - pos), &size)) {
            return bad("a chunk's size line is wrong", ret_why);
        }
        pos = (size_t)(end - data.ptr) + 2;
        if (size == 0) {
            const bool whole = skip_trailers(data, &pos);
            answer->size += pos;
            return whole ? ANSWER_DONE : ANSWER_MORE;
        }
        if (data.len - pos < size + 2) {
            return ANSWER_MORE;
        }
        if (memcmp(data.ptr + pos + size, "\r\n", 2) != 0) {
            return bad("a chunk does not end in CRLF", ret_why);
        }
        buf_append(&answer->body, data.ptr + pos, size);
        pos += size + 2;
    }
}

static bool bodiless(int status, bool head_only)
{
    return head_only || status < 200 || status == 204 || status == 304;
}

static enum answer_result read_body(struct slice data, bool head_only, bool ended,
                                    struct answer *answer, const char **ret_why)
{
    size_t lengths, codings;
    const struct slice length = answer_field(answer->head, "Content-Length", &lengths);
    const struct slice coding = answer_field(answer->head, "Transfer-Encoding", &codings);
    uint64_t size = 0;
    if (lengths + codings > 1) {
        return bad("the framing is told twice", ret_why);
    }
    if ((answer->status < 200 || answer->status == 204) && lengths + codings > 0) {
        return bad("1xx or 204 with framing", ret_why);
    }
    if (bodiless(answer->status, head_only)) {
        return ANSWER_DONE;
    }
    if (codings == 1) {
        return slice_eq(coding, SLICE("chunked")) ? read_chunks(data, answer, ret_why)
                                                  : bad("a strange coding", ret_why);
    }
    if (lengths == 1) {
        if (text_to_u64(length, &size) < 0) {
            return bad("Content-Length is no number", ret_why);
        }
    } else if (!answer->close) {
        return bad("no framing at all", ret_why);
    } else {
        size = data.len;
        if (!ended) {
            return ANSWER_MORE;
        }
    }
    if (data.len < size) {
        return ANSWER_MORE;
    }
    buf_append(&answer->body, data.ptr, (size_t)size);
    answer->size += (size_t)size;
    return ANSWER_DONE;
}

static bool status_line_sound(struct slice head)
{
    return head.len > 13 && memcmp(head.ptr, "HTTP/1.1 ", 9) == 0 && text_is_digit(head.ptr[9]) &&
           text_is_digit(head.ptr[10]) && text_is_digit(head.ptr[11]) && head.ptr[12] == ' ';
}

/* A line of a head without its LF: a CR at the end, and no other control byte. */
static bool line_sound(struct slice line)
{
    for (size_t i = 0; i + 1 < line.len; i++) {
        const unsigned char byte = (unsigned char)line.ptr[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return line.len > 0 && line.ptr[line.len - 1] == '\r';
}

static bool head_sound(struct slice head)
{
    struct slice line;
    if (!status_line_sound(head) || !slice_cut(&head, '\n', &line) || !line_sound(line)) {
        return false;
    }
    while (slice_cut(&head, '\n', &line) && line.len > 1) {
        const size_t colon = slice_find(line, ':');
        if (!line_sound(line) || colon == 0 || colon == line.len || slice_find(line, ' ') < colon) {
            return false;
        }
    }
    return true;
}

enum answer_result answer_read(struct slice data, bool head_only, bool ended,
                               struct answer *ret_answer, const char **ret_why)
{
    struct answer answer = {0};
    size_t count;
    const char *const end = data.len == 0 ? NULL : memmem(data.ptr, data.len, "\r\n\r\n", 4);
    if (end == NULL) {
        return ANSWER_MORE;
    }
    answer.head = slice_of(data.ptr, (size_t)(end - data.ptr) + 4);
    answer.size = answer.head.len;
    if (!head_sound(answer.head)) {
        return bad("the head is malformed", ret_why);
    }
    answer.status = (data.ptr[9] - '0') * 100 + (data.ptr[10] - '0') * 10 + (data.ptr[11] - '0');
    if (answer_field(answer.head, "Date", &count).len != 29 && answer.status >= 200) {
        return bad("no Date", ret_why);
    }
    answer.close = slice_eq(answer_field(answer.head, "Connection", &count), SLICE("close"));
    answer.target = answer_field(answer.head, "X-Seen-Target", &count);
    buf_init(&answer.body, SIZE_MAX);
    const struct slice rest = slice_of(data.ptr + answer.size, data.len - answer.size);
    const enum answer_result result = read_body(rest, head_only, ended, &answer, ret_why);
    if (result == ANSWER_DONE) {
        *ret_answer = answer;
    } else {
        buf_deinit(&answer.body);
    }
    return result;
}
