/* Signatures: the vectors of RFC 7515 and RFC 8037, appendix A of each, and keys that are none. */
#include "tokens.h"

#include "app/base64url.h"

#include <check.h>
#include <string.h>

Suite *suite_signature(void);

#define CLAIMS                                                                                     \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"

static const char rsa_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj\n"
                              "NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz\n"
                              "P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo\n"
                              "9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB\n"
                              "EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX\n"
                              "FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp\n"
                              "oQIDAQAB\n"
                              "-----END PUBLIC KEY-----\n";
static const char ec_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                             "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7\n"
                             "6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
                             "-----END PUBLIC KEY-----\n";
static const char ed_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                             "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                             "-----END PUBLIC KEY-----\n";
static const char rsa_1024_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDLgvMLcAVWGzr6jfNeKnHMVFlU\n"
    "ju8k30G3dV8O1KaUe1g9B/ZYeYwRUTcOSgK7BwWbH6NnjDP+cv53AuzOGMlCgYdd\n"
    "jTa8n7Al+o0ASDMfqI1U68NJ3wCJrqz0OmCUgaqqHoSd3y2hdferaLs7Fe6JyVQ3\n"
    "vqB5/YhYTgXfm4p+RQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
static const char p384_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                               "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEQ8XIHYJu6uTR+zYSggiKZ7zscB2IBv7D\n"
                               "XCx0gPDjZhQ/8vBTF0oZUO0dG4j+ZajCIrw7fWazy3QHhB3C/M01KECNPGrAcuqt\n"
                               "0LVl2i7AJMfB+ALfPkQrsANwE0/5Pfaz\n"
                               "-----END PUBLIC KEY-----\n";
static const char k1_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                             "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEBYJWPOKeF2MAhFyZ6DQ8RQhMt+qi+rIe\n"
                             "Rl25cwshvwIxsKzhpUq/CJHsZ13Y/mBTixFNJfnUy/PN2IBP1KP7Zg==\n"
                             "-----END PUBLIC KEY-----\n";

static const struct {
    enum garm_jwt_algorithm algorithm;
    const char *pem; /* NULL: the secret of appendix A.1 */
    const char *data, *signature;
} vectors[] = {
    {GARM_JWT_HS256, NULL, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." CLAIMS,
     "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
    {GARM_JWT_RS256, rsa_pem, "eyJhbGciOiJSUzI1NiJ9." CLAIMS,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
     "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPv"
     "kSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
     "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {GARM_JWT_ES256, ec_pem, "eyJhbGciOiJFUzI1NiJ9." CLAIMS,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {GARM_JWT_EDDSA, ed_pem, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};
#define VECTORS ((int)(sizeof(vectors) / sizeof(vectors[0])))

struct case_ {
    garm_verifier *verifier;
    const char *data;
    unsigned char signature[512];
    size_t size;
};

/* Bytes of base64url: how many. */
static size_t decode(const char *text, void *out)
{
    ck_assert_int_eq(base64url_decode(slice_cstr(text), out), 0);
    return base64url_size(strlen(text));
}

static void begin_case(int index, struct case_ *one)
{
    unsigned char secret[128];
    static const char secret_text[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const size_t secret_size = decode(secret_text, secret);
    const char *const pem = vectors[index].pem;
    const char *reason = "";
    one->verifier = garm_verifier_new(vectors[index].algorithm, pem != NULL ? pem : (char *)secret,
                                      pem != NULL ? strlen(pem) : secret_size, &reason);
    ck_assert_msg(one->verifier != NULL, "%s", reason);
    one->data = vectors[index].data;
    const char *const text = vectors[index].signature;
    one->size = decode(text, one->signature);
}

static bool accepts(const struct case_ *one, size_t size)
{
    return garm_verifier_accepts(one->verifier, one->data, strlen(one->data), one->signature, size);
}

START_TEST(the_vectors_of_the_rfcs_are_accepted)
{
    struct case_ one;
    begin_case(_i, &one);
    ck_assert(accepts(&one, one.size));
    ck_assert(accepts(&one, one.size));
    garm_verifier_free(one.verifier);
}
END_TEST

START_TEST(a_signature_with_any_bit_changed_is_refused)
{
    struct case_ one;
    begin_case(_i, &one);
    for (size_t bit = 0; bit < one.size * 8; bit += 3) {
        one.signature[bit / 8] ^= (unsigned char)(1U << bit % 8);
        ck_assert_msg(!accepts(&one, one.size), "bit %zu", bit);
        one.signature[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
    garm_verifier_free(one.verifier);
}
END_TEST

START_TEST(a_signature_of_another_size_is_refused)
{
    struct case_ one;
    begin_case(_i, &one);
    one.signature[one.size] = 0;
    ck_assert(!accepts(&one, one.size + 1));
    for (size_t size = 0; size < one.size; size++) {
        ck_assert_msg(!accepts(&one, size), "%zu", size);
    }
    garm_verifier_free(one.verifier);
}
END_TEST

START_TEST(other_data_is_refused)
{
    struct case_ one;
    begin_case(_i, &one);
    ck_assert(!garm_verifier_accepts(one.verifier, one.data, strlen(one.data) - 1, one.signature,
                                     one.size));
    ck_assert(!garm_verifier_accepts(one.verifier, "", 0, one.signature, one.size));
    garm_verifier_free(one.verifier);
}
END_TEST

START_TEST(r_and_s_of_zero_are_refused)
{
    struct case_ one;
    begin_case(2, &one);
    memset(one.signature, 0, 32);
    ck_assert(!accepts(&one, one.size));
    memset(one.signature, 0, 64);
    ck_assert(!accepts(&one, one.size));
    memset(one.signature, 0xff, 64);
    ck_assert(!accepts(&one, one.size));
    garm_verifier_free(one.verifier);
}
END_TEST

static const struct {
    enum garm_jwt_algorithm algorithm;
    const char *key, *reason;
} no_keys[] = {
    {GARM_JWT_HS256, "thirty-one bytes are not enough", "less than 32 bytes"},
    {GARM_JWT_HS256, rsa_pem, "in PEM is no secret"},
    {GARM_JWT_HS256, "", "less than 32 bytes"},
    {GARM_JWT_RS256, rsa_1024_pem, "less than 2048 bits"},
    {GARM_JWT_RS256, ec_pem, "RS256 needs an RSA key"},
    {GARM_JWT_RS256, "", "no public key in PEM"},
    {GARM_JWT_RS256, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
     "no public key in PEM"},
    {GARM_JWT_RS256, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n", "private key"},
    {GARM_JWT_RS256, "-----BEGIN CERTIFICATE-----\nAAAA\n", "openssl x509"},
    {GARM_JWT_ES256, p384_pem, "P-256"},
    {GARM_JWT_ES256, k1_pem, "P-256"},
    {GARM_JWT_ES256, ed_pem, "P-256"},
    {GARM_JWT_EDDSA, ec_pem, "Ed25519"},
    {GARM_JWT_EDDSA + 1, ed_pem, "no such algorithm"},
    {0, ed_pem, "no such algorithm"},
};

START_TEST(what_is_no_key_for_the_algorithm_is_refused)
{
    const char *reason = "";
    const char *const key = no_keys[_i].key;
    ck_assert_ptr_null(garm_verifier_new(no_keys[_i].algorithm, key, strlen(key), &reason));
    ck_assert_msg(strstr(reason, no_keys[_i].reason) != NULL, "%s", reason);
    ck_assert_ptr_null(garm_verifier_new(no_keys[_i].algorithm, key, strlen(key), NULL));
}
END_TEST

START_TEST(what_openssl_signs_is_accepted)
{
    for (int round = 0; round < 20; round++) {
        for (int algorithm = GARM_JWT_RS256; algorithm <= GARM_JWT_EDDSA; algorithm++) {
            unsigned char signature[512];
            const char *const token = token_of(algorithm, "{}", "{}");
            const char *const dot = strrchr(token, '.');
            const size_t size = decode(dot + 1, signature);
            const char *const pem = token_pem(algorithm);
            garm_verifier *const verifier = garm_verifier_new(algorithm, pem, strlen(pem), NULL);
            ck_assert(
                garm_verifier_accepts(verifier, token, (size_t)(dot - token), signature, size));
            garm_verifier_free(verifier);
        }
    }
}
END_TEST

/* Digests: the examples of FIPS 180-4 and RFC 4231. */
static const char *hex(const unsigned char *digest)
{
    static char text[2 * GARM_SHA256_SIZE + 1];
    for (size_t i = 0; i < GARM_SHA256_SIZE; i++) {
        text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    return text;
}

START_TEST(digests_are_those_of_the_standards)
{
    unsigned char digest[GARM_SHA256_SIZE];
    garm_sha256("abc", 3, digest);
    ck_assert_str_eq(hex(digest),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    garm_sha256("", 0, digest);
    ck_assert_str_eq(hex(digest),
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    garm_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    ck_assert_str_eq(hex(digest),
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
END_TEST

Suite *suite_signature(void)
{
    tokens_begin();
    Suite *const suite = suite_create("mw/signature");
    TCase *const tc = tcase_create("signature");
    tcase_add_loop_test(tc, the_vectors_of_the_rfcs_are_accepted, 0, VECTORS);
    tcase_add_loop_test(tc, a_signature_with_any_bit_changed_is_refused, 0, VECTORS);
    tcase_add_loop_test(tc, a_signature_of_another_size_is_refused, 0, VECTORS);
    tcase_add_loop_test(tc, other_data_is_refused, 0, VECTORS);
    tcase_add_test(tc, r_and_s_of_zero_are_refused);
    tcase_add_loop_test(tc, what_is_no_key_for_the_algorithm_is_refused, 0,
                        (int)(sizeof(no_keys) / sizeof(no_keys[0])));
    tcase_add_test(tc, what_openssl_signs_is_accepted);
    tcase_add_test(tc, digests_are_those_of_the_standards);
    suite_add_tcase(suite, tc);
    return suite;
}
