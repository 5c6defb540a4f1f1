/* The way of a request through the application (see dispatch.h). */
#include "app/dispatch.h"

#include "app/body.h"
#include "app/metrics.h"
#include "app/overload.h"
#include "app/own_stack.h"
#include "app/reply.h"
#include "app/unrouted.h"
#include "codec/target.h"
#include "serve/server.h"

#include <string.h>

/* Finding the route. */

static struct slice host_of(const struct exchange *x)
{
    return h1_span_slice(x->head->authority, x->bytes);
}

/* The path with its dot segments resolved; plain paths are used where they stand. */
static int resolve_path(garm_ctx *c)
{
    const struct h1_head *const head = c->x->head;
    const struct slice raw = h1_span_slice(head->path, c->x->bytes);
    if (LIKELY(head->path_plain && raw.len > 0)) {
        c->path = raw;
        return 0;
    }
    if (raw.len == 0) {
        c->path = SLICE("/");
        return 0;
    }
    char *const out = ctx_alloc(c, raw.len + 1);
    if (out == NULL) {
        return -ENOMEM;
    }
    const size_t len = path_resolve(raw, out);
    out[len] = '\0';
    c->path = slice_of(out, len);
    c->path_text = out;
    c->plain = memchr(out, '%', len) == NULL;
    return 0;
}

static void take_no_route(garm_ctx *c, uint16_t status)
{
    c->unrouted = status;
    c->route = unrouted_endpoint(c->worker->application, host_of(c->x), c->path, c->plain);
    c->match.param_count = 0;
}

static void find_route(garm_ctx *c)
{
    struct exchange *const x = c->x;
    const struct h1_head *const head = x->head;
    if (UNLIKELY(head->form == TARGET_ASTERISK || head->form == TARGET_AUTHORITY)) {
        take_no_route(c, unrouted_status(head, 404));
        return;
    }
    if (UNLIKELY(resolve_path(c) < 0)) {
        take_no_route(c, 404);
        return;
    }
    struct router_match *const match = &c->match;
    router_match(c->worker->application->router, head->method,
                 h1_span_slice(head->method_text, x->bytes), host_of(x), c->path, c->plain, match);
    if (LIKELY(match->status == 0)) {
        c->route = match->data;
    } else {
        take_no_route(c, unrouted_status(head, match->status));
    }
}

int reply_set_allow(garm_ctx *c)
{
    const struct application *const application = c->worker->application;
    char *const allow = ctx_alloc(c, sizeof(application->allow));
    if (allow == NULL) {
        return -ENOMEM;
    }
    const size_t len = unrouted_allow(application, host_of(c->x), c->path, c->plain, allow);
    return reply_field_put(c, SLICE("Allow"), slice_of(allow, len));
}

int answer_unrouted(garm_ctx *c)
{
    if (c->unrouted == 405 || c->unrouted == 204) {
        TRY(reply_set_allow(c));
    }
    return c->unrouted;
}

/* The chain. */

/* The chain of a request that is refused: of the middleware what is always run, then that. */
static int run_refusal(garm_ctx *c)
{
    const struct endpoint *const route = c->route;
    while (c->at + 1 < route->chain_count && !route->chain[c->at].always) {
        c->at++;
    }
    return c->at + 1 < route->chain_count ? route->chain[c->at].fn(c) : overload_answer(c);
}

/* Runs the chain from function `at` on. The handler does not run for a body that is known to be
 * too long. */
static int run_from(garm_ctx *c, size_t at)
{
    const struct endpoint *const route = c->route;
    const size_t caller = c->at;
    c->at = at;
    int rc = 0;
    if (UNLIKELY(c->refused)) {
        rc = run_refusal(c);
    } else if (UNLIKELY(at + 1 == route->chain_count && c->unrouted == 0 &&
                        c->x->head->content_length > 0 &&
                        (uint64_t)c->x->head->content_length > route->body_max)) {
        rc = body_too_long(c);
    } else {
        rc = route->chain[at].fn(c);
    }
    rc = judge(c, rc);
    c->at = caller;
    return rc;
}

int garm_next(garm_ctx *c)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    if (c->at + 1 >= c->route->chain_count) {
        ctx_bug(c, "garm_next was called by a handler: there is nothing behind it");
        return -EINVAL;
    }
    return run_from(c, c->at + 1);
}

void *garm_arg(garm_ctx *c)
{
    ctx_own(c);
    return c->x == NULL ? NULL : c->route->chain[c->at].arg;
}

/* Runs it under its deadline. */
static void run_chain(garm_ctx *c)
{
    const int64_t deadline_ns = c->route->deadline_ns;
    if (LIKELY(deadline_ns == 0)) {
        (void)!run_from(c, 0);
        return;
    }
    struct task_deadline deadline;
    task_deadline_begin(&deadline, c->x->start_ns + deadline_ns);
    c->deadline = &deadline;
    (void)!run_from(c, 0);
    c->deadline = NULL;
    task_deadline_end(&deadline);
}

/* The end. */

/* Calls them when the last byte is with the kernel, or the answer has failed. */
static void call_finish_hooks(garm_ctx *c, int error)
{
    struct exchange *const x = c->x;
    error = error < 0 ? error : x->ops->complete(x);
    const garm_outcome outcome = {
        .size = sizeof(outcome),
        .status = x->committed ? x->status : 0,
        .error = error,
        .bytes_in = x->bytes_in,
        .bytes_out = x->bytes_out,
        .duration_ns = c->loop->io->ops->now_ns(c->loop->io) - x->start_ns,
    };
    for (const struct finish_hook *hook = c->reply.finish_hooks; hook != NULL; hook = hook->next) {
        hook->fn(c, &outcome, hook->arg);
    }
}

/* Sends the reply. What cannot be completed any more is cut, so that it does not look complete. */
static int send_or_abort(garm_ctx *c)
{
    struct exchange *const x = c->x;
    const int rc = c->cut ? -ECONNRESET : reply_send(c);
    if (rc < 0 && !x->gone) {
        x->ops->abort(x);
    }
    return rc;
}

void serve_request(garm_ctx *c)
{
    run_chain(c);
    end_request(c);
}

void end_request(garm_ctx *c)
{
    const int rc = send_or_abort(c);
    if (c->worker->metrics != NULL) {
        metrics_end(c);
    }
    if (c->reply.finish_hooks != NULL) {
        call_finish_hooks(c, rc);
    }
    reply_drop(c);
    ctx_deinit(c);
}

void app_serve(struct exchange *x, void *worker_data)
{
    garm_ctx c;
    ctx_init(&c, x, x->arena, worker_data);
    if (c.worker->metrics != NULL) {
        metrics_begin(&c);
    }
    find_route(&c);
    x->body_max = c.route->body_max;
    x->stall_ms = c.route->stall_ms;
    task_set_name(c.route->task_name);
    if (UNLIKELY(--c.worker->overload.credit < 0)) {
        c.refused = overload_look(c.worker, !c.route->always);
    }
    if (UNLIKELY(c.route->stack_bytes > 0)) {
        serve_on_own_stack(&c);
    } else {
        serve_request(&c);
    }
}
