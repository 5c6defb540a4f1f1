/* A JSON reply that is written call by call: held, or streamed. */
#include "app/reply.h"

#include "app/json_member.h"

#include <garm/reply.h>

#define HELD_BYTES_MAX MIB(64)

struct garm_json_writer {
    garm_ctx *c; /* NULL: there was no memory for a writer */
    int status;
    bool streamed;
    bool finished;
    struct json json;
    struct buf out;
};

/* Sends a streamed reply's bytes on. */
static int drain(void *arg)
{
    garm_json_writer *const w = arg;
    const int rc = w->out.len == 0 ? 0 : garm_write(w->c, w->out.data, w->out.len);
    buf_clear(&w->out);
    return rc;
}

static void free_out(void *arg)
{
    garm_json_writer *const w = arg;
    buf_deinit(&w->out);
}

static garm_json_writer *new_writer(garm_ctx *c, int status, bool streamed)
{
    static garm_json_writer none; /* never written to */
    ctx_own(c);
    const int open = reply_open(c, status);
    garm_json_writer *const w = ctx_alloc(c, sizeof(*w));
    if (w == NULL) {
        return &none;
    }
    *w = (garm_json_writer){.c = c, .status = status, .streamed = streamed};
    buf_init(&w->out, HELD_BYTES_MAX);
    json_init(&w->json, &w->out);
    w->json.drain = streamed ? drain : NULL;
    w->json.arg = w;
    const int rc = open < 0 ? open : ctx_after(c, free_out, w);
    w->json.error = rc;
    return w;
}

garm_json_writer *garm_json_new(garm_ctx *c, int status)
{
    return new_writer(c, status, false);
}

garm_json_writer *garm_json_stream(garm_ctx *c, int status)
{
    garm_json_writer *const w = new_writer(c, status, true);
    if (w->c != NULL && w->json.error == 0) {
        int rc = garm_set_status(c, status);
        rc = rc < 0 ? rc : reply_default_type(c, SLICE("application/json"));
        w->json.error = rc;
        c->unfinished = rc < 0 ? NULL : w;
    }
    return w;
}

/* May a call go on? */
static bool enter(garm_json_writer *w)
{
    if (w->c == NULL) {
        return false;
    }
    ctx_own(w->c);
    if (w->finished && w->json.error == 0) {
        w->json.error = -EINVAL;
    }
    return w->json.error == 0;
}

/* What a call returns. The first misuse is logged. */
static int leave(garm_json_writer *w, bool entered)
{
    if (w->c == NULL) {
        return -ENOMEM;
    }
    if (w->json.error == 0 && w->out.error != 0) {
        w->json.error = w->out.error;
    }
    if (entered && w->json.error == -ENOMEM) {
        ctx_poison(w->c);
    } else if (entered && (w->json.error == -EINVAL || w->json.error == -EOVERFLOW)) {
        ctx_log(w->c, LOG_ERROR, "calls that make no JSON were refused: %s",
                w->json.error == -EINVAL ? "a name, a value or an end too many or too few"
                                         : "too many levels");
    }
    return w->json.error;
}

int garm_json_begin_object(garm_json_writer *w, const char *name)
{
    const bool entered = enter(w);
    if (entered) {
        json_write_name(&w->json, name);
        json_begin_object(&w->json);
    }
    return leave(w, entered);
}

int garm_json_begin_array(garm_json_writer *w, const char *name)
{
    const bool entered = enter(w);
    if (entered) {
        json_write_name(&w->json, name);
        json_begin_array(&w->json);
    }
    return leave(w, entered);
}

int garm_json_end(garm_json_writer *w)
{
    const bool entered = enter(w);
    if (entered && json_in_object(&w->json)) {
        json_end_object(&w->json);
    } else if (entered) {
        json_end_array(&w->json);
    }
    return leave(w, entered);
}

int garm_json_put(garm_json_writer *w, garm_json_member member)
{
    const bool entered = enter(w);
    if (entered) {
        json_write_name(&w->json, member.name);
        json_write_member(&w->json, &member);
    }
    return leave(w, entered);
}

int garm_json_flush(garm_json_writer *w)
{
    const bool entered = enter(w);
    if (entered && w->streamed) {
        const int rc = drain(w);
        w->json.error = rc < 0 ? rc : garm_flush(w->c);
    }
    return leave(w, entered);
}

static int finish_held(garm_json_writer *w)
{
    TRY(reply_open(w->c, w->status));
    TRY(reply_default_type(w->c, SLICE("application/json")));
    reply_hold(w->c, w->status, buf_slice(&w->out));
    return 0;
}

int garm_json_finish(garm_json_writer *w)
{
    const bool entered = enter(w);
    if (entered) {
        w->json.error = json_finish(&w->json);
    }
    if (entered && w->json.error == 0) {
        w->json.error = w->streamed ? drain(w) : finish_held(w);
        w->finished = true;
    }
    const int rc = leave(w, entered);
    if (rc == 0) {
        w->c->unfinished = NULL;
    }
    return rc;
}
