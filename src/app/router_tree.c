/* Growing the router's tree, and finding a literal child. */
#include "app/router_tree.h"

#include <errno.h>

static int compare(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

/* The index of the first literal that is not before `text`. */
static uint32_t lower_bound(const struct tree_node *node, struct slice text)
{
    uint32_t low = 0;
    uint32_t high = node->literal_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (compare(node->literals[middle].text, text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct tree_node *tree_literal_find(const struct tree_node *node, struct slice text)
{
    const uint32_t at = lower_bound(node, text);
    if (at < node->literal_count && slice_eq(node->literals[at].text, text)) {
        return node->literals[at].node;
    }
    return NULL;
}

static int reserve_literal(struct tree_node *node, struct arena *arena)
{
    if (node->literal_count < node->literal_cap) {
        return 0;
    }
    const uint32_t cap = node->literal_cap == 0 ? 4 : 2 * node->literal_cap;
    struct tree_literal *const literals = arena_alloc(arena, cap * sizeof(*literals));
    if (literals == NULL) {
        return -ENOMEM;
    }
    if (node->literal_count > 0) {
        memcpy(literals, node->literals, node->literal_count * sizeof(*literals));
    }
    node->literals = literals;
    node->literal_cap = cap;
    return 0;
}

static struct tree_node *child_literal(struct tree_node *node, struct slice text,
                                       struct arena *arena)
{
    struct tree_node *child = tree_literal_find(node, text);
    if (child != NULL) {
        return child;
    }
    child = arena_zalloc(arena, sizeof(*child));
    if (child == NULL || reserve_literal(node, arena) < 0) {
        return NULL;
    }
    const uint32_t at = lower_bound(node, text);
    memmove(&node->literals[at + 1], &node->literals[at],
            (node->literal_count - at) * sizeof(node->literals[0]));
    node->literals[at] = (struct tree_literal){text, child};
    node->literal_count++;
    return child;
}

static struct tree_node *child_param(struct tree_node **slot, struct arena *arena)
{
    if (*slot == NULL) {
        *slot = arena_zalloc(arena, sizeof(**slot));
    }
    return *slot;
}

/* The leaf that a last segment leads to; {$} and {x...} sit in the node before them. */
static struct leaf **leaf_slot(struct tree_node *node, enum segment_kind last)
{
    switch (last) {
    case SEGMENT_SLASH: return &node->slash;
    case SEGMENT_REST: return &node->rest;
    default: return &node->end;
    }
}

static void leaf_add(struct leaf *leaf, struct route *route)
{
    if (route->pattern.method_text.len == 0) {
        leaf->every = route;
        return;
    }
    route->next_there = leaf->named;
    leaf->named = route;
}

int tree_insert(struct tree_node *root, struct route *route, struct arena *arena,
                struct leaf **ret_leaf)
{
    const struct pattern *const pattern = &route->pattern;
    struct tree_node *node = root;
    enum segment_kind kind = SEGMENT_LITERAL;
    for (size_t i = 0; i < pattern->segment_count && node != NULL; i++) {
        kind = pattern->segments[i].kind;
        switch (kind) {
        case SEGMENT_LITERAL: node = child_literal(node, pattern->segments[i].text, arena); break;
        case SEGMENT_INT: node = child_param(&node->integer, arena); break;
        case SEGMENT_STRING: node = child_param(&node->string, arena); break;
        case SEGMENT_SLASH:
        case SEGMENT_REST: break;
        }
    }
    if (node == NULL) {
        return -ENOMEM;
    }
    struct leaf **const slot = leaf_slot(node, kind);
    if (*slot == NULL) {
        *slot = arena_zalloc(arena, sizeof(**slot));
    }
    if (*slot == NULL) {
        return -ENOMEM;
    }
    leaf_add(*slot, route);
    *ret_leaf = *slot;
    return 0;
}
