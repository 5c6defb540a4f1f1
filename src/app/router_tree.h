/* The router's tree: one node for each segment that some pattern begins with, one leaf for each
 * way in which patterns end there. Frozen after the start. Only router*.c look in here. */
#ifndef GARM_APP_ROUTER_TREE_H
#define GARM_APP_ROUTER_TREE_H

#include "app/pattern.h"
#include "base/arena.h"
#include "base/compiler.h"
#include "base/map.h"
#include "base/slice.h"
#include "codec/method.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct router_param;

struct route {
    struct route *next;       /* in the order added */
    struct route *next_there; /* another method of the same leaf */
    struct pattern pattern;
    void *data;
};

/* The routes with one path: they differ by their methods. */
struct leaf {
    struct route *named; /* with a method, linked by next_there */
    struct route *every; /* without one */
};

struct tree_node;

struct tree_literal {
    struct slice text; /* decoded */
    struct tree_node *node;
};

struct tree_node {
    struct tree_literal *literals; /* sorted by length, then bytes */
    uint32_t literal_count;
    uint32_t literal_cap;
    struct tree_node *integer; /* {x:int} */
    struct tree_node *string;  /* {x} */
    struct leaf *end;          /* the path ends before any '/' */
    struct leaf *slash;        /* {$}: it ends with one '/' */
    struct leaf *rest;         /* {x...}: anything from a '/' on */
};

/* Paths without parameters: see router_static.h. */
struct static_path {
    struct slice path;
    const struct leaf *leaf; /* NULL: the place is free */
};

struct static_paths {
    struct static_path *entries;
    uint32_t cap; /* 0, or a power of two */
    uint32_t count;
};

struct router {
    struct arena arena; /* routes, trees and strings */
    struct static_paths statics;
    struct map hosts;          /* trees (struct tree_node) by lower-case host */
    struct tree_node anywhere; /* the routes without host */
    struct map tokens;         /* routes by those of their methods that IANA does not list */
    struct route *first;
    struct route **last;
    size_t count;
};

#define ALLOW_MAX 64 /* methods in one Allow */
_Static_assert(METHOD_COUNT_ <= ALLOW_MAX, "a bit for each method");

/* Methods for an Allow field. */
struct allow {
    uint64_t known;                /* one bit for each enum method */
    struct slice names[ALLOW_MAX]; /* those of METHOD_OTHER, at the end all */
    size_t count;
};

/* What a search is looking for, and what it has seen. */
struct search {
    enum method method;
    struct slice method_text;
    bool plain;     /* no '%' in the path */
    bool path_seen; /* some route has the path, if not the method */
    struct router_param *params;
    struct allow *allow; /* not NULL: collect the methods of every match, and find nothing */
};

/** Searches the tree of the host, then that of no host. `path` begins with '/'. */
const struct route *search_hosts(const struct router *router, struct search *search,
                                 struct slice host, struct slice path);

/** Collects the methods of a leaf. */
void allow_add(struct allow *allow, const struct leaf *leaf);

/** Puts the route into the tree; both live in `arena`. The leaf it came to goes to *ret_leaf. 0 or
 *  -ENOMEM. */
MUST_CHECK int tree_insert(struct tree_node *root, struct route *route, struct arena *arena,
                           struct leaf **ret_leaf);

/** The child for a decoded literal segment, or NULL. */
struct tree_node *tree_literal_find(const struct tree_node *node, struct slice text);

#endif
