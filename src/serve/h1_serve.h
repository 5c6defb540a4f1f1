/* HTTP/1.1 on a connection's task: its requests one after the other, each as an exchange. */
#ifndef GARM_SERVE_H1_SERVE_H
#define GARM_SERVE_H1_SERVE_H

#include "serve/conn.h"

/** The task function: serves the request that is parsed, and those pipelined behind it, then
 *  flushes and releases the connection. `conn` is a struct conn in CONN_RUNNING. */
void h1_serve(void *conn);

/* A refusal's whole text fits this. */
#define REFUSAL_SIZE 1024
/** Writes a whole answer that refuses a request or a connection, and closes; returns its size.
 *  `reason` is a static phrase without quotes. `to_head`: the request was HEAD, and so the body is
 *  left out. */
size_t h1_refusal_text(struct shard *shard, uint16_t status, const char *reason, bool to_head,
                       char *out);

/** Answers 503 from the loop, as far as the socket takes it at once: no stack is to be had. */
void h1_refuse_without_task(struct conn *conn);

#endif
