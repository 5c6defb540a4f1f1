/* What a secret can do: mark bytes so that nobody can change them (HMAC-SHA-256), and hide them as
 * well (AES-256-GCM). Each use has a key of its own, derived from the secret. */
#ifndef GARM_APP_CRYPTO_SEAL_H
#define GARM_APP_CRYPTO_SEAL_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

#define SEAL_MAC_SIZE 32
/* What sealing adds: the nonce before, the tag behind. */
#define SEAL_NONCE_SIZE 24
#define SEAL_TAG_SIZE   16
#define SEAL_OVERHEAD   (SEAL_NONCE_SIZE + SEAL_TAG_SIZE)

struct seal_key;

/* What a key marks: one is never taken for the other. */
enum seal_use {
    SEAL_SIGN,   /* what clients hold */
    SEAL_INDEX,  /* what only we hold: names in a store */
    SEAL_DERIVE, /* keys of sealed messages; only for this module */
    SEAL_USES_,
};

/** The keys of a secret; NULL when memory runs out. */
MUST_CHECK struct seal_key *seal_key_new(struct slice secret);
/** Accepts NULL. */
void seal_key_free(struct seal_key *key);

/** The mark of `data` under `name`: SEAL_MAC_SIZE bytes. 0 or -ENOMEM. Any thread. */
MUST_CHECK int seal_mac(const struct seal_key *key, enum seal_use use, struct slice name,
                        struct slice data, unsigned char *ret_mac);
/** Are `size` bytes equal? In a time that tells nothing else. */
bool seal_equal(const void *a, const void *b, size_t size);

/** Seals `data` under `name`, into data.len + SEAL_OVERHEAD bytes. Each message has a key of its
 *  own, derived from a nonce of 192 random bits: there is no bound on how many one secret seals. 0
 *  or -ENOMEM. Any thread. NIST SP 800-38D. */
MUST_CHECK int seal_encrypt(const struct seal_key *key, struct slice name, struct slice data,
                            unsigned char *out);
/** Opens it, into sealed.len - SEAL_OVERHEAD bytes: 0; -EBADMSG not sealed by this key under this
 *  name; -ENOMEM. Any thread. */
MUST_CHECK int seal_decrypt(const struct seal_key *key, struct slice name, struct slice sealed,
                            unsigned char *out);

#endif
