/* Chunked bodies (RFC 9112 section 7.1). A chunk's size line runs through a table of states and
 * byte classes; data is handed out in runs as it comes. */
#include "codec/chars.h"
#include "codec/h1_internal.h"

#include "base/text.h"

/* More digits than this are not a size but an attack, however many of them are zeros. */
#define SIZE_DIGITS_MAX 255
/* A size that has a bit above these overflows 2^63-1 with its next digit. */
#define SIZE_BITS_MAX 59

enum state {
    STATE_SIZE_START, /* before the first digit */
    STATE_SIZE,
    STATE_BETWEEN, /* blanks, then ';' */
    STATE_NAME_START,
    STATE_NAME,
    STATE_NAME_END, /* blanks, then '=' or ';' */
    STATE_VALUE_START,
    STATE_VALUE,
    STATE_QUOTED,
    STATE_ESCAPED,
    STATE_QUOTED_END, /* behind the closing quote */
    STATE_LINE_COUNT, /* so many states run through the table */
    STATE_LF = STATE_LINE_COUNT,
    STATE_DATA,
    STATE_DATA_CR,
    STATE_DATA_LF,
    STATE_TRAILERS,
    STATE_BAD,
};

enum kind {
    KIND_BAD, /* control bytes */
    KIND_TOKEN,
    KIND_BLANK,
    KIND_SEMICOLON,
    KIND_EQUALS,
    KIND_QUOTE,
    KIND_BACKSLASH,
    KIND_TEXT, /* all other text */
    KIND_CR,
    KIND_COUNT,
};

/* The table's other half is STATE_BAD; a hex digit of the size is not looked up in it. */
#define NO STATE_BAD
static const uint8_t transitions[STATE_LINE_COUNT][KIND_COUNT] = {
    /* bad, token, blank, ';', '=', '"', '\', text, CR */
    [STATE_SIZE_START] = {NO, NO, NO, NO, NO, NO, NO, NO, NO},
    [STATE_SIZE] = {NO, NO, STATE_BETWEEN, STATE_NAME_START, NO, NO, NO, NO, STATE_LF},
    [STATE_BETWEEN] = {NO, NO, STATE_BETWEEN, STATE_NAME_START, NO, NO, NO, NO, NO},
    [STATE_NAME_START] = {NO, STATE_NAME, STATE_NAME_START, NO, NO, NO, NO, NO, NO},
    [STATE_NAME] = {NO, STATE_NAME, STATE_NAME_END, STATE_NAME_START, STATE_VALUE_START, NO, NO, NO,
                    STATE_LF},
    [STATE_NAME_END] = {NO, NO, STATE_NAME_END, STATE_NAME_START, STATE_VALUE_START, NO, NO, NO,
                        NO},
    [STATE_VALUE_START] = {NO, STATE_VALUE, STATE_VALUE_START, NO, NO, STATE_QUOTED, NO, NO, NO},
    [STATE_VALUE] = {NO, STATE_VALUE, STATE_BETWEEN, STATE_NAME_START, NO, NO, NO, NO, STATE_LF},
    [STATE_QUOTED] = {NO, STATE_QUOTED, STATE_QUOTED, STATE_QUOTED, STATE_QUOTED, STATE_QUOTED_END,
                      STATE_ESCAPED, STATE_QUOTED, NO},
    [STATE_ESCAPED] = {NO, STATE_QUOTED, STATE_QUOTED, STATE_QUOTED, STATE_QUOTED, STATE_QUOTED,
                       STATE_QUOTED, STATE_QUOTED, NO},
    [STATE_QUOTED_END] = {NO, NO, STATE_BETWEEN, STATE_NAME_START, NO, NO, NO, NO, STATE_LF},
};

static enum kind kind_of(char c)
{
    switch (c) {
    case '\r': return KIND_CR;
    case ' ':
    case '\t': return KIND_BLANK;
    case ';': return KIND_SEMICOLON;
    case '=': return KIND_EQUALS;
    case '"': return KIND_QUOTE;
    case '\\': return KIND_BACKSLASH;
    default: break;
    }
    if (char_is(c, CHAR_TOKEN)) {
        return KIND_TOKEN;
    }
    return char_is(c, CHAR_VALUE) ? KIND_TEXT : KIND_BAD;
}

void h1_chunked_init(struct h1_chunked *chunked, const struct h1_limits *limits)
{
    *chunked = (struct h1_chunked){.limits = limits, .state = STATE_SIZE_START};
}

/* Refuses the byte that comes next. */
static enum h1_chunk refuse(struct h1_chunked *k, const char *reason)
{
    k->state = STATE_BAD;
    (void)h1_refuse(&k->error, 400, k->seen, reason);
    return H1_CHUNK_BAD;
}

static const char *line_reason(enum state state)
{
    switch (state) {
    case STATE_SIZE_START:
    case STATE_SIZE: return "bad chunk size";
    default: return "bad chunk extension";
    }
}

static enum h1_chunk add_digit(struct h1_chunked *k, int digit)
{
    if (k->left >> SIZE_BITS_MAX != 0 || k->digits == SIZE_DIGITS_MAX) {
        return refuse(k, "chunk size too large");
    }
    k->left = k->left * 16 + (unsigned)digit;
    k->digits++;
    k->state = STATE_SIZE;
    return H1_CHUNK_MORE;
}

/* One byte of a size line but its LF. */
static enum h1_chunk parse_line(struct h1_chunked *k, char c)
{
    const enum state state = (enum state)k->state;
    const int digit = state <= STATE_SIZE ? text_hex_digit(c) : -1;
    if (digit >= 0) {
        return add_digit(k, digit);
    }
    const unsigned after = transitions[state][kind_of(c)];
    if (after == STATE_BAD) {
        const char *const reason = line_reason(state);
        return refuse(k, c == '\r' ? reason : h1_control_reason(c, reason));
    }
    k->state = (uint8_t)after;
    if (after != STATE_LF && ++k->ext_bytes > k->limits->chunk_ext_bytes) {
        return refuse(k, "chunk extensions too large");
    }
    return H1_CHUNK_MORE;
}

/* The LF of a size line. */
static enum h1_chunk parse_lf(struct h1_chunked *k, char c)
{
    if (c != '\n') {
        return refuse(k, "bare CR");
    }
    k->digits = 0;
    k->state = k->left > 0 ? STATE_DATA : STATE_TRAILERS;
    return H1_CHUNK_MORE;
}

/* One byte of the CRLF behind data. */
static enum h1_chunk parse_data_end(struct h1_chunked *k, char c)
{
    const bool at_cr = k->state == STATE_DATA_CR;
    if (c != (at_cr ? '\r' : '\n')) {
        return refuse(k, "chunk data not followed by CRLF");
    }
    k->state = at_cr ? STATE_DATA_LF : STATE_SIZE_START;
    return H1_CHUNK_MORE;
}

static enum h1_chunk parse_byte(struct h1_chunked *k, char c)
{
    switch ((enum state)k->state) {
    case STATE_LF: return parse_lf(k, c);
    case STATE_DATA_CR:
    case STATE_DATA_LF: return parse_data_end(k, c);
    default: return parse_line(k, c);
    }
}

/* As much of the chunk's data as there is. */
static struct slice take_data(struct h1_chunked *k, const char *data, size_t len)
{
    const size_t size = len < k->left ? len : (size_t)k->left;
    k->left -= size;
    k->seen += size;
    if (k->left == 0) {
        k->state = STATE_DATA_CR;
    }
    return slice_of(data, size);
}

enum h1_chunk h1_chunked_read(struct h1_chunked *chunked, const char *data, size_t len,
                              size_t *ret_consumed, struct slice *ret_data)
{
    enum h1_chunk result = chunked->state == STATE_BAD ? H1_CHUNK_BAD : H1_CHUNK_MORE;
    size_t i = 0;
    while (result == H1_CHUNK_MORE && i < len && chunked->state != STATE_TRAILERS) {
        if (chunked->state == STATE_DATA) {
            *ret_data = take_data(chunked, data + i, len - i);
            *ret_consumed = i + ret_data->len;
            return H1_CHUNK_DATA;
        }
        result = parse_byte(chunked, data[i]);
        if (result != H1_CHUNK_BAD) {
            chunked->seen++;
            i++;
        }
    }
    *ret_consumed = i;
    return chunked->state == STATE_TRAILERS ? H1_CHUNK_TRAILERS : result;
}

size_t h1_chunk_line(uint64_t size, char *out)
{
    const size_t digits = text_from_hex(size, out);
    out[digits] = '\r';
    out[digits + 1] = '\n';
    return digits + 2;
}
