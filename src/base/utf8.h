/* Is it UTF-8? (RFC 3629) */
#ifndef GARM_BASE_UTF8_H
#define GARM_BASE_UTF8_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* U+FFFD, what stands for bytes that are not UTF-8. */
#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/** How many bytes the character at p[0..len) has, len > 0. If they are not UTF-8, *ret_valid is
 *  false, and the count is that of the longest beginning of a character there, at least 1: each
 *  such run is replaced by one U+FFFD (Unicode 15 section 3.9). */
size_t utf8_take(const char *p, size_t len, bool *ret_valid);

/** How many bytes (1 to 4) the character at the beginning of `s` has; 0 where there is none: at the
 *  end, and at a byte that begins no whole and valid character. */
static inline size_t utf8_size(struct slice s)
{
    bool valid = false;
    const size_t size = s.len > 0 ? utf8_take(s.ptr, s.len, &valid) : 0;
    return valid ? size : 0;
}

#endif
