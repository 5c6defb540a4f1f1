/* Lines for a file, written without making anybody wait: access logs, audits. */
#ifndef GARM_APPENDER_H
#define GARM_APPENDER_H

#include <garm/base.h>

typedef struct garm_appender garm_appender;

typedef struct garm_appender_opts {
    size_t size;
    const char *where;
    /* bytes that wait on each worker, at most; default 1 MiB. What comes beyond is dropped */
    int64_t buffer_bytes GARM_UNSET_;
} garm_appender_opts;

GARM_BEGIN

/** A file to which garm_append adds, opened now: one that cannot be stops the start, and so does
 *  a FIFO that nobody reads. `path` NULL is the standard error. A file that was renamed or
 *  removed meanwhile (logrotate) is made anew under its path within a second. Lives as the
 *  application does. NULL if the start is refused. See garm_appender_new. */
GARM_EXPORT garm_appender *garm_appender_new_with(garm_app *app, const char *path,
                                                  const garm_appender_opts *opts);
/* garm_appender *audit = garm_appender_new(app, "audit.log"); */
#define garm_appender_new(app, ...)                                                                \
    garm_appender_new_with((app), GARM_HEAD_(__VA_ARGS__, ),                                       \
                           GARM_OPTS_(garm_appender_opts, __VA_ARGS__))

/** Adds `size` bytes, whole or not at all: to a buffer of this worker, which is written within
 *  50 ms by a thread of the pool, and at the end of the server in any case. Never waits. 0;
 *  -ENOBUFS dropped, because the buffer is full; -ENOMEM dropped. Losses are logged, once a
 *  second. Order is kept within a worker. */
GARM_EXPORT int garm_append(garm_ctx *c, garm_appender *appender, const void *line, size_t size);

/** How many calls of garm_append were dropped, or lost by a failed write, so far. Any thread. */
GARM_EXPORT uint64_t garm_appender_dropped(const garm_appender *appender);

GARM_END

#endif
