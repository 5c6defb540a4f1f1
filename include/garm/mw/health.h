/* What tells others how the server is: alive, and ready for requests. */
#ifndef GARM_MW_HEALTH_H
#define GARM_MW_HEALTH_H

#include <garm/app.h>
#include <garm/base.h>
#include <garm/task.h>

#define GARM_READY_CHECKS_MAX 32

typedef struct garm_health_opts {
    size_t size;
    const char *where;
    const char *live GARM_UNSET_;  /* a path; default "/livez" */
    const char *ready GARM_UNSET_; /* default "/readyz" */
} garm_health_opts;

typedef struct garm_ready_check_opts {
    size_t size;
    const char *where;
    void *arg GARM_UNSET_;           /* the function's; borrowed */
    int64_t deadline_ms GARM_UNSET_; /* for one run; default 1000 */
    /* for so long a result is not asked for again; default 1000; GARM_NONE: always asked for */
    int64_t fresh_ms GARM_UNSET_;
} garm_ready_check_opts;

GARM_BEGIN

/** Adds two routes that are never refused for overload (see overload.h). Live: 200 as long as the
 *  worker turns its loop. Ready: 200; or 503 while a check of garm_ready_check fails, and from a
 *  stop on (see drain_delay_ms in server.h): {"status": "ready" | "failing" | "stopping", "checks":
 *  {"NAME": "ok" | "failed" | "timed out"}}. The middleware of `app` runs around both: give a login
 *  to a group. Once per application. See garm_health. */
GARM_EXPORT void garm_health_with(garm_app *app, const garm_health_opts *opts);
/* garm_health(app); garm_health(app, .live = "/alive", .ready = "/ready") */
#define garm_health(...)                                                                           \
    garm_health_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_health_opts, __VA_ARGS__))

/** Adds a check to readiness, before or after garm_health: fn(c, arg) gives 0, or a negative errno,
 *  which is logged when it changes, and not told to clients. It may suspend, until its deadline
 *  cancels its waits. All checks run beside each other, on a worker that is asked, no two runs of
 *  the process at a time. `name` is [a-z0-9_-], and copied. See garm_ready_check. */
GARM_EXPORT void garm_ready_check_with(garm_app *app, const char *name, garm_task_fn *fn,
                                       const garm_ready_check_opts *opts);
/* garm_ready_check(app, "database", ping, .arg = pool) */
#define garm_ready_check(app, name, ...)                                                           \
    garm_ready_check_with((app), (name), GARM_HEAD_(__VA_ARGS__, ),                                \
                          GARM_OPTS_(garm_ready_check_opts, __VA_ARGS__))

GARM_END

#endif
