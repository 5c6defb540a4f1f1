/* Paths without parameters, found by one look: the router's short way for what most requests ask
 * for. Built as routes are added, frozen after the start. */
#ifndef GARM_APP_ROUTER_STATIC_H
#define GARM_APP_ROUTER_STATIC_H

#include "app/router_tree.h"

/** Notes that the whole path of `route` leads to `leaf`, if it consists of literal segments alone
 *  and is for every host. 0 or -ENOMEM. */
MUST_CHECK int static_add(struct static_paths *paths, const struct route *route, struct leaf *leaf,
                          struct arena *arena);

/** The leaf of a path without escapes, or NULL: then the tree has to be searched. */
const struct leaf *static_find(const struct static_paths *paths, struct slice path);

#endif
