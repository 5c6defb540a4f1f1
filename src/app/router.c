/* The router: adding routes. Searching is router_match.c's. */
#include "app/router.h"

#include "app/router_static.h"
#include "app/router_tree.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/sys.h"

#include <errno.h>

#define ROUTER_BYTES_MAX MIB(64) /* of all routes together */

int router_new(struct router **ret_router)
{
    struct router *const router = mem_zalloc(sizeof(*router));
    if (router == NULL) {
        return -ENOMEM;
    }
    arena_init(&router->arena, NULL, 0, ROUTER_BYTES_MAX);
    map_init(&router->hosts);
    map_init(&router->tokens);
    router->last = &router->first;
    *ret_router = router;
    return 0;
}

void router_free(struct router *router)
{
    if (router == NULL) {
        return;
    }
    map_deinit(&router->tokens);
    map_deinit(&router->hosts);
    arena_clear(&router->arena);
    mem_free(router);
}

static int refuse_conflict(const struct route *route, const struct route *other,
                           enum pattern_relation relation, struct buf *ret_error)
{
    const struct pattern *const a = &route->pattern;
    const struct pattern *const b = &other->pattern;
    buf_printf(ret_error, "%s: pattern \"%s\": %s \"%s\" at %s: both match \"", a->where, a->text,
               relation == PATTERN_EQUAL ? "it is the same as" : "it conflicts with", b->text,
               b->where);
    pattern_example(a, b, ret_error);
    buf_printf(ret_error, "\"%s",
               relation == PATTERN_EQUAL ? "" : ", and neither is more specific than the other");
    return -EEXIST;
}

/* Compares with every earlier route: for a thousand routes a few milliseconds, once. */
static int check_conflicts(const struct router *router, const struct route *route,
                           struct buf *ret_error)
{
    for (const struct route *other = router->first; other != NULL; other = other->next) {
        if (!slice_eq(route->pattern.host, other->pattern.host)) {
            continue;
        }
        const enum pattern_relation relation = pattern_relate(&route->pattern, &other->pattern);
        if (relation == PATTERN_EQUAL || relation == PATTERN_OVERLAP) {
            return refuse_conflict(route, other, relation, ret_error);
        }
    }
    return 0;
}

/* The root for the pattern's host; NULL when out of memory. */
static struct tree_node *root_for(struct router *router, struct slice host)
{
    if (host.len == 0) {
        return &router->anywhere;
    }
    struct tree_node *root = map_get(&router->hosts, host);
    if (root == NULL) {
        root = arena_zalloc(&router->arena, sizeof(*root));
        if (root == NULL || map_set(&router->hosts, host, root) < 0) {
            return NULL;
        }
    }
    return root;
}

static int add_route(struct router *router, struct route *route, struct buf *ret_error)
{
    TRY(check_conflicts(router, route, ret_error));
    if (route->pattern.method == METHOD_OTHER && route->pattern.method_text.len > 0) {
        TRY(map_set(&router->tokens, route->pattern.method_text, route));
    }
    struct tree_node *const root = root_for(router, route->pattern.host);
    if (root == NULL) {
        return -ENOMEM;
    }
    struct leaf *leaf = NULL;
    TRY(tree_insert(root, route, &router->arena, &leaf));
    TRY(static_add(&router->statics, route, leaf, &router->arena));
    *router->last = route;
    router->last = &route->next;
    router->count++;
    return 0;
}

int router_add(struct router *router, const char *pattern, const char *where, void *data,
               struct buf *ret_error)
{
    struct route *const route = arena_zalloc(&router->arena, sizeof(*route));
    if (route == NULL) {
        return -ENOMEM;
    }
    route->data = data;
    TRY(pattern_parse(pattern, where, &router->arena, &route->pattern, ret_error));
    return add_route(router, route, ret_error);
}

size_t router_count(const struct router *router)
{
    return router->count;
}
