/* Base64, for applications and for our own tokens. RFC 4648 sections 3.5, 4 and 5. */
#include "app/base64url.h"
#include "app/ctx.h"

#include <garm/base64.h>

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* Encoding. */

/* Writes the characters of `size` bytes, without padding: where they end. */
static char *encode(const char digits[64], const unsigned char *bytes, size_t size, char *out)
{
    size_t i = 0;
    for (; size - i >= 3; i += 3) {
        const unsigned group =
            (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = digits[group >> 6 & 63];
        *out++ = digits[group & 63];
    }
    if (size - i > 0) {
        const unsigned second = size - i > 1 ? bytes[i + 1] : 0;
        *out++ = digits[bytes[i] >> 2];
        *out++ = digits[(bytes[i] & 3U) << 4 | second >> 4];
        if (size - i > 1) {
            *out++ = digits[(second & 15) << 2];
        }
    }
    return out;
}

void base64url_encode(const void *data, size_t size, char *out)
{
    *encode(LETTERS "-_", data, size, out) = '\0';
}

static const char *encode_new(garm_ctx *c, const char digits[64], const void *data, size_t size,
                              bool padded)
{
    ctx_own(c);
    /* A size beyond the arena's bound is refused before the sum can wrap around. */
    char *const text = size > SIZE_MAX / 2 ? NULL : arena_alloc(c->arena, size / 3 * 4 + 5);
    if (text == NULL) {
        ctx_poison(c);
        return "";
    }
    char *end = encode(digits, data, size, text);
    while (padded && (end - text) % 4 != 0) {
        *end++ = '=';
    }
    *end = '\0';
    return text;
}

const char *garm_base64(garm_ctx *c, const void *data, size_t size)
{
    return encode_new(c, LETTERS "+/", data, size, true);
}

const char *garm_base64url(garm_ctx *c, const void *data, size_t size)
{
    return encode_new(c, LETTERS "-_", data, size, false);
}

/* Decoding. */

/* The character's six bits in either alphabet, or -1. */
static int bits_of(char ch)
{
    return ch >= 'A' && ch <= 'Z'   ? ch - 'A'
           : ch >= 'a' && ch <= 'z' ? ch - 'a' + 26
           : ch >= '0' && ch <= '9' ? ch - '0' + 52
           : ch == '+' || ch == '-' ? 62
           : ch == '/' || ch == '_' ? 63
                                    : -1;
}

static bool has_either(struct slice text, char a, char b)
{
    return slice_find(text, a) < text.len || slice_find(text, b) < text.len;
}

static bool alphabet_fits(enum garm_base64 kind, struct slice text)
{
    const bool plain = has_either(text, '+', '/');
    const bool url = has_either(text, '-', '_');
    return !(plain && url) && !(plain && kind == GARM_BASE64URL) && !(url && kind == GARM_BASE64);
}

/* The text without its padding; -EINVAL if that is not as it has to be. */
static int strip(enum garm_base64 kind, struct slice *text)
{
    const size_t len = text->len;
    while (text->len > 0 && text->ptr[text->len - 1] == '=') {
        text->len--;
    }
    const size_t padding = len - text->len;
    const size_t due = (4 - text->len % 4) % 4;
    const bool fits =
        (padding == due && kind != GARM_BASE64URL) || (padding == 0 && kind != GARM_BASE64);
    return due == 3 || !fits ? -EINVAL : 0;
}

/* Writes the bytes that the characters stand for: their count, or -EINVAL. */
static ssize_t decode(struct slice text, unsigned char *out)
{
    unsigned bits = 0;
    unsigned held = 0;
    size_t size = 0;
    for (size_t i = 0; i < text.len; i++) {
        const int value = bits_of(text.ptr[i]);
        if (value < 0) {
            return -EINVAL;
        }
        bits = (bits << 6 | (unsigned)value) & 0xfff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[size++] = (unsigned char)(bits >> held);
        }
    }
    return (bits & ((1U << held) - 1)) != 0 ? -EINVAL : (ssize_t)size;
}

int base64url_decode(struct slice text, void *out)
{
    if (!alphabet_fits(GARM_BASE64URL, text)) {
        return -EINVAL;
    }
    TRY(strip(GARM_BASE64URL, &text));
    const ssize_t size = decode(text, out);
    return size < 0 ? (int)size : 0;
}

int garm_base64_decode_as(garm_ctx *c, enum garm_base64 kind, const char *text, size_t len,
                          void **ret_data, size_t *ret_size)
{
    ctx_own(c);
    struct slice digits = slice_of(text, len);
    if (!alphabet_fits(kind, digits)) {
        return -EINVAL;
    }
    TRY(strip(kind, &digits));
    unsigned char *const data = arena_alloc(c->arena, base64url_size(digits.len) + 1);
    if (data == NULL) {
        ctx_poison(c);
        return -ENOMEM;
    }
    const ssize_t size = decode(digits, data);
    if (size < 0) {
        return (int)size;
    }
    data[size] = '\0';
    *ret_data = data;
    if (ret_size != NULL) {
        *ret_size = (size_t)size;
    }
    return 0;
}

int garm_base64_decode(garm_ctx *c, const char *text, void **ret_data, size_t *ret_size)
{
    return garm_base64_decode_as(c, GARM_BASE64_ANY, text, strlen(text), ret_data, ret_size);
}
