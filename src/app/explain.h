/* Why a request gets the route that it gets: for people, by the same parser and router that serve.
 * Starts nothing and calls no handler. */
#ifndef GARM_APP_EXPLAIN_H
#define GARM_APP_EXPLAIN_H

#include "app/app.h"
#include "app/pattern.h"
#include "app/router.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* A route that was not taken. */
struct explained_route {
    const struct endpoint *endpoint;
    const char *why;   /* "it takes POST"; a line without a full stop */
    unsigned distance; /* how much of the request would have to change; 0: it matches too */
};

struct explanation {
    uint16_t status; /* 0: a route is found; else what is answered: 400, 404, 405, 501, 204 ... */
    const char *why; /* of the status; "" for a route */
    struct slice method;
    struct slice host; /* without port; empty if the URL has none */
    struct slice path; /* as the router sees it, dot segments resolved; empty for "*" and 400 */
    bool path_changed; /* it is not as in the URL */
    /* the route, or what is around an answer without one; NULL for what is refused before */
    const struct endpoint *endpoint;
    struct router_match match;      /* parameters of the route */
    const char *allow;              /* of 405 and 204, else "" */
    struct explained_route *others; /* nearest first, then in the order added */
    size_t other_count;
};

/** Explains. `url` is a path with or without query, an http or https URL, or "*". The application
 *  is set up, and `arena` keeps what the explanation points to. 0 or -ENOMEM. */
MUST_CHECK int explain(const struct application *application, struct slice method, struct slice url,
                       struct arena *arena, struct explanation *ret_explanation);

/* A request as routes are compared with it. */
struct explained_request {
    enum method method;
    struct slice method_text, host, path; /* the host in lower case, without port */
};

/** Why the pattern does not take the request, all reasons in one line; "" if it does. What would
 *  have to change goes to *ret_distance. NULL when memory runs out. */
const char *explain_miss(const struct pattern *pattern, const struct explained_request *request,
                         struct arena *arena, unsigned *ret_distance);

#endif
