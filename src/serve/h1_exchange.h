/* The exchange over HTTP/1.1, for h1_*.c: one request on a connection, and its answer. */
#ifndef GARM_SERVE_H1_EXCHANGE_H
#define GARM_SERVE_H1_EXCHANGE_H

#include "serve/conn.h"
#include "serve/exchange.h"

/* One request on a connection. */
struct h1_exchange {
    struct exchange x;
    struct conn *conn;
    struct h1_chunked chunked;
    struct h1_head *trailer_head; /* once the last chunk is read */
    struct pace in, out;
    uint64_t body_left;      /* of a body with Content-Length */
    uint64_t read_on;        /* body bytes since others had their turn */
    uint64_t answer_left;    /* of an answer with a length */
    enum h1_framing framing; /* of the answer */
    bool continued;          /* 100 was sent, or is not called for */
    bool silent;             /* the answer has no body on the wire: HEAD, 204, 304 */
    bool handed_over;        /* another task owns the connection; this one only ends the request */
};

/** Readies `h` for the parsed head of conn->active. */
void h1_exchange_init(struct h1_exchange *h, struct conn *conn);
/** Completes what the application left open: an answer, or the rest of the request's body. */
void h1_exchange_end(struct h1_exchange *h);

static inline struct h1_exchange *h1_exchange_of(struct exchange *x)
{
    return CONTAINER_OF(x, struct h1_exchange, x);
}

/** h1_finish.c: exchange_ops.complete. */
int h1_complete(struct exchange *x);

/* h1_body.c: exchange_ops.read, */
ssize_t h1_body_read(struct exchange *x, void *buf, size_t cap);
/** and the rest of the body read and thrown away, so that the next request can follow; where that
 *  would take too much, the connection ends. May suspend. */
void h1_body_skip(struct h1_exchange *h);

#endif
