/* Digests and password hashes, by libsodium; the one file that knows it. */
#include "app/crypto_sodium.h"

#include "base/compiler.h"
#include "base/slice.h"

#include <garm/digest.h>

#include <errno.h>
#include <sodium.h>
#include <string.h>

_Static_assert(ARGON2_TEXT_SIZE == crypto_pwhash_STRBYTES, "libsodium's size");
_Static_assert(GARM_SHA256_SIZE == crypto_hash_sha256_BYTES, "SHA-256's size");

void garm_sha256(const void *data, size_t size, unsigned char *ret_digest)
{
    crypto_hash_sha256(ret_digest, data, size);
}

void garm_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                      unsigned char *ret_digest)
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, key_size);
    crypto_auth_hmacsha256_update(&state, data, size);
    crypto_auth_hmacsha256_final(&state, ret_digest);
    sodium_memzero(&state, sizeof(state));
}

/* It picks the code for this processor, once. */
static void prepare(void)
{
    CHECK(sodium_init() >= 0);
}

int argon2_hash(const char *password, char *ret_text)
{
    prepare();
    const int rc = crypto_pwhash_str_alg(
        ret_text, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
        crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13);
    return rc == 0 ? 0 : -ENOMEM;
}

/* Of its failures libsodium marks a mismatch with EINVAL. */
int argon2_verify(const char *text, const char *password)
{
    prepare();
    errno = 0;
    if (crypto_pwhash_str_verify(text, password, strlen(password)) == 0) {
        return 0;
    }
    return errno == EINVAL ? -EACCES : -ENOMEM;
}

bool argon2_text_valid(const char *text)
{
    return strncmp(text, crypto_pwhash_STRPREFIX, strlen(crypto_pwhash_STRPREFIX)) == 0 &&
           crypto_pwhash_str_needs_rehash(text, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                          crypto_pwhash_MEMLIMIT_INTERACTIVE) >= 0;
}
