/* Held replies: text, HTML, bytes, redirects, errors. Files are file.c's, streams stream.c's. */
#include "app/reply.h"

#include "codec/status.h"
#include "codec/target.h"

#include <garm/reply.h>

#include <string.h>

int reply_open(garm_ctx *c, int status)
{
    ctx_own(c);
    if (UNLIKELY(c->x == NULL)) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    if (UNLIKELY(c->reply.state != REPLY_NONE || c->reply.sealing)) {
        ctx_log(c, LOG_WARN, "a second reply was refused; garm_reply_reset drops the first");
        return -EALREADY;
    }
    if (UNLIKELY(status < 200 || status > 599)) {
        ctx_log(c, LOG_ERROR, "a reply with status %d was refused: 200 to 599 can be sent", status);
        return -EINVAL;
    }
    return 0;
}

void reply_hold(garm_ctx *c, int status, struct slice body)
{
    c->reply.state = REPLY_HELD;
    c->reply.status = (uint16_t)status;
    c->reply.body = body;
}

void reply_drop(garm_ctx *c)
{
    struct reply *const reply = &c->reply;
    if (reply->release != NULL) {
        reply->release(reply->holder);
        reply->release = NULL;
    }
    reply->parts = NULL;
    reply->state = REPLY_NONE;
    reply->status = 0;
    reply->rendered = false;
    reply->error = 0;
    reply->body = (struct slice){0};
    reply->length = EXCHANGE_LENGTH_UNKNOWN;
}

int reply_default_type(garm_ctx *c, struct slice type)
{
    static const struct slice name = SLICE_INIT("Content-Type");
    return reply_field_is_set(c, name) ? 0 : reply_field_put(c, name, type);
}

/* Formatted text in the request's arena. Text without a '%' takes the short way. */
static int format_body(garm_ctx *c, struct slice *ret_body, const char *format, va_list args)
{
    c->pins++;
    const size_t len = strlen(format);
    if (memchr(format, '%', len) == NULL) {
        ret_body->ptr = arena_dup(c->arena, slice_of(format, len));
        ret_body->len = len;
    } else {
        ret_body->ptr = arena_vprintf(c->arena, &ret_body->len, format, args);
    }
    if (ret_body->ptr == NULL) {
        ctx_poison(c);
        return -ENOMEM;
    }
    return 0;
}

int garm_text(garm_ctx *c, int status, const char *format, ...)
{
    struct slice body = {0};
    TRY(reply_open(c, status));
    va_list args;
    va_start(args, format);
    const int rc = format_body(c, &body, format, args);
    va_end(args);
    TRY(rc);
    TRY(reply_default_type(c, SLICE("text/plain; charset=utf-8")));
    reply_hold(c, status, body);
    return 0;
}

static int hold_copy(garm_ctx *c, int status, const void *data, size_t size)
{
    char *const copy = ctx_alloc(c, size);
    if (copy == NULL) {
        return -ENOMEM;
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    reply_hold(c, status, slice_of(copy, size));
    return 0;
}

int garm_html(garm_ctx *c, int status, const char *html)
{
    TRY(reply_open(c, status));
    TRY(reply_default_type(c, SLICE("text/html; charset=utf-8")));
    return hold_copy(c, status, html, strlen(html));
}

/* Content has a type (RFC 9110 section 8.3): the given one, else the one set, else the one that
 * says nothing. */
static int set_type(garm_ctx *c, const char *type, size_t size)
{
    if (type != NULL) {
        return reply_set_type(c, type);
    }
    return size == 0 ? 0 : reply_default_type(c, SLICE("application/octet-stream"));
}

int garm_bytes(garm_ctx *c, int status, const char *type, const void *data, size_t size)
{
    TRY(reply_open(c, status));
    TRY(set_type(c, type, size));
    return hold_copy(c, status, data, size);
}

int garm_bytes_view(garm_ctx *c, int status, const char *type, const void *data, size_t size)
{
    TRY(reply_open(c, status));
    TRY(set_type(c, type, size));
    reply_hold(c, status, slice_of(data, size));
    return 0;
}

int garm_redirect(garm_ctx *c, int status, const char *url)
{
    TRY(reply_open(c, status));
    if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) {
        ctx_log(c, LOG_ERROR, "garm_redirect with status %d was refused", status);
        return -EINVAL;
    }
    const struct slice raw = slice_cstr(url);
    char *const location = ctx_alloc(c, 3 * raw.len + 1);
    if (location == NULL) {
        return -ENOMEM;
    }
    /* What RFC 3986 reserves stays, and '%', for the URL may hold escapes already. */
    const size_t len = percent_encode(raw, ":/?#[]@!$&'()*+,;=%", location);
    location[len] = '\0';
    TRY(reply_field_put(c, SLICE("Location"), slice_of(location, len)));
    reply_hold(c, status, SLICE(""));
    return 0;
}

int garm_set_status(garm_ctx *c, int status)
{
    TRY(reply_open(c, status));
    c->reply.status = (uint16_t)status;
    return 0;
}

int garm_reply_reset(garm_ctx *c)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    if (c->x->committed || c->reply.sealing) {
        return -EALREADY;
    }
    reply_drop(c);
    c->reply.field_count = 0;
    return 0;
}

int garm_status(garm_ctx *c)
{
    ctx_own(c);
    return c->reply.state == REPLY_NONE ? 0 : c->reply.status;
}

int garm_error(garm_ctx *c)
{
    ctx_own(c);
    return c->reply.error;
}
