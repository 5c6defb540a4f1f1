/* The server: listeners, one worker per core with its connections, and the drain. Knows the
 * application only as an exchange_handler. */
#ifndef GARM_SERVE_SERVER_H
#define GARM_SERVE_SERVER_H

#include "base/buf.h"
#include "base/log.h"
#include "codec/h1.h"
#include "net/listener.h"
#include "run/loop.h"
#include "serve/exchange.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

/* One worker, as the application may see it. */
struct server_worker {
    struct loop loop;
    size_t index;
    void *data; /* the application's: set by on_start, given to the handler */
    struct server *server;
};

/* Bounds and deadlines; server_limits_default() fills in those of base/limits.h. */
struct server_limits {
    struct h1_limits h1;
    uint64_t body_bytes; /* body_max of a new exchange */
    size_t arena_bytes;  /* per request, beyond what is lent */
    size_t connections;  /* of the whole server; 0: as many as descriptors allow */
    uint32_t silent_ms, idle_ms, head_ms, body_stall_ms, write_stall_ms, linger_ms;
    uint32_t rate_grace_ms, rate_bytes_per_sec;
};
struct server_limits server_limits_default(void);

struct server_options {
    /* Open; borrowed until server_free; fd_count == workers, or shared. A drain closes their
     * descriptors, and sets them to -1. */
    struct listener *listeners;
    size_t listener_count;
    size_t workers;        /* >= 1 */
    struct io *const *ios; /* one per worker, taken, success or failure; NULL: epoll. For the
                              simulator */
    struct server_limits limits;
    int64_t drain_delay_ns;  /* from server_stop to the drain */
    struct logger logger;    /* copied */
    const char *server_name; /* the Server field's value; NULL: no such field. Static */
    exchange_handler *handler;
    /* On each worker before its first connection, and after its last one. May be NULL. A
     * negative result stops the start. Not on a task: must not suspend. */
    int (*on_start)(struct server_worker *worker, void *arg);
    void (*on_stop)(struct server_worker *worker, void *arg);
    void *arg;
    /* Every LIMIT_WATCH_TICK_MS on the watchdog's thread, from the start to the end of the last
     * worker. May be NULL. */
    void (*on_tick)(void *arg, int64_t now_ns);
    void *tick_arg;
};

/** Makes a server whose workers do not run yet. 0, -ENOMEM, -EMFILE ... with a sentence in
 *  *ret_error. */
MUST_CHECK int server_new(const struct server_options *options, struct server **ret_server,
                          struct buf *ret_error);
/** Frees one that has ended or never ran. Accepts NULL. */
void server_free(struct server *server);

/** Runs each worker on a thread of its own. 0 when all have started (on_start done), else a
 *  negative errno and none runs. */
MUST_CHECK int server_start(struct server *server);

/** The same, but worker 0 is opened on the calling thread, and begins to serve in server_run. */
MUST_CHECK int server_start_here(struct server *server);
/** Turns worker 0 until it has ended, then waits for the others. Calls on_readable(arg) between
 *  turns whenever `fd` polls readable (a signalfd, say). 0, or the negative errno of a poll that
 *  failed: the server was stopped then. */
int server_run(struct server *server, int fd, void (*on_readable)(void *arg), void *arg);

/** For a server of one worker that the caller's own loop turns, in place of server_start: prepares
 *  the worker on this thread; then server_fd becomes readable when server_turn has something to
 *  do. */
MUST_CHECK int server_attach(struct server *server);
/** Stays the server's. Negative errno where descriptors are out. */
int server_fd(struct server *server);
/** One turn of every attached worker; waits at most max_wait_ns (0: not at all, -1: no bound).
 *  Returns 1 once the server has ended, 0 before, or a negative errno. */
int server_turn(struct server *server, int64_t max_wait_ns);

/** After the drain delay, in which all goes on as before but for server_stopping, begins to drain:
 *  accepts what waits in the queues, closes the listeners, answers what was sent, closes idle
 *  connections; what is not done after grace_ns is cancelled, then reset. A second call, and one
 *  without a grace, ends the delay; it shortens the grace. Any thread; returns at once. */
void server_stop(struct server *server, int64_t grace_ns);
/** Waits for the end of a started server: joins its threads. */
void server_wait(struct server *server);
/** Was it told to stop? Any thread. */
bool server_stopping(const struct server *server);
/** And has the delay passed? Any thread. */
bool server_draining(const struct server *server);

/** Runs fn(arg) on worker `index`'s loop, not on a task. Any thread. -ENOMEM, or -ESHUTDOWN after
 *  its end (fn never runs). */
MUST_CHECK int server_post(struct server *server, size_t index,
                           void (*fn)(struct server_worker *worker, void *arg), void *arg);

struct server_worker *server_worker(struct server *server, size_t index);
size_t server_worker_count(const struct server *server);
const struct logger *server_logger(const struct server *server);

/* Counters, summed over the workers when read. Any thread. */
struct server_stats {
    uint64_t accepted, shed /* answered with 503 for want of descriptors */;
    uint64_t requests, refused /* heads that did not parse */, no_stack /* 503s */;
    uint64_t connections, active /* with a request or a part of one */;
    uint64_t closing /* the last answer is out, and the peer's end is waited for */;
    uint64_t bytes_in, bytes_out;
};
void server_stats(struct server *server, struct server_stats *ret_stats);

/* What the kernel holds of a TCP listener, summed over its descriptors. */
struct server_queue {
    uint64_t length;  /* connections that wait to be accepted */
    uint64_t limit;   /* how many may */
    uint64_t dropped; /* attempts for which there was no room, or no memory */
};
/** Of the index-th listener. Any thread, while the server has not ended. 0; -EOPNOTSUPP for one
 *  that is not TCP, or simulated; -EBADF once it is closed; else what the system says. */
MUST_CHECK int server_queue(struct server *server, size_t index, struct server_queue *ret_queue);

#endif
