/* Code around handlers. A middleware is a handler that calls garm_next, and may do things before
 * and after it. */
#ifndef GARM_MIDDLEWARE_H
#define GARM_MIDDLEWARE_H

#include <garm/base.h>

/* Where a filter's output goes: the next filter, or the client. */
typedef struct garm_filter_out garm_filter_out;

/* A filter of the response body. Each function gives 0 or a negative errno, which ends the
 * answer: with an error before the head is sent, by a reset after. All may suspend. For HEAD a
 * held body is filtered too, so that its length is right. */
typedef struct garm_filter_ops {
    /* Just before the body's first byte. May change status-independent fields. 0 to take part, 1
     * to stay out. May be NULL. */
    int (*begin)(garm_ctx *c, void *arg);
    /* The next piece of the body, borrowed for the call: gives what becomes of it to
     * garm_filter_write. */
    int (*data)(garm_ctx *c, void *arg, const void *data, size_t size, garm_filter_out *out);
    /* The body's end: gives what is still kept back. A held reply's fields may still be set (an
     * ETag). May be NULL. */
    int (*end)(garm_ctx *c, void *arg, garm_filter_out *out);
    /* garm_flush: gives what a client shall see now. May be NULL, for what keeps nothing back. */
    int (*flush)(garm_ctx *c, void *arg, garm_filter_out *out);
} garm_filter_ops;

/* How a request ended. */
typedef struct garm_outcome {
    size_t size;         /* of this struct, as the library knows it */
    int status;          /* that was sent; 0 if none */
    int error;           /* 0 if the answer is complete; -ECONNRESET the client went; ... */
    uint64_t bytes_in;   /* of the request body */
    uint64_t bytes_out;  /* of the response body, as far as the kernel took it */
    int64_t duration_ns; /* since the request's head was complete */
} garm_outcome;

GARM_BEGIN

/** Runs the rest of the chain, and renders the error it ends with. Returns 0 if there is a reply
 *  then, held or sent; or a negative errno if no answer can be given any more (the client is
 *  gone, the answer was cut): return it. A second call runs the rest again, for a retry after
 *  garm_reply_reset. May suspend. */
GARM_EXPORT int garm_next(garm_ctx *c);
/** The status of the reply, held or sent; 0 while there is none. */
GARM_EXPORT int garm_status(garm_ctx *c);
/** The negative errno behind a rendered error; 0 if there is none. */
GARM_EXPORT int garm_error(garm_ctx *c);
/** The value of a response field that was set, its name in any case; "" if there is none. Not
 *  the server's own (Date ...). */
GARM_EXPORT const char *garm_res_header(garm_ctx *c, const char *name);
/** How long the body of the reply is, held or streamed; -1 if that is not known (a stream without
 *  Content-Length), or if a filter that was asked before this one changes it. */
GARM_EXPORT int64_t garm_res_length(garm_ctx *c);
/** The bytes of a held reply, before any filter, borrowed until the reply is dropped. 0; -ENODATA
 *  there are none at hand: no reply, a streamed one, a file that is not in memory. */
GARM_EXPORT int garm_res_body(garm_ctx *c, const void **ret_data, size_t *ret_size);
/** Judges the conditions of a GET or HEAD (If-None-Match and its like) by the ETag and
 *  Last-Modified that its held reply of 200 has. The reply becomes 304, which keeps all fields but
 *  those of the content, or 412; else it stays. 0, or a negative errno. May suspend (error pages).
 *  RFC 9110 section 13. */
GARM_EXPORT int garm_judge_conditions(garm_ctx *c);
/** Changes what garm_client_ip gives, to an address that a trusted proxy told. It is copied. 0;
 *  -EINVAL no IP address; -ENOMEM. See real_ip.h, which does it for you. */
GARM_EXPORT int garm_set_client_ip(garm_ctx *c, const char *ip);
/** Says who was authenticated, for garm_user. It is copied. 0; -EINVAL there are control bytes in
 *  it; -ENOMEM. */
GARM_EXPORT int garm_set_user(garm_ctx *c, const char *name);
/** Drops a held reply and all fields. -EALREADY once the head is sent. */
GARM_EXPORT int garm_reply_reset(garm_ctx *c);

/** Calls fn(c, arg) just before the head is sealed, the innermost middleware's first: the last
 *  moment to set fields (Vary, Set-Cookie). 0 or -ENOMEM; -EALREADY once the head is sent. */
GARM_EXPORT int garm_before_head(garm_ctx *c, void (*fn)(garm_ctx *c, void *arg), void *arg);
/** Puts a filter around the response body, the innermost middleware's first. `ops` must outlive
 *  the request. The length of a held body is what the filters make of it; that of a file or a
 *  streamed body is then not known beforehand. 0 or -ENOMEM; -EALREADY once the head is sent. */
GARM_EXPORT int garm_filter(garm_ctx *c, const garm_filter_ops *ops, void *arg);
/** From a filter: passes output on. 0 or a negative errno to be returned. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_filter_write(garm_filter_out *out, const void *data,
                                                   size_t size);
/** Calls fn(c, outcome, arg) once, when the last byte of the answer is with the kernel or the
 *  answer has failed; those of inner middleware first. All of the request and the reply can still
 *  be looked at. Requests that were pipelined behind this one may be served before. 0 or
 *  -ENOMEM. */
GARM_EXPORT int garm_on_finish(garm_ctx *c,
                               void (*fn)(garm_ctx *c, const garm_outcome *outcome, void *arg),
                               void *arg);

GARM_END

#endif
