/* A server as programs see it: an application, its listeners, and serve's server under them. */
#ifndef GARM_APP_SERVER_H
#define GARM_APP_SERVER_H

#include "app/app.h"
#include "base/buf.h"
#include "net/listener.h"
#include "run/offload.h"
#include "serve/server.h"

#include <garm/log.h>
#include <garm/server.h>

#include <pthread.h>

struct flags;

#define SERVER_NAME_MAX 64

struct garm_server {
    struct application application;
    struct flags *flags; /* owned, */
    bool flags_borrowed; /* or not */
    struct listener listeners[GARM_LISTEN_MAX];
    size_t listener_count;
    size_t workers;
    struct garm_worker *worker_views; /* one per worker */
    struct garm_worker main_view;     /* of START and STOP */
    /* NULL until it starts. Under the lock where another thread than the starting one looks */
    struct server *server;
    bool stop_asked; /* under the lock too */
    pthread_mutex_t lock;
    bool attached;         /* turned by the caller's loop */
    bool started, stopped; /* START hooks have run; STOP hooks have */
    struct offload offload;
    char server_name[SERVER_NAME_MAX + 1]; /* "": no Server field */
    size_t connections_max;
    int64_t drain_delay_ns;
    struct io *const *ios; /* of a simulated world; NULL: epoll */
    void (*on_tick)(void *arg, int64_t now_ns); /* of the watchdog; may be NULL */
    void *tick_arg;
    garm_log_fn *sink;
    void *sink_arg;
    int64_t start_ns;
};

/** A server of an application that is not set up yet. `flags` is borrowed, or made of
 *  opts->flags if NULL. 0, or a negative errno with a line in *ret_error. */
MUST_CHECK int garm_server_make(const garm_server_opts *opts, struct flags *flags,
                                struct garm_server **ret_server, struct buf *ret_error);
/** Sets the application up: 0, or -EINVAL with a line in *ret_error. */
MUST_CHECK int garm_server_setup(struct garm_server *server, const garm_app_entry *entry,
                                 struct buf *ret_error);
/** Opens one more listener. 0, -EINVAL for an address that cannot be, else what the system says;
 *  a line in *ret_error. */
MUST_CHECK int garm_server_listen(struct garm_server *server, const char *address,
                                  struct buf *ret_error);
/** Runs the START hooks and makes serve's server, whose workers do not run yet. */
MUST_CHECK int garm_server_prepare(struct garm_server *server);
/** garm_server_start with worker 0 on the calling thread: server_run turns it, then
 *  garm_server_wait ends. */
MUST_CHECK int garm_server_start_here(struct garm_server *server);

#endif
