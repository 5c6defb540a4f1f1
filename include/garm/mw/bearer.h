/* Bearer tokens that the application knows: who has one may come in. RFC 6750. */
#ifndef GARM_MW_BEARER_H
#define GARM_MW_BEARER_H

#include <garm/base.h>

/* Is the token good? 0: yes, and garm_set_user has said whose it is; -EACCES: no, it is unknown,
 * revoked or expired (401); -EPERM or 403: it is good, and not for this (403 with
 * insufficient_scope). Anything else becomes the answer as if a handler had returned it. Compare by
 * garm_secret_equal, or look up a digest (garm_sha256). May suspend. */
typedef int garm_bearer_check_fn(garm_ctx *c, const char *token, void *arg);

typedef struct garm_bearer_opts {
    size_t size;
    const char *where;
    const char *realm GARM_UNSET_;           /* default "restricted" */
    garm_bearer_check_fn *check GARM_UNSET_; /* needed */
    void *arg GARM_UNSET_;                   /* of .check; borrowed */
    bool optional GARM_UNSET_; /* requests without a token pass, and garm_user is "" */
} garm_bearer_opts;

GARM_BEGIN

/** Lets those requests to the application or group pass whose Authorization field has a token that
 *  .check takes. Requests without one get 401 with a challenge; a token that is refused 401 with
 *  error="invalid_token"; a field that cannot be read, or two of them, 400 with
 *  error="invalid_request". Tokens in the query or the body are not looked at: they end up in logs.
 *  See garm_bearer. */
GARM_EXPORT void garm_bearer_with(garm_app *app, const garm_bearer_opts *opts);
/* garm_bearer(app, .check = find_token) */
#define garm_bearer(...)                                                                           \
    garm_bearer_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_bearer_opts, __VA_ARGS__))

GARM_END

#endif
