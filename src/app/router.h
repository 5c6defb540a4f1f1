/* The router: from method, host and path to a route, by Go 1.22's patterns and precedence
 * (https://pkg.go.dev/net/http#ServeMux), with types: "GET example.com/users/{id:int}/{rest...}".
 * Built at the start, then frozen and shared by all workers without a lock. Knows no requests. */
#ifndef GARM_APP_ROUTER_H
#define GARM_APP_ROUTER_H

#include "app/pattern.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/slice.h"
#include "codec/method.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUTER_PARAM_MAX PATTERN_PARAM_MAX

enum param_type {
    PARAM_STRING, /* {name}: one segment, not empty */
    PARAM_INT,    /* {name:int}: -?1*DIGIT that fits int64_t; anything else does not match */
    PARAM_REST,   /* {name...}: the rest of the path, may be empty */
};

struct router_param {
    const char *name; /* of the pattern */
    enum param_type type;
    struct slice raw; /* as in the path, still percent-encoded */
    int64_t value;    /* of a PARAM_INT; else 0 */
};

struct router_match {
    void *data;      /* the route's; NULL if none matched */
    uint16_t status; /* 0: found; 404; 405: see router_allow; 501: a method that nobody has */
    uint16_t param_count;
    struct router_param params[ROUTER_PARAM_MAX];
};

struct router;

/** An empty router: 0 or -ENOMEM. */
MUST_CHECK int router_new(struct router **ret_router);
/** Accepts NULL. Does not free the routes' data. */
void router_free(struct router *router);

/** Adds a route. `pattern` "[METHOD ][HOST]/PATH" and `where` ("file.c:12") are copied. `data` is
 *  not NULL. 0, -ENOMEM, or -EINVAL / -EEXIST with one line in *ret_error that names the place,
 *  for a conflict both places. */
MUST_CHECK int router_add(struct router *router, const char *pattern, const char *where, void *data,
                          struct buf *ret_error);

/** Matches. `path` is raw, begins with '/' and has its dot segments resolved; `plain`: it has no
 *  '%'. Static segments are compared with the decoded ones, and an encoded '/' separates nothing.
 *  HEAD falls back to GET. A method-less pattern takes every method but CONNECT and TRACE, which
 *  only a route that names them gets. A method of no standard (METHOD_OTHER) that no route names
 *  is 501, unless a method-less pattern has the path. `host` may carry a port, and may be empty.
 *  `method_text` is what was sent, `method` its id. The most specific pattern wins: the conflicts
 *  that router_add refuses leave no two that could not be compared.
 *  Work: each node of the tree is visited at most once for each of the two hosts, the request's
 *  and none; so never more than the segments of all routes, in practice the segments of the path.
 *  No allocation, stack for at most PATTERN_SEGMENT_MAX small frames; any thread once all routes
 *  are added. */
void router_match(const struct router *router, enum method method, struct slice method_text,
                  struct slice host, struct slice path, bool plain, struct router_match *ret_match);

/** The methods that `path` has, as an Allow value ("GET, HEAD, OPTIONS, POST"), NUL-terminated
 *  and cut to fit `cap`. Returns its length; 0 if no route has the path. */
size_t router_allow(const struct router *router, struct slice host, struct slice path, bool plain,
                    char *out, size_t cap);

/** How many routes there are. */
size_t router_count(const struct router *router);

#endif
