/* A server inside another program: with threads of its own, or turned by the caller's loop. It
 * touches no signals, no arguments and no standard output; several may live in one process. */
#ifndef GARM_SERVER_H
#define GARM_SERVER_H

#include <garm/app.h>
#include <garm/base.h>
#include <garm/log.h>
#include <garm/task.h>

#define GARM_LISTEN_MAX 8

typedef struct garm_server_opts {
    size_t size;
    const char *where;
    /* HOST:PORT, :PORT, [v6]:PORT, unix:PATH, fd:N; default "127.0.0.1:8000" */
    const char *listen[GARM_LISTEN_MAX] GARM_UNSET_;
    int workers GARM_UNSET_; /* threads, or 0: one per CPU that the process may use */
    enum garm_log_level log_level GARM_UNSET_; /* lines below it are not written; default: all */
    /* the application's flags, "--name=value", up to a NULL */
    const char *const *flags GARM_UNSET_;
    /* value of the Server field: products and comments, at most 64 bytes; default "garm"; ""
     * leaves the field out */
    const char *server_name GARM_UNSET_;
    int64_t connections_max GARM_UNSET_; /* 0: as many as descriptors allow */
    /* how long a stop goes on serving before it drains, while readiness (garm_health) says 503, so
     * that those who send requests here learn it first; 0: not at all */
    int64_t drain_delay_ms GARM_UNSET_;
} garm_server_opts;

GARM_BEGIN

/** Makes a server: sets the application up and opens the listeners. On failure NULL, and one
 *  line that says what to do in *ret_error, which is freed with garm_free (may be NULL). `opts`
 *  is borrowed for the call. See garm_server_new. */
GARM_EXPORT GARM_MUST_CHECK_ garm_server *
garm_server_new_with(const garm_app_entry *entry, char **ret_error, const garm_server_opts *opts);
/* garm_server *server = garm_server_new(&entry, &error, .listen = {":8080"}, .workers = 2); */
#define garm_server_new(entry, ...)                                                                \
    garm_server_new_with((entry), GARM_HEAD_(__VA_ARGS__, ),                                       \
                         GARM_OPTS_(garm_server_opts, __VA_ARGS__))

/** Stops what still runs at once, and frees all. Accepts NULL. Not from the server's own
 *  threads. */
GARM_EXPORT void garm_server_free(garm_server *server);
GARM_EXPORT void garm_free(void *memory);

/** Runs the workers on threads of their own. 0; or the negative errno of a hook or of the
 *  system, -ECANCELED after garm_server_stop, and nothing runs. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_server_start(garm_server *server);

/** For a server with one worker, in place of garm_server_start: makes the calling thread its
 *  worker. Returns a descriptor that is readable when garm_server_turn has something to do, to
 *  be polled by the caller's loop; or a negative errno (-EINVAL: more workers, -EBUSY: started). */
GARM_EXPORT GARM_MUST_CHECK_ int garm_server_fd(garm_server *server);
/** Does what there is to do, waiting at most `max_wait_ns` for it (0: not at all, -1: no bound).
 *  Returns 0; 1 once the server has stopped; or a negative errno. Only from the thread of
 *  garm_server_fd. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_server_turn(garm_server *server, int64_t max_wait_ns);

/** Begins to drain, after the drain delay: what was sent is answered, listeners close, and what is
 *  not done after grace_ns is cut. Returns at once. A second call, or a grace of 0, ends the delay,
 *  and may shorten the grace. Before the start: the start gives -ECANCELED then. Any thread. */
GARM_EXPORT void garm_server_stop(garm_server *server, int64_t grace_ns);
/** Has garm_server_stop been called, or the program got its signal? Any thread. */
GARM_EXPORT bool garm_server_stopping(garm_server *server);
/** Blocks until a started server has stopped. Not from its own threads. */
GARM_EXPORT void garm_server_wait(garm_server *server);

/** The address of the index-th listener as a URL, "http://127.0.0.1:8000" or
 *  "unix:/run/app.sock"; "" past the last one. Lives as the server does. Any thread. */
GARM_EXPORT const char *garm_server_address(garm_server *server, size_t index);

/* What a server has done since it began. */
typedef struct garm_server_stats {
    size_t size;       /* of this struct, set by the caller */
    uint64_t accepted; /* connections */
    uint64_t requests;
    uint64_t refused;     /* requests that did not parse */
    uint64_t connections; /* open now */
    uint64_t active;      /* of these, with a request or a part of one */
    uint64_t bytes_in;
    uint64_t bytes_out;
    int workers;
    int64_t uptime_ns;
} garm_server_stats;

/** Fills in *stats. Any thread. -EINVAL if stats->size is not that of a known version. */
GARM_EXPORT int garm_server_get_stats(garm_server *server, garm_server_stats *stats);
/** The server that `c` runs in. */
GARM_EXPORT garm_server *garm_server_of(garm_ctx *c);

/** Runs fn(job, arg) as a task of the server's first worker. Any thread. 0; -ENOMEM; -ESHUTDOWN
 *  if it has stopped, or does before: then fn may never run. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_post(garm_server *server, garm_task_fn *fn, void *arg);

GARM_END

#endif
