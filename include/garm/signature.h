/* Signatures of JSON Web Tokens, checked. A key belongs to one algorithm: what a token says of
 * itself never chooses how its signature is looked at (RFC 8725 section 3.1). For whole tokens see
 * garm_jwt in mw/jwt.h. */
#ifndef GARM_SIGNATURE_H
#define GARM_SIGNATURE_H

#include <garm/base.h>

enum garm_jwt_algorithm {
    GARM_JWT_HS256 = 1, /* HMAC with SHA-256: who can check can also sign. RFC 7518 section 3.2 */
    GARM_JWT_RS256,     /* RSASSA-PKCS1-v1_5 with SHA-256. RFC 7518 section 3.3 */
    GARM_JWT_ES256,     /* ECDSA over P-256 with SHA-256: r and s, 32 bytes each. Section 3.4 */
    GARM_JWT_EDDSA,     /* Ed25519. RFC 8037 section 3.1 */
};

/* A key that signatures are checked with. */
typedef struct garm_verifier garm_verifier;

GARM_BEGIN

/** Makes a key for `algorithm`.
 *  key, size   for GARM_JWT_HS256 the secret, at least 32 bytes; for the others a public key in PEM
 *              ("-----BEGIN PUBLIC KEY-----"). It is copied.
 *  ret_reason  what is wrong with it, as a phrase that lives forever; NULL if that is of no
 *              interest.
 *  returns     the key, to be freed; NULL if it is none for this algorithm, an RSA key of less than
 *              2048 or more than 16384 bits, a secret that is too short or a PEM, or when memory
 *              runs out.
 *  Any thread. */
GARM_EXPORT GARM_MUST_CHECK_ garm_verifier *garm_verifier_new(enum garm_jwt_algorithm algorithm,
                                                              const void *key, size_t size,
                                                              const char **ret_reason);
/** Nobody may use it any more. Accepts NULL. */
GARM_EXPORT void garm_verifier_free(garm_verifier *verifier);

/** Did the key's owner sign `data`? False also when memory runs out. The time depends on the key,
 *  the size of the data, and whether a signature has the right size. Any thread. */
GARM_EXPORT bool garm_verifier_accepts(const garm_verifier *verifier, const void *data, size_t size,
                                       const void *signature, size_t signature_size);

GARM_END

#endif
