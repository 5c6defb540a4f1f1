/* What the authentication middleware share: the Authorization field, and the answers to who may
 * not come in. RFC 9110 section 11. */
#ifndef GARM_MW_CREDENTIALS_H
#define GARM_MW_CREDENTIALS_H

#include <garm/base.h>

enum credentials {
    CREDENTIALS_NONE,   /* no Authorization, or of another scheme */
    CREDENTIALS_BROKEN, /* of this scheme, and not one token68 behind it; two fields, say */
    CREDENTIALS_GIVEN,
};

/** Looks for credentials of `scheme` ("Basic"): *ret_token is the token68 behind it, if they are
 *  given. */
enum credentials credentials_find(garm_ctx *c, const char *scheme, const char **ret_token);

/** Answers `status` with the challenge in WWW-Authenticate, and `detail` for people. */
int credentials_refuse(garm_ctx *c, int status, const char *challenge, const char *detail);

/** A challenge: `scheme realm="..."` and then `more`. A realm with bytes that cannot stand there
 *  (quotes, backslashes, controls, what is not ASCII) stops the start; NULL is "restricted". Lives
 *  as the application does. `what` is the constructor's name. */
const char *challenge_new(garm_app *app, const char *where, const char *what, const char *scheme,
                          const char *realm, const char *more);

/** Caches that others share keep an answer apart for each value of this request field. 0 or
 *  -ENOMEM. */
int credentials_vary(garm_ctx *c, const char *field);

/** Are they the same SHA-256? Takes as long whatever they are. */
bool credentials_same_digest(const unsigned char *a, const unsigned char *b);

#endif
