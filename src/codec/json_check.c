/* Where a text stops being JSON: a scan of its own, byte by byte, for texts that were refused
 * already. Refuses what json_parse refuses, and nothing else; a fuzzer holds them together. */
#include "codec/json.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"

#include <errno.h>
#include <string.h>

struct scan {
    const char *at, *end;
    const char *reason;                /* NULL: no error so far */
    uint32_t depth;                    /* of open objects and arrays */
    bool object[LIMIT_JSON_DEPTH + 1]; /* is the one of that depth an object? */
};

/* All parts of the scan are true when they have passed what they stand for. */
static bool refuse(struct scan *s, const char *reason)
{
    s->reason = reason;
    return false;
}

static bool refuse_at(struct scan *s, const char *at, const char *reason)
{
    s->at = at;
    return refuse(s, reason);
}

/* The next byte, or NUL at the end. */
static char peek(const struct scan *s)
{
    return s->at < s->end ? *s->at : '\0';
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->end && memchr(" \t\n\r", *s->at, 4) != NULL) {
        s->at++;
    }
}

static bool skip_byte(struct scan *s, char byte)
{
    const bool there = s->at < s->end && *s->at == byte;
    s->at += there ? 1 : 0;
    return there;
}

/* Strings. */

static int hex_unit(const struct scan *s, const char *at)
{
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        const int digit = at + i < s->end ? text_hex_digit(at[i]) : -1;
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Behind "\u": a unit of UTF-16, or two that belong together. */
static bool scan_unicode(struct scan *s)
{
    const char *const escape = s->at - 2;
    const int unit = hex_unit(s, s->at);
    if (unit < 0) {
        return refuse(s, "four hex digits are expected behind \\u");
    }
    s->at += 4;
    if (unit < 0xd800 || unit > 0xdfff) {
        return true;
    }
    const bool second = s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] == 'u';
    const int low = second ? hex_unit(s, s->at + 2) : -1;
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        return refuse_at(s, escape, "half a surrogate pair");
    }
    s->at += 6;
    return true;
}

static bool scan_escape(struct scan *s)
{
    const char letter = peek(s);
    if (letter == '\0' || strchr("\"\\/bfnrtu", letter) == NULL) {
        return refuse(s, "no such escape");
    }
    s->at++;
    return letter != 'u' || scan_unicode(s);
}

/* From the opening quote on. */
static bool scan_string(struct scan *s)
{
    s->at++;
    while (s->at < s->end && *s->at != '"') {
        const unsigned char c = (unsigned char)*s->at;
        if (c < 0x20) {
            return refuse(s, "a control character in a string must be escaped");
        }
        const size_t size = utf8_size(slice_of(s->at, (size_t)(s->end - s->at)));
        if (size == 0) {
            return refuse(s, "not UTF-8");
        }
        s->at += size;
        if (c == '\\' && !scan_escape(s)) {
            return false;
        }
    }
    return skip_byte(s, '"') || refuse(s, "the text ends within a string");
}

/* Numbers. */

static bool scan_digits(struct scan *s)
{
    if (!text_is_digit(peek(s))) {
        return refuse(s, "a digit is expected");
    }
    while (text_is_digit(peek(s))) {
        s->at++;
    }
    return true;
}

static bool fits(struct slice integer)
{
    uint64_t natural = 0;
    int64_t negative = 0;
    return integer.ptr[0] == '-' ? text_to_i64(integer, &negative) == 0
                                 : text_to_u64(integer, &natural) == 0;
}

static bool scan_fraction(struct scan *s, bool *ret_real)
{
    if (skip_byte(s, '.')) {
        *ret_real = true;
        if (!scan_digits(s)) {
            return false;
        }
    }
    if (skip_byte(s, 'e') || skip_byte(s, 'E')) {
        *ret_real = true;
        if (!skip_byte(s, '+')) {
            skip_byte(s, '-');
        }
        return scan_digits(s);
    }
    return true;
}

static bool scan_number(struct scan *s)
{
    const char *const start = s->at;
    bool real = false;
    skip_byte(s, '-');
    const char *const first = s->at;
    if (!scan_digits(s)) {
        return false;
    }
    if (*first == '0' && s->at - first > 1) {
        return refuse_at(s, first, "a number has no leading zeros");
    }
    if (!scan_fraction(s, &real)) {
        return false;
    }
    const struct slice number = slice_of(start, (size_t)(s->at - start));
    if (real && json_number_overflows(number)) {
        return refuse_at(s, start, "the number is too large for a double");
    }
    if (!real && !fits(number)) {
        return refuse_at(s, start, "the whole number does not fit 64 bits");
    }
    return true;
}

/* Values. */

static bool scan_word(struct scan *s)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const size_t size = strlen(words[i]);
        if ((size_t)(s->end - s->at) >= size && memcmp(s->at, words[i], size) == 0) {
            s->at += size;
            return true;
        }
    }
    return refuse(s, "a value is expected");
}

static bool scan_name(struct scan *s)
{
    skip_blanks(s);
    if (peek(s) != '"') {
        return refuse(s, "a member's name, in quotes, is expected");
    }
    if (!scan_string(s)) {
        return false;
    }
    skip_blanks(s);
    return skip_byte(s, ':') || refuse(s, "a colon is expected");
}

/* Goes into a container; true if a value is due. */
static bool enter(struct scan *s)
{
    const bool object = *s->at == '{';
    if (s->depth == LIMIT_JSON_DEPTH) {
        return refuse(s, "more than 128 objects and arrays within one another");
    }
    s->at++;
    s->object[++s->depth] = object;
    skip_blanks(s);
    if (skip_byte(s, object ? '}' : ']')) {
        s->depth--;
        return false;
    }
    return !object || scan_name(s);
}

/* One value, or the beginning of a nested one: true if another value is due within it. */
static bool scan_value(struct scan *s)
{
    skip_blanks(s);
    const char c = peek(s);
    if (c == '{' || c == '[') {
        return enter(s);
    }
    if (c == '"') {
        (void)scan_string(s);
    } else if (c == '-' || text_is_digit(c)) {
        (void)scan_number(s);
    } else if (s->at == s->end) {
        (void)refuse(s, "the text ends where a value is expected");
    } else {
        (void)scan_word(s);
    }
    return false;
}

/* Behind a value: ends what ends here. True if another value is due. */
static bool leave(struct scan *s)
{
    while (s->reason == NULL && s->depth > 0) {
        const bool object = s->object[s->depth];
        skip_blanks(s);
        if (skip_byte(s, ',')) {
            return !object || scan_name(s);
        }
        if (!skip_byte(s, object ? '}' : ']')) {
            return refuse(s, object ? "a comma or the object's end is expected"
                                    : "a comma or the array's end is expected");
        }
        s->depth--;
    }
    return false;
}

static void locate(struct slice text, const struct scan *s, struct json_error *ret_error)
{
    const size_t offset = (size_t)(s->at - text.ptr);
    size_t line = 1;
    size_t start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (text.ptr[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    *ret_error = (struct json_error){offset, line, offset - start + 1, s->reason};
}

int json_check(struct slice text, struct json_error *ret_error)
{
    text = text.len == 0 ? SLICE("") : text;
    struct scan s = {.at = text.ptr, .end = text.ptr + text.len};
    if (slice_starts_with(text, SLICE("\xef\xbb\xbf"))) {
        (void)refuse(&s, "a byte order mark");
    }
    while (s.reason == NULL && (scan_value(&s) || leave(&s))) {
    }
    if (s.reason == NULL) {
        skip_blanks(&s);
        if (s.at == s.end) {
            return 0;
        }
        (void)refuse(&s, "only blanks may stand behind the value");
    }
    locate(text, &s, ret_error);
    return -EBADMSG;
}
