/* Tokens for tests, signed with keys that live as long as the program. */
#ifndef TESTS_UNIT_MW_TOKENS_H
#define TESTS_UNIT_MW_TOKENS_H

#include <garm/garm.h>

/* The secret of HS256. */
#define TOKEN_SECRET "a secret of thirty-two bytes, or more"

/** Makes the keys, once: before Check forks. */
void tokens_begin(void);
/** The public key in PEM, for all algorithms but HS256. */
const char *token_pem(enum garm_jwt_algorithm algorithm);
/** A token with this header and these claims, both as JSON. Valid until the fourth call from
 *  now. */
const char *token_of(enum garm_jwt_algorithm algorithm, const char *header, const char *claims);
/** The same for HS256, with a secret of one's own. */
const char *token_with_secret(const char *secret, const char *header, const char *claims);
/** Appends base64url of the bytes to `out`, a string with room for it. */
void token_encode(const void *data, size_t size, char *out);

#endif
