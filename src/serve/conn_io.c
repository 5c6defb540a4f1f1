/* Bytes in and out of a connection, for its task and for the head reader: the receive buffer, the
 * gathered output, and the waits between them. Knows nothing of HTTP. */
#include "serve/conn.h"

#include <errno.h>
#include <string.h>

/* Waiting. */

static bool withdraw(void *arg)
{
    struct conn *const conn = arg;
    conn->waiter = NULL;
    return true;
}

/* Has the peer had its first seconds, and moved less since than the floor asks for? */
static bool too_slow(const struct conn *conn, const struct pace *pace)
{
    const struct server_limits *const limits = &conn->shard->options->limits;
    const int64_t judged_ns = pace->waited_ns - (int64_t)limits->rate_grace_ms * NS_PER_MS;
    if (judged_ns <= 0 || pace->stall_ms != 0) {
        return false;
    }
    return pace->bytes < limits->rate_bytes_per_sec * (uint64_t)(judged_ns / NS_PER_MS) / 1000;
}

/* How long the peer may stay silent now: 0 if it is too slow already. The floor is held against it
 * when it has moved something and is not done; silence has the bound of its own. */
static int64_t patience(const struct conn *conn, struct pace *pace, uint32_t stall_ms)
{
    if (pace->bytes != pace->progress_bytes) {
        pace->progress_bytes = pace->bytes;
        pace->progress_ns = pace->waited_ns;
        pace->looked = false;
        if (too_slow(conn, pace)) {
            return 0;
        }
    }
    return (int64_t)stall_ms * NS_PER_MS - (pace->waited_ns - pace->progress_ns);
}

/* As conn_wait, but for look_ns at most: -EAGAIN after that. */
static int wait_a_while(struct conn *conn, unsigned what, struct pace *pace, uint32_t stall_ms,
                        int64_t look_ns)
{
    struct loop *const loop = &conn->shard->worker.loop;
    if (conn->gone) {
        return -ECONNRESET;
    }
    /* The edge may have come while the task was parked for something else. */
    if (((what & IO_READABLE) != 0 && conn->readable) ||
        ((what & IO_WRITABLE) != 0 && conn->writable)) {
        return 0;
    }
    const int64_t begin_ns = loop->now_ns;
    const int64_t patience_ns = patience(conn, pace, stall_ms);
    if (patience_ns <= 0) {
        return -ETIMEDOUT;
    }
    const bool looks = look_ns < patience_ns;
    conn->waiter = task_self();
    conn->waits_for = (uint8_t)what;
    const int rc = task_park(withdraw, conn, begin_ns + (looks ? look_ns : patience_ns));
    conn->waiter = NULL;
    pace->waited_ns += loop->now_ns - begin_ns;
    if (conn->gone) {
        return -ECONNRESET;
    }
    return rc == -ETIMEDOUT && looks ? -EAGAIN : rc;
}

int conn_wait(struct conn *conn, unsigned what, struct pace *pace, uint32_t stall_ms)
{
    return wait_a_while(conn, what, pace, pace->stall_ms != 0 ? pace->stall_ms : stall_ms,
                        INT64_MAX);
}

/* In. */

ssize_t conn_recv(struct conn *conn, void *buf, size_t cap)
{
    if (conn->eof) {
        return 0;
    }
    if (!conn->readable) {
        return -EAGAIN;
    }
    const ssize_t n = conn->stream.ops->recv(&conn->stream, buf, cap);
    if (n == -EAGAIN) {
        conn->readable = false;
    } else if (n == 0) {
        conn->eof = true;
    } else if (n < 0) {
        conn_lost(conn);
    } else {
        counter_add(&conn->shard->stats.bytes_in, (uint64_t)n);
        /* A short read took all there was: the next byte, and the FIN, make a new edge. */
        conn->readable = (size_t)n == cap || conn->fin;
    }
    return n;
}

/* A larger buffer, or a fresh one; what lies before `pin` stays where it is for as long as the
 * request does. */
static int grow(struct conn *conn)
{
    struct active *const active = conn->active;
    struct rx *const rx = &active->rx;
    const bool large = rx->cap == RX_BIG_SIZE;
    if (large && (rx->pin == 0 || active->retired != NULL)) {
        return rx->end < rx->cap ? 0 : -ENOBUFS;
    }
    char *const big = pool_get(&conn->shard->big_rxs);
    if (big == NULL) {
        return -ENOMEM;
    }
    memcpy(big, rx->base + rx->start, rx->end - rx->start);
    active->retired = large ? rx->base : NULL;
    *rx = (struct rx){.base = big, .cap = (uint32_t)RX_BIG_SIZE, .end = rx->end - rx->start};
    return 0;
}

static bool roomy(const struct rx *rx)
{
    return rx->cap - rx->end >= RX_ROOM_MIN;
}

static int make_room(struct conn *conn)
{
    struct rx *const rx = &conn->active->rx;
    if (rx->start == rx->end) {
        rx->start = rx->end = rx->pin;
    }
    if (!roomy(rx) && rx->start > rx->pin) {
        memmove(rx->base + rx->pin, rx->base + rx->start, rx->end - rx->start);
        rx->end -= rx->start - rx->pin;
        rx->start = rx->pin;
    }
    return roomy(rx) ? 0 : grow(conn);
}

ssize_t conn_fill(struct conn *conn)
{
    struct rx *const rx = &conn->active->rx;
    TRY(make_room(conn));
    const ssize_t n = conn_recv(conn, rx->base + rx->end, rx->cap - rx->end);
    if (n > 0) {
        rx->end += (uint32_t)n;
    }
    return n;
}

/* Out. */

static uint32_t gathered(const struct conn *conn)
{
    return conn->out == NULL ? 0 : conn->out->len - conn->out->start;
}

char *conn_out_reserve(struct conn *conn, size_t size, struct pace *pace, int *ret_error)
{
    if (conn->out != NULL && OUT_ROOM - conn->out->len < size) {
        const int rc = conn_flush(conn, pace);
        if (rc < 0) {
            *ret_error = rc;
            return NULL;
        }
    }
    if (conn->out == NULL) {
        conn->out = pool_get(&conn->shard->outs);
        if (conn->out == NULL) {
            *ret_error = -ENOMEM;
            return NULL;
        }
        conn->out->start = conn->out->len = conn->out->whole = 0;
        shard_expect_trim(conn->shard);
    }
    return conn->out->data + conn->out->len;
}

void conn_out_commit(struct conn *conn, size_t size)
{
    conn->out->len += (uint32_t)size;
}

void conn_out_seal(struct conn *conn)
{
    if (conn->out != NULL) {
        conn->out->whole = conn->out->len;
    }
}

void conn_out_cut(struct conn *conn)
{
    if (conn->out != NULL) {
        const uint32_t start = conn->out->start;
        conn->out->len = conn->out->whole > start ? conn->out->whole : start;
    }
}

/* Those whose answers are with the kernel now go on. */
static void wake_finished(struct conn *conn)
{
    struct unfinished *first = conn->unfinished;
    while (first != NULL && first->end <= conn->out->start) {
        conn->unfinished = first->next;
        task_wake(first->task, 0);
        first = conn->unfinished;
    }
}

void conn_out_sent(struct conn *conn, size_t n)
{
    conn->out->start += (uint32_t)n;
    counter_add(&conn->shard->stats.bytes_out, n);
    if (UNLIKELY(conn->unfinished != NULL)) {
        wake_finished(conn);
    }
}

void conn_lost(struct conn *conn)
{
    conn->gone = true;
    while (conn->unfinished != NULL) {
        struct unfinished *const first = conn->unfinished;
        conn->unfinished = first->next;
        first->unsent = first->end - conn->out->start;
        task_wake(first->task, -ECONNRESET);
    }
}

int conn_await_sent(struct conn *conn, uint32_t *ret_unsent)
{
    struct unfinished self = {.task = task_self(), .end = conn->out->len};
    struct unfinished **last = &conn->unfinished;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = &self;
    conn->holder_count++;
    const int rc = task_park(NULL, NULL, INT64_MAX);
    *ret_unsent = self.unsent;
    return rc;
}

static void sent(struct conn *conn, size_t n, struct slice *tail, struct pace *pace)
{
    const size_t from_out = n < gathered(conn) ? n : gathered(conn);
    if (from_out > 0) {
        conn_out_sent(conn, from_out);
    }
    if (n > from_out) {
        *tail = slice_of(tail->ptr + (n - from_out), tail->len - (n - from_out));
    }
    pace->bytes += n;
    counter_add(&conn->shard->stats.bytes_out, n - from_out);
}

static void out_done(struct conn *conn)
{
    pool_put(&conn->shard->outs, conn->out);
    conn->out = NULL;
    job_cancel(&conn->job);
}

/* The kernel asks for more only when much of what it holds is gone, which takes a slow peer longer
 * than silence may last. One that has taken what the floor asks for since the last look is not
 * silent. */
static void look(struct conn *conn, struct pace *pace, uint32_t look_ms)
{
    const uint64_t least = 1 + conn->shard->options->limits.rate_bytes_per_sec * look_ms / 1000;
    const int64_t taken = stream_taken(&conn->stream);
    if (pace->looked && taken - pace->taken >= (int64_t)least) {
        pace->progress_ns = pace->waited_ns;
    }
    pace->looked = true;
    pace->taken = taken;
}

static int wait_writable(struct conn *conn, struct pace *pace)
{
    const uint32_t stall_ms =
        pace->stall_ms != 0 ? pace->stall_ms : conn->shard->options->limits.write_stall_ms;
    const uint32_t look_ms = stall_ms / 4;
    int rc = wait_a_while(conn, IO_WRITABLE, pace, stall_ms, look_ms * NS_PER_MS);
    while (rc == -EAGAIN) {
        look(conn, pace, look_ms);
        rc = wait_a_while(conn, IO_WRITABLE, pace, stall_ms, look_ms * NS_PER_MS);
    }
    if (rc == -ETIMEDOUT) {
        conn->reset = true;
        conn_lost(conn);
    }
    return rc;
}

/* The result of a send that did not take a byte: 0 to try again, or the error. */
static int not_sent(struct conn *conn, ssize_t error, struct pace *pace)
{
    if (error == -EAGAIN) {
        conn->writable = false;
        return wait_writable(conn, pace);
    }
    conn_lost(conn);
    return -ECONNRESET;
}

/* After a full slice the others get their turn: a thousand clients that ask for megabytes must not
 * delay the next one by all of them. A cancelled task goes on, for what it can send without a wait.
 */
static void give_way(void)
{
    (void)!task_yield();
}

/* How much the kernel may hold for the peer. Of a file that is more, for sending in fewer, larger
 * steps costs a third less. But the kernel counts a file's pages as its own memory for TCP, all
 * connections together, and slows all down when that is short: so only few have it, and none that
 * has taken nothing yet. */
static void widen(struct conn *conn)
{
    if (!conn->wide && conn->shard->wide_count < LIMIT_UNSENT_FILE_COUNT) {
        conn->wide = true;
        conn->shard->wide_count++;
        stream_set_unsent_max(&conn->stream, LIMIT_UNSENT_FILE_BYTES);
    }
}

void conn_narrow(struct conn *conn)
{
    if (UNLIKELY(conn->wide)) {
        conn->wide = false;
        conn->shard->wide_count--;
        stream_set_unsent_max(&conn->stream, LIMIT_UNSENT_BYTES);
    }
}

int conn_send(struct conn *conn, struct slice tail, bool more, struct pace *pace)
{
    if (tail.len >= LIMIT_REF_BYTES) {
        conn_narrow(conn);
    }
    while (gathered(conn) > 0 || tail.len > 0) {
        if (conn->gone) {
            return -ECONNRESET;
        }
        if (!conn->writable) {
            TRY(wait_writable(conn, pace));
            continue; /* the loop may have sent what was gathered meanwhile */
        }
        struct iovec iov[2];
        size_t count = 0;
        if (gathered(conn) > 0) {
            iov[count++] = (struct iovec){conn->out->data + conn->out->start, gathered(conn)};
        }
        if (tail.len > 0) {
            const size_t len = tail.len < LIMIT_SEND_SLICE ? tail.len : LIMIT_SEND_SLICE;
            iov[count++] = (struct iovec){(void *)(uintptr_t)tail.ptr, len};
        }
        const ssize_t n = conn->stream.ops->send(&conn->stream, iov, count, more);
        if (n > 0) {
            sent(conn, (size_t)n, &tail, pace);
            if (tail.len > 0 && (size_t)n >= LIMIT_SEND_SLICE) {
                give_way();
            }
        } else {
            TRY(not_sent(conn, n, pace));
        }
    }
    if (conn->out != NULL) {
        out_done(conn);
    }
    return 0;
}

/* The file's errors, not the connection's. */
static bool is_file_error(ssize_t error)
{
    return error == -EIO || error == -EINVAL || error == -EOVERFLOW || error == -ENOMEM;
}

int conn_send_file(struct conn *conn, int fd, int64_t offset, uint64_t size, struct pace *pace)
{
    if (conn->out != NULL && size > 0) {
        TRY(conn_send(conn, slice_of(NULL, 0), true, pace));
    }
    while (size > 0) {
        if (conn->gone) {
            return -ECONNRESET;
        }
        if (!conn->writable) {
            TRY(wait_writable(conn, pace));
            if (size >= LIMIT_UNSENT_BYTES) {
                widen(conn);
            }
        }
        const size_t piece = size < LIMIT_FILE_SLICE ? (size_t)size : LIMIT_FILE_SLICE;
        const ssize_t n = conn->stream.ops->send_file(&conn->stream, fd, &offset, piece, false);
        if (n == 0 || is_file_error(n)) {
            return n == 0 ? -EIO : (int)n;
        }
        if (n == -EAGAIN) {
            conn->writable = false;
        } else if (n < 0) {
            conn_lost(conn);
        } else {
            size -= (uint64_t)n;
            pace->bytes += (uint64_t)n;
            counter_add(&conn->shard->stats.bytes_out, (uint64_t)n);
            if (size > 0 && (size_t)n == piece) {
                give_way();
            }
        }
    }
    return 0;
}
