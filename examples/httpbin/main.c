/* httpbin: a service that answers with what it was asked, or as it was asked to; the API of
 * httpbin.org. `make run` starts it. Try: curl -d a=1 http://localhost:8000/post */
#include "httpbin.h"

#include <stdio.h>
#include <string.h>

/* The server's own answer to OPTIONS is 204 with Allow; httpbin.org's is 200. */
static int answer_options(garm_ctx *c)
{
    GARM_TRY(garm_next(c));
    if (garm_status(c) == 204) {
        const char *const allow = garm_dup(c, garm_res_header(c, "Allow"));
        GARM_TRY(garm_reply_reset(c));
        GARM_TRY(garm_set_header(c, "Allow", allow));
        GARM_TRY(garm_html(c, 200, ""));
    }
    GARM_TRY(garm_set_header(c, "Access-Control-Allow-Methods",
                             "GET, POST, PUT, DELETE, PATCH, OPTIONS"));
    GARM_TRY(garm_set_header(c, "Access-Control-Max-Age", "3600"));
    const char *const wanted = garm_header(c, "Access-Control-Request-Headers");
    return *wanted != '\0' ? garm_set_header(c, "Access-Control-Allow-Headers", wanted) : 0;
}

/* Pages from anywhere may call this service, with credentials: it keeps no secrets. */
static int allow_origins(garm_ctx *c)
{
    const char *const origin = garm_header(c, "Origin");
    if (strcmp(garm_method(c), "OPTIONS") == 0) {
        GARM_TRY(answer_options(c));
    }
    GARM_TRY(garm_set_header(c, "Access-Control-Allow-Origin", *origin != '\0' ? origin : "*"));
    GARM_TRY(garm_set_header(c, "Access-Control-Allow-Credentials", "true"));
    return strcmp(garm_method(c), "OPTIONS") == 0 ? 0 : garm_next(c);
}

/* JSON ends in a newline, so that a terminal's prompt stands on a line of its own. */

bool gets_newline(garm_ctx *c)
{
    return strcmp(garm_res_header(c, "Content-Type"), "application/json") == 0 &&
           garm_res_header(c, "Content-Encoding")[0] == '\0';
}

static int newline_begin(garm_ctx *c, void *arg)
{
    (void)arg;
    return !gets_newline(c);
}

static int newline_data(garm_ctx *c, void *last, const void *data, size_t size,
                        garm_filter_out *out)
{
    (void)c;
    if (size > 0) {
        *(char *)last = ((const char *)data)[size - 1];
    }
    return garm_filter_write(out, data, size);
}

static int newline_end(garm_ctx *c, void *last, garm_filter_out *out)
{
    (void)c;
    return *(char *)last == '\n' ? 0 : garm_filter_write(out, "\n", 1);
}

static int end_lines(garm_ctx *c)
{
    static const garm_filter_ops newline = {newline_begin, newline_data, newline_end, NULL};
    char *const last = garm_dup(c, " ");
    GARM_TRY(garm_filter(c, &newline, last));
    return garm_next(c);
}

void add_for_all(garm_app *app, const char *pattern, garm_handler *handler)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        char full[64];
        snprintf(full, sizeof(full), "%s %s", methods[i], pattern);
        garm_route(app, full, handler);
    }
}

GARM_APP(app)
{
    garm_use(app, allow_origins);
    garm_use(app, end_lines);
    garm_route(app, "GET /{$}", show_index);
    add_inspection(app);
    add_status(app);
    add_redirects(app);
    add_cookies(app);
    add_auth(app);
    add_caching(app);
    add_compressed(app);
    add_streams(app);
    add_range(app);
    add_formats(app);
    add_forms(app);
    add_dynamic(app);
    add_images(app);
}
