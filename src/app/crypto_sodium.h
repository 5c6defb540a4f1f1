/* What libsodium does for us besides digests: password hashes. These block for tens of
 * milliseconds: on the offload pool only. */
#ifndef GARM_APP_CRYPTO_SODIUM_H
#define GARM_APP_CRYPTO_SODIUM_H

#include "base/compiler.h"

#include <stdbool.h>

/* Bytes of a hash's text, with the NUL. */
#define ARGON2_TEXT_SIZE 128

/** A hash with a new salt, into ARGON2_TEXT_SIZE bytes: 0 or -ENOMEM. */
MUST_CHECK int argon2_hash(const char *password, char *ret_text);
/** 0; -EACCES another password's; -ENOMEM. `text` is valid. */
MUST_CHECK int argon2_verify(const char *text, const char *password);
/** Is it the text of an argon2id hash? Does not block. */
bool argon2_text_valid(const char *text);

#endif
