/* A line for each request. */
#ifndef GARM_MW_ACCESS_LOG_H
#define GARM_MW_ACCESS_LOG_H

#include <garm/base.h>

enum garm_access_log_format {
    GARM_ACCESS_LOGFMT,   /* time=... ip=... method=GET target=/x route="GET /x" status=200 ... */
    GARM_ACCESS_JSON,     /* the same as an object */
    GARM_ACCESS_COMBINED, /* Apache's: ip - user [time] "GET /x HTTP/1.1" 200 12 "from" "agent" */
};

typedef struct garm_access_log_opts {
    size_t size;
    const char *where;
    const char *path GARM_UNSET_; /* default: the standard error */
    enum garm_access_log_format format GARM_UNSET_;
    int64_t slower_than_ms GARM_UNSET_; /* only what took longer, and errors. Default 0: all */
} garm_access_log_opts;

GARM_BEGIN

/** Writes a line for every request of the application or group once its answer is with the kernel,
 *  or has failed: time, client's address (garm_real_ip's, if that is there), user, request id,
 *  method, target, route pattern, status, bytes in and out, duration, Referer and User-Agent; and
 *  an error, if there was one. Control bytes are escaped. Lines go through a garm_appender: nobody
 *  waits for the disk, and what it cannot take is counted. See garm_access_log. */
GARM_EXPORT void garm_access_log_with(garm_app *app, const garm_access_log_opts *opts);
/* garm_access_log(app); garm_access_log(app, .path = "access.log", .format = GARM_ACCESS_JSON) */
#define garm_access_log(...)                                                                       \
    garm_access_log_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_access_log_opts, __VA_ARGS__))

GARM_END

#endif
