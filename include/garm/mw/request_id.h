/* A name for each request, which goes into logs, to the client, and to servers behind us. */
#ifndef GARM_MW_REQUEST_ID_H
#define GARM_MW_REQUEST_ID_H

#include <garm/base.h>

typedef struct garm_request_id_opts {
    size_t size;
    const char *where;
    /* where it is read and written: no field with a meaning of its own; default "X-Request-Id" */
    const char *header GARM_UNSET_;
    bool ignore_incoming GARM_UNSET_; /* a client's own is never kept */
} garm_request_id_opts;

GARM_BEGIN

/** Gives every request of the application or group an id, and its answer the field with it. An id
 *  that came with the request is kept if it has 1 to 128 letters, digits and "-_.:/+=@" and no
 *  more; any other gets a new one of 32 hexadecimal digits, at random. See garm_request_id. */
GARM_EXPORT void garm_request_id_with(garm_app *app, const garm_request_id_opts *opts);
/* garm_request_id(app); garm_request_id(app, .header = "X-Correlation-Id") */
#define garm_request_id(...)                                                                       \
    garm_request_id_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_request_id_opts, __VA_ARGS__))

/** The id of this request; "" outside of the middleware. */
GARM_EXPORT const char *garm_request_id_of(garm_ctx *c);

GARM_END

#endif
