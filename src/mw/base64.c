/* See base64.h. */
#include "mw/base64.h"

/* The six bits of a character, or -1. */
static int bits_of(enum base64 kind, char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (kind == BASE64 ? '+' : '-')) {
        return 62;
    }
    return c == (kind == BASE64 ? '/' : '_') ? 63 : -1;
}

/* How many characters stand before the padding; or `len` where that is wrong, which the padding
 * itself will then show. */
static size_t without_padding(const char *text, size_t len)
{
    if (len == 0 || len % 4 != 0 || text[len - 1] != '=') {
        return len;
    }
    return text[len - 2] == '=' ? len - 2 : len - 1;
}

bool base64_decode(enum base64 kind, const char *text, size_t len, unsigned char *out,
                   size_t *ret_size)
{
    unsigned held = 0; /* bits that make no byte yet */
    unsigned held_count = 0;
    size_t size = 0;
    const size_t count = kind == BASE64 ? without_padding(text, len) : len;
    if (count % 4 == 1 || (kind == BASE64 && len % 4 != 0)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const int bits = bits_of(kind, text[i]);
        if (bits < 0) {
            return false;
        }
        held = (held << 6 | (unsigned)bits) & 0xfffU;
        held_count += 6;
        if (held_count >= 8) {
            held_count -= 8;
            out[size++] = (unsigned char)(held >> held_count & 0xffU);
        }
    }
    if ((held & ((1U << held_count) - 1)) != 0) {
        return false;
    }
    *ret_size = size;
    return true;
}
