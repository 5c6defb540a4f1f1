/* The request body of an HTTP/1.1 exchange: its framing, its bounds, and how fast it must come (RFC
 * 9112 sections 6 and 7). */
#include "serve/h1_exchange.h"

#include <errno.h>
#include <string.h>

static const struct server_limits *limits_of(const struct h1_exchange *h)
{
    return &h->conn->shard->options->limits;
}

static ssize_t fault(struct h1_exchange *h, uint16_t status, const char *reason, int error)
{
    h->x.fault = status;
    h->x.fault_reason = reason;
    h->x.close = true;
    return error;
}

static ssize_t fault_of(const struct h1_exchange *h)
{
    switch (h->x.fault) {
    case 408: return -ETIMEDOUT;
    case 413: return -EMSGSIZE;
    case 503: return -ENOMEM;
    default: return -EBADMSG;
    }
}

/* The client may be waiting for a word before it sends its body (RFC 9110 section 10.1.1). */
static int send_continue(struct h1_exchange *h)
{
    h->continued = true;
    return conn_send(h->conn, SLICE("HTTP/1.1 100 Continue\r\n\r\n"), false, &h->out);
}

/* After a receive that gave nothing: waits, or tells why there is no use in it. */
static int await_body(struct h1_exchange *h, ssize_t received)
{
    struct conn *const conn = h->conn;
    if (received == 0) {
        return (int)fault(h, 400, "the connection ended inside the body", -EBADMSG);
    }
    if (received == -ENOBUFS) {
        return (int)fault(h, 431, "the trailer section is too large", -EBADMSG);
    }
    if (received != -EAGAIN) {
        h->x.gone = conn->gone;
        return conn->gone ? -ECONNRESET : (int)received;
    }
    if (!h->continued && !h->x.committed) {
        TRY(send_continue(h));
    } else if (conn->out != NULL && !h->x.committed) {
        TRY(conn_flush(conn, &h->out));
    } else if (conn->out != NULL) {
        /* Of an answer that has begun what is there goes out when this turn ends: to wait for that
         * here could be to wait for a client that waits for us to read. */
        loop_add(&conn->shard->worker.loop, &conn->job);
    }
    h->in.stall_ms = h->x.stall_ms;
    const int rc = conn_wait(conn, IO_READABLE | IO_PEER_SHUT, &h->in, limits_of(h)->body_stall_ms);
    if (rc == -ETIMEDOUT) {
        return (int)fault(h, 408, "the body came too slowly", -ETIMEDOUT);
    }
    h->x.gone = conn->gone;
    return rc;
}

/* More bytes behind those received: their count, never 0, or a negative errno. */
static ssize_t fill(struct h1_exchange *h)
{
    for (;;) {
        const ssize_t n = conn_fill(h->conn);
        if (n > 0) {
            h->in.bytes += (uint64_t)n;
            return n;
        }
        TRY(await_body(h, n));
    }
}

static size_t take(struct rx *rx, void *buf, size_t cap)
{
    const size_t have = rx->end - rx->start;
    const size_t n = have < cap ? have : cap;
    memcpy(buf, rx->base + rx->start, n);
    rx->start += (uint32_t)n;
    return n;
}

static ssize_t read_length(struct h1_exchange *h, void *buf, size_t cap)
{
    struct rx *const rx = &h->conn->active->rx;
    if (h->body_left < cap) {
        cap = (size_t)h->body_left;
    }
    size_t n = take(rx, buf, cap);
    while (n == 0) {
        const ssize_t got = conn_recv(h->conn, buf, cap);
        if (got <= 0) {
            TRY(await_body(h, got));
            continue;
        }
        n = (size_t)got;
        h->in.bytes += n;
    }
    h->body_left -= n;
    h->x.body_done = h->body_left == 0;
    return (ssize_t)n;
}

static ssize_t out_of_memory(struct h1_exchange *h)
{
    return fault(h, 503, "out of memory", -ENOMEM);
}

/* The trailer section is whole: it goes to the arena, and the body ends. */
static ssize_t keep_trailers(struct h1_exchange *h)
{
    struct active *const active = h->conn->active;
    struct rx *const rx = &active->rx;
    const uint32_t size = h->trailer_head->size;
    h->x.trailer_bytes = arena_dup(&active->arena, slice_of(rx->base + rx->start, size));
    if (h->x.trailer_bytes == NULL) {
        return out_of_memory(h);
    }
    rx->start += size;
    h->x.trailers = h->trailer_head;
    h->x.body_done = true;
    return 0;
}

/* The trailer section is parsed where it stands, once all of it is there. */
static ssize_t read_trailers(struct h1_exchange *h)
{
    struct active *const active = h->conn->active;
    if (h->trailer_head == NULL) {
        h->trailer_head = arena_alloc(&active->arena, sizeof(*h->trailer_head));
        if (h->trailer_head == NULL) {
            return out_of_memory(h);
        }
        h1_parser_init_trailers(&active->parser, active->parser.limits, h->trailer_head);
    }
    for (;;) {
        struct rx *const rx = &active->rx;
        switch (h1_head_parse(&active->parser, rx->base + rx->start, rx->end - rx->start)) {
        case H1_DONE: return keep_trailers(h);
        case H1_BAD:
            return fault(h, active->parser.error.status, active->parser.error.reason, -EBADMSG);
        case H1_MORE: break;
        }
        const ssize_t n = fill(h);
        if (n < 0) {
            return n;
        }
    }
}

static ssize_t read_chunked(struct h1_exchange *h, void *buf, size_t cap)
{
    struct rx *const rx = &h->conn->active->rx;
    while (h->trailer_head == NULL) {
        /* No more than the caller can take may leave the framing. */
        const size_t have = rx->end - rx->start;
        const size_t view = have < cap ? have : cap;
        struct slice data = {0};
        size_t consumed = 0;
        const enum h1_chunk found =
            h1_chunked_read(&h->chunked, rx->base + rx->start, view, &consumed, &data);
        if (found == H1_CHUNK_DATA) {
            memcpy(buf, data.ptr, data.len);
        }
        rx->start += (uint32_t)consumed;
        switch (found) {
        case H1_CHUNK_DATA: return (ssize_t)data.len;
        case H1_CHUNK_BAD:
            return fault(h, h->chunked.error.status, h->chunked.error.reason, -EBADMSG);
        case H1_CHUNK_TRAILERS: return read_trailers(h);
        case H1_CHUNK_MORE: break;
        }
        if (rx->start == rx->end) {
            const ssize_t n = fill(h);
            if (n < 0) {
                return n;
            }
        }
    }
    return read_trailers(h);
}

/* After a full slice the others get their turn, also from a client that sends as fast as we read.
 * A cancelled task goes on, for what it can read without a wait. */
static void give_way(struct h1_exchange *h, ssize_t n)
{
    h->read_on += (uint64_t)n;
    if (h->read_on >= LIMIT_READ_SLICE) {
        h->read_on = 0;
        (void)!task_yield();
    }
}

ssize_t h1_body_read(struct exchange *x, void *buf, size_t cap)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    if (x->fault != 0) {
        return fault_of(h);
    }
    if (x->body_done || cap == 0) {
        return 0;
    }
    if (x->head->content_length > 0 && (uint64_t)x->head->content_length > x->body_max) {
        return fault(h, 413, "the body is larger than allowed", -EMSGSIZE);
    }
    const ssize_t n = x->head->chunked ? read_chunked(h, buf, cap) : read_length(h, buf, cap);
    if (n > 0) {
        x->bytes_in += (uint64_t)n;
        if (x->bytes_in > x->body_max) {
            return fault(h, 413, "the body is larger than allowed", -EMSGSIZE);
        }
        give_way(h, n);
    }
    return n;
}

/* Reads the rest of the body and throws it away, so that the next request can follow; where that
 * would take too much, this connection ends. */
void h1_body_skip(struct h1_exchange *h)
{
    char scratch[KIB(4)];
    uint64_t skipped = 0;
    h->x.body_max = UINT64_MAX;
    while (!h->x.body_done && skipped <= LIMIT_DRAIN_BYTES && !h->conn->last) {
        if (!h->conn->readable && conn_flush(h->conn, &h->out) < 0) {
            break;
        }
        const ssize_t n = h1_body_read(&h->x, scratch, sizeof(scratch));
        if (n < 0) {
            break;
        }
        skipped += (uint64_t)n;
    }
    h->conn->last = h->conn->last || !h->x.body_done;
}
