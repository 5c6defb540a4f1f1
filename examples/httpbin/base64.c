/* Base64 (RFC 4648): with '+' and '/', or with '-' and '_' for URLs. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>

const char *base64_encode(garm_ctx *c, enum base64_alphabet alphabet, const void *data, size_t size)
{
    const char *const digits =
        alphabet == BASE64_URL ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                               : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *const bytes = data;
    char *const out = garm_alloc(c, (size + 2) / 3 * 4 + 1);
    char *end = out;
    if (out == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const unsigned b1 = left > 1 ? bytes[i + 1] : 0;
        const unsigned b2 = left > 2 ? bytes[i + 2] : 0;
        const unsigned group = (unsigned)bytes[i] << 16 | b1 << 8 | b2;
        *end++ = digits[group >> 18];
        *end++ = digits[group >> 12 & 63];
        *end++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *end++ = left > 2 ? digits[group & 63] : '=';
    }
    *end = '\0';
    return out;
}

static int digit_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+' || c == '-' ? 62
           : c == '/' || c == '_' ? 63
                                  : -1;
}

int base64_decode(garm_ctx *c, const char *text, char **ret_data, size_t *ret_size)
{
    const size_t len = strlen(text);
    const size_t padding = len < 4 ? 0 : (size_t)(text[len - 1] == '=') + (text[len - 2] == '=');
    char *const out = garm_alloc(c, len / 4 * 3 + 1);
    char *end = out;
    if (out == NULL) {
        return -ENOMEM;
    }
    if (len % 4 != 0) {
        return -EINVAL;
    }
    unsigned group = 0;
    for (size_t i = 0; i < len; i++) {
        const int digit = i < len - padding ? digit_of(text[i]) : 0;
        if (digit < 0) {
            return -EINVAL;
        }
        group = group << 6 | (unsigned)digit;
        if (i % 4 == 3) {
            *end++ = (char)(group >> 16);
            *end++ = (char)(group >> 8);
            *end++ = (char)group;
        }
    }
    end -= padding;
    *end = '\0';
    *ret_data = out;
    *ret_size = (size_t)(end - out);
    return 0;
}
