/* Base64url without padding, read strictly: one text for one sequence of bytes, so that no bit of
 * it can be changed unseen. RFC 4648 section 5. In base64.c. */
#ifndef GARM_APP_BASE64URL_H
#define GARM_APP_BASE64URL_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stddef.h>

/* Characters that `size` bytes become, and bytes that `len` characters become. */
static inline size_t base64url_len(size_t size)
{
    return size / 3 * 4 + (size % 3 * 4 + 2) / 3;
}
static inline size_t base64url_size(size_t len)
{
    return len / 4 * 3 + len % 4 * 3 / 4;
}

/** Writes base64url_len(size) characters and a NUL. */
void base64url_encode(const void *data, size_t size, char *out);
/** Writes base64url_size(text.len) bytes: 0, or -EINVAL for a character that cannot stand there, a
 *  length that cannot be, or bits that mean nothing and are set. */
MUST_CHECK int base64url_decode(struct slice text, void *out);

#endif
