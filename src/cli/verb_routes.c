/* garm routes: what an application answers. */
#include "cli/apps.h"
#include "cli/describe.h"
#include "cli/table.h"

#include "app/server.h"
#include "base/sys.h"

#include <errno.h>

enum { PATTERN, HANDLER, PLACE, MIDDLEWARE, OPTIONS, COLUMNS };

static const char *const titles[COLUMNS] = {
    [PATTERN] = "pattern",       [HANDLER] = "handler", [PLACE] = "at",
    [MIDDLEWARE] = "middleware", [OPTIONS] = "options",
};

static void fill_row(const struct endpoint *endpoint, struct arena *arena, const char **row)
{
    const struct link handler = describe_handler(endpoint);
    row[PATTERN] = endpoint->pattern;
    row[HANDLER] = describe_function(&handler, arena);
    row[PLACE] = endpoint->where;
    row[MIDDLEWARE] = describe_middleware(endpoint, arena);
    row[OPTIONS] = describe_options(endpoint, arena);
}

static int write_table(const struct application *application, struct arena *arena, struct buf *out)
{
    struct table table = {.titles = titles, .columns = COLUMNS, .columns_kept = MIDDLEWARE};
    for (const struct endpoint *e = application->endpoints; e != NULL; e = e->next) {
        table.rows++;
    }
    if (table.rows == 0) {
        return buf_printf(out, "no routes\n");
    }
    const char **const cells = arena_alloc(arena, table.rows * COLUMNS * sizeof(*cells));
    if (cells == NULL) {
        return -ENOMEM;
    }
    size_t row = 0;
    for (const struct endpoint *e = application->endpoints; e != NULL; e = e->next, row++) {
        fill_row(e, arena, cells + row * COLUMNS);
    }
    table.cells = cells;
    table_write(&table, out);
    return out->error;
}

static int write_json(const struct application *application, struct arena *arena, struct buf *out)
{
    struct json json;
    json_init(&json, out);
    json_begin_array(&json);
    for (const struct endpoint *e = application->endpoints; e != NULL; e = e->next) {
        const struct link handler = describe_handler(e);
        json_begin_object(&json);
        json_key(&json, SLICE("pattern"));
        json_string(&json, slice_cstr(e->pattern));
        json_key(&json, SLICE("name"));
        json_string(&json, slice_cstr(e->name));
        json_key(&json, SLICE("handler"));
        describe_function_json(&json, &handler, arena);
        json_key(&json, SLICE("middleware"));
        describe_middleware_json(&json, e, arena);
        json_key(&json, SLICE("limits"));
        describe_limits_json(&json, e);
        json_end_object(&json);
    }
    json_end_array(&json);
    buf_append_byte(out, '\n');
    return json_finish(&json);
}

static void list(struct command *command, const struct application *application)
{
    struct arena arena;
    struct buf text;
    arena_init(&arena, NULL, 0, COMMAND_TEXT_MAX);
    buf_init(&text, COMMAND_TEXT_MAX);
    const int rc = command_on(command, "json") ? write_json(application, &arena, &text)
                                               : write_table(application, &arena, &text);
    if (rc < 0) {
        command_fail(command, VERB_FAILED, "%s", sys_error_text(rc));
    } else {
        command_print(command, &text);
    }
    buf_deinit(&text);
    arena_clear(&arena);
}

static int routes(int argc, char **argv)
{
    struct command command;
    if (command_begin(&command, &verb_routes, argc, argv) && apps_load(&command, 0)) {
        struct garm_server *const server = apps_set_up(&command);
        if (server != NULL) {
            list(&command, &server->application);
            garm_server_free(server);
        }
    }
    return command_end(&command);
}

static const struct flag_spec flags[] = {VERB_FLAG_JSON};

const struct verb verb_routes = {
    .name = "routes",
    .usage = "APP.so... [--json] [--flag VALUE]...",
    .summary = "Lists the routes of an application: pattern, handler, middleware.",
    .details = "The application is set up, with the flags given, and not started. Options are\n"
               "shown where they differ from the defaults.\n",
    .flags = flags,
    .flag_count = COUNT_OF(flags),
    .arguments_max = APPS_MAX,
    .loads = true,
    .run = routes,
};
