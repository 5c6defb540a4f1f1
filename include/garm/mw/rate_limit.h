/* Rate limits: so many requests per second for each client, and no more. */
#ifndef GARM_MW_RATE_LIMIT_H
#define GARM_MW_RATE_LIMIT_H

#include <garm/base.h>

/* What makes two requests the same client's. */
enum garm_rate_limit_by {
    GARM_BY_IP,     /* garm_client_ip, the default: see garm_real_ip. IPv6 addresses by their /64 */
    GARM_BY_HEADER, /* the value of .header, an API key say; the address where it is missing */
    GARM_BY_USER,   /* garm_user; the address where nobody has logged in */
};

/* Names whose request it is; "" for one that is not limited. Must not suspend. */
typedef const char *garm_rate_limit_key_fn(garm_ctx *c);

typedef struct garm_rate_limit_opts {
    size_t size;
    const char *where;
    double per_second GARM_UNSET_; /* 1.0 / 60 is one a minute. Needed: 0.00001 to 1000000 */
    int64_t burst GARM_UNSET_;     /* at once, after a pause; default: what one second brings */
    enum garm_rate_limit_by by GARM_UNSET_;
    /* for GARM_BY_HEADER: any value is a client of its own, so use it inside of garm_api_key */
    const char *header GARM_UNSET_;
    garm_rate_limit_key_fn *key GARM_UNSET_; /* in the place of .by */
    int64_t keys_max GARM_UNSET_; /* clients told apart, 16 to 10000000; default 100000 */
    /* of the policy in the fields, [a-z0-9_-]; default "default". Two limits of one application or
     * group must not share it */
    const char *name GARM_UNSET_;
} garm_rate_limit_opts;

GARM_BEGIN

/** Answers 429 with Retry-After to a client of the application or group that has used up its
 *  tokens: `burst` of them to begin with, `per_second` new ones each second. All workers count
 *  together, exactly. Answers carry RateLimit-Policy and RateLimit
 *  (draft-ietf-httpapi-ratelimit-headers-10). Memory: 32 bytes for each of keys_max, used as
 *  clients come. With more clients, those who have been quiet for longest are taken for new ones.
 *  See garm_rate_limit. */
GARM_EXPORT void garm_rate_limit_with(garm_app *app, const garm_rate_limit_opts *opts);
/* garm_rate_limit(app, .per_second = 10, .burst = 50)
 * garm_rate_limit(api, .per_second = 100, .by = GARM_BY_HEADER, .header = "X-API-Key") */
#define garm_rate_limit(...)                                                                       \
    garm_rate_limit_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_rate_limit_opts, __VA_ARGS__))

GARM_END

#endif
