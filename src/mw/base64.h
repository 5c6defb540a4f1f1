/* Base64, read strictly: one text for one sequence of bytes. RFC 4648 sections 3.5, 4 and 5. */
#ifndef GARM_MW_BASE64_H
#define GARM_MW_BASE64_H

#include <stdbool.h>
#include <stddef.h>

enum base64 {
    BASE64,     /* '+' and '/', padded with '=' */
    BASE64_URL, /* '-' and '_', never padded */
};

/** Bytes that the decoding of `len` characters takes at most. */
static inline size_t base64_room(size_t len)
{
    return len / 4 * 3 + 3;
}

/** Decodes text[0..len) into `out`, which has base64_room(len) bytes. False if a character cannot
 *  stand there, the padding is not as it must be, or bits that mean nothing are set. */
bool base64_decode(enum base64 kind, const char *text, size_t len, unsigned char *out,
                   size_t *ret_size);

#endif
