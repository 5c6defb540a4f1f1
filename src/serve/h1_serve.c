/* The task of a connection: serves what is parsed, and answers what does not parse. One request at
 * a time, answers gathered, one flush. */
#include "serve/h1_serve.h"

#include "base/log.h"
#include "codec/status.h"
#include "serve/h1_exchange.h"

#include <stdio.h>

/* The answer to what is no request: problem+json (RFC 9457), for there is no Accept to choose
 * by. */
size_t h1_refusal_text(struct shard *shard, uint16_t status, const char *reason, bool to_head,
                       char *out)
{
    char body[512];
    const struct slice title = status_reason(status);
    const int body_len = snprintf(
        body, sizeof(body),
        "{\"type\":\"about:blank\",\"title\":\"%.*s\",\"status\":%u,\"detail\":\"%.256s\"}\n",
        SLICE_ARG(title), status, reason);
    const struct h1_response_field fields[] = {
        {SLICE("Content-Type"), SLICE("application/problem+json")},
    };
    const struct h1_response response = {
        .status = status,
        .framing = H1_FRAMING_LENGTH,
        .content_length = (uint64_t)body_len,
        .close = true,
        .prefix = shard_prefix(shard),
        .fields = fields,
        .field_count = 1,
    };
    CHECK(h1_response_size(&response) + (size_t)body_len <= REFUSAL_SIZE);
    char *const end = h1_response_write(&response, out);
    if (to_head) {
        return (size_t)(end - out);
    }
    memcpy(end, body, (size_t)body_len);
    return (size_t)(end - out) + (size_t)body_len;
}

static bool asks_for_head(const struct conn *conn)
{
    return conn->active->head.method == METHOD_HEAD;
}

static void refuse(struct conn *conn, const struct h1_error *error)
{
    struct pace pace = {0};
    int rc = 0;
    char peer[ADDRESS_TEXT_SIZE];
    counter_add(&conn->shard->stats.refused, 1);
    log_write(server_logger(conn->shard->worker.server), LOG_DEBUG,
              "refused peer=%s status=%u offset=%u reason=%s", address_text(&conn->peer, peer),
              error->status, error->offset, error->reason);
    conn->last = true;
    char *const out = conn_out_reserve(conn, REFUSAL_SIZE, &pace, &rc);
    if (out != NULL) {
        conn_out_commit(conn, h1_refusal_text(conn->shard, error->status, error->reason,
                                              asks_for_head(conn), out));
    }
}

void h1_refuse_without_task(struct conn *conn)
{
    char text[REFUSAL_SIZE];
    const size_t len =
        h1_refusal_text(conn->shard, 503, "too many requests are being served; try again",
                        asks_for_head(conn), text);
    const struct iovec iov = {text, len};
    if (conn->stream.ops->send(&conn->stream, &iov, 1, false) < 0) {
        conn->gone = true;
    }
}

/* Its answer is gathered or sent, and another task serves the connection. */
static void end_handed_over(struct h1_exchange *h)
{
    active_free(h->conn->shard, CONTAINER_OF(h->x.arena, struct active, arena));
    conn_part(h->conn);
}

/* Is the connection still this task's? */
static bool serve_one(struct conn *conn)
{
    struct shard *const shard = conn->shard;
    struct h1_exchange h;
    h1_exchange_init(&h, conn);
    counter_add(&shard->stats.requests, 1);
    shard->options->handler(&h.x, shard->worker.data);
    if (UNLIKELY(h.handed_over)) {
        end_handed_over(&h);
        return false;
    }
    h1_exchange_end(&h);
    arena_clear(&conn->active->arena);
    if (shard->phase != SHARD_ENDING) {
        task_cancel_clear(task_self());
    }
    return true;
}

/* The next request, as far as it is received. */
static enum conn_state next_request(struct conn *conn)
{
    struct active *const active = conn->active;
    active->rx.pin = 0;
    pool_put(&conn->shard->big_rxs, active->retired);
    active->retired = NULL;
    if (active->rx.start == active->rx.end) {
        return CONN_IDLE;
    }
    active->refusal.status = 0;
    h1_parser_init(&active->parser, active->parser.limits, &active->head);
    return conn_parse(conn);
}

/* What gathered output there is goes out at the end of this turn, if the task parks before it does
 * so itself. */
static void expect_park(struct conn *conn)
{
    if (conn->out != NULL) {
        loop_add(&conn->shard->worker.loop, &conn->job);
    }
}

void h1_serve(void *arg)
{
    struct conn *const conn = arg;
    enum conn_state next = CONN_QUEUED;
    conn->active->task = task_self();
    /* It may be gone before this task, to which it was handed over, has begun. */
    for (unsigned count = 0; next == CONN_QUEUED && count < LIMIT_PIPELINE_PER_TURN && !conn->gone;
         count++) {
        if (conn->active->refusal.status != 0) {
            refuse(conn, &conn->active->refusal);
            break;
        }
        if (!serve_one(conn)) {
            return;
        }
        if (conn->gone || conn->reset || conn->last) {
            break;
        }
        conn_out_seal(conn);
        next = next_request(conn);
        expect_park(conn);
    }
    struct pace pace = {0};
    if (conn_flush(conn, &pace) < 0) {
        conn->reset = true; /* a cut answer shall not look complete */
    }
    conn_release(conn, next);
}
