/* Fields that make browsers careful with a site's pages. */
#ifndef GARM_MW_SECURITY_HEADERS_H
#define GARM_MW_SECURITY_HEADERS_H

#include <garm/base.h>

/* Values of the fields; NULL is the default that stands behind, "" leaves the field out. */
typedef struct garm_security_headers_opts {
    size_t size;
    const char *where;
    /* "base-uri 'self'; frame-ancestors 'none'; object-src 'none'" */
    const char *content_security_policy GARM_UNSET_;
    const char *frame_options GARM_UNSET_;              /* "DENY"; or "SAMEORIGIN" */
    const char *referrer_policy GARM_UNSET_;            /* "strict-origin-when-cross-origin" */
    const char *cross_origin_opener_policy GARM_UNSET_; /* "same-origin" */
    const char *permissions_policy GARM_UNSET_;         /* left out */
    /* Strict-Transport-Security, in seconds, 100 years at most; 0 leaves it out. Only for hosts
     * that are served over https for as long: browsers will not speak http to them any more.
     * RFC 6797 */
    int64_t hsts_s GARM_UNSET_;
} garm_security_headers_opts;

GARM_BEGIN

/** Gives every answer of the application or group these fields and `X-Content-Type-Options:
 *  nosniff`, but for those that a handler has set. See garm_security_headers. */
GARM_EXPORT void garm_security_headers_with(garm_app *app, const garm_security_headers_opts *opts);
/* garm_security_headers(app); garm_security_headers(app, .hsts_s = 31536000) */
#define garm_security_headers(...)                                                                 \
    garm_security_headers_with(GARM_HEAD_(__VA_ARGS__, ),                                          \
                               GARM_OPTS_(garm_security_headers_opts, __VA_ARGS__))

GARM_END

#endif
