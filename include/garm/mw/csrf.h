/* Cross-site request forgery: a page of another site makes a visitor's browser send a request with
 * the visitor's cookies. */
#ifndef GARM_MW_CSRF_H
#define GARM_MW_CSRF_H

#include <garm/base.h>

#define GARM_CSRF_ORIGINS_MAX 16

typedef struct garm_csrf_opts {
    size_t size;
    const char *where;
    /* other origins that may send, such as "https://login.example"; default none */
    const char *trusted_origins[GARM_CSRF_ORIGINS_MAX] GARM_UNSET_;
} garm_csrf_opts;

GARM_BEGIN

/** Answers 403 to requests that a browser sent for a page of another origin, with any method but
 *  GET, HEAD and OPTIONS: those must not change anything. It goes by Sec-Fetch-Site, else by
 *  Origin against Host; requests with neither come from no browser of today, and pass. No tokens
 *  are needed. See garm_csrf, and https://www.w3.org/TR/fetch-metadata/. */
GARM_EXPORT void garm_csrf_with(garm_app *app, const garm_csrf_opts *opts);
/* garm_csrf(app); garm_csrf(app, .trusted_origins = {"https://login.example"}) */
#define garm_csrf(...)                                                                             \
    garm_csrf_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_csrf_opts, __VA_ARGS__))

GARM_END

#endif
