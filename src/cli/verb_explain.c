/* garm explain: which route a request gets, and why not another. */
#include "cli/apps.h"
#include "cli/describe.h"

#include "app/explain.h"
#include "app/server.h"
#include "base/sys.h"
#include "base/text.h"
#include "codec/status.h"
#include "codec/target.h"

/* How many routes that were not taken are told of, unless --all. */
#define NEAR_COUNT_MAX    10
#define NEAR_DISTANCE_MAX 2

/* What is printed goes through here. */
struct teller {
    const struct explanation *e;
    struct arena *arena;
    struct buf *out;
    size_t others; /* how many of them are told of */
};

/* Text. */

static void line(struct teller *t, const char *title, const char *format, ...) PRINTF_LIKE(3, 4);

static void line(struct teller *t, const char *title, const char *format, ...)
{
    va_list args;
    buf_printf(t->out, "  %-11s ", title);
    va_start(args, format);
    buf_vprintf(t->out, format, args);
    va_end(args);
    buf_append_byte(t->out, '\n');
}

static void tell_outcome(struct teller *t)
{
    const struct explanation *const e = t->e;
    if (e->status != 0) {
        line(t, "answer", "%u %.*s: %s", e->status, SLICE_ARG(status_reason(e->status)), e->why);
        if (e->allow[0] != '\0') {
            line(t, "allow", "%s", e->allow);
        }
        return;
    }
    const struct link handler = describe_handler(e->endpoint);
    line(t, "route", "%s", e->endpoint->pattern);
    line(t, "handler", "%s (%s)", describe_function(&handler, t->arena), e->endpoint->where);
}

static void tell_host(struct teller *t)
{
    if (t->e->host.len > 0) {
        line(t, "host", "%.*s", SLICE_ARG(t->e->host));
    } else {
        line(t, "host", "none given; write http://HOST/PATH to ask for one");
    }
    if (t->e->path_changed) {
        line(t, "path", "%.*s, once dot segments are resolved", SLICE_ARG(t->e->path));
    }
}

static void tell_params(struct teller *t)
{
    static const char *const types[] = {
        [PARAM_STRING] = "", [PARAM_INT] = " (int)", [PARAM_REST] = " (the rest)"};
    for (size_t i = 0; i < t->e->match.param_count; i++) {
        const struct router_param *const param = &t->e->match.params[i];
        line(t, i == 0 ? "parameters" : "", "%s = \"%.*s\"%s", param->name, SLICE_ARG(param->raw),
             types[param->type]);
    }
}

static void tell_middleware(struct teller *t)
{
    const struct endpoint *const endpoint = t->e->endpoint;
    for (size_t i = 0; i + 1 < endpoint->chain_count; i++) {
        const struct link *const link = &endpoint->chain[i];
        line(t, i == 0 ? "middleware" : "", "%s%s%s%s", describe_function(link, t->arena),
             link->where != NULL ? " (" : "", link->where != NULL ? link->where : "",
             link->where != NULL ? ")" : "");
    }
}

static void tell_others(struct teller *t)
{
    if (t->others > 0) {
        buf_printf(t->out, "\nnot taken:\n");
    }
    for (size_t i = 0; i < t->others; i++) {
        const struct explained_route *const other = &t->e->others[i];
        buf_printf(t->out, "  %s (%s)\n      %s\n", other->endpoint->pattern,
                   other->endpoint->where, other->why);
    }
    if (t->others < t->e->other_count) {
        buf_printf(t->out, "\n%zu %s less like it; --all tells of all\n",
                   t->e->other_count - t->others,
                   t->e->other_count - t->others == 1 ? "other route is" : "other routes are");
    }
}

static void tell(struct teller *t, struct slice url)
{
    char shown[256];
    char method[64];
    buf_printf(t->out, "%s %s\n", text_printable(t->e->method, method, sizeof(method)),
               text_printable(url, shown, sizeof(shown)));
    tell_outcome(t);
    if (t->e->endpoint == NULL) {
        return;
    }
    tell_host(t);
    tell_params(t);
    tell_middleware(t);
    if (t->e->status == 0) {
        line(t, "limits", "%s", describe_limits(t->e->endpoint, t->arena));
    }
    tell_others(t);
}

/* JSON. */

static void member(struct json *json, struct slice name, struct slice value)
{
    json_key(json, name);
    if (value.len == 0) {
        json_null(json);
    } else {
        json_string(json, value);
    }
}

static void write_params(struct json *json, const struct router_match *match)
{
    static const struct slice types[] = {[PARAM_STRING] = SLICE_INIT("string"),
                                         [PARAM_INT] = SLICE_INIT("int"),
                                         [PARAM_REST] = SLICE_INIT("rest")};
    json_begin_array(json);
    for (size_t i = 0; i < match->param_count; i++) {
        json_begin_object(json);
        member(json, SLICE("name"), slice_cstr(match->params[i].name));
        member(json, SLICE("type"), types[match->params[i].type]);
        json_key(json, SLICE("raw"));
        json_string(json, match->params[i].raw);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_route(struct json *json, struct teller *t)
{
    const struct endpoint *const endpoint = t->e->endpoint;
    const struct link handler = describe_handler(endpoint);
    json_key(json, SLICE("route"));
    json_string(json, slice_cstr(endpoint->pattern));
    json_key(json, SLICE("handler"));
    describe_function_json(json, &handler, t->arena);
    json_key(json, SLICE("parameters"));
    write_params(json, &t->e->match);
    json_key(json, SLICE("limits"));
    describe_limits_json(json, endpoint);
}

static void write_others(struct json *json, struct teller *t)
{
    json_key(json, SLICE("not_taken"));
    json_begin_array(json);
    for (size_t i = 0; i < t->others; i++) {
        const struct explained_route *const other = &t->e->others[i];
        json_begin_object(json);
        member(json, SLICE("route"), slice_cstr(other->endpoint->pattern));
        member(json, SLICE("where"), slice_cstr(other->endpoint->where));
        member(json, SLICE("why"), slice_cstr(other->why));
        json_key(json, SLICE("matches"));
        json_bool(json, other->distance == 0);
        json_end_object(json);
    }
    json_end_array(json);
}

static int tell_json(struct teller *t)
{
    const struct explanation *const e = t->e;
    struct json json;
    json_init(&json, t->out);
    json_begin_object(&json);
    member(&json, SLICE("method"), e->method);
    member(&json, SLICE("host"), e->host);
    member(&json, SLICE("path"), e->path);
    json_key(&json, SLICE("status"));
    if (e->status == 0) {
        json_null(&json);
        write_route(&json, t);
    } else {
        json_uint(&json, e->status);
        member(&json, SLICE("why"), slice_cstr(e->why));
        member(&json, SLICE("allow"), slice_cstr(e->allow));
    }
    if (e->endpoint != NULL) {
        json_key(&json, SLICE("middleware"));
        describe_middleware_json(&json, e->endpoint, t->arena);
    }
    write_others(&json, t);
    json_end_object(&json);
    buf_append_byte(t->out, '\n');
    return json_finish(&json);
}

/* The verb. */

static size_t count_near(const struct explanation *explanation)
{
    size_t count = 0;
    while (count < explanation->other_count && count < NEAR_COUNT_MAX &&
           explanation->others[count].distance <= NEAR_DISTANCE_MAX) {
        count++;
    }
    return count;
}

static void explain_request(struct command *command, const struct application *application)
{
    const struct slice url = slice_cstr(command_argument(command, 1));
    struct explanation e;
    struct arena arena;
    struct buf text;
    arena_init(&arena, NULL, 0, COMMAND_TEXT_MAX);
    buf_init(&text, COMMAND_TEXT_MAX);
    int rc = explain(application, slice_cstr(command_argument(command, 0)), url, &arena, &e);
    if (rc == 0) {
        const bool all = command_on(command, "all");
        struct teller t = {&e, &arena, &text, all ? e.other_count : count_near(&e)};
        if (command_on(command, "json")) {
            rc = tell_json(&t);
        } else {
            tell(&t, url);
        }
    }
    if (rc < 0) {
        command_fail(command, VERB_FAILED, "%s", sys_error_text(rc));
    } else {
        command_print(command, &text);
    }
    buf_deinit(&text);
    arena_clear(&arena);
}

/* Is it something that can be asked for at all? */
static bool check_url(struct command *command, const char *method, const char *url)
{
    char shown[128];
    const bool http = target_scheme_size(slice_cstr(url)) > 0;
    if (http || url[0] == '/' || strcmp(url, "*") == 0 || strcmp(method, "CONNECT") == 0) {
        return true;
    }
    command_fail(command, VERB_USAGE,
                 "'%s' is no URL; write a path such as /users/7, or http://...",
                 text_printable(slice_cstr(url), shown, sizeof(shown)));
    return false;
}

static bool begin(struct command *command, int argc, char **argv)
{
    static const char *const wanted[] = {"a method", "a URL", "an application's .so"};
    if (!command_begin(command, &verb_explain, argc, argv)) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        if (command_argument(command, i) == NULL) {
            command_missing(command, wanted[i]);
            return false;
        }
    }
    return check_url(command, command_argument(command, 0), command_argument(command, 1)) &&
           apps_load(command, 2);
}

static int explain_verb(int argc, char **argv)
{
    struct command command;
    if (begin(&command, argc, argv)) {
        struct garm_server *const server = apps_set_up(&command);
        if (server != NULL) {
            explain_request(&command, &server->application);
            garm_server_free(server);
        }
    }
    return command_end(&command);
}

static const struct flag_spec flags[] = {
    VERB_FLAG_JSON,
    {.name = "all",
     .kind = FLAG_BOOL,
     .no_env = true,
     .help = "Tells of all other routes, not only of those that are alike."},
};

const struct verb verb_explain = {
    .name = "explain",
    .usage = "METHOD URL APP.so... [--json] [--all] [--flag VALUE]...",
    .summary = "Tells which route a request gets, and why not another one.",
    .details = "URL is a path, or an http URL for its host. The application is set up, with the\n"
               "flags given, and not started. No handler runs: what one would answer, a redirect\n"
               "say, is not told.\n",
    .flags = flags,
    .flag_count = COUNT_OF(flags),
    .arguments_max = 2 + APPS_MAX,
    .loads = true,
    .run = explain_verb,
};
