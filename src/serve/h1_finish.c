/* The last byte of an answer: who wants to know when the kernel has it does not hold up the
 * requests that are pipelined behind. Their answers would leave with this one, so the connection,
 * and what was received, goes to another task, and this one keeps its stack, its head and its
 * arena. */
#include "serve/h1_exchange.h"
#include "serve/h1_serve.h"

#include <errno.h>
#include <string.h>

/* Worth a task of its own, and no more than the peer may keep us waiting with? */
static bool may_hand_over(const struct h1_exchange *h)
{
    const struct conn *const conn = h->conn;
    const struct rx *const rx = &conn->active->rx;
    const uint32_t received = rx->end - rx->start;
    return received > 0 && received <= RX_ROOM && conn->writable && !conn->last && h->x.body_done &&
           conn->holder_count < LIMIT_UNFINISHED_COUNT && conn->shard->phase != SHARD_ENDING;
}

/* The new task runs in the next turn. If it parks, the job behind it sends what is gathered. */
static int start_next(struct conn *conn)
{
    struct loop *const loop = &conn->shard->worker.loop;
    TRY(task_spawn(loop, "request", h1_serve, conn, &conn->active->task));
    job_cancel(&conn->job);
    loop_add(loop, &conn->job);
    return 0;
}

/* What was received behind this request goes to a block of its own, and on if a whole head is
 * there. */
static bool hand_over(struct h1_exchange *h)
{
    struct conn *const conn = h->conn;
    struct active *const own = conn->active;
    const struct rx *const rx = &own->rx;
    struct active *const next = active_new(conn->shard);
    if (next == NULL) {
        return false;
    }
    next->rx.end = rx->end - rx->start;
    memcpy(next->rx.base, rx->base + rx->start, next->rx.end);
    conn->active = next;
    conn_out_seal(conn);
    if (conn_parse(conn) != CONN_QUEUED || start_next(conn) < 0) {
        conn->active = own;
        active_free(conn->shard, next);
        return false;
    }
    h->handed_over = true;
    return true;
}

/* Those whose answers went out with this one run first: they were asked first. */
static void let_finish(void)
{
    task_mask();
    const int rc = task_yield();
    CHECK(rc == 0);
    task_unmask();
}

/* Sends what is gathered: as conn_flush, and what of it is not sent. */
static int flush(struct h1_exchange *h, uint32_t *ret_unsent)
{
    struct conn *const conn = h->conn;
    const int rc = conn_flush(conn, &h->out);
    *ret_unsent = rc < 0 && conn->out != NULL ? conn->out->len - conn->out->start : 0;
    if (conn->holder_count > 0) {
        let_finish();
    }
    return rc;
}

int h1_complete(struct exchange *x)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    struct conn *const conn = h->conn;
    uint32_t unsent = 0;
    int rc;
    if (x->gone || !x->finished) {
        return -ECONNRESET;
    }
    if (conn->out != NULL && may_hand_over(h) && hand_over(h)) {
        rc = conn_await_sent(conn, &unsent);
    } else {
        rc = flush(h, &unsent);
    }
    x->gone = conn->gone || conn->reset;
    x->bytes_out -= unsent < x->bytes_out ? unsent : x->bytes_out;
    return rc;
}
