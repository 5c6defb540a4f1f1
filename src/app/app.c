/* Setting an application up: routes, groups, middleware, hooks and flags, as they are
 * registered. What becomes of them is freeze.c's. Mistakes are noted, the first one counts, and
 * setting up goes on. */
#include "app/app.h"

#include "app/flags.h"
#include "app/metrics.h"
#include "app/option_list.h"
#include "app/router.h"
#include "base/limits.h"
#include "base/slice.h"
#include "base/sys.h"
#include "run/stack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The largest set-up that an application may need. */
#define SETUP_BYTES_MAX MIB(64)
/* From this size on, memory of the set-up comes from the heap. */
#define LARGE_BYTES KIB(256)

void application_fail(struct application *application, const char *where, const char *format, ...)
{
    if (application->error[0] != '\0') {
        return;
    }
    char *const out = application->error;
    const size_t cap = sizeof(application->error);
    int len = 0;
    if (where != NULL) {
        len = snprintf(out, cap, "%s: ", where);
    }
    va_list args;
    va_start(args, format);
    if (len >= 0 && (size_t)len < cap) {
        vsnprintf(out + len, cap - (size_t)len, format, args);
    }
    va_end(args);
}

void application_init(struct application *application, struct flags *flags)
{
    *application = (struct application){.flags = flags};
    arena_init(&application->arena, NULL, 0, SETUP_BYTES_MAX);
    application->root.application = application;
    application->root.prefix = "";
    application->root.options =
        (struct endpoint){.group = &application->root, .pattern = "", .where = "", .name = ""};
}

void application_deinit(struct application *application)
{
    for (const struct farewell *f = application->farewells; f != NULL; f = f->next) {
        f->fn(f->arg);
    }
    application->farewells = NULL;
    metrics_free(application);
    router_free(application->router);
    router_free(application->groups);
    arena_clear(&application->arena);
}

/* Zeroed memory of the set-up, or NULL, and the start is refused. */
static void *setup_alloc(struct application *application, size_t size)
{
    void *const memory = arena_zalloc(&application->arena, size);
    if (memory == NULL) {
        application_fail(application, NULL, "out of memory while setting up");
    }
    return memory;
}

static const char *setup_dup(struct application *application, const char *text)
{
    const char *const copy = arena_dup(&application->arena, slice_cstr(text));
    if (copy == NULL) {
        application_fail(application, NULL, "out of memory while setting up");
    }
    return copy == NULL ? "" : copy;
}

/* May something be registered now? */
static bool open_for(struct garm_app *app, const char *what)
{
    CHECK(app != NULL);
    if (app->application->frozen) {
        log_write(&app->application->logger, LOG_ERROR, "%s came after the start, and is ignored",
                  what);
    }
    return !app->application->frozen;
}

/* "METHOD HOST/PATH" in parts: all but the path may be empty. */
struct pattern_parts {
    struct slice method, host, path;
};

static struct pattern_parts split_pattern(const char *pattern)
{
    struct pattern_parts parts = {0};
    struct slice rest = slice_cstr(pattern);
    const size_t blank = strcspn(pattern, " \t");
    if (blank < rest.len) {
        parts.method = slice_of(pattern, blank);
        rest = slice_trim(slice_of(pattern + blank, rest.len - blank));
    }
    const size_t slash = slice_find(rest, '/');
    parts.host = slice_of(rest.ptr, slash);
    parts.path = slice_of(rest.ptr + slash, rest.len - slash);
    return parts;
}

/* `inner` below the prefix `outer`, as "[METHOD ]HOST/PATH". */
static const char *join_pattern(struct garm_app *app, const char *where, struct pattern_parts outer,
                                struct pattern_parts inner)
{
    if (outer.host.len > 0 && inner.host.len > 0) {
        application_fail(app->application, where,
                         "\"%.*s\" names a host, and so does its group's prefix \"%s\"",
                         SLICE_ARG(inner.host), app->prefix);
    }
    const struct slice host = inner.host.len > 0 ? inner.host : outer.host;
    const char *const text =
        arena_printf(&app->application->arena, NULL, "%.*s%s%.*s%.*s%.*s", SLICE_ARG(inner.method),
                     inner.method.len > 0 ? " " : "", SLICE_ARG(host), SLICE_ARG(outer.path),
                     SLICE_ARG(inner.path));
    if (text == NULL) {
        application_fail(app->application, NULL, "out of memory while setting up");
    }
    return text == NULL ? "" : text;
}

/* Reads an option set of this library's or an older header's size. */
static garm_route_opts known_options(const garm_route_opts *opts)
{
    garm_route_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    known.where = known.where != NULL ? known.where : "";
    return known;
}

/* Takes the bounds that are set. */
static void take_limits(struct application *application, struct endpoint *endpoint,
                        const garm_route_opts *known)
{
    if (known->body_bytes_max < GARM_NONE || known->deadline_ms < GARM_NONE ||
        known->idle_ms < GARM_NONE) {
        application_fail(application, known->where, "%s is negative; GARM_NONE lifts a bound",
                         known->body_bytes_max < GARM_NONE ? ".body_bytes_max"
                         : known->deadline_ms < GARM_NONE  ? ".deadline_ms"
                                                           : ".idle_ms");
    }
    if (known->stack_kb < 0) {
        application_fail(application, known->where,
                         ".stack_kb is negative: a stack is always bounded; 64 is the default, and "
                         "%zu the most",
                         STACK_BYTES_MAX / 1024);
    }
    endpoint->body_bytes_max =
        known->body_bytes_max != 0 ? known->body_bytes_max : endpoint->body_bytes_max;
    endpoint->deadline_ms = known->deadline_ms != 0 ? known->deadline_ms : endpoint->deadline_ms;
    endpoint->idle_ms = known->idle_ms != 0 ? known->idle_ms : endpoint->idle_ms;
    endpoint->stack_kb = known->stack_kb != 0 ? known->stack_kb : endpoint->stack_kb;
}

static void take_options(struct application *application, struct endpoint *endpoint,
                         const garm_route_opts *opts)
{
    const garm_route_opts known = known_options(opts);
    take_limits(application, endpoint, &known);
    endpoint->where = setup_dup(application, known.where);
    (void)OPTION_LIST_WHOLE(application, known.where, ".use", known.use);
    memcpy(endpoint->use, known.use, sizeof(endpoint->use));
    endpoint->name = known.name != NULL ? setup_dup(application, known.name) : NULL;
    endpoint->arg = known.arg;
    endpoint->always = known.always;
}

void garm_route_with(garm_app *app, const char *pattern, garm_handler *handler,
                     const garm_route_opts *opts)
{
    struct application *const application = app->application;
    struct endpoint *const endpoint =
        open_for(app, "a route") ? setup_alloc(application, sizeof(*endpoint)) : NULL;
    if (endpoint == NULL) {
        return;
    }
    take_options(application, endpoint, opts);
    if (pattern == NULL || handler == NULL) {
        application_fail(application, endpoint->where, "a route needs a pattern and a handler");
        return;
    }
    const struct pattern_parts parts = split_pattern(pattern);
    endpoint->group = app;
    endpoint->handler = handler;
    endpoint->pattern = join_pattern(app, endpoint->where, split_pattern(app->prefix), parts);
    endpoint->names_method = parts.method.len > 0;
    endpoint->name = endpoint->name != NULL ? endpoint->name : endpoint->pattern;
    struct endpoint **last = &application->endpoints;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = endpoint;
}

static const char *join_prefix(garm_app *app, const char *where, const char *prefix)
{
    struct pattern_parts parts = split_pattern(prefix);
    if (parts.method.len > 0) {
        application_fail(app->application, where, "the prefix \"%s\" has a blank in it", prefix);
    }
    while (parts.path.len > 0 && parts.path.ptr[parts.path.len - 1] == '/') {
        parts.path.len--;
    }
    return join_pattern(app, where, split_pattern(app->prefix), parts);
}

garm_app *garm_group_with(garm_app *app, const char *prefix, const garm_route_opts *opts)
{
    struct application *const application = app->application;
    struct garm_app *const group =
        open_for(app, "a group") ? setup_alloc(application, sizeof(*group)) : NULL;
    if (group == NULL) {
        return app;
    }
    take_options(application, &group->options, opts);
    group->application = application;
    group->parent = app;
    group->prefix = join_prefix(app, group->options.where, prefix != NULL ? prefix : "");
    group->options.group = group;
    group->options.pattern = "";
    group->options.name = group->options.name != NULL ? group->options.name : group->prefix;
    struct garm_app *last = &application->root;
    while (last->next != NULL) {
        last = last->next;
    }
    last->next = group;
    return group;
}

void garm_limits_with(garm_app *app, const garm_route_opts *opts)
{
    if (open_for(app, "a limit")) {
        const garm_route_opts known = known_options(opts);
        take_limits(app->application, &app->options, &known);
    }
}

void garm_mount_at(garm_app *app, const char *where, const char *prefix,
                   void (*setup)(garm_app *app))
{
    const garm_route_opts opts = {.size = sizeof(opts), .where = where};
    garm_app *const group = garm_group_with(app, prefix, &opts);
    if (setup == NULL) {
        application_fail(app->application, where, "garm_mount needs a set-up function");
        return;
    }
    setup(group);
}

void garm_use_with(garm_app *app, garm_handler *middleware, const garm_use_opts *opts)
{
    garm_use_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct middleware *const added =
        open_for(app, "middleware") ? setup_alloc(app->application, sizeof(*added)) : NULL;
    if (added == NULL) {
        return;
    }
    if (middleware == NULL) {
        application_fail(app->application, known.where, "garm_use was given no function");
        return;
    }
    added->link = (struct link){
        .fn = middleware,
        .arg = known.arg,
        .where = known.where != NULL ? setup_dup(app->application, known.where) : NULL,
        .name = known.name != NULL ? setup_dup(app->application, known.name) : NULL,
        .always = known.always};
    struct middleware **last = &app->uses;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = added;
}

void garm_on_error(garm_app *app, garm_error_fn *fn)
{
    if (open_for(app, "an error handler")) {
        app->on_error = fn;
    }
}

void garm_every_at(garm_app *app, const char *where, int64_t period_ns, garm_job_fn *fn, void *arg)
{
    struct application *const application = app->application;
    struct periodic *const job =
        open_for(app, "a job") ? setup_alloc(application, sizeof(*job)) : NULL;
    if (job == NULL) {
        return;
    }
    if (period_ns <= 0 || fn == NULL) {
        application_fail(application, where, "garm_every needs a period above 0 and a function");
        return;
    }
    *job = (struct periodic){application->periodics, period_ns, fn, arg};
    application->periodics = job;
}

/* What is wrong with the flag, or NULL. */
static const char *flag_fault(const struct application *application, const char *name,
                              const char *def)
{
    if (name == NULL || !flag_name_valid(name)) {
        return "cannot be a flag: a name has lower-case letters, digits and '-'";
    }
    if (flag_name_standard(name)) {
        return "is a flag of every program";
    }
    if (def == NULL) {
        return "needs a default; \"\" is one";
    }
    const char *const earlier = flags_default(application->flags, name);
    return earlier != NULL && strcmp(earlier, def) != 0 ? "has another default already" : NULL;
}

const char *garm_flag_at(garm_app *app, const char *where, const char *name, const char *def,
                         const char *help)
{
    struct application *const application = app->application;
    const char *const fault = flag_fault(application, name, def);
    if (fault == NULL) {
        return flags_get(application->flags, name, def, help);
    }
    application_fail(application, where, "garm_flag: \"%s\" %s", name != NULL ? name : "", fault);
    return def != NULL ? def : "";
}

void garm_fail_at(garm_app *app, const char *where, const char *format, ...)
{
    char text[384];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    application_fail(app->application, where, "%s", text);
}

/* From the heap, whose pages cost nothing before they are used. */
static void *alloc_large(struct application *application, size_t size)
{
    struct farewell *const farewell = setup_alloc(application, sizeof(*farewell));
    void *const memory = farewell != NULL ? mem_zalloc(size) : NULL;
    if (memory == NULL) {
        application_fail(application, NULL, "out of memory while setting up");
        return NULL;
    }
    *farewell = (struct farewell){application->farewells, mem_free, memory};
    application->farewells = farewell;
    return memory;
}

void *garm_app_alloc(garm_app *app, size_t size)
{
    return size < LARGE_BYTES ? setup_alloc(app->application, size)
                              : alloc_large(app->application, size);
}

int garm_app_set(garm_app *app, const void *key, void *value)
{
    struct application *const application = app->application;
    struct app_value *const kept = setup_alloc(application, sizeof(*kept));
    if (kept == NULL) {
        return -ENOMEM;
    }
    *kept = (struct app_value){application->values, key, value};
    application->values = kept;
    return 0;
}

void *garm_app_get(garm_app *app, const void *key)
{
    const struct app_value *kept = app->application->values;
    while (kept != NULL && kept->key != key) {
        kept = kept->next;
    }
    return kept != NULL ? kept->value : NULL;
}

const char *garm_app_dup(garm_app *app, const char *text)
{
    return setup_dup(app->application, text);
}

void garm_app_defer(garm_app *app, void (*fn)(void *arg), void *arg)
{
    struct farewell *const farewell = setup_alloc(app->application, sizeof(*farewell));
    if (farewell == NULL) {
        fn(arg);
        return;
    }
    *farewell = (struct farewell){app->application->farewells, fn, arg};
    app->application->farewells = farewell;
}

void garm_set_app_data(garm_app *app, void *data)
{
    app->application->data = data;
}

int application_setup(struct application *application, const garm_app_entry *entry)
{
    if (entry == NULL || entry->setup == NULL) {
        application_fail(application, NULL, "there is no application: GARM_APP defines one");
    } else if (entry->abi != GARM_ABI) {
        application_fail(application, entry->file,
                         "built for ABI %d, and this library is of ABI %d: rebuild it", entry->abi,
                         GARM_ABI);
    } else {
        entry->setup(&application->root);
    }
    if (application->error[0] != '\0') {
        return -EINVAL;
    }
    return application_freeze(application);
}
