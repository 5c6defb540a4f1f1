/* The one place where errors become replies: by the group's error handler, else as problem+json
 * (RFC 9457) or HTML, whichever the client's Accept prefers. */
#include "app/reply.h"

#include "app/negotiate.h"
#include "app/problem.h"
#include "app/scratch.h"
#include "codec/status.h"

#include <garm/reply.h>
#include <garm/request.h>

#include <stdio.h>
#include <string.h>

enum { PAGE_JSON, PAGE_HTML, PAGE_COUNT };
static const char *const page_types[PAGE_COUNT] = {PROBLEM_JSON_TYPE, PROBLEM_HTML_TYPE};

/* JSON for whoever has no wish, or one that cannot be granted. */
static int choose_page(garm_ctx *c)
{
    const int choice = negotiate(slice_cstr(garm_header(c, "Accept")), page_types, PAGE_COUNT);
    return choice < 0 ? PAGE_JSON : choice;
}

/* The page in the arena; an empty one when memory runs out. */
static struct slice make_page(garm_ctx *c, int page, int status, const char *detail)
{
    const struct problem problem = {.status = status, .detail = detail};
    struct buf *const out = scratch_begin(c);
    const int rc = page == PAGE_JSON ? problem_json(&problem, out) : problem_html(&problem, out);
    const struct slice text = rc < 0 ? SLICE("") : scratch_dup(c, buf_slice(out));
    scratch_end(c);
    return text;
}

static void render_page(garm_ctx *c, int status, const char *detail)
{
    const int page = choose_page(c);
    const struct slice body = make_page(c, page, status, detail);
    if (body.len > 0) {
        (void)!reply_field_put(c, SLICE("Content-Type"), slice_cstr(page_types[page]));
    }
    reply_hold(c, status, body);
}

/* Lets the group's own error handler reply. While it runs the request counts as sound. */
static bool render_by_handler(garm_ctx *c, int status, int cause)
{
    garm_error_fn *const fn = c->route->on_error;
    if (fn == NULL || c->in_error_fn) {
        return false;
    }
    const uint16_t broken = c->broken;
    c->broken = 0;
    c->in_error_fn = true;
    const int rc = fn(c, status, cause);
    c->in_error_fn = false;
    const bool replied = rc == 0 && c->broken == 0 && c->reply.state != REPLY_NONE;
    c->broken = broken;
    return replied || c->x->committed;
}

void reply_render(garm_ctx *c, int status, int cause, const char *detail)
{
    reply_drop(c);
    if (status_bodiless(status)) {
        reply_hold(c, status, SLICE(""));
        c->reply.rendered = true;
        return;
    }
    reply_fields_drop_content(c);
    if (status == 405 && !reply_field_is_set(c, SLICE("Allow"))) {
        (void)!reply_set_allow(c);
    }
    if (!render_by_handler(c, status, cause)) {
        reply_drop(c);
        render_page(c, status, detail);
    }
    c->reply.rendered = true;
    c->reply.error = cause;
}

int garm_problem(garm_ctx *c, int status, const char *format, ...)
{
    TRY(reply_open(c, status));
    if (status < 400) {
        ctx_log(c, LOG_ERROR, "garm_problem with status %d was refused", status);
        return -EINVAL;
    }
    char detail[512];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    reply_fields_drop_content(c);
    render_page(c, status, detail);
    return ctx_check(c);
}
