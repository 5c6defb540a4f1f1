/* The application as it is set up: groups of routes, with their middleware and options, hooks,
 * jobs and flags; and as it is frozen at the start, one chain of functions per route. Knows no
 * requests. */
#ifndef GARM_APP_APP_H
#define GARM_APP_APP_H

#include "app/overload.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "base/log.h"

#include <garm/app.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct application;
struct flags;
struct metrics;
struct metrics_worker;
struct running_periodic;
struct router;
struct server_worker;
struct static_cache;

/* A function of a chain, with what it was registered with. */
struct link {
    garm_handler *fn;
    void *arg;
    const char *where, *name; /* for listings; NULL if not known */
    bool always;              /* runs around the refusals of the overload control, too */
};

/* What a route does, and under which bounds. Also, without a pattern, what a group does for
 * requests that no route of it takes. */
struct endpoint {
    struct endpoint *next;
    const struct garm_app *group;
    const char *pattern; /* with the prefixes of its groups; "" for a group's own */
    const char *where;
    const char *name;
    garm_handler *handler;
    void *arg;                                              /* the handler's */
    garm_handler *use[GARM_USE_MAX];                        /* up to a NULL */
    int64_t body_bytes_max, deadline_ms, idle_ms, stack_kb; /* 0: inherited, GARM_NONE: no bound */

    /* Frozen. */
    const char *task_name;    /* what reports call it: "GET /users (src/main.c:12)" */
    const struct link *chain; /* middleware, outermost first, then the handler */
    size_t chain_count;
    uint64_t body_max;
    int64_t deadline_ns; /* 0: none */
    uint32_t stall_ms;   /* 0: the server's */
    size_t stack_bytes;  /* 0: what the connection's task has */
    garm_error_fn *on_error;
    bool names_method;    /* the pattern begins with one */
    bool always;          /* never refused by the overload control */
    size_t metrics_index; /* 0: no route */
};

struct middleware {
    struct middleware *next;
    struct link link;
};

/* What is to be called when the application is freed. */
struct farewell {
    struct farewell *next;
    void (*fn)(void *arg);
    void *arg;
};

/* What a library keeps with the application, under the address of something of its own. */
struct app_value {
    struct app_value *next;
    const void *key;
    void *value;
};

/* The application's root, or a group below it. */
struct garm_app {
    struct application *application;
    struct garm_app *parent; /* NULL for the root */
    struct garm_app *next;   /* among all groups, in the order made */
    const char *prefix; /* with those of its parents: "[HOST]/PATH" without a last slash, or "" */
    struct middleware *uses; /* in the order added */
    garm_error_fn *on_error;
    /* what its routes inherit, and its chain for requests without a route */
    struct endpoint options;
};

struct hook {
    struct hook *next;
    enum garm_event event;
    garm_hook_fn *fn;
};

/* Work that is done again and again: garm_every. */
struct periodic {
    struct periodic *next;
    int64_t period_ns;
    garm_job_fn *fn;
    void *arg;
};

struct application {
    struct arena arena; /* all of the set-up; lives as long as the application */
    struct garm_app root;
    struct endpoint *endpoints; /* in the order added */
    struct router *router;
    struct router *groups; /* of a path without a route; NULL while there is only the root */
    struct hook *hooks;    /* in the order added */
    struct periodic *periodics;
    struct garm_appender *appenders; /* the last made first */
    struct farewell *farewells;      /* the last added first */
    struct app_value *values;        /* the last set first */
    struct flags *flags;
    struct logger logger;
    struct garm_server *server;
    void *data;
    struct garm_metric *own_metrics; /* in the order declared */
    size_t metric_count;
    struct metrics *metrics; /* NULL: nothing is collected */
    uint32_t site_count;     /* of garm_static */
    char allow[256];         /* all methods of all routes, as an Allow value */
    struct overload_settings overload;
    bool frozen;
    char error[512]; /* why the start is refused; "" if it is not */
};

/* One worker as hooks and handlers see it. */
struct garm_worker {
    struct application *application;
    struct server_worker *server_worker; /* NULL in START and STOP */
    int index;                           /* -1 in START and STOP */
    void *data;
    struct running_periodic *periodics; /* of the first worker */
    /* for text made between two suspensions; kept, so that making it costs no allocation */
    struct buf scratch;
    struct metrics_worker *metrics; /* NULL: nothing is collected */
    struct overload overload;
    struct json_engine *json;   /* parses JSON; NULL until it is needed */
    struct static_cache *files; /* of garm_static; NULL while there are none */
    size_t listing_bytes;       /* held by the listings that are being sent */
    bool listings_told;         /* that they are too many, which is logged once */
    struct coder_pool *coders;  /* encoders of content codings; NULL until one is needed */
};

/* What a scratch buffer may grow to, and what of it is kept. */
#define SCRATCH_BYTES_MAX  MIB(64)
#define SCRATCH_BYTES_KEPT KIB(64)

/** An empty application; `flags` is borrowed. */
void application_init(struct application *application, struct flags *flags);
/** Accepts a zeroed one. */
void application_deinit(struct application *application);

/** Runs the set-up and freezes what it made. 0; or -EINVAL, with a line in application->error. */
MUST_CHECK int application_setup(struct application *application, const garm_app_entry *entry);
/** Makes chains and routers of what was registered. As application_setup, of which it is a part. */
MUST_CHECK int application_freeze(struct application *application);

/** Notes why the start is refused; the first reason stays. */
void application_fail(struct application *application, const char *where, const char *format, ...)
    PRINTF_LIKE(3, 4);

/** Calls the hooks of an event. START and WORKER_START: in order; at the first failure those of
 *  `undo` are called, for what had succeeded, in reverse, and its errno is returned. */
MUST_CHECK int application_start_hooks(struct application *application, struct garm_worker *worker,
                                       enum garm_event event, enum garm_event undo);
/** STOP and WORKER_STOP: in reverse order. */
void application_stop_hooks(struct application *application, struct garm_worker *worker,
                            enum garm_event event);

/** Lines that the application's appenders have dropped so far. Any thread. */
uint64_t appenders_dropped(const struct application *application);
/** Writes what the appenders still hold, as far as no write can block, while workers may be stuck:
 *  just before the process is ended under them. Any thread. */
void appenders_rescue(struct application *application);

#endif
