/* What authentication costs a request, in microseconds: from before the middleware to the handler,
 * the median of many requests through the in-process test client. The first line is that of no
 * middleware; run it on an idle machine. */
#include <garm/garm.h>

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REQUESTS 4000
#define SECRET   "a secret of thirty-two bytes, or more"
/* "lovelace", at the least cost: it is compared once. */
#define HASH                                                                                       \
    "$argon2id$v=19$m=8,t=1,p=1$/RCrmrk6pGkmx0iIOTI4SA$"                                           \
    "wWX5mG+hV5gcirw1jqiNX7gz3YpgVLtFOfUovPxQr5M"

static const char *const names[] = {[GARM_JWT_HS256] = "HS256",
                                    [GARM_JWT_RS256] = "RS256",
                                    [GARM_JWT_ES256] = "ES256",
                                    [GARM_JWT_EDDSA] = "EdDSA"};

static struct {
    EVP_PKEY *key;
    char pem[2048];
    char field[2048];
} keys[GARM_JWT_EDDSA + 1];

static double begun_us;
static double taken_us[REQUESTS];
static size_t taken_count;

static void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "auth_bench: %s failed\n", what);
        exit(1);
    }
}

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Tokens. */

static void encode(const void *data, size_t size, char *out)
{
    char *const begin = out + strlen(out);
    EVP_EncodeBlock((unsigned char *)begin, data, (int)size);
    begin[strcspn(begin, "=")] = '\0';
    for (char *at = begin; *at != '\0'; at++) {
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
    }
}

static size_t sign(int algorithm, const char *text, unsigned char *out, size_t cap)
{
    size_t size = cap;
    if (algorithm == GARM_JWT_HS256) {
        garm_hmac_sha256(SECRET, strlen(SECRET), text, strlen(text), out);
        return GARM_SHA256_SIZE;
    }
    EVP_MD_CTX *const ctx = EVP_MD_CTX_new();
    const EVP_MD *const digest = algorithm == GARM_JWT_EDDSA ? NULL : EVP_sha256();
    require(EVP_DigestSignInit(ctx, NULL, digest, NULL, keys[algorithm].key) == 1 &&
                EVP_DigestSign(ctx, out, &size, (const unsigned char *)text, strlen(text)) == 1,
            "signing");
    EVP_MD_CTX_free(ctx);
    if (algorithm == GARM_JWT_ES256) {
        const unsigned char *der = out;
        ECDSA_SIG *const sig = d2i_ECDSA_SIG(NULL, &der, (long)size);
        BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32);
        ECDSA_SIG_free(sig);
        size = 64;
    }
    return size;
}

static void make_token(int algorithm)
{
    static const char claims[] = "{\"sub\":\"ada\",\"iss\":\"https://login.example\",\"exp\":9e12,"
                                 "\"iat\":1,\"scope\":\"read write\",\"name\":\"Ada Lovelace\"}";
    char header[64];
    unsigned char signature[512];
    char token[1024] = "";
    const int len = snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", names[algorithm]);
    encode(header, (size_t)len, token);
    memcpy(token + strlen(token), ".", 2);
    encode(claims, strlen(claims), token);
    const size_t size = sign(algorithm, token, signature, sizeof(signature));
    memcpy(token + strlen(token), ".", 2);
    encode(signature, size, token);
    snprintf(keys[algorithm].field, sizeof(keys[algorithm].field), "Authorization: Bearer %s",
             token);
}

static void make_key(int algorithm, EVP_PKEY *key)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    require(key != NULL && PEM_write_bio_PUBKEY(bio, key) == 1, "making a key");
    const int len = BIO_read(bio, keys[algorithm].pem, sizeof(keys[algorithm].pem) - 1);
    require(len > 0, "writing a key");
    keys[algorithm].key = key;
    BIO_free(bio);
}

/* The application. */

static int before(garm_ctx *c)
{
    begun_us = now_us();
    return garm_next(c);
}

static int handle(garm_ctx *c)
{
    taken_us[taken_count++ % REQUESTS] = now_us() - begun_us;
    return garm_text(c, 200, "%s", garm_user(c));
}

static int check(garm_ctx *c, const char *token, void *arg)
{
    return garm_secret_equal(token, arg) ? garm_set_user(c, "ada") : -EACCES;
}

static garm_app *group(garm_app *app, const char *prefix)
{
    garm_app *const sub = garm_group(app, prefix);
    garm_use(sub, before);
    garm_route(sub, "GET /{$}", handle);
    return sub;
}

static void setup(garm_app *app)
{
    static char token[] = "sesame";
    (void)group(app, "/none");
    garm_basic_auth(group(app, "/basic"), .users = {"ada:" HASH});
    garm_bearer(group(app, "/bearer"), .check = check, .arg = token);
    garm_api_key(group(app, "/key"), .keys = {"ada:9f86d081884c7d659a2feaa0c55ad015"
                                              "a3bf4f1b2b0b822cd15d6c15b0f00a08"});
    garm_jwt(group(app, "/HS256"), .keys = {{GARM_JWT_HS256, .secret = SECRET}});
    for (int a = GARM_JWT_RS256; a <= GARM_JWT_EDDSA; a++) {
        char prefix[16];
        snprintf(prefix, sizeof(prefix), "/%s", names[a]);
        garm_jwt(group(app, prefix), .keys = {{(enum garm_jwt_algorithm)a, .pem = keys[a].pem}});
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(garm_test *test, const char *what, const char *path, const char *field)
{
    taken_count = 0;
    for (int i = 0; i < REQUESTS; i++) {
        require(garm_test_do(test, "GET", path, .headers = {field})->status == 200, what);
    }
    qsort(taken_us, REQUESTS, sizeof(taken_us[0]), compare);
    printf("%-30s %8.2f\n", what, taken_us[REQUESTS / 2]);
}

int main(void)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    make_key(GARM_JWT_RS256, EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048));
    make_key(GARM_JWT_ES256, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
    make_key(GARM_JWT_EDDSA, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    garm_test *const test = garm_test_new(&entry, NULL);
    printf("%-30s %8s\n", "middleware", "us");
    measure(test, "none", "/none/", "X: y");
    measure(test, "garm_api_key", "/key/", "X-API-Key: test");
    measure(test, "garm_bearer", "/bearer/", "Authorization: Bearer sesame");
    measure(test, "garm_basic_auth (remembered)", "/basic/",
            "Authorization: Basic YWRhOmxvdmVsYWNl");
    for (int a = GARM_JWT_HS256; a <= GARM_JWT_EDDSA; a++) {
        char path[16];
        char what[32];
        make_token(a);
        snprintf(path, sizeof(path), "/%s/", names[a]);
        snprintf(what, sizeof(what), "garm_jwt, %s", names[a]);
        measure(test, what, path, keys[a].field);
    }
    garm_test_free(test);
    return 0;
}
