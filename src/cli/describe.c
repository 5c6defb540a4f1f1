/* What is said of routes, functions and bounds, by every verb in the same words. */
#include "cli/describe.h"

#include "base/limits.h"
#include "base/text.h"
#include "cli/symbols.h"
#include "run/stack.h"

static const char *text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* A handler's name is its route's, which says nothing of the function. */
static bool is_handler(const struct link *link, const struct endpoint *endpoint)
{
    return link == &endpoint->chain[endpoint->chain_count - 1];
}

static const void *address_of(const struct link *link)
{
    const void *address = NULL;
    memcpy(&address, &link->fn, sizeof(address));
    return address;
}

struct link describe_handler(const struct endpoint *endpoint)
{
    struct link link = endpoint->chain[endpoint->chain_count - 1];
    link.name = NULL;
    return link;
}

const char *describe_function(const struct link *link, struct arena *arena)
{
    if (link->name != NULL) {
        return link->name;
    }
    const char *const name = symbol_name(address_of(link), arena);
    if (name != NULL) {
        return name;
    }
    return text_or_empty(link->where != NULL && link->where[0] != '\0'
                             ? link->where
                             : arena_printf(arena, NULL, "%p", address_of(link)));
}

const char *describe_middleware(const struct endpoint *endpoint, struct arena *arena)
{
    const char *text = "";
    for (const struct link *link = endpoint->chain; !is_handler(link, endpoint); link++) {
        text = text_or_empty(arena_printf(arena, NULL, "%s%s%s", text, text[0] != '\0' ? ", " : "",
                                          describe_function(link, arena)));
    }
    return text;
}

/* Bounds as text. */

static const char *bytes_text(uint64_t bytes, struct arena *arena)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    if (bytes == UINT64_MAX) {
        return "unlimited";
    }
    while (unit + 1 < COUNT_OF(units) && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    return text_or_empty(
        arena_printf(arena, NULL, "%llu %s", (unsigned long long)bytes, units[unit]));
}

static const char *time_text(int64_t ms, struct arena *arena)
{
    const bool seconds = ms >= 1000 && ms % 1000 == 0;
    return text_or_empty(arena_printf(arena, NULL, "%lld %s", (long long)(seconds ? ms / 1000 : ms),
                                      seconds ? "s" : "ms"));
}

struct bound {
    const char *name;
    const char *text;
    bool usual; /* it is the default */
};

enum { BODY, DEADLINE, IDLE, STACK, BOUND_COUNT };

static void find_bounds(const struct endpoint *endpoint, struct arena *arena,
                        struct bound bounds[BOUND_COUNT])
{
    const size_t stack = endpoint->stack_bytes != 0 ? endpoint->stack_bytes : STACK_BYTES_DEFAULT;
    const int64_t deadline_ms = endpoint->deadline_ns / NS_PER_MS;
    bounds[BODY] = (struct bound){"body", bytes_text(endpoint->body_max, arena),
                                  endpoint->body_max == LIMIT_BODY_BYTES};
    bounds[DEADLINE] = (struct bound){
        "deadline", deadline_ms == 0 ? "none" : time_text(deadline_ms, arena), deadline_ms == 0};
    bounds[IDLE] = (struct bound){
        "idle",
        endpoint->stall_ms == UINT32_MAX
            ? "unlimited"
            : time_text(endpoint->stall_ms != 0 ? endpoint->stall_ms : LIMIT_BODY_STALL_MS, arena),
        endpoint->stall_ms == 0};
    bounds[STACK] = (struct bound){"stack", bytes_text(stack, arena), stack == STACK_BYTES_DEFAULT};
}

static const char *list_bounds(const struct endpoint *endpoint, bool all, struct arena *arena)
{
    struct bound bounds[BOUND_COUNT];
    const char *text = "";
    find_bounds(endpoint, arena, bounds);
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        if (all || !bounds[i].usual) {
            text = text_or_empty(arena_printf(arena, NULL, "%s%s%s %s", text,
                                              text[0] != '\0' ? ", " : "", bounds[i].name,
                                              bounds[i].text));
        }
    }
    return text;
}

const char *describe_options(const struct endpoint *endpoint, struct arena *arena)
{
    const char *const bounds = list_bounds(endpoint, false, arena);
    if (strcmp(endpoint->name, endpoint->pattern) == 0) {
        return bounds;
    }
    return text_or_empty(arena_printf(arena, NULL, "name %s%s%s", endpoint->name,
                                      bounds[0] != '\0' ? ", " : "", bounds));
}

const char *describe_limits(const struct endpoint *endpoint, struct arena *arena)
{
    return list_bounds(endpoint, true, arena);
}

/* JSON. */

static void member_text(struct json *json, struct slice name, const char *value)
{
    json_key(json, name);
    if (value == NULL) {
        json_null(json);
    } else {
        json_string(json, slice_cstr(value));
    }
}

/* "app.c:12" */
static void write_place(struct json *json, const char *where)
{
    const char *const colon = where == NULL ? NULL : strrchr(where, ':');
    uint64_t line = 0;
    json_key(json, SLICE("file"));
    if (colon == NULL || text_to_u64(slice_cstr(colon + 1), &line) < 0) {
        json_null(json);
    } else {
        json_string(json, slice_of(where, (size_t)(colon - where)));
    }
    json_key(json, SLICE("line"));
    if (line == 0) {
        json_null(json);
    } else {
        json_uint(json, line);
    }
}

void describe_function_json(struct json *json, const struct link *link, struct arena *arena)
{
    json_begin_object(json);
    member_text(json, SLICE("function"), symbol_name(address_of(link), arena));
    member_text(json, SLICE("name"), link->name);
    write_place(json, link->where);
    json_end_object(json);
}

void describe_middleware_json(struct json *json, const struct endpoint *endpoint,
                              struct arena *arena)
{
    json_begin_array(json);
    for (const struct link *link = endpoint->chain; !is_handler(link, endpoint); link++) {
        describe_function_json(json, link, arena);
    }
    json_end_array(json);
}

static void member_bound(struct json *json, struct slice name, uint64_t value, bool bounded)
{
    json_key(json, name);
    if (bounded) {
        json_uint(json, value);
    } else {
        json_null(json);
    }
}

void describe_limits_json(struct json *json, const struct endpoint *endpoint)
{
    const uint64_t stall_ms = endpoint->stall_ms != 0 ? endpoint->stall_ms : LIMIT_BODY_STALL_MS;
    const size_t stack = endpoint->stack_bytes != 0 ? endpoint->stack_bytes : STACK_BYTES_DEFAULT;
    json_begin_object(json);
    member_bound(json, SLICE("body_bytes_max"), endpoint->body_max,
                 endpoint->body_max != UINT64_MAX);
    member_bound(json, SLICE("deadline_ms"), (uint64_t)(endpoint->deadline_ns / NS_PER_MS),
                 endpoint->deadline_ns != 0);
    member_bound(json, SLICE("idle_ms"), stall_ms, stall_ms != UINT32_MAX);
    member_bound(json, SLICE("stack_kb"), stack / 1024, true);
    json_end_object(json);
}
