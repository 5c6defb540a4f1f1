/* Validators for dynamic answers: who has the body already gets 304. */
#ifndef GARM_MW_ETAG_H
#define GARM_MW_ETAG_H

#include <garm/base.h>

typedef struct garm_etag_opts {
    size_t size;
    const char *where;
    int64_t bytes_max GARM_UNSET_; /* longer bodies get none. Default 256 KiB, 0.6 ms of work */
} garm_etag_opts;

GARM_BEGIN

/** Gives every held answer of 200 to GET and HEAD an ETag, unless it has one or says `no-store`,
 *  and judges the request's conditions by it: 304, or 412. It is strong, and 128 bits of the
 *  SHA-256 of the body as the handler gave it; what garm_compress changes gets a weak one,
 *  whichever of the two stands around the other. The handler still runs: what is saved is the way
 *  to the client. Streams get none, and files have their own. RFC 9110 sections 8.8.3 and 13. See
 *  garm_etag. */
GARM_EXPORT void garm_etag_with(garm_app *app, const garm_etag_opts *opts);
/* garm_etag(app) */
#define garm_etag(...)                                                                             \
    garm_etag_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_etag_opts, __VA_ARGS__))

GARM_END

#endif
