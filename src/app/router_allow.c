/* Which methods a path has, as the Allow field tells it (RFC 9110 section 10.2.1). */
#include "app/router.h"

#include "app/router_tree.h"

#define METHOD_BIT(name) (UINT64_C(1) << METHOD_##name)
/* What is said of a route that takes every method. */
#define METHODS_EVERY                                                                              \
    (METHOD_BIT(GET) | METHOD_BIT(HEAD) | METHOD_BIT(POST) | METHOD_BIT(PUT) |                     \
     METHOD_BIT(DELETE) | METHOD_BIT(PATCH))

static void allow_add_name(struct allow *allow, struct slice name)
{
    for (size_t i = 0; i < allow->count; i++) {
        if (slice_eq(allow->names[i], name)) {
            return;
        }
    }
    if (allow->count < ALLOW_MAX) {
        allow->names[allow->count++] = name;
    }
}

void allow_add(struct allow *allow, const struct leaf *leaf)
{
    if (leaf->every != NULL) {
        allow->known |= METHODS_EVERY;
    }
    for (const struct route *route = leaf->named; route != NULL; route = route->next_there) {
        if (route->pattern.method == METHOD_OTHER) {
            allow_add_name(allow, route->pattern.method_text);
        } else {
            allow->known |= UINT64_C(1) << route->pattern.method;
        }
    }
}

/* In the order of their bytes. */
static bool precedes(struct slice a, struct slice b)
{
    const int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order < 0 || (order == 0 && a.len < b.len);
}

/* Adds the names of the known methods, and sorts them all. */
static void allow_sort(struct allow *allow)
{
    for (unsigned id = 1; id < METHOD_COUNT_; id++) {
        if ((allow->known >> id & 1) != 0) {
            allow_add_name(allow, method_name((enum method)id));
        }
    }
    for (size_t i = 1; i < allow->count; i++) {
        const struct slice name = allow->names[i];
        size_t at = i;
        for (; at > 0 && precedes(name, allow->names[at - 1]); at--) {
            allow->names[at] = allow->names[at - 1];
        }
        allow->names[at] = name;
    }
}

static size_t allow_write(const struct allow *allow, char *out, size_t cap)
{
    size_t len = 0;
    for (size_t i = 0; i < allow->count; i++) {
        const struct slice name = allow->names[i];
        const size_t gap = len == 0 ? 0 : 2;
        if (len + gap + name.len + 1 > cap) {
            break;
        }
        memcpy(out + len, ", ", gap);
        memcpy(out + len + gap, name.ptr, name.len);
        len += gap + name.len;
    }
    out[len] = '\0';
    return len;
}

size_t router_allow(const struct router *router, struct slice host, struct slice path, bool plain,
                    char *out, size_t cap)
{
    struct router_param params[ROUTER_PARAM_MAX];
    struct allow allow = {.count = 0};
    struct search search = {.plain = plain, .params = params, .allow = &allow};
    search_hosts(router, &search, host, path);
    if (!search.path_seen) {
        out[0] = '\0';
        return 0;
    }
    allow.known |= METHOD_BIT(OPTIONS);
    if ((allow.known & METHOD_BIT(GET)) != 0) {
        allow.known |= METHOD_BIT(HEAD);
    }
    allow_sort(&allow);
    return allow_write(&allow, out, cap);
}
