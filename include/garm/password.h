/* Passwords, kept as argon2id hashes (RFC 9106) in the usual text form:
 * "$argon2id$v=19$m=65536,t=2,p=1$SALT$HASH". One hash takes 64 MiB and some tens of milliseconds:
 * at most four at once are made in a process, fewer where there are less than eight processors, on
 * threads of the server's pool. Up to 128 more wait for at most 3 s. */
#ifndef GARM_PASSWORD_H
#define GARM_PASSWORD_H

#include <garm/base.h>

/* A longer password is refused: none is chosen so long, and hashing it would take time. */
#define GARM_PASSWORD_BYTES_MAX 1024

GARM_BEGIN

/** Makes a hash of `password` with a salt of its own, for a database.
 *  ret_hash  the hash, which lives as the request does.
 *  returns   0; -EMSGSIZE the password is too long; -EAGAIN too many wait already, or it waited
 *            too long (503 once returned); -ENOMEM; -ECANCELED.
 *  May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_password_hash(garm_ctx *c, const char *password,
                                                    const char **ret_hash);

/** Is `hash` one of `password`?
 *  returns  0 it is; -EACCES it is not; -EINVAL `hash` is none (see garm_password_hash_valid); or
 *           as garm_password_hash. A user who does not exist should cost the same time: verify
 *           against any hash then, and refuse.
 *  May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_password_verify(garm_ctx *c, const char *hash,
                                                      const char *password);

/** Is it a hash that garm_password_verify takes: argon2id in version 19, of at most 1 GiB of memory
 *  and 16 passes? Any thread. */
GARM_EXPORT bool garm_password_hash_valid(const char *hash);

GARM_END

#endif
