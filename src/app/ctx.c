/* The life of a context: made for a request, a child or a job; ended when its deferred functions
 * ran. */
#include "app/ctx.h"

#include "app/tasks.h"
#include "base/sys.h"
#include "base/text.h"
#include "codec/h1.h"
#include "serve/server.h"

#include <stdio.h>

void ctx_init(garm_ctx *c, struct exchange *x, struct arena *arena, struct garm_worker *worker)
{
    c->x = x;
    c->arena = arena;
    c->worker = worker;
    c->loop = loop_self();
    c->route = &worker->application->root.options;
    c->at = 0;
    c->broken = 0;
    c->unrouted = 0;
    c->refused = false;
    c->plain = true;
    c->in_error_fn = false;
    c->cut = false;
    c->deadline = NULL;
    c->path = (struct slice){0};
    c->path_text = c->target_text = NULL;
    c->pins = 0;
    c->defers = NULL;
    c->late = NULL;
    c->keyed = NULL;
    c->groups = NULL;
    c->body.data = NULL;
    c->body.size = 0;
    buf_init(&c->body.heap, 0);
    c->body.json = NULL;
    c->complaint.error = 0;
    c->unfinished = NULL;
    c->decoded = 0;
    c->match.param_count = 0;

    struct reply *const reply = &c->reply;
    reply->state = REPLY_NONE;
    reply->status = 0;
    reply->rendered = reply->sealing = false;
    reply->error = 0;
    reply->release = NULL;
    reply->parts = NULL;
    reply->length = EXCHANGE_LENGTH_UNKNOWN;
    reply->body = (struct slice){0};
    reply->fields = reply->room;
    reply->field_count = 0;
    reply->field_cap = REPLY_FIELDS_ROOM;
    reply->head_hooks = NULL;
    reply->finish_hooks = NULL;
    reply->filters = NULL;
}

void ctx_deinit(garm_ctx *c)
{
    if (c->groups != NULL) {
        tasks_leave(c);
    }
    defer_run(&c->defers);
    if (c->groups != NULL) {
        tasks_leave(c);
    }
    defer_run(&c->late);
    if (c->body.heap.data != NULL) {
        buf_deinit(&c->body.heap);
    }
}

void *ctx_alloc(garm_ctx *c, size_t size)
{
    c->pins++;
    void *const memory = arena_alloc(c->arena, size);
    if (memory == NULL) {
        ctx_poison(c);
    }
    return memory;
}

const char *ctx_dup(garm_ctx *c, struct slice s)
{
    c->pins++;
    const char *const copy = arena_dup(c->arena, s);
    if (copy == NULL) {
        ctx_poison(c);
        return "";
    }
    return copy;
}

int ctx_after(garm_ctx *c, void (*fn)(void *arg), void *arg)
{
    struct defer *const defer = ctx_alloc(c, sizeof(*defer));
    if (defer == NULL) {
        fn(arg);
        return -ENOMEM;
    }
    defer_push(&c->late, defer, fn, arg);
    return 0;
}

void *ctx_alloc_large(garm_ctx *c, size_t size)
{
    void *const memory = mem_alloc(size);
    if (memory == NULL) {
        ctx_poison(c);
        return NULL;
    }
    return ctx_after(c, mem_free, memory) < 0 ? NULL : memory;
}

int ctx_complain(garm_ctx *c, int error, uint16_t status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    c->pins++;
    c->complaint.detail = arena_vprintf(c->arena, NULL, format, args);
    va_end(args);
    c->complaint.error = error;
    c->complaint.status = status;
    return error;
}

void ctx_poison(garm_ctx *c)
{
    if (c->broken == 0) {
        c->broken = 503;
    }
}

static void log_about(garm_ctx *c, enum log_level level, const char *format, va_list args)
{
    const struct logger *const logger = &c->worker->application->logger;
    char text[512];
    if (level < logger->threshold) {
        return;
    }
    vsnprintf(text, sizeof(text), format, args);
    if (c->x == NULL) {
        log_write(logger, level, "%s", text);
        return;
    }
    char target[200];
    const struct slice method = h1_span_slice(c->x->head->method_text, c->x->bytes);
    struct slice path = h1_span_slice(c->x->head->target, c->x->bytes);
    path.len = slice_find(path, '?'); /* queries have keys and passwords in them */
    text_printable(path, target, sizeof(target));
    log_write(logger, level, "%.*s %s (route \"%s\" %s): %s", SLICE_ARG(method), target,
              c->route->name, c->route->where, text);
}

void ctx_bug(garm_ctx *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_about(c, LOG_ERROR, format, args);
    va_end(args);
    c->broken = 500;
}

void ctx_log(garm_ctx *c, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_about(c, level, format, args);
    va_end(args);
}
