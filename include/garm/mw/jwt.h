/* JSON Web Tokens that somebody else has signed. RFC 7519, RFC 7515, RFC 8725. */
#ifndef GARM_MW_JWT_H
#define GARM_MW_JWT_H

#include <garm/base.h>
#include <garm/json.h>
#include <garm/signature.h>

#define GARM_JWT_KEYS_MAX  16
#define GARM_JWT_BYTES_MAX 8192 /* of a token */

/* A key, and the one algorithm that it is for: a token never chooses (RFC 8725 section 3.1). */
typedef struct garm_jwt_key {
    enum garm_jwt_algorithm algorithm;
    const char *kid GARM_UNSET_; /* tokens with another "kid" are not for it; default: any token */
    const char *pem GARM_UNSET_; /* RS256, ES256, EdDSA: "-----BEGIN PUBLIC KEY-----..." */
    const char *secret GARM_UNSET_; /* HS256: at least 32 bytes */
    size_t secret_size GARM_UNSET_; /* 0: up to its NUL */
} garm_jwt_key;

typedef struct garm_jwt_opts {
    size_t size;
    const char *where;
    const char *realm GARM_UNSET_; /* default "restricted" */
    /* needed */
    garm_jwt_key keys[GARM_JWT_KEYS_MAX] GARM_UNSET_;
    /* what "iss" must be; default: anything */
    const char *issuer GARM_UNSET_;
    /* what "aud" must be or contain; "*": anything, or nothing. Default: tokens with "aud" are
     * refused, for they are for somebody else (RFC 7519 section 4.1.3) */
    const char *audience GARM_UNSET_;
    const char *type GARM_UNSET_; /* what "typ" must be, such as "at+jwt"; default: anything */
    /* by which clocks may differ: default 30, at most 600; GARM_NONE: not at all */
    int64_t leeway_s GARM_UNSET_;
    bool exp_optional GARM_UNSET_; /* tokens without "exp" pass too */
    /* where the token is if there is no Authorization; default: nowhere */
    const char *cookie GARM_UNSET_;
    bool optional GARM_UNSET_; /* requests without a token pass, and garm_user is "" */
    /* what each token must grant, as garm_jwt_scope has it: "read write". Default: nothing */
    const char *scope GARM_UNSET_;
} garm_jwt_opts;

GARM_BEGIN

/** Lets those requests to the application or group pass whose bearer token is signed with one of
 *  the keys, and whose claims hold: "exp" is not over, "nbf" and "iat" are not in the future, "aud"
 *  and "iss" are as expected. garm_user is then its "sub" ("" if there is none). Others get 401, or
 *  400 for a field that cannot be read, as garm_bearer has it; error_description says why.
 *
 *  Refused are tokens of more than GARM_JWT_BYTES_MAX, of other algorithms ("none" too), with
 *  "crit", with a header of more than 1 KiB or 16 members, claims of more than 128 members, members
 *  given twice, base64 that is not exact, and claims of the wrong type. A token in a cookie comes
 *  with requests that other sites cause: put garm_csrf around. See garm_jwt. */
GARM_EXPORT void garm_jwt_with(garm_app *app, const garm_jwt_opts *opts);
/* garm_jwt(app, .keys = {{.algorithm = GARM_JWT_RS256, .pem = pem}}, .audience = "api") */
#define garm_jwt(...)                                                                              \
    garm_jwt_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_jwt_opts, __VA_ARGS__))

/** Of the requests that garm_jwt around this application or group lets in, only those pass whose
 *  token grants all of `scope`, words with a space between them, by its claim "scope" or, where
 *  that is not, "scp": such a list, or an array of words. Others get 403 with
 *  error="insufficient_scope" and the scope that is needed, or 401 without a token; without
 *  garm_jwt all get 500. RFC 6750 section 3.1, RFC 8693 section 4.2. See garm_jwt_scope.
 *  where  the caller's place, "FILE:LINE". */
GARM_EXPORT void garm_jwt_scope_at(garm_app *app, const char *where, const char *scope);
/* garm_jwt_scope(writers, "write") */
#define garm_jwt_scope(app, scope) garm_jwt_scope_at((app), GARM_HERE, (scope))

/** The claims of this request's token, an object that lives as the request does; NULL without
 *  one. */
GARM_EXPORT const garm_json_value *garm_jwt_claims(garm_ctx *c);

GARM_END

#endif
