/* A reply's way out: the last hooks, the filters, then the exchange. */
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

static int filters_end(garm_ctx *c, struct buf *held)
{
    for (struct filter *filter = c->reply.filters; filter != NULL; filter = filter->next) {
        if (!filter->out && filter->ops->end != NULL) {
            garm_filter_out out = {c, filter->next, held};
            TRY(filter->ops->end(c, filter->arg, &out));
        }
    }
    return 0;
}

/* Asks each filter whether it takes part: 1 if one does. */
static int filters_begin(garm_ctx *c)
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

/* Has a hook or a filter broken the request after its reply was made? */
static int still_sound(const garm_ctx *c)
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

static struct exchange_head head_of(const garm_ctx *c, uint64_t length)
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
    const struct exchange_head head = head_of(c, length);
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
    rc = rc < 0 ? rc : still_sound(c);
    rc = rc < 0 ? rc : respond(c, held.len, buf_slice(&held));
    buf_deinit(&held);
    return rc;
}

static int send_bytes(garm_ctx *c)
{
    const int filtered =
        c->reply.filters != NULL && !status_bodiless(c->reply.status) ? filters_begin(c) : 0;
    TRY(filtered);
    TRY(still_sound(c));
    return filtered > 0 ? send_filtered(c) : respond(c, c->reply.body.len, c->reply.body);
}

/* A small file goes out as bytes, in one piece with its head. */
static int send_small_file(garm_ctx *c)
{
    const size_t size = (size_t)c->reply.length;
    char *const data = arena_alloc(c->arena, size);
    if (data == NULL) {
        return -ENOMEM;
    }
    for (size_t have = 0; have < size;) {
        const ssize_t n = sys_pread(c->reply.fd, data + have, size - have, (int64_t)have);
        if (n <= 0) {
            return n < 0 ? (int)n : -EIO;
        }
        have += (size_t)n;
    }
    return respond(c, size, slice_of(data, size));
}

/* A file through the filters, piece by piece. */
static int write_filtered_file(garm_ctx *c)
{
    char piece[4096];
    uint64_t offset = 0;
    while (offset < c->reply.length) {
        const ssize_t n = sys_pread(c->reply.fd, piece, sizeof(piece), (int64_t)offset);
        if (n <= 0) {
            return n < 0 ? (int)n : -EIO;
        }
        TRY(filters_data(c, c->reply.filters, NULL, piece, (size_t)n));
        offset += (uint64_t)n;
    }
    return filters_end(c, NULL);
}

static int send_file(garm_ctx *c)
{
    const int filtered = c->reply.filters != NULL ? filters_begin(c) : 0;
    TRY(filtered);
    TRY(still_sound(c));
    if (filtered == 0 && c->x->head->method == METHOD_HEAD) {
        return respond(c, c->reply.length, SLICE(""));
    }
    if (filtered == 0 && c->reply.length < LIMIT_REF_BYTES) {
        return send_small_file(c);
    }
    const struct exchange_head head =
        head_of(c, filtered > 0 ? EXCHANGE_LENGTH_UNKNOWN : c->reply.length);
    TRY(c->x->ops->head(c->x, &head));
    if (c->x->head->method != METHOD_HEAD) {
        TRY(filtered > 0 ? write_filtered_file(c)
                         : c->x->ops->write_file(c->x, c->reply.fd, 0, c->reply.length));
    }
    return c->x->ops->finish(c->x, NULL, 0);
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
    TRY(ctx_check(c));
    const struct exchange_head head =
        head_of(c, filtered > 0 ? EXCHANGE_LENGTH_UNKNOWN : reply->length);
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
    return c->x->ops->flush(c->x);
}

static int finish_stream(garm_ctx *c)
{
    if (c->x->finished) {
        return 0;
    }
    TRY(filters_end(c, NULL));
    return c->x->ops->finish(c->x, NULL, 0);
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
    int rc = c->reply.fd >= 0 ? send_file(c) : send_bytes(c);
    if (rc < 0 && !c->x->committed && !c->x->gone) {
        rc = send_failure(c, rc);
    }
    return rc;
}
