/* One JSON Web Token, looked at: its form, its header, its signature, its claims, in this order, so
 * that what nobody has signed is looked at no further than it must be. RFC 7515, RFC 7519. */
#ifndef GARM_MW_JWT_TOKEN_H
#define GARM_MW_JWT_TOKEN_H

#include <garm/garm.h>

struct jwt_key {
    enum garm_jwt_algorithm algorithm;
    const char *kid; /* NULL: for any */
    garm_verifier *verifier;
};

struct jwt_rules {
    struct jwt_key keys[GARM_JWT_KEYS_MAX];
    size_t key_count;
    const char *issuer, *audience, *type; /* NULL: not looked at, but for aud */
    int64_t leeway_s;
    bool exp_optional;
};

/** Looks at a token.
 *  ret_claims  its claims, an object; they live as the request does.
 *  returns     0; -EACCES it is refused, and *ret_fault says why: a phrase that may stand in
 *              error_description; -ENOMEM. */
int jwt_read(garm_ctx *c, const struct jwt_rules *rules, const char *token,
             const garm_json_value **ret_claims, const char **ret_fault);

#endif
