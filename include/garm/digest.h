/* Digests: to recognise a text without keeping it, and to check what was signed with a secret
 * (webhooks). Not for passwords, which people choose: see password.h. */
#ifndef GARM_DIGEST_H
#define GARM_DIGEST_H

#include <garm/base.h>

/* Bytes of a digest. */
#define GARM_SHA256_SIZE 32

GARM_BEGIN

/** SHA-256 of `size` bytes, into GARM_SHA256_SIZE bytes. Any thread. FIPS 180-4. */
GARM_EXPORT void garm_sha256(const void *data, size_t size, unsigned char *ret_digest);

/** HMAC-SHA-256 of `size` bytes with a key of `key_size` bytes. Any thread. RFC 2104. */
GARM_EXPORT void garm_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                                  unsigned char *ret_digest);

GARM_END

#endif
