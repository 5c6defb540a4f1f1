/* See crypto_seal.h. All failures of OpenSSL are for want of memory, but for a tag that is wrong.
 * The algorithms are looked up once per key: by name at each call it would cost more than the
 * work. */
#include "app/crypto_seal.h"

#include "base/sys.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdint.h>

#define KEY_SIZE 32
#define IV_SIZE  12

struct seal_key {
    EVP_CIPHER *cipher;
    EVP_MAC_CTX *macs[SEAL_USES_]; /* keyed, and only ever copied: threads share them */
};

static EVP_MAC_CTX *new_mac(EVP_MAC *mac, const void *key, size_t size)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *const ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    if (ctx == NULL || EVP_MAC_init(ctx, key, size, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static bool add(EVP_MAC_CTX *ctx, const void *data, size_t size)
{
    return EVP_MAC_update(ctx, data, size) == 1;
}

/* The name's length goes first: where the name ends is no question of what is in it. */
static int mac_with(const EVP_MAC_CTX *keyed, struct slice name, struct slice data,
                    unsigned char *ret_mac)
{
    const uint64_t len = htobe64(name.len);
    size_t size = 0;
    EVP_MAC_CTX *const ctx = EVP_MAC_CTX_dup(keyed);
    const bool done = ctx != NULL && add(ctx, &len, sizeof(len)) && add(ctx, name.ptr, name.len) &&
                      add(ctx, data.ptr, data.len) &&
                      EVP_MAC_final(ctx, ret_mac, &size, SEAL_MAC_SIZE) == 1;
    EVP_MAC_CTX_free(ctx);
    return done ? 0 : -ENOMEM;
}

int seal_mac(const struct seal_key *key, enum seal_use use, struct slice name, struct slice data,
             unsigned char *ret_mac)
{
    return mac_with(key->macs[use], name, data, ret_mac);
}

bool seal_equal(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

/* Keys. */

/* Extract and expand, as HKDF (RFC 5869) has them: a key from the secret, and from that one per
 * use. */
static int derive(struct seal_key *key, EVP_MAC *mac, struct slice secret)
{
    static const char salt[] = "garm keys";
    static const struct slice uses[SEAL_USES_] = {SLICE_INIT("sign"), SLICE_INIT("index"),
                                                  SLICE_INIT("derive")};
    unsigned char derived[KEY_SIZE];
    EVP_MAC_CTX *ctx = new_mac(mac, salt, sizeof(salt) - 1);
    int rc = ctx == NULL ? -ENOMEM : mac_with(ctx, SLICE("extract"), secret, derived);
    EVP_MAC_CTX_free(ctx);
    ctx = rc < 0 ? NULL : new_mac(mac, derived, sizeof(derived));
    rc = ctx == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < SEAL_USES_; i++) {
        rc = mac_with(ctx, SLICE("expand"), uses[i], derived);
        key->macs[i] = rc < 0 ? NULL : new_mac(mac, derived, sizeof(derived));
        rc = key->macs[i] == NULL ? -ENOMEM : 0;
    }
    EVP_MAC_CTX_free(ctx);
    OPENSSL_cleanse(derived, sizeof(derived));
    return rc;
}

struct seal_key *seal_key_new(struct slice secret)
{
    struct seal_key *const key = mem_zalloc(sizeof(*key));
    if (key == NULL) {
        return NULL;
    }
    EVP_MAC *const mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    key->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    const int rc = mac == NULL || key->cipher == NULL ? -ENOMEM : derive(key, mac, secret);
    EVP_MAC_free(mac);
    if (rc < 0) {
        seal_key_free(key);
        return NULL;
    }
    return key;
}

void seal_key_free(struct seal_key *key)
{
    if (key == NULL) {
        return;
    }
    for (size_t i = 0; i < SEAL_USES_; i++) {
        EVP_MAC_CTX_free(key->macs[i]);
    }
    EVP_CIPHER_free(key->cipher);
    mem_free(key);
}

/* Sealing. */

/* A context for the message with this nonce; NULL without memory. */
static EVP_CIPHER_CTX *begin(const struct seal_key *key, const unsigned char *nonce,
                             struct slice name, int encrypt)
{
    unsigned char message_key[SEAL_MAC_SIZE];
    int size = 0;
    EVP_CIPHER_CTX *const ctx = EVP_CIPHER_CTX_new();
    const bool begun =
        ctx != NULL &&
        seal_mac(key, SEAL_DERIVE, SLICE(""), slice_of((const char *)nonce, SEAL_NONCE_SIZE),
                 message_key) == 0 &&
        EVP_CipherInit_ex2(ctx, key->cipher, message_key, nonce + SEAL_NONCE_SIZE - IV_SIZE,
                           encrypt, NULL) == 1 &&
        EVP_CipherUpdate(ctx, NULL, &size, (const unsigned char *)name.ptr, (int)name.len) == 1;
    OPENSSL_cleanse(message_key, sizeof(message_key));
    if (!begun) {
        EVP_CIPHER_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

int seal_encrypt(const struct seal_key *key, struct slice name, struct slice data,
                 unsigned char *out)
{
    CHECK(data.len < INT_MAX && name.len < INT_MAX);
    sys_random(out, SEAL_NONCE_SIZE);
    int size = 0;
    unsigned char *const text = out + SEAL_NONCE_SIZE;
    EVP_CIPHER_CTX *const ctx = begin(key, out, name, 1);
    const bool done =
        ctx != NULL &&
        EVP_CipherUpdate(ctx, text, &size, (const unsigned char *)data.ptr, (int)data.len) == 1 &&
        EVP_CipherFinal_ex(ctx, text + data.len, &size) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE, text + data.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return done ? 0 : -ENOMEM;
}

int seal_decrypt(const struct seal_key *key, struct slice name, struct slice sealed,
                 unsigned char *out)
{
    if (sealed.len < SEAL_OVERHEAD || sealed.len >= INT_MAX || name.len >= INT_MAX) {
        return -EBADMSG;
    }
    const unsigned char *const nonce = (const unsigned char *)sealed.ptr;
    const unsigned char *const text = nonce + SEAL_NONCE_SIZE;
    const size_t len = sealed.len - SEAL_OVERHEAD;
    unsigned char tag[SEAL_TAG_SIZE];
    int size = 0;
    memcpy(tag, text + len, sizeof(tag));
    EVP_CIPHER_CTX *const ctx = begin(key, nonce, name, 0);
    if (ctx == NULL) {
        return -ENOMEM;
    }
    const bool open = EVP_CipherUpdate(ctx, out, &size, text, (int)len) == 1 &&
                      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE, tag) == 1 &&
                      EVP_CipherFinal_ex(ctx, out + len, &size) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return open ? 0 : -EBADMSG;
}
