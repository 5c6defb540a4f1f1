/* What each of the 256 bytes may be part of: one table for all parsers of this floor. */
#ifndef GARM_CODEC_CHARS_H
#define GARM_CODEC_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum char_class {
    CHAR_TOKEN = 1,       /* RFC 9110 tchar */
    CHAR_VALUE = 2,       /* field content: HTAB, 0x20-0x7e, 0x80-0xff */
    CHAR_TARGET = 4,      /* 0x21-0x7e and 0x80-0xff: the outer bound of a target */
    CHAR_PATH = 8,        /* in a path, and needs no second look: not '%', '.', '?' */
    CHAR_QUERY = 16,      /* in a query; not '%' */
    CHAR_HOST = 32,       /* in a registered name: not '%', and no comma, which joins two Hosts */
    CHAR_UNRESERVED = 64, /* RFC 3986 section 2.3 */
};

extern const uint8_t char_classes[256];

static inline bool char_is(char c, unsigned classes)
{
    return (char_classes[(unsigned char)c] & classes) != 0;
}

/* How many bytes at the beginning of p[0..len) belong to the classes. */
static inline size_t char_run(const char *p, size_t len, unsigned classes)
{
    size_t i = 0;
    while (i < len && char_is(p[i], classes)) {
        i++;
    }
    return i;
}

static inline bool char_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

#endif
