/* Signatures of tokens, by OpenSSL and our HMAC. Keys are looked at when they are made: what is
 * weak, or made for something else, is no key. RFC 7518, RFC 8037, RFC 8725. */
#include "app/crypto_seal.h"
#include "base/compiler.h"
#include "base/sys.h"

#include <garm/digest.h>
#include <garm/request.h>
#include <garm/signature.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <string.h>

#define SECRET_BYTES_MIN 32
#define RSA_BITS_MIN     2048
#define RSA_BITS_MAX     16384
#define P256_BYTES       32
#define PEM_BYTES_MAX    65536

struct garm_verifier {
    enum garm_jwt_algorithm algorithm;
    EVP_PKEY *key; /* NULL: the secret behind this */
    size_t secret_size;
    unsigned char secret[];
};

/* Keys. */

static bool contains(const char *text, size_t size, const char *word)
{
    return memmem(text, size, word, strlen(word)) != NULL;
}

/* Asks nobody for a pass phrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static EVP_PKEY *read_pem(const void *pem, size_t size)
{
    BIO *const bio = size <= PEM_BYTES_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;
    EVP_PKEY *const key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL) : NULL;
    BIO_free(bio);
    return key;
}

static bool is_sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *const ctx = EVP_PKEY_CTX_new(key, NULL);
    const bool sound = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return sound;
}

static bool is_p256(const EVP_PKEY *key)
{
    char name[32] = "";
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1 &&
           strcmp(name, "prime256v1") == 0;
}

/* What keeps the key from being one for the algorithm; NULL: nothing. */
static const char *objection_to(const EVP_PKEY *key, enum garm_jwt_algorithm algorithm)
{
    switch (algorithm) {
    case GARM_JWT_RS256:
        if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
            return "RS256 needs an RSA key, and this is another one";
        }
        if (EVP_PKEY_get_bits(key) < RSA_BITS_MIN) {
            return "an RSA key of less than 2048 bits is no protection";
        }
        return EVP_PKEY_get_bits(key) > RSA_BITS_MAX ? "an RSA key has at most 16384 bits" : NULL;
    case GARM_JWT_ES256:
        return is_p256(key) ? NULL
                            : "ES256 needs a key on the curve P-256, and this is another one";
    case GARM_JWT_EDDSA:
        return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519
                   ? NULL
                   : "EdDSA needs an Ed25519 key, and this is another one";
    default: return "there is no such algorithm";
    }
}

static const char *read_public_key(enum garm_jwt_algorithm algorithm, const void *pem, size_t size,
                                   EVP_PKEY **ret_key)
{
    if (contains(pem, size, "PRIVATE KEY-----")) {
        return "this is a private key; checking needs the public one only: openssl pkey -pubout";
    }
    if (contains(pem, size, "BEGIN CERTIFICATE")) {
        return "this is a certificate; take its key: openssl x509 -noout -pubkey";
    }
    EVP_PKEY *const key = read_pem(pem, size);
    if (key == NULL) {
        return "this is no public key in PEM (\"-----BEGIN PUBLIC KEY-----\")";
    }
    const char *objection = objection_to(key, algorithm);
    if (objection == NULL && !is_sound(key)) {
        objection = "the key is broken";
    }
    if (objection != NULL) {
        EVP_PKEY_free(key);
        return objection;
    }
    *ret_key = key;
    return NULL;
}

static const char *objection_to_secret(const void *secret, size_t size)
{
    if (contains(secret, size, "-----BEGIN ")) {
        return "a key in PEM is no secret: what is public must never sign";
    }
    return size < SECRET_BYTES_MIN ? "a secret of less than 32 bytes is no protection" : NULL;
}

garm_verifier *garm_verifier_new(enum garm_jwt_algorithm algorithm, const void *key, size_t size,
                                 const char **ret_reason)
{
    EVP_PKEY *public_key = NULL;
    const bool secret = algorithm == GARM_JWT_HS256;
    const char *reason = secret ? objection_to_secret(key, size)
                                : read_public_key(algorithm, key, size, &public_key);
    ERR_clear_error();
    garm_verifier *verifier = NULL;
    if (reason == NULL) {
        verifier = mem_zalloc(sizeof(*verifier) + (secret ? size : 0));
        reason = verifier == NULL ? "out of memory" : NULL;
    }
    if (verifier == NULL) {
        EVP_PKEY_free(public_key);
        if (ret_reason != NULL) {
            *ret_reason = reason;
        }
        return NULL;
    }
    verifier->algorithm = algorithm;
    verifier->key = public_key;
    verifier->secret_size = secret ? size : 0;
    memcpy(verifier->secret, key, verifier->secret_size);
    return verifier;
}

void garm_verifier_free(garm_verifier *verifier)
{
    if (verifier != NULL) {
        EVP_PKEY_free(verifier->key);
        explicit_bzero(verifier->secret, verifier->secret_size);
        mem_free(verifier);
    }
}

/* Signatures. */

static bool accepts_hmac(const garm_verifier *verifier, const void *data, size_t size,
                         const unsigned char *signature, size_t signature_size)
{
    unsigned char digest[GARM_SHA256_SIZE];
    garm_hmac_sha256(verifier->secret, verifier->secret_size, data, size, digest);
    return signature_size == sizeof(digest) && seal_equal(digest, signature, sizeof(digest));
}

/* A natural number of P256_BYTES bytes in DER: no needless zeros before it, and one if its first
 * bit would be taken for a sign. Returns where it ends. */
static unsigned char *put_integer(unsigned char *out, const unsigned char *number)
{
    size_t zeros = 0;
    while (zeros < P256_BYTES - 1 && number[zeros] == 0) {
        zeros++;
    }
    const unsigned char sign = number[zeros] >> 7;
    const size_t len = P256_BYTES - zeros;
    *out++ = 0x02;
    *out++ = (unsigned char)(len + sign);
    *out = 0;
    out += sign;
    memcpy(out, number + zeros, len);
    return out + len;
}

/* r and s, as tokens have them, in the form that OpenSSL takes. Returns its size. */
static size_t put_ecdsa(unsigned char *out, const unsigned char *raw)
{
    unsigned char *const end = put_integer(put_integer(out + 2, raw), raw + P256_BYTES);
    out[0] = 0x30;
    out[1] = (unsigned char)(end - out - 2);
    return (size_t)(end - out);
}

static bool verify(EVP_PKEY *key, const EVP_MD *digest, const void *data, size_t size,
                   const unsigned char *signature, size_t signature_size)
{
    EVP_MD_CTX *const ctx = EVP_MD_CTX_new();
    const bool good = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key) == 1 &&
                      EVP_DigestVerify(ctx, signature, signature_size, data, size) == 1;
    EVP_MD_CTX_free(ctx);
    /* The queue is the thread's, and others look at it. */
    ERR_clear_error();
    return good;
}

bool garm_verifier_accepts(const garm_verifier *verifier, const void *data, size_t size,
                           const void *signature, size_t signature_size)
{
    unsigned char der[2 * P256_BYTES + 8];
    switch (verifier->algorithm) {
    case GARM_JWT_HS256: return accepts_hmac(verifier, data, size, signature, signature_size);
    case GARM_JWT_RS256:
        return verify(verifier->key, EVP_sha256(), data, size, signature, signature_size);
    case GARM_JWT_ES256:
        return signature_size == 2 * P256_BYTES &&
               verify(verifier->key, EVP_sha256(), data, size, der, put_ecdsa(der, signature));
    case GARM_JWT_EDDSA: return verify(verifier->key, NULL, data, size, signature, signature_size);
    default: return false;
    }
}
