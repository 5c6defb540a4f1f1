/* See tokens.h. Signing is OpenSSL's, so that our own code is not checked against itself. */
#include "tokens.h"

#include <check.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_SIZE 16384

static struct {
    EVP_PKEY *key;
    char pem[2048];
} keys[GARM_JWT_EDDSA + 1];

/* No test runs yet that could fail. */
static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void keep(enum garm_jwt_algorithm algorithm, EVP_PKEY *key)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    require(key != NULL && bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1);
    const int len = BIO_read(bio, keys[algorithm].pem, sizeof(keys[algorithm].pem) - 1);
    require(len > 0);
    keys[algorithm].pem[len] = '\0';
    keys[algorithm].key = key;
    BIO_free(bio);
}

void tokens_begin(void)
{
    if (keys[GARM_JWT_RS256].key == NULL) {
        keep(GARM_JWT_RS256, EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048));
        keep(GARM_JWT_ES256, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
        keep(GARM_JWT_EDDSA, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    }
}

const char *token_pem(enum garm_jwt_algorithm algorithm)
{
    return keys[algorithm].pem;
}

void token_encode(const void *data, size_t size, char *out)
{
    char *const begin = out + strlen(out);
    const int len = EVP_EncodeBlock((unsigned char *)begin, data, (int)size);
    begin[len] = '\0';
    begin[strcspn(begin, "=")] = '\0';
    for (char *at = begin; *at != '\0'; at++) {
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
    }
}

/* r and s side by side, of the structure that OpenSSL makes. */
static size_t make_raw(const unsigned char *der, size_t size, unsigned char *out)
{
    ECDSA_SIG *const sig = d2i_ECDSA_SIG(NULL, &der, (long)size);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32), 32);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32), 32);
    ECDSA_SIG_free(sig);
    return 64;
}

static size_t sign(enum garm_jwt_algorithm algorithm, const char *text, unsigned char *out)
{
    unsigned char made[512];
    size_t size = sizeof(made);
    EVP_MD_CTX *const ctx = EVP_MD_CTX_new();
    const EVP_MD *const digest = algorithm == GARM_JWT_EDDSA ? NULL : EVP_sha256();
    ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, digest, NULL, keys[algorithm].key), 1);
    ck_assert_int_eq(EVP_DigestSign(ctx, made, &size, (const unsigned char *)text, strlen(text)),
                     1);
    EVP_MD_CTX_free(ctx);
    if (algorithm == GARM_JWT_ES256) {
        return make_raw(made, size, out);
    }
    memcpy(out, made, size);
    return size;
}

static char *next_place(void)
{
    static char places[4][TOKEN_SIZE];
    static size_t at;
    at = (at + 1) % 4;
    places[at][0] = '\0';
    return places[at];
}

static char *begin_token(const char *header, const char *claims)
{
    char *const token = next_place();
    ck_assert_uint_lt((strlen(header) + strlen(claims)) * 4 / 3 + 1024, TOKEN_SIZE);
    token_encode(header, strlen(header), token);
    memcpy(token + strlen(token), ".", 2);
    token_encode(claims, strlen(claims), token);
    return token;
}

static const char *end_token(char *token, const unsigned char *signature, size_t size)
{
    memcpy(token + strlen(token), ".", 2);
    token_encode(signature, size, token);
    return token;
}

const char *token_with_secret(const char *secret, const char *header, const char *claims)
{
    unsigned char signature[32];
    char *const token = begin_token(header, claims);
    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), secret, (int)strlen(secret),
                               (const unsigned char *)token, strlen(token), signature, NULL));
    return end_token(token, signature, sizeof(signature));
}

const char *token_of(enum garm_jwt_algorithm algorithm, const char *header, const char *claims)
{
    unsigned char signature[512];
    if (algorithm == GARM_JWT_HS256) {
        return token_with_secret(TOKEN_SECRET, header, claims);
    }
    char *const token = begin_token(header, claims);
    const size_t size = sign(algorithm, token, signature);
    return end_token(token, signature, size);
}
