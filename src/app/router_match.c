/* The search for a route, depth first. At each node it tries what is more specific first, so that
 * the first route found is the most specific of all that match. Knows no requests. */
#include "app/router.h"

#include "app/router_static.h"
#include "app/router_tree.h"
#include "base/text.h"
#include "codec/target.h"

/* HEAD itself, else GET. */
static const struct route *find_head(const struct leaf *leaf)
{
    const struct route *found = NULL;
    for (const struct route *route = leaf->named; route != NULL; route = route->next_there) {
        if (route->pattern.method == METHOD_HEAD) {
            return route;
        }
        found = route->pattern.method == METHOD_GET ? route : found;
    }
    return found;
}

static const struct route *find_named(const struct leaf *leaf, const struct search *search)
{
    if (search->method == METHOD_HEAD) {
        return find_head(leaf);
    }
    for (const struct route *route = leaf->named; route != NULL; route = route->next_there) {
        const struct pattern *const pattern = &route->pattern;
        if (pattern->method == search->method &&
            (pattern->method != METHOD_OTHER ||
             slice_eq(pattern->method_text, search->method_text))) {
            return route;
        }
    }
    return NULL;
}

/* The leaf's route for the method, or NULL: then the search goes on. `leaf` may be NULL. */
static const struct route *visit(struct search *search, const struct leaf *leaf)
{
    if (leaf == NULL) {
        return NULL;
    }
    search->path_seen = true;
    if (search->allow != NULL) {
        allow_add(search->allow, leaf);
        return NULL;
    }
    const struct route *const named = find_named(leaf, search);
    if (named != NULL) {
        return named;
    }
    const bool named_only = search->method == METHOD_CONNECT || search->method == METHOD_TRACE;
    return named_only ? NULL : leaf->every;
}

/* The segment with its escapes decoded, in `out`; false if none of our literals is that long.
 * Kept out of the search's frame for its size. */
static bool decode(struct slice raw, char out[3 * PATTERN_LITERAL_MAX], struct slice *ret_text)
{
    size_t len = 0;
    if (raw.len > 3 * PATTERN_LITERAL_MAX || percent_decode(raw, false, out, &len) < 0) {
        return false;
    }
    *ret_text = slice_of(out, len);
    return true;
}

static NOINLINE const struct tree_node *find_encoded(const struct tree_node *node, struct slice raw)
{
    char out[3 * PATTERN_LITERAL_MAX];
    struct slice text;
    return decode(raw, out, &text) ? tree_literal_find(node, text) : NULL;
}

static NOINLINE bool int_encoded(struct slice raw, int64_t *ret_value)
{
    char out[3 * PATTERN_LITERAL_MAX];
    struct slice text;
    return decode(raw, out, &text) && text_to_i64(text, ret_value) == 0;
}

static const struct route *search_node(struct search *search, const struct tree_node *node,
                                       struct slice path, size_t depth);

static const struct route *search_integer(struct search *search, const struct tree_node *node,
                                          struct slice raw, struct slice path, size_t depth)
{
    int64_t value = 0;
    if (search->plain ? text_to_i64(raw, &value) < 0 : !int_encoded(raw, &value)) {
        return NULL;
    }
    search->params[depth] = (struct router_param){.type = PARAM_INT, .raw = raw, .value = value};
    return search_node(search, node, path, depth + 1);
}

static const struct route *search_string(struct search *search, const struct tree_node *node,
                                         struct slice raw, struct slice path, size_t depth)
{
    if (raw.len == 0) {
        return NULL;
    }
    search->params[depth] = (struct router_param){.type = PARAM_STRING, .raw = raw};
    return search_node(search, node, path, depth + 1);
}

/* `path` begins with '/', `raw` is its first segment, `after` what follows. */
static const struct route *search_children(struct search *search, const struct tree_node *node,
                                           struct slice raw, struct slice after, size_t depth)
{
    const struct tree_node *literal = NULL;
    if (node->literal_count > 0) {
        literal = search->plain ? tree_literal_find(node, raw) : find_encoded(node, raw);
    }
    const struct route *found = NULL;
    if (literal != NULL) {
        found = search_node(search, literal, after, depth);
    }
    if (found == NULL && node->integer != NULL) {
        found = search_integer(search, node->integer, raw, after, depth);
    }
    if (found == NULL && node->string != NULL) {
        found = search_string(search, node->string, raw, after, depth);
    }
    return found;
}

/* `path` is what is left behind the node's segment; depth counts the parameters so far. */
static const struct route *search_node(struct search *search, const struct tree_node *node,
                                       struct slice path, size_t depth)
{
    if (path.len == 0) {
        return visit(search, node->end);
    }
    struct slice after = path;
    struct slice raw = {0};
    path_next(&after, &raw);
    const struct route *found = search_children(search, node, raw, after, depth);
    if (found == NULL && path.len == 1) {
        found = visit(search, node->slash);
    }
    if (found == NULL) {
        found = visit(search, node->rest);
        if (found != NULL && depth < ROUTER_PARAM_MAX) {
            search->params[depth] = (struct router_param){
                .type = PARAM_REST, .raw = slice_of(path.ptr + 1, path.len - 1)};
        }
    }
    return found;
}

/* The tree of the request's host, or NULL. */
static const struct tree_node *root_of(const struct router *router, struct slice host)
{
    char lower[PATTERN_HOST_MAX];
    if (router->hosts.count == 0 || host.len == 0) {
        return NULL;
    }
    const struct slice name = authority_host(host);
    if (name.len > sizeof(lower)) {
        return NULL;
    }
    for (size_t i = 0; i < name.len; i++) {
        lower[i] = text_lower(name.ptr[i]);
    }
    return map_get(&router->hosts, slice_of(lower, name.len));
}

const struct route *search_hosts(const struct router *router, struct search *search,
                                 struct slice host, struct slice path)
{
    const struct tree_node *const root = root_of(router, host);
    const struct route *found = NULL;
    if (root != NULL) {
        found = search_node(search, root, path, 0);
    }
    return found != NULL ? found : search_node(search, &router->anywhere, path, 0);
}

/* A path of literals alone is what a search would find first, where no host has a say. */
static const struct route *find_static(const struct router *router, struct search *search,
                                       struct slice path)
{
    if (!search->plain || router->hosts.count > 0) {
        return NULL;
    }
    return visit(search, static_find(&router->statics, path));
}

static void give_params(const struct pattern *pattern, struct router_match *match)
{
    uint16_t count = 0;
    for (size_t i = 0; i < pattern->segment_count && count < pattern->param_count; i++) {
        const struct segment *const segment = &pattern->segments[i];
        if (segment->kind != SEGMENT_LITERAL && segment->text.len > 0) {
            match->params[count++].name = segment->text.ptr;
        }
    }
    match->param_count = count;
}

static uint16_t miss_status(const struct router *router, const struct search *search)
{
    if (search->method == METHOD_OTHER && map_get(&router->tokens, search->method_text) == NULL) {
        return 501;
    }
    return search->path_seen ? 405 : 404;
}

void router_match(const struct router *router, enum method method, struct slice method_text,
                  struct slice host, struct slice path, bool plain, struct router_match *ret_match)
{
    struct search search = {
        .method = method,
        .method_text = method_text,
        .plain = plain,
        .params = ret_match->params,
    };
    ret_match->status = 0;
    ret_match->param_count = 0;
    const struct route *found = find_static(router, &search, path);
    if (found != NULL) {
        ret_match->data = found->data;
        return;
    }
    found = search_hosts(router, &search, host, path);
    ret_match->data = NULL;
    if (found == NULL) {
        ret_match->status = miss_status(router, &search);
        return;
    }
    ret_match->data = found->data;
    give_params(&found->pattern, ret_match);
}
