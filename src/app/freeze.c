/* Freezing an application: every route gets its chain, its bounds and its place in the router.
 * From then on all of it is read-only, and shared by the workers without a lock. */
#include "app/app.h"

#include "app/dispatch.h"
#include "app/metrics.h"
#include "app/router.h"
#include "base/limits.h"
#include "base/text.h"
#include "run/stack.h"

#include <errno.h>
#include <string.h>

/* A century: later ones are never met, and times do not overflow. */
#define DEADLINE_MS_MAX (INT64_C(100) * 366 * 24 * 3600 * 1000)

/* Writes the middleware of the group and of those around it, outermost first; NULL: counts. */
static size_t each_use(const struct garm_app *group, struct link *out)
{
    size_t count = group->parent != NULL ? each_use(group->parent, out) : 0;
    for (size_t i = 0; i < GARM_USE_MAX && group->options.use[i] != NULL; i++, count++) {
        if (out != NULL) {
            out[count] = (struct link){.fn = group->options.use[i], .where = group->options.where};
        }
    }
    for (const struct middleware *use = group->uses; use != NULL; use = use->next, count++) {
        if (out != NULL) {
            out[count] = use->link;
        }
    }
    return count;
}

/* The functions of a request's way in, the handler last. */
static int make_chain(struct application *application, struct endpoint *endpoint)
{
    const bool routed = endpoint->handler != NULL;
    size_t count = each_use(endpoint->group, NULL);
    struct link *const chain =
        arena_alloc(&application->arena, (count + GARM_USE_MAX + 1) * sizeof(*chain));
    if (chain == NULL) {
        application_fail(application, NULL, "out of memory while setting up");
        return -ENOMEM;
    }
    each_use(endpoint->group, chain);
    for (size_t i = 0; routed && i < GARM_USE_MAX && endpoint->use[i] != NULL; i++) {
        chain[count++] = (struct link){.fn = endpoint->use[i], .where = endpoint->where};
    }
    chain[count++] = (struct link){.fn = routed ? endpoint->handler : answer_unrouted,
                                   .arg = endpoint->arg,
                                   .where = endpoint->where,
                                   .name = endpoint->name};
    endpoint->chain = chain;
    endpoint->chain_count = count;
    return 0;
}

/* The option's value at the endpoint, or at the nearest group that sets it. */
static int64_t inherit(const struct endpoint *endpoint, size_t offset)
{
    int64_t value = 0;
    memcpy(&value, (const char *)endpoint + offset, sizeof(value));
    for (const struct garm_app *group = endpoint->group; value == 0 && group != NULL;
         group = group->parent) {
        memcpy(&value, (const char *)&group->options + offset, sizeof(value));
    }
    return value;
}

static void resolve_options(struct application *application, struct endpoint *endpoint)
{
    const int64_t body = inherit(endpoint, offsetof(struct endpoint, body_bytes_max));
    const int64_t deadline_ms = inherit(endpoint, offsetof(struct endpoint, deadline_ms));
    const int64_t idle_ms = inherit(endpoint, offsetof(struct endpoint, idle_ms));
    const int64_t stack_kb = inherit(endpoint, offsetof(struct endpoint, stack_kb));
    endpoint->body_max = body == GARM_NONE ? UINT64_MAX
                         : body == 0       ? LIMIT_BODY_BYTES
                                           : (uint64_t)body;
    endpoint->deadline_ns = deadline_ms <= 0                ? 0
                            : deadline_ms > DEADLINE_MS_MAX ? DEADLINE_MS_MAX * NS_PER_MS
                                                            : deadline_ms * NS_PER_MS;
    endpoint->stall_ms = idle_ms < 0 || idle_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)idle_ms;
    if (stack_kb > (int64_t)(STACK_BYTES_MAX / 1024)) {
        application_fail(application, endpoint->where,
                         "a stack of %lld KiB is more than there is: %zu at most",
                         (long long)stack_kb, STACK_BYTES_MAX / 1024);
    } else {
        endpoint->stack_bytes =
            (size_t)stack_kb * 1024 > STACK_BYTES_DEFAULT ? (size_t)stack_kb * 1024 : 0;
    }
    endpoint->always = endpoint->always || endpoint->handler == garm_metrics;
    for (const struct garm_app *group = endpoint->group; group != NULL; group = group->parent) {
        endpoint->always = endpoint->always || group->options.always;
    }
    for (const struct garm_app *group = endpoint->group;
         endpoint->on_error == NULL && group != NULL; group = group->parent) {
        endpoint->on_error = group->on_error;
    }
}

static int freeze_endpoint(struct application *application, struct endpoint *endpoint)
{
    const bool routed = endpoint->pattern[0] != '\0';
    resolve_options(application, endpoint);
    endpoint->task_name =
        arena_printf(&application->arena, NULL, "%s%s%s%s", routed ? endpoint->pattern : "request",
                     routed ? " (" : "", routed ? endpoint->where : "", routed ? ")" : "");
    if (endpoint->task_name == NULL) {
        application_fail(application, NULL, "out of memory while setting up");
        return -ENOMEM;
    }
    return make_chain(application, endpoint);
}

/* Adds a route, and makes a router's complaint the reason why the start is refused. */
static int add_route(struct application *application, struct endpoint *endpoint)
{
    struct buf error;
    buf_init(&error, 1024);
    const int rc =
        router_add(application->router, endpoint->pattern, endpoint->where, endpoint, &error);
    if (rc < 0) {
        application_fail(application, NULL, "%s",
                         rc == -ENOMEM ? "out of memory while setting up" : buf_cstr(&error));
    }
    buf_deinit(&error);
    return rc;
}

static int freeze_endpoints(struct application *application)
{
    TRY(router_new(&application->router));
    for (struct endpoint *endpoint = application->endpoints; endpoint != NULL;
         endpoint = endpoint->next) {
        TRY(freeze_endpoint(application, endpoint));
        TRY(add_route(application, endpoint));
    }
    return 0;
}

/* A pattern for the groups' own router. Where two groups compete for the same paths the first
 * one has them. */
static int add_group_pattern(struct application *application, struct garm_app *group,
                             const char *suffix)
{
    struct buf error;
    buf_init(&error, 1024);
    const char *const pattern =
        arena_printf(&application->arena, NULL, "%s%s", group->prefix, suffix);
    int rc = pattern == NULL
                 ? -ENOMEM
                 : router_add(application->groups, pattern, group->options.where, group, &error);
    if (rc == -EEXIST) {
        rc = 0;
    }
    if (rc < 0) {
        application_fail(application, NULL, "%s",
                         rc == -ENOMEM ? "out of memory while setting up" : buf_cstr(&error));
    }
    buf_deinit(&error);
    return rc;
}

static int freeze_groups(struct application *application)
{
    TRY(freeze_endpoint(application, &application->root.options));
    if (application->root.next == NULL) {
        return 0;
    }
    TRY(router_new(&application->groups));
    for (struct garm_app *group = application->root.next; group != NULL; group = group->next) {
        TRY(freeze_endpoint(application, &group->options));
        if (group->prefix[0] != '\0') {
            TRY(add_group_pattern(application, group, "/"));
        }
        if (strchr(group->prefix, '/') != NULL) {
            TRY(add_group_pattern(application, group, ""));
        }
    }
    return 0;
}

/* All methods of all routes, for `OPTIONS *`: as those of one path that has them all. */
static int freeze_allow(struct application *application)
{
    struct router *all = NULL;
    struct buf error;
    buf_init(&error, 1024);
    int rc = router_new(&all);
    for (struct endpoint *e = application->endpoints; rc == 0 && e != NULL; e = e->next) {
        const int blank = (int)(e->names_method ? strcspn(e->pattern, " \t") : 0);
        const char *const pattern =
            arena_printf(&application->arena, NULL, "%.*s /", blank, e->pattern);
        rc = pattern == NULL ? -ENOMEM
                             : router_add(all, blank > 0 ? pattern : "/", e->where, e, &error);
        rc = rc == -EEXIST ? 0 : rc;
        buf_clear(&error);
    }
    if (rc == 0 && router_allow(all, SLICE(""), SLICE("/"), true, application->allow,
                                sizeof(application->allow)) == 0) {
        memcpy(application->allow, "OPTIONS", sizeof("OPTIONS"));
    }
    buf_deinit(&error);
    router_free(all);
    return rc;
}

int application_freeze(struct application *application)
{
    int rc = freeze_endpoints(application);
    rc = rc < 0 ? rc : freeze_groups(application);
    rc = rc < 0 ? rc : freeze_allow(application);
    rc = rc < 0 ? rc : metrics_freeze(application);
    if (rc < 0) {
        application_fail(application, NULL, "out of memory while setting up");
    }
    application->frozen = true;
    return application->error[0] != '\0' ? -EINVAL : 0;
}
