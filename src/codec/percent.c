/* Percent-encoding (RFC 3986 section 2.1). */
#include "codec/chars.h"
#include "codec/target.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

int percent_escape(struct slice s, size_t at)
{
    if (s.len - at < 3) {
        return -EINVAL;
    }
    const int high = text_hex_digit(s.ptr[at + 1]);
    const int low = text_hex_digit(s.ptr[at + 2]);
    if (high < 0 || low < 0 || high + low == 0) {
        return -EINVAL;
    }
    return high * 16 + low;
}

int percent_decode(struct slice s, bool plus_is_space, char *out, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%') {
            const int byte = percent_escape(s, i);
            TRY(byte);
            c = (char)byte;
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        out[len++] = c;
    }
    *ret_len = len;
    return 0;
}

size_t percent_encode(struct slice s, const char *keep, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        const unsigned byte = (unsigned char)c;
        if (char_is(c, CHAR_UNRESERVED) || (c != '\0' && strchr(keep, c) != NULL)) {
            out[len++] = c;
            continue;
        }
        out[len++] = '%';
        out[len++] = digits[byte >> 4];
        out[len++] = digits[byte & 15];
    }
    return len;
}
