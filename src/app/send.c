/* A reply's way out: the last hooks, the filters, then the exchange. */
#include "app/file_reply.h"
#include "app/reply.h"

#include "base/limits.h"
#include "base/sys.h"
#include "codec/status.h"

#include <garm/reply.h>

#include <string.h>

/* What filters may make of a held body. */
#define FILTERED_BYTES_MAX MIB(64)

struct garm_filter_out {
    garm_ctx *c;
    struct filter *next;
    struct buf *held; /* where a held body's output goes; NULL: to the client */
};

/* Filters. */

int filters_data(garm_ctx *c, struct filter *filter, struct buf *held, const void *data,
                 size_t size)
{
    while (filter != NULL && filter->out) {
        filter = filter->next;
    }
    if (filter != NULL) {
        garm_filter_out out = {c, filter->next, held};
        return filter->ops->data(c, filter->arg, data, size, &out);
    }
    return held != NULL ? buf_append(held, data, size) : c->x->ops->write(c->x, data, size);
}

int garm_filter_write(garm_filter_out *out, const void *data, size_t size)
{
    return size == 0 ? 0 : filters_data(out->c, out->next, out->held, data, size);
}

int filters_end(garm_ctx *c, struct buf *held)
{
    for (struct filter *filter = c->reply.filters; filter != NULL; filter = filter->next) {
        if (!filter->out && filter->ops->end != NULL) {
            garm_filter_out out = {c, filter->next, held};
            TRY(filter->ops->end(c, filter->arg, &out));
        }
    }
    return 0;
}

static int filters_flush(garm_ctx *c)
{
    for (struct filter *filter = c->reply.filters; filter != NULL; filter = filter->next) {
        if (!filter->out && filter->ops->flush != NULL) {
            garm_filter_out out = {c, filter->next, NULL};
            TRY(filter->ops->flush(c, filter->arg, &out));
        }
    }
    return 0;
}

int filters_begin(garm_ctx *c)
{
    int active = 0;
    for (struct filter *filter = c->reply.filters; filter != NULL; filter = filter->next) {
        const int rc = filter->ops->begin != NULL ? filter->ops->begin(c, filter->arg) : 0;
        TRY(rc);
        filter->out = rc > 0;
        active = filter->out ? active : 1;
    }
    return active;
}

/* Heads. */

int reply_still_sound(const garm_ctx *c)
{
    return c->reply.rendered && c->reply.status == c->broken ? 0 : ctx_check(c);
}

/* Each of them once, also when the head is not sent after it, and another one takes its place. */
static void call_head_hooks(garm_ctx *c)
{
    c->reply.sealing = true;
    while (c->reply.head_hooks != NULL) {
        const struct head_hook *const hook = c->reply.head_hooks;
        c->reply.head_hooks = hook->next;
        hook->fn(c, hook->arg);
    }
}

struct exchange_head reply_head(const garm_ctx *c, uint64_t length)
{
    return (struct exchange_head){
        .status = c->reply.status,
        .length = length,
        .fields = c->reply.fields,
        .field_count = c->reply.field_count,
    };
}

/* Held replies. */

static int respond(garm_ctx *c, uint64_t length, struct slice body)
{
    const struct exchange_head head = reply_head(c, length);
    return c->x->ops->respond(c->x, &head, body);
}

/* The whole held body through the filters: its new length is known before the head is sealed. */
static int send_filtered(garm_ctx *c)
{
    struct buf held;
    buf_init(&held, FILTERED_BYTES_MAX);
    int rc = c->reply.body.len == 0
                 ? 0
                 : filters_data(c, c->reply.filters, &held, c->reply.body.ptr, c->reply.body.len);
    rc = rc < 0 ? rc : filters_end(c, &held);
    rc = rc < 0 ? rc : reply_still_sound(c);
    rc = rc < 0 ? rc : respond(c, held.len, buf_slice(&held));
    buf_deinit(&held);
    return rc;
}

static int send_bytes(garm_ctx *c)
{
    const int filtered =
        c->reply.filters != NULL && !status_bodiless(c->reply.status) ? filters_begin(c) : 0;
    TRY(filtered);
    TRY(reply_still_sound(c));
    return filtered > 0 ? send_filtered(c) : respond(c, c->reply.body.len, c->reply.body);
}

/* What cannot be sent as it is becomes a plain 500 or 503. */
static int send_failure(garm_ctx *c, int rc)
{
    const uint16_t status = c->broken != 0 ? c->broken : rc == -ENOMEM ? 503 : 500;
    ctx_log(c, LOG_ERROR, "the reply could not be sent: %s", sys_error_text(rc));
    reply_drop(c);
    c->reply.field_count = 0;
    c->in_error_fn = true; /* the custom one may be what failed */
    reply_render(c, status, rc, NULL);
    return respond(c, c->reply.body.len, c->reply.body);
}

/* Streams. */

/* Sends the head of a streamed reply, once. */
static int commit_stream(garm_ctx *c)
{
    struct reply *const reply = &c->reply;
    reply->status = reply->status == 0 ? 200 : reply->status;
    call_head_hooks(c);
    const int filtered =
        reply->filters != NULL && !status_bodiless(reply->status) ? filters_begin(c) : 0;
    reply->sealing = false;
    TRY(filtered);
    if (!status_bodiless(reply->status)) {
        TRY(reply_default_type(c, SLICE("application/octet-stream")));
    }
    TRY(reply_announce_trailers(c));
    TRY(ctx_check(c));
    const struct exchange_head head =
        reply_head(c, filtered > 0 ? EXCHANGE_LENGTH_UNKNOWN : reply->length);
    TRY(c->x->ops->head(c->x, &head));
    reply->state = REPLY_STREAMING;
    return 0;
}

/* Makes a streamed reply of this one, if it is none yet. */
static int stream_open(garm_ctx *c)
{
    if (c->reply.state == REPLY_STREAMING) {
        ctx_own(c);
        return ctx_check(c);
    }
    TRY(reply_open(c, 200));
    return commit_stream(c);
}

int garm_write(garm_ctx *c, const void *data, size_t size)
{
    TRY(stream_open(c));
    return size == 0 ? 0 : filters_data(c, c->reply.filters, NULL, data, size);
}

int garm_flush(garm_ctx *c)
{
    TRY(stream_open(c));
    TRY(filters_flush(c));
    return c->x->ops->flush(c->x);
}

static int finish_stream(garm_ctx *c)
{
    if (c->x->finished) {
        return 0;
    }
    TRY(filters_end(c, NULL));
    size_t count = 0;
    const struct h1_response_field *const trailers = reply_trailers(c, &count);
    return c->x->ops->finish(c->x, trailers, count);
}

int reply_send(garm_ctx *c)
{
    if (c->reply.state == REPLY_STREAMING) {
        return finish_stream(c);
    }
    if (c->reply.head_hooks != NULL) {
        call_head_hooks(c);
    }
    c->reply.sealing = true;
    int rc = c->reply.parts != NULL ? file_send(c) : send_bytes(c);
    if (rc < 0 && !c->x->committed && !c->x->gone) {
        rc = send_failure(c, rc);
    }
    return rc;
}
