/* What came in: /get, /post and their like, /anything, /dump, /headers, /ip,
 * /user-agent. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>

/* A body up to this size makes an answer that is held. */
#define HELD_MAX ((size_t)GARM_KIB(64))

int show_get(garm_ctx *c)
{
    struct request_view req;
    GARM_TRY(view_request(c, &req));
    return garm_json(c, 200, req.args, req.headers, req.origin, req.url);
}

int show_body(garm_ctx *c)
{
    struct request_view req;
    struct body_view body;
    GARM_TRY(view_request(c, &req));
    GARM_TRY(view_body(c, &body));
    return garm_json(c, 200, req.args, body.data, body.files, body.form, req.headers, body.json,
                     req.origin, req.url);
}

/* /anything has it exactly, too. */

/* Each byte of a text becomes one character of the JSON string, as in ISO-8859-1, so that nothing
 * is lost where bytes are no UTF-8. NULL when memory runs out. */
static const char *byte_for_byte(garm_ctx *c, const char *text)
{
    char *const out = garm_alloc(c, strlen(text) * 2 + 1);
    char *end = out;
    if (out == NULL) {
        return NULL;
    }
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte < 0x80) {
            *end++ = *text;
        } else {
            *end++ = (char)(0xc0 | byte >> 6);
            *end++ = (char)(0x80 | (byte & 0x3f));
        }
    }
    *end = '\0';
    return out;
}

/* The array called `name` of what an accessor gives: [["Host", "a"], ...]. */
static int put_lines(garm_ctx *c, garm_json_writer *w, const char *name,
                     const char *(*line_at)(garm_ctx *, size_t, const char **))
{
    const char *field = "";
    garm_json_begin_array(w, name);
    for (size_t i = 0;; i++) {
        const char *const value = line_at(c, i, &field);
        if (*field == '\0') {
            return garm_json_end(w);
        }
        const char *const texts[] = {byte_for_byte(c, field), byte_for_byte(c, value)};
        if (texts[0] == NULL || texts[1] == NULL) {
            return -ENOMEM;
        }
        garm_json_put(w, garm_arr(NULL, garm_kv(NULL, texts[0]), garm_kv(NULL, texts[1])));
    }
}

static int put_raw(garm_ctx *c, garm_json_writer *w, const struct body_view *body)
{
    const char *const target = byte_for_byte(c, garm_target(c));
    if (target == NULL) {
        return -ENOMEM;
    }
    garm_json_begin_object(w, "raw");
    garm_json_put(w, garm_kv("target", target));
    garm_json_put(w, garm_kv("version", garm_http_version(c)));
    GARM_TRY(put_lines(c, w, "fields", garm_header_at));
    GARM_TRY(put_lines(c, w, "trailers", garm_trailer_at));
    garm_json_put(w, garm_kv("body", garm_base64(c, body->bytes, body->size)));
    return garm_json_end(w);
}

/* Of the writer's calls none is looked at but the last: the first error stays. What is made of a
 * large body is streamed, for it would be in memory once more. */
static int show_anything(garm_ctx *c)
{
    struct request_view req;
    struct body_view body;
    GARM_TRY(view_request(c, &req));
    GARM_TRY(view_body(c, &body));
    const garm_json_member members[] = {req.args,  body.data,  body.files, body.form, req.headers,
                                        body.json, req.method, req.origin, req.url};
    garm_json_writer *const w =
        body.size > HELD_MAX ? garm_json_stream(c, 200) : garm_json_new(c, 200);
    garm_json_begin_object(w, NULL);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        garm_json_put(w, members[i]);
    }
    GARM_TRY(put_raw(c, w, &body));
    garm_json_end(w);
    return garm_json_finish(w);
}

static int put_text(garm_ctx *c, const char *text)
{
    return garm_write(c, text, strlen(text));
}

/* The request as it came, but for a body in chunks, which is shown without them. It is a text for
 * people: no browser shall guess that it is a page. */
static int show_dump(garm_ctx *c)
{
    const void *body = NULL;
    size_t size = 0;
    const char *name = "";
    GARM_TRY(garm_body(c, SIZE_MAX, &body, &size));
    GARM_TRY(garm_set_header(c, "Content-Type", "text/plain; charset=utf-8"));
    GARM_TRY(garm_set_header(c, "X-Content-Type-Options", "nosniff"));
    GARM_TRY(put_text(c, garm_strf(c, "%s %s HTTP/%s\r\n", garm_method(c), garm_target(c),
                                   garm_http_version(c))));
    for (size_t i = 0;; i++) {
        const char *const value = garm_header_at(c, i, &name);
        if (*name == '\0') {
            break;
        }
        GARM_TRY(put_text(c, garm_strf(c, "%s: %s\r\n", name, value)));
    }
    GARM_TRY(put_text(c, "\r\n"));
    return garm_write(c, body, size);
}

static int show_headers(garm_ctx *c)
{
    struct request_view req;
    GARM_TRY(view_request(c, &req));
    return garm_json(c, 200, req.headers);
}

static int show_ip(garm_ctx *c)
{
    const char *const origin = origin_of(c);
    return strcmp(garm_query(c, "format"), "text") == 0
               ? garm_text(c, 200, "%s\n", origin)
               : garm_json(c, 200, garm_kv("origin", origin));
}

/* A kv of NULL is null. */
static int show_user_agent(garm_ctx *c)
{
    const char *const agent =
        garm_has_header(c, "User-Agent") ? garm_header(c, "User-Agent") : NULL;
    return garm_json(c, 200, garm_kv("user-agent", agent));
}

void add_inspection(garm_app *app)
{
    garm_route(app, "GET /get", show_get);
    garm_route(app, "POST /post", show_body);
    garm_route(app, "PUT /put", show_body);
    garm_route(app, "PATCH /patch", show_body);
    garm_route(app, "DELETE /delete", show_body);
    add_for_all(app, "/anything", show_anything);
    add_for_all(app, "/anything/{path...}", show_anything);
    add_for_all(app, "/dump", show_dump);
    add_for_all(app, "/dump/request", show_dump);
    garm_route(app, "GET /headers", show_headers);
    garm_route(app, "GET /ip", show_ip);
    garm_route(app, "GET /user-agent", show_user_agent);
}
