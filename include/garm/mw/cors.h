/* Cross-origin resource sharing: which pages of other origins may read answers. Fetch standard,
 * https://fetch.spec.whatwg.org/#http-cors-protocol. */
#ifndef GARM_MW_CORS_H
#define GARM_MW_CORS_H

#include <garm/base.h>

#define GARM_CORS_LIST_MAX 16

typedef struct garm_cors_opts {
    size_t size;
    const char *where;
    /* "https://app.example", exactly as browsers send it (without the scheme's own port); or "*"
     * alone for all. Needed. */
    const char *origins[GARM_CORS_LIST_MAX] GARM_UNSET_;
    /* that a preflight may ask for; default GET, HEAD, POST, PUT, PATCH, DELETE */
    const char *methods[GARM_CORS_LIST_MAX] GARM_UNSET_;
    /* request fields that a preflight may ask for, besides the safelisted; default: any */
    const char *headers[GARM_CORS_LIST_MAX] GARM_UNSET_;
    /* response fields that a page may read, besides the safelisted; default none */
    const char *expose[GARM_CORS_LIST_MAX] GARM_UNSET_;
    bool credentials GARM_UNSET_;  /* cookies and Authorization may come along; not with "*" */
    int64_t max_age_s GARM_UNSET_; /* of a preflight's answer; default 600; GARM_NONE: not kept */
} garm_cors_opts;

GARM_BEGIN

/** Answers preflights of the application or group (204; 403 for an origin, method or field that is
 *  not listed), and marks other answers for the origins listed. A request of any other origin is
 *  served without the marks: the browser keeps the answer from the page. Vary is always right.
 *  See garm_cors. */
GARM_EXPORT void garm_cors_with(garm_app *app, const garm_cors_opts *opts);
/* garm_cors(app, .origins = {"https://app.example"}, .credentials = true) */
#define garm_cors(...)                                                                             \
    garm_cors_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_cors_opts, __VA_ARGS__))

GARM_END

#endif
