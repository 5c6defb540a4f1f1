/* See explain.h. The request is written out and parsed as it would be from a client, and given to
 * the application's own router. */
#include "app/explain.h"

#include "app/unrouted.h"
#include "base/text.h"
#include "codec/chars.h"
#include "codec/h1.h"

#include <errno.h>

struct url {
    struct slice host;   /* with port; its ptr is NULL for a mere path */
    struct slice target; /* what a client would send */
};

/* Cuts "http://" or "https://" off. */
static bool cut_scheme(struct slice *url)
{
    const size_t len = target_scheme_size(*url);
    *url = slice_of(url->ptr + len, url->len - len);
    return len > 0;
}

/* A client sends no fragment, and the authority as the Host field. */
static struct url split_url(struct slice url)
{
    size_t end = 0;
    url.len = slice_find(url, '#');
    if (!cut_scheme(&url)) {
        return (struct url){{0}, url};
    }
    while (end < url.len && url.ptr[end] != '/' && url.ptr[end] != '?') {
        end++;
    }
    return (struct url){slice_of(url.ptr, end), slice_of(url.ptr + end, url.len - end)};
}

static bool has_blank_or_control(struct slice text)
{
    return char_run(text.ptr, text.len, CHAR_TARGET) < text.len;
}

/* The request as bytes; NULL when memory runs out. Without a host it is of HTTP/1.0, which can do
 * without. */
static const char *write_head(struct slice method, const struct url *url, struct arena *arena,
                              size_t *ret_len)
{
    const struct slice target = url->target;
    if (url->host.ptr == NULL) {
        return arena_printf(arena, ret_len, "%.*s %.*s HTTP/1.0\r\n\r\n", SLICE_ARG(method),
                            SLICE_ARG(target));
    }
    const bool rooted = target.len > 0 && target.ptr[0] == '/';
    return arena_printf(arena, ret_len, "%.*s %s%.*s HTTP/1.1\r\nHost: %.*s\r\n\r\n",
                        SLICE_ARG(method), rooted ? "" : "/", SLICE_ARG(target),
                        SLICE_ARG(url->host));
}

static void refuse(struct explanation *explanation, uint16_t status, const char *why)
{
    explanation->status = status;
    explanation->why = why;
}

/* Parses what a client would send. 0 or -ENOMEM. Without a head the explanation says why. */
static int parse(struct slice method, struct slice text, struct arena *arena,
                 struct explanation *explanation, const struct h1_head **ret_head,
                 const char **ret_data)
{
    const struct url url = split_url(text);
    struct h1_parser parser;
    size_t len = 0;
    struct h1_head *const head = arena_zalloc(arena, sizeof(*head));
    const char *const data = write_head(method, &url, arena, &len);
    if (head == NULL || data == NULL) {
        return -ENOMEM;
    }
    if (has_blank_or_control(method) || has_blank_or_control(text)) {
        refuse(explanation, 400, "a blank or control byte in the method or the target");
        return 0;
    }
    h1_parser_init(&parser, &h1_limits_default, head);
    if (h1_head_parse(&parser, data, len) != H1_DONE) {
        refuse(explanation, parser.error.status, parser.error.reason);
        return 0;
    }
    *ret_head = head;
    *ret_data = data;
    return 0;
}

/* Host and path as the router takes them. */
static int take_target(const struct h1_head *head, const char *data, struct arena *arena,
                       struct explanation *explanation)
{
    const struct slice host = authority_host(h1_span_slice(head->authority, data));
    const struct slice raw = h1_span_slice(head->path, data);
    char *const lower = arena_dup(arena, host);
    char *const out = arena_alloc(arena, raw.len + 2);
    if (lower == NULL || out == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < host.len; i++) {
        lower[i] = text_lower(lower[i]);
    }
    explanation->host = slice_of(lower, host.len);
    if (head->form == TARGET_ASTERISK || head->form == TARGET_AUTHORITY) {
        return 0;
    }
    explanation->path = raw.len == 0 ? SLICE("/") : slice_of(out, path_resolve(raw, out));
    explanation->path_changed = !slice_eq(explanation->path, raw) && raw.len > 0;
    return 0;
}

static const char *why_no_method(struct slice method, struct arena *arena)
{
    for (unsigned id = 1; id < METHOD_COUNT_; id++) {
        const struct slice name = method_name((enum method)id);
        if (slice_eq_nocase(method, name)) {
            return arena_printf(arena, NULL, "methods are case-sensitive: %.*s is meant, perhaps",
                                SLICE_ARG(name));
        }
    }
    return arena_printf(arena, NULL, "no route takes the method %.*s, and it is no standard one",
                        SLICE_ARG(method));
}

static const char *why_status(const struct h1_head *head, const struct explanation *explanation,
                              struct arena *arena)
{
    switch (explanation->status) {
    case 204:
        return head->form == TARGET_ASTERISK
                   ? "the server answers OPTIONS * by itself"
                   : "the server answers OPTIONS by itself, where no route of the path takes it";
    case 404: return "no route has this path";
    case 501: return why_no_method(explanation->method, arena);
    default:
        return arena_printf(arena, NULL, "no route %stakes %.*s",
                            head->form == TARGET_ORIGIN ? "with this path " : "",
                            SLICE_ARG(explanation->method));
    }
}

static int set_allow(const struct application *application, bool plain, struct arena *arena,
                     struct explanation *explanation)
{
    char *const allow = arena_alloc(arena, sizeof(application->allow));
    if (allow == NULL) {
        return -ENOMEM;
    }
    unrouted_allow(application, explanation->host, explanation->path, plain, allow);
    explanation->allow = allow;
    return 0;
}

static int route(const struct application *application, const struct h1_head *head,
                 struct arena *arena, struct explanation *explanation)
{
    const struct slice path = explanation->path;
    const bool plain = slice_find(path, '%') == path.len;
    struct router_match *const match = &explanation->match;
    match->status = 404;
    if (path.len > 0) {
        router_match(application->router, head->method, explanation->method, explanation->host,
                     path, plain, match);
    }
    if (match->status == 0) {
        explanation->endpoint = match->data;
        return 0;
    }
    match->param_count = 0;
    explanation->status = unrouted_status(head, match->status);
    explanation->endpoint = unrouted_endpoint(application, explanation->host, path, plain);
    explanation->why = why_status(head, explanation, arena);
    if (explanation->why == NULL) {
        return -ENOMEM;
    }
    return explanation->status == 405 || explanation->status == 204
               ? set_allow(application, plain, arena, explanation)
               : 0;
}

/* Which of two patterns that both take the request is the one, and why. */
static const char *why_beaten(const struct pattern *winner, const struct pattern *other,
                              struct arena *arena)
{
    const bool host = winner->host.len > 0 && other->host.len == 0;
    return arena_printf(arena, NULL, "it matches too, and \"%s\" is more specific%s", winner->text,
                        host ? ": it names the host" : "");
}

static int parse_pattern(const struct endpoint *endpoint, struct arena *arena,
                         struct pattern *ret_pattern)
{
    struct buf error;
    buf_init(&error, KIB(4));
    const int rc = pattern_parse(endpoint->pattern, endpoint->where, arena, ret_pattern, &error);
    buf_deinit(&error);
    return rc;
}

static int compare(const struct endpoint *endpoint, const struct explained_request *request,
                   const struct pattern *winner, struct arena *arena, struct explained_route *ret)
{
    struct pattern pattern;
    TRY(parse_pattern(endpoint, arena, &pattern));
    ret->endpoint = endpoint;
    ret->why = explain_miss(&pattern, request, arena, &ret->distance);
    if (ret->why != NULL && ret->distance == 0 && winner != NULL) {
        ret->why = why_beaten(winner, &pattern, arena);
    }
    return ret->why == NULL ? -ENOMEM : 0;
}

/* Puts the last of `count` routes behind those that are as near. */
static void sink(struct explained_route *routes, size_t count)
{
    const struct explained_route route = routes[count - 1];
    size_t at = count - 1;
    for (; at > 0 && routes[at - 1].distance > route.distance; at--) {
        routes[at] = routes[at - 1];
    }
    routes[at] = route;
}

static int explain_others(const struct application *application, const struct h1_head *head,
                          struct arena *arena, struct explanation *explanation)
{
    const struct explained_request request = {head->method, explanation->method, explanation->host,
                                              explanation->path};
    const bool found = explanation->status == 0;
    struct pattern winner;
    explanation->others =
        arena_alloc(arena, (router_count(application->router) + 1) * sizeof(*explanation->others));
    if (explanation->others == NULL) {
        return -ENOMEM;
    }
    if (found) {
        TRY(parse_pattern(explanation->endpoint, arena, &winner));
    }
    for (const struct endpoint *e = application->endpoints; e != NULL; e = e->next) {
        if (e != explanation->endpoint) {
            TRY(compare(e, &request, found ? &winner : NULL, arena,
                        &explanation->others[explanation->other_count]));
            sink(explanation->others, ++explanation->other_count);
        }
    }
    return 0;
}

int explain(const struct application *application, struct slice method, struct slice url,
            struct arena *arena, struct explanation *ret_explanation)
{
    struct explanation explanation = {.why = "", .allow = "", .method = method};
    const struct h1_head *head = NULL;
    const char *data = NULL;
    TRY(parse(method, url, arena, &explanation, &head, &data));
    if (head != NULL) {
        explanation.method = h1_span_slice(head->method_text, data);
        TRY(take_target(head, data, arena, &explanation));
        TRY(route(application, head, arena, &explanation));
        if (explanation.path.len > 0) {
            TRY(explain_others(application, head, arena, &explanation));
        }
    }
    *ret_explanation = explanation;
    return 0;
}
