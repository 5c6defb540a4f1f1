/* HTTP/1.1 on a connection's task: its requests one after the other, each as an exchange. */
#ifndef GARM_SERVE_H1_SERVE_H
#define GARM_SERVE_H1_SERVE_H

#include "serve/conn.h"
#include "serve/exchange.h"

/** The task function: serves the request that is parsed, and those pipelined behind it, then flushes and
 *  releases the connection. `conn` is a struct conn in CONN_RUNNING. */
void h1_serve(void *conn);

/* A refusal's whole text fits this. */
#define REFUSAL_SIZE 1024
/** Writes a whole answer that refuses a request or a connection, and closes; returns its size. `reason` is a static
 *  phrase without quotes. */
size_t h1_refusal_text(struct shard *shard, uint16_t status, const char *reason, char *out);

/** Answers 503 from the loop, as far as the socket takes it at once: no stack is to be had. */
void h1_refuse_without_task(struct conn *conn);

/* One request on a connection. */
struct h1_exchange {
    struct exchange x;
    struct conn *conn;
    struct h1_chunked chunked;
    struct h1_head *trailer_head;
    struct pace in, out;
    uint64_t body_left;     /* of a body with Content-Length */
    uint64_t answer_left;   /* of an answer with a length */
    enum h1_framing framing; /* of the answer */
    bool in_trailers;
    bool continued;         /* 100 was sent, or is not called for */
    bool silent;            /* the answer has no body on the wire: HEAD, 204, 304 */
};

/** Readies `h` for the parsed head of conn->active. */
void h1_exchange_init(struct h1_exchange *h, struct conn *conn);
/** Completes what the application left open: an answer, or the rest of the request's body. */
void h1_exchange_end(struct h1_exchange *h);

#endif
