/* A connection's life: readiness, heads, deadlines, linger. Everything here runs in the loop; what
 * runs on a task is in h1_serve.c. */
#include "serve/conn.h"

#include "base/sys.h"
#include "serve/h1_serve.h"

#include <errno.h>

static void on_ready(struct io_watch *watch, unsigned ready);
static void on_timer(struct timer *timer);
static void on_job(struct job *job);
static void read_head(struct conn *conn);
static void linger(struct conn *conn);

static struct loop *loop_of(const struct conn *conn)
{
    return &conn->shard->worker.loop;
}

static void set_timer(struct conn *conn, uint32_t ms)
{
    struct loop *const loop = loop_of(conn);
    timer_set(&loop->timers, &conn->timer, loop->now_ns + (int64_t)ms * NS_PER_MS);
}

static const struct server_limits *limits_of(const struct conn *conn)
{
    return &conn->shard->options->limits;
}

/* Borrowing and giving back. */

struct active *active_new(struct shard *shard)
{
    struct active *const active = pool_get(&shard->actives);
    if (active == NULL) {
        return NULL;
    }
    const struct server_limits *const limits = &shard->options->limits;
    shard_expect_trim(shard);
    active->rx = (struct rx){.base = active->rx_room, .cap = RX_ROOM};
    active->retired = NULL;
    active->refusal.status = 0;
    active->task = NULL;
    arena_init(&active->arena, active->arena_room, ARENA_ROOM, limits->arena_bytes);
    h1_parser_init(&active->parser, &limits->h1, &active->head);
    return active;
}

void active_free(struct shard *shard, struct active *active)
{
    if (active == NULL) {
        return;
    }
    if (active->rx.base != active->rx_room) {
        pool_put(&shard->big_rxs, active->rx.base);
    }
    pool_put(&shard->big_rxs, active->retired);
    arena_deinit(&active->arena);
    pool_put(&shard->actives, active);
}

static bool activate(struct conn *conn)
{
    conn->active = active_new(conn->shard);
    if (conn->active == NULL) {
        return false;
    }
    counter_add(&conn->shard->stats.active, 1);
    return true;
}

static void deactivate(struct conn *conn)
{
    if (conn->active != NULL) {
        active_free(conn->shard, conn->active);
        counter_add(&conn->shard->stats.active, (uint64_t)-1);
        conn->active = NULL;
    }
}

/* Gives the block back, unless it holds empty lines that came before a request. */
static void settle(struct conn *conn)
{
    const struct active *const active = conn->active;
    if (active != NULL && active->rx.start == active->rx.end) {
        deactivate(conn);
    }
}

static void free_conn(struct grave *grave)
{
    mem_free(CONTAINER_OF(grave, struct conn, grave));
}

static void bury(struct conn *conn)
{
    if (conn->holder_count == 0) {
        loop_bury(loop_of(conn), &conn->grave, free_conn);
    }
}

void conn_part(struct conn *conn)
{
    conn->holder_count--;
    if (conn->state == CONN_DEAD) {
        bury(conn);
    }
}

static void end(struct conn *conn)
{
    struct shard *const shard = conn->shard;
    if (conn->state == CONN_DEAD) {
        return;
    }
    counter_add(&shard->stats.closing, conn->state == CONN_LINGER ? (uint64_t)-1 : 0);
    conn_lost(conn);
    conn->state = CONN_DEAD;
    conn_narrow(conn);
    stream_close(&conn->stream, conn->reset);
    timer_stop(&loop_of(conn)->timers, &conn->timer);
    job_cancel(&conn->job);
    pool_put(&shard->outs, conn->out);
    conn->out = NULL;
    deactivate(conn);
    list_remove(&conn->node);
    shard->conn_count--;
    counter_add(&shard->stats.connections, (uint64_t)-1);
    bury(conn);
    shard_conn_gone(shard);
}

void conn_open(struct shard *shard, int fd, const struct address *peer)
{
    struct io *const io = shard->worker.loop.io;
    struct conn *const conn = mem_zalloc(sizeof(*conn));
    if (conn == NULL) {
        io->ops->close(io, fd, true);
        return;
    }
    conn->shard = shard;
    conn->state = CONN_IDLE;
    conn->writable = true;
    conn->peer = *peer;
    job_init(&conn->job, on_job);
    timer_init(&conn->timer, on_timer);
    if (stream_open(&conn->stream, io, fd, on_ready) < 0) {
        mem_free(conn);
        return;
    }
    list_push_back(&shard->conns, &conn->node);
    shard->conn_count++;
    counter_add(&shard->stats.accepted, 1);
    counter_add(&shard->stats.connections, 1);
    set_timer(conn, limits_of(conn)->silent_ms);
}

/* Readiness. */

static void on_gone(struct conn *conn)
{
    conn_lost(conn);
    if (conn->state != CONN_RUNNING) {
        end(conn);
        return;
    }
    task_cancel(conn->active->task, CANCEL_CLIENT_GONE);
}

static bool wake_waiter(struct conn *conn, unsigned ready)
{
    if (conn->waiter == NULL || (ready & conn->waits_for) == 0) {
        return false;
    }
    struct task *const task = conn->waiter;
    conn->waiter = NULL;
    task_wake(task, 0);
    return true;
}

static void drop_input(struct conn *conn)
{
    char scratch[KIB(4)];
    while (conn->readable) {
        const ssize_t n = conn_recv(conn, scratch, sizeof(scratch));
        if (n <= 0 && n != -EAGAIN) {
            end(conn);
            return;
        }
        if (n >= (ssize_t)conn->linger_bytes) {
            end(conn);
            return;
        }
        conn->linger_bytes -= n > 0 ? (uint32_t)n : 0;
    }
}

static void on_ready(struct io_watch *watch, unsigned ready)
{
    struct conn *const conn = CONTAINER_OF(watch, struct conn, stream.watch);
    if ((ready & (IO_READABLE | IO_PEER_SHUT)) != 0) {
        conn->readable = true;
        conn->fin = conn->fin || (ready & IO_PEER_SHUT) != 0;
    }
    if ((ready & IO_WRITABLE) != 0) {
        conn->writable = true;
    }
    /* While it lingers, both sides may have ended with input unread: a close would be an RST. */
    if ((ready & IO_GONE) != 0 && conn->state == CONN_LINGER) {
        conn->readable = true;
    } else if ((ready & IO_GONE) != 0) {
        on_gone(conn);
        return;
    }
    switch ((enum conn_state)conn->state) {
    case CONN_IDLE:
    case CONN_HEAD:
        if (conn->readable) {
            read_head(conn);
        }
        break;
    case CONN_RUNNING:
        if (!wake_waiter(conn, ready) && conn->writable && conn->out != NULL) {
            loop_add(loop_of(conn), &conn->job);
        }
        break;
    case CONN_LINGER: drop_input(conn); break;
    case CONN_QUEUED:
    case CONN_DEAD: break;
    }
}

/* Heads. */

static void enqueue(struct conn *conn)
{
    conn->state = CONN_QUEUED;
    loop_add(loop_of(conn), &conn->job);
}

static void refuse(struct conn *conn, uint16_t status, const char *reason)
{
    conn->active->refusal = (struct h1_error){.status = status, .reason = reason};
    enqueue(conn);
}

enum conn_state conn_parse(struct conn *conn)
{
    struct active *const active = conn->active;
    struct rx *const rx = &active->rx;
    if (rx->start == rx->end) {
        return CONN_IDLE;
    }
    switch (h1_head_parse(&active->parser, rx->base + rx->start, rx->end - rx->start)) {
    case H1_DONE: return CONN_QUEUED;
    case H1_BAD: active->refusal = active->parser.error; return CONN_QUEUED;
    case H1_MORE: break;
    }
    return h1_parser_idle(&active->parser) ? CONN_IDLE : CONN_HEAD;
}

static void on_head_eof(struct conn *conn)
{
    if (conn->state == CONN_HEAD) {
        refuse(conn, 400, "the request ends inside its head");
    } else {
        end(conn);
    }
}

/* Reads until a head is complete, or nothing more is there. */
static void read_head(struct conn *conn)
{
    if (conn->active == NULL && !activate(conn)) {
        conn->reset = true;
        end(conn);
        return;
    }
    while (conn->readable) {
        const ssize_t n = conn_fill(conn);
        if (n == -EAGAIN) {
            break;
        }
        if (n == 0) {
            on_head_eof(conn);
            return;
        }
        if (n < 0) {
            end(conn);
            return;
        }
        const enum conn_state next = conn_parse(conn);
        if (next == CONN_QUEUED) {
            enqueue(conn);
            return;
        }
        if (conn->state == CONN_IDLE && next == CONN_HEAD) {
            set_timer(conn, limits_of(conn)->head_ms);
        }
        conn->state = (uint8_t)next;
    }
    if (conn->state == CONN_IDLE) {
        settle(conn);
        if (conn->shard->phase != SHARD_SERVING) {
            linger(conn);
        }
    }
}

/* Deadlines of the phases in which no task runs. */
static void on_timer(struct timer *timer)
{
    struct conn *const conn = CONTAINER_OF(timer, struct conn, timer);
    switch ((enum conn_state)conn->state) {
    case CONN_HEAD: refuse(conn, 408, "the request head took too long"); break;
    case CONN_IDLE:
    case CONN_LINGER: end(conn); break;
    case CONN_QUEUED:
    case CONN_RUNNING:
    case CONN_DEAD: break;
    }
}

/* A turn of its own. */

static void flush_gathered(struct conn *conn)
{
    struct out *const out = conn->out;
    const bool task_sends = conn->waiter != NULL && (conn->waits_for & IO_WRITABLE) != 0;
    if (out == NULL || task_sends || !conn->writable) {
        return;
    }
    const struct iovec iov = {out->data + out->start, out->len - out->start};
    const ssize_t n = conn->stream.ops->send(&conn->stream, &iov, 1, false);
    if (n > 0) {
        conn_out_sent(conn, (size_t)n);
        if (out->start == out->len) {
            out->start = out->len = out->whole = 0;
        }
    } else if (n == -EAGAIN) {
        conn->writable = false;
    } else if (n < 0) {
        on_gone(conn);
    }
}

static void on_job(struct job *job)
{
    struct conn *const conn = CONTAINER_OF(job, struct conn, job);
    switch ((enum conn_state)conn->state) {
    case CONN_QUEUED:
        conn->state = CONN_RUNNING;
        if (task_run(loop_of(conn), "request", h1_serve, conn) < 0) {
            counter_add(&conn->shard->stats.no_stack, 1);
            h1_refuse_without_task(conn);
            linger(conn);
        }
        break;
    case CONN_RUNNING: flush_gathered(conn); break;
    case CONN_IDLE:
    case CONN_HEAD: read_head(conn); break;
    case CONN_LINGER:
    case CONN_DEAD: break;
    }
}

/* Ends. */

static void linger(struct conn *conn)
{
    if (conn->eof || conn->gone || conn->stream.ops->shut_write(&conn->stream) < 0) {
        end(conn);
        return;
    }
    conn->state = CONN_LINGER;
    counter_add(&conn->shard->stats.closing, 1);
    conn->linger_bytes = LIMIT_LINGER_BYTES;
    deactivate(conn);
    pool_put(&conn->shard->outs, conn->out);
    conn->out = NULL;
    set_timer(conn, limits_of(conn)->linger_ms);
    drop_input(conn);
}

static void to_idle(struct conn *conn)
{
    settle(conn);
    conn->served = true;
    if (conn->eof) {
        end(conn);
        return;
    }
    set_timer(conn, limits_of(conn)->idle_ms);
    if (conn->readable || conn->shard->phase != SHARD_SERVING) {
        conn->readable = true;
        loop_add(loop_of(conn), &conn->job);
    }
}

void conn_release(struct conn *conn, enum conn_state next)
{
    conn->active->task = NULL;
    job_cancel(&conn->job);
    if (conn->gone || conn->reset) {
        end(conn);
        return;
    }
    if (conn->last && conn->shard->phase != SHARD_ENDING) {
        linger(conn);
        return;
    }
    if (conn->last) {
        end(conn);
        return;
    }
    conn->state = (uint8_t)next;
    conn->readable = conn->readable || conn->eof;
    switch (next) {
    case CONN_IDLE: to_idle(conn); break;
    case CONN_QUEUED: enqueue(conn); break;
    default:
        set_timer(conn, limits_of(conn)->head_ms);
        if (conn->readable) {
            loop_add(loop_of(conn), &conn->job);
        }
        break;
    }
}

void conn_kill(struct conn *conn, enum cancel_reason reason)
{
    if (conn->state == CONN_RUNNING) {
        conn->last = true;
        task_cancel(conn->active->task, reason);
    } else {
        end(conn);
    }
}

void conn_drain(struct conn *conn)
{
    if (conn->state == CONN_IDLE) {
        conn->readable = true;
        read_head(conn);
    }
}
