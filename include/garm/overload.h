/* Overload control: a worker that cannot keep up answers 503 early, instead of serving everybody
 * too late. It is on in every program; this header tunes it, or switches it off.
 *
 * When requests have waited longer than a delay for their turn, for 100 ms without a break, the
 * worker is overloaded: it serves those that wait for less than a fifth of the delay, and refuses
 * the others with 503 and Retry-After, until it has refused none for 100 ms. Handlers that sleep or
 * wait, slow clients and bursts are no overload: only the worker's own time is. */
#ifndef GARM_OVERLOAD_H
#define GARM_OVERLOAD_H

#include <garm/base.h>

typedef struct garm_overload_opts {
    size_t size;
    const char *where;
    bool off GARM_UNSET_;              /* nothing is refused */
    int64_t delay_ms GARM_UNSET_;      /* what is too long; 60000 at most. Default 75 */
    int64_t retry_after_s GARM_UNSET_; /* what Retry-After says; 86400 at most. Default 1 */
} garm_overload_opts;

GARM_BEGIN

/** Tunes the overload control of the application, not of a group. Never refused is a request in a
 *  drain, and one for a route that is .always (see garm_route_opts), garm_health's, or one of
 *  garm_metrics. Of the middleware, only what is .always (see garm_use_opts) runs around a refusal:
 *  access_log, cors, real_ip, request_id and security_headers are. See garm_overload. */
GARM_EXPORT void garm_overload_with(garm_app *app, const garm_overload_opts *opts);
/* garm_overload(app, .delay_ms = 20); garm_overload(app, .off = true) */
#define garm_overload(...)                                                                         \
    garm_overload_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_overload_opts, __VA_ARGS__))

GARM_END

#endif
