/* A shard: one worker's share of the server. Its loop, its listeners, its connections, and the
 * pools they borrow from. Touched by its own thread alone, but for the counters, which others
 * read. */
#ifndef GARM_SERVE_SHARD_H
#define GARM_SERVE_SHARD_H

#include "base/counter.h"
#include "codec/h1.h"
#include "run/pool.h"
#include "run/worker.h"
#include "serve/server.h"

#include <stdatomic.h>

struct acceptor;
struct conn;

enum shard_phase {
    SHARD_SERVING,
    SHARD_DRAINING, /* listeners closed; answers say Connection: close */
    SHARD_ENDING,   /* the grace is over: tasks are cancelled */
    SHARD_ENDED,
};

struct shard {
    struct server_worker worker; /* first: the application's view */
    const struct server_options *options;
    enum shard_phase phase;
    struct acceptor *acceptors;
    size_t acceptor_count;
    int reserve_fd; /* an eventfd, given up for a moment when descriptors run out */
    size_t connection_max;
    struct list conns; /* of struct conn */
    size_t conn_count;
    size_t wide_count;   /* connections for which the kernel may hold more of a file */
    struct pool actives; /* struct active: what a connection with a request borrows */
    struct pool outs;    /* struct out */
    struct pool big_rxs; /* RX_BIG_SIZE bytes, for large heads and streamed bodies */
    struct timer housekeeping;
    struct timer drain_delay; /* from the stop to the drain */
    struct timer grace;       /* the end of the drain */
    struct {
        int64_t until_ns; /* loop time at which the text is out of date */
        char text[128];   /* "Date: ...\r\nServer: ...\r\n" */
        size_t len;
    } prefix;
    struct {
        counter accepted, shed, requests, refused, no_stack, connections, active, closing, bytes_in,
            bytes_out;
    } stats;
    bool deaf;                     /* accepts no more */
    bool opened;                   /* on_start has succeeded, on_stop is owed */
    _Atomic int64_t stop_grace_ns; /* asked for by server_stop; taken by stop_post */
    bool posts_closed;             /* under the server's lock: nothing is posted any more */
    struct post stop_post;
    _Atomic bool stop_posted;
    struct worker thread; /* started, unless another thread turns the loop */
};

/** Prepares the loop over `io` (taken) and the pools; accepts nothing yet. 0 or a negative
 *  errno. */
MUST_CHECK int shard_init(struct shard *shard, struct server *server,
                          const struct server_options *options, size_t index, struct io *io);
/** Accepts a zeroed one. */
void shard_deinit(struct shard *shard);
/** Calls on_start, then begins to accept. On the shard's own thread. */
MUST_CHECK int shard_open(struct shard *shard);
/** The server was told to stop: begins to drain, at once or after the delay. On the shard's own
 *  thread. */
void shard_stop(struct shard *shard);
/** Begins to drain, or shortens the grace of a drain. On the shard's own thread. */
void shard_drain(struct shard *shard, int64_t grace_ns);
/** For acceptors, in a drain: empties the queues, and closes the listeners once that is done. */
void shard_finish_accepting(struct shard *shard);
/** The server does not start: closes the listeners, and accepts nothing. On the shard's own
 *  thread. */
void shard_abandon(struct shard *shard);
/** Has every connection ended after a drain? Then on_stop is called, once. */
bool shard_ended(struct shard *shard);

/** The fields that open every answer, fresh to the second. */
struct slice shard_prefix(struct shard *shard);

/** A connection has ended: there may be room for another one. */
void shard_conn_gone(struct shard *shard);

/** Something was borrowed from a pool: a timer will look whether pages can be given back. */
void shard_expect_trim(struct shard *shard);

/* For shards only: nothing can be posted to it any more. */
void server_close_posts(struct server *server, struct shard *shard);
/* For shards only: closes a listener's descriptor, which server_queue may be looking at. */
void server_close_listener(struct server *server, struct io *io, int *fd);
/* For server_queue, which holds off server_close_listener meanwhile. */
MUST_CHECK int server_queue_read(const struct listener *listener, struct server_queue *ret_queue);
/* For shards only: the delay is over. */
void server_begin_drain(struct server *server);
/* For shards only: the calling one accepts no more. Is it the last of them? */
bool server_finished_accepting(struct server *server);

#endif
