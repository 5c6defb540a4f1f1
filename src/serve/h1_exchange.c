/* The answer of an HTTP/1.1 exchange: its head, its framing, its bytes (RFC 9112 sections 2 to
 * 7). */
#include "serve/h1_exchange.h"

#include "base/text.h"
#include "codec/status.h"

#include <errno.h>
#include <string.h>

/* Nothing of a body that 100-continue announced has come: it may never come (RFC 9110 section
 * 10.1.1). What the loop was told of may be out of date, so the kernel is asked. */
static bool body_held_back(struct h1_exchange *h)
{
    const struct rx *const rx = &h->conn->active->rx;
    if (h->x.body_done || h->continued || rx->start != rx->end) {
        return false;
    }
    return conn_fill(h->conn) == -EAGAIN;
}

static bool body_too_long_to_skip(const struct h1_exchange *h)
{
    return !h->x.body_done && !h->x.head->chunked && h->body_left > LIMIT_DRAIN_BYTES;
}

/* While draining, the last of the requests that were received says that it is the last. What the
 * loop was told of may be out of date, so the kernel is asked. */
static bool drain_ends_here(const struct h1_exchange *h)
{
    struct conn *const conn = h->conn;
    const struct rx *const rx = &conn->active->rx;
    if (conn->shard->phase == SHARD_SERVING) {
        return false;
    }
    if (rx->start == rx->end && h->x.body_done && !conn->eof) {
        conn->readable = true;
        return conn_fill(conn) <= 0;
    }
    return rx->start == rx->end && (!conn->readable || conn->eof);
}

static bool closes(struct h1_exchange *h)
{
    return h->x.close || !h->x.head->keep_alive || h->x.fault != 0 ||
           h->framing == H1_FRAMING_CLOSE || body_held_back(h) || body_too_long_to_skip(h) ||
           drain_ends_here(h);
}

static enum h1_framing framing_of(const struct h1_exchange *h, const struct exchange_head *head)
{
    if (status_bodiless(head->status)) {
        return H1_FRAMING_NONE;
    }
    if (head->length != EXCHANGE_LENGTH_UNKNOWN) {
        return H1_FRAMING_LENGTH;
    }
    if (h->x.head->method == METHOD_HEAD) {
        return H1_FRAMING_NONE;
    }
    return h->x.head->minor == 0 ? H1_FRAMING_CLOSE : H1_FRAMING_CHUNKED;
}

/* What is put or sent next is the end of the answer, with `more` bytes of its body. */
static void tell_whole(struct h1_exchange *h, uint64_t more)
{
    struct exchange *const x = &h->x;
    void (*const on_whole)(struct exchange * x, void *arg, uint64_t bytes_out) = x->on_whole;
    if (on_whole != NULL) {
        x->on_whole = NULL;
        on_whole(x, x->on_whole_arg, x->bytes_out + more);
    }
}

/* Is the answer's head all that is sent of it? */
static bool head_is_all(const struct h1_exchange *h)
{
    return h->silent || h->answer_left == 0;
}

/* A head that the output buffer cannot hold is sent from the request's arena. */
static int send_large_head(struct h1_exchange *h, const struct h1_response *response, size_t size)
{
    char *const head = arena_alloc(h->x.arena, size);
    if (head == NULL) {
        return -ENOMEM;
    }
    const size_t len = (size_t)(h1_response_write(response, head) - head);
    h->x.committed = true;
    if (head_is_all(h)) {
        tell_whole(h, 0);
    }
    return conn_send(h->conn, slice_of(head, len), false, &h->out);
}

static int put_head(struct h1_exchange *h, const struct h1_response *response, size_t spare)
{
    struct conn *const conn = h->conn;
    const size_t size = h1_response_size(response);
    if (size > OUT_ROOM) {
        return send_large_head(h, response, size);
    }
    int rc = 0;
    char *const out =
        conn_out_reserve(conn, size + spare <= OUT_ROOM ? size + spare : size, &h->out, &rc);
    if (out == NULL) {
        return rc;
    }
    conn_out_commit(conn, (size_t)(h1_response_write(response, out) - out));
    h->x.committed = true;
    return 0;
}

/* Writes the head behind the gathered output, with room for `spare` bytes after it. */
static int commit(struct h1_exchange *h, const struct exchange_head *head, size_t spare)
{
    struct conn *const conn = h->conn;
    if (h->x.committed) {
        return -EALREADY;
    }
    h->out.stall_ms = h->x.stall_ms;
    const bool empty = head->status == 205; /* Reset Content has none (RFC 9110 section 15.3.6) */
    h->framing = empty ? H1_FRAMING_LENGTH : framing_of(h, head);
    h->silent = empty || status_bodiless(head->status) || h->x.head->method == METHOD_HEAD;
    h->answer_left = head->length;
    conn->last = conn->last || closes(h);
    const struct h1_response response = {
        .status = head->status,
        .framing = h->framing,
        .content_length = empty ? 0 : head->length,
        .close = conn->last,
        .keep_alive = !conn->last && h->x.head->minor == 0,
        .prefix = shard_prefix(conn->shard),
        .fields = head->fields,
        .field_count = head->field_count,
    };
    h->x.status = head->status;
    return put_head(h, &response, spare);
}

/* What a failed send means for the exchange. */
static int sent(struct h1_exchange *h, int rc)
{
    h->x.gone = h->conn->gone || h->conn->reset;
    return rc;
}

/* Puts `data` behind the gathered output: small pieces are copied, large ones sent from where they
 * are. */
static int put(struct h1_exchange *h, struct slice data)
{
    struct conn *const conn = h->conn;
    if (data.len == 0) {
        return 0;
    }
    if (data.len >= LIMIT_REF_BYTES || data.len > OUT_ROOM) {
        return conn_send(conn, data, false, &h->out);
    }
    int rc = 0;
    char *const out = conn_out_reserve(conn, data.len, &h->out, &rc);
    if (out == NULL) {
        return rc;
    }
    memcpy(out, data.ptr, data.len);
    conn_out_commit(conn, data.len);
    return 0;
}

static int exchange_respond(struct exchange *x, const struct exchange_head *head, struct slice body)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    TRY(commit(h, head, body.len < LIMIT_REF_BYTES ? body.len : 0));
    tell_whole(h, h->silent ? 0 : body.len);
    if (!h->silent) {
        TRY(sent(h, put(h, body)));
        x->bytes_out += body.len;
    }
    x->finished = true;
    return 0;
}

static int exchange_inform(struct exchange *x, uint16_t status,
                           const struct h1_response_field *fields, size_t field_count)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    if (x->committed || x->head->minor == 0) {
        return x->committed ? -EALREADY : 0;
    }
    const struct h1_response response = {
        .status = status, .framing = H1_FRAMING_NONE, .fields = fields, .field_count = field_count};
    const size_t size = h1_response_size(&response);
    int rc = 0;
    char *const out = size > OUT_ROOM ? NULL : conn_out_reserve(h->conn, size, &h->out, &rc);
    if (out == NULL) {
        return rc == 0 ? -E2BIG : rc;
    }
    conn_out_commit(h->conn, (size_t)(h1_response_write(&response, out) - out));
    h->continued = h->continued || status == 100;
    return sent(h, conn_flush(h->conn, &h->out));
}

static int exchange_head_op(struct exchange *x, const struct exchange_head *head)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    TRY(commit(h, head, 0));
    if (head_is_all(h)) {
        tell_whole(h, 0);
    }
    return 0;
}

/* Counts `size` bytes against the answer's length. */
static int count_out(struct h1_exchange *h, uint64_t size)
{
    if (h->framing == H1_FRAMING_LENGTH) {
        if (size > h->answer_left) {
            return -EMSGSIZE;
        }
        h->answer_left -= size;
        if (h->answer_left == 0) {
            tell_whole(h, size);
        }
    }
    return 0;
}

static int open_chunk(struct h1_exchange *h, uint64_t size)
{
    char line[H1_CHUNK_LINE_MAX];
    return h->framing == H1_FRAMING_CHUNKED ? put(h, slice_of(line, h1_chunk_line(size, line))) : 0;
}

static int close_chunk(struct h1_exchange *h)
{
    return h->framing == H1_FRAMING_CHUNKED ? put(h, SLICE("\r\n")) : 0;
}

static int exchange_write(struct exchange *x, const void *data, size_t size)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    if (size == 0 || x->finished) {
        return x->finished ? -EALREADY : 0;
    }
    TRY(count_out(h, size));
    if (!h->silent) {
        TRY(sent(h, open_chunk(h, size)));
        TRY(sent(h, put(h, slice_of(data, size))));
        TRY(sent(h, close_chunk(h)));
        x->bytes_out += size;
        if (h->conn->out != NULL) {
            loop_add(&h->conn->shard->worker.loop, &h->conn->job);
        }
    }
    return 0;
}

static int exchange_write_file(struct exchange *x, int fd, int64_t offset, uint64_t size)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    if (size == 0 || x->finished) {
        return x->finished ? -EALREADY : 0;
    }
    TRY(count_out(h, size));
    if (!h->silent) {
        TRY(sent(h, open_chunk(h, size)));
        TRY(sent(h, conn_send_file(h->conn, fd, offset, size, &h->out)));
        TRY(sent(h, close_chunk(h)));
        x->bytes_out += size;
    }
    return 0;
}

static int exchange_flush(struct exchange *x)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    return h->handed_over ? 0 : sent(h, conn_flush(h->conn, &h->out));
}

static int put_trailers(struct h1_exchange *h, const struct h1_response_field *trailers,
                        size_t count)
{
    TRY(put(h, SLICE("0\r\n")));
    for (size_t i = 0; i < count; i++) {
        TRY(put(h, trailers[i].name));
        TRY(put(h, SLICE(": ")));
        TRY(put(h, trailers[i].value));
        TRY(put(h, SLICE("\r\n")));
    }
    return put(h, SLICE("\r\n"));
}

static int exchange_finish(struct exchange *x, const struct h1_response_field *trailers,
                           size_t count)
{
    struct h1_exchange *const h = h1_exchange_of(x);
    if (x->finished) {
        return 0;
    }
    if (h->framing == H1_FRAMING_LENGTH && !h->silent && h->answer_left > 0) {
        x->ops->abort(x);
        return -EPROTO;
    }
    tell_whole(h, 0);
    if (h->framing == H1_FRAMING_CHUNKED && !h->silent) {
        TRY(sent(h, put_trailers(h, trailers, count)));
    }
    x->finished = true;
    return 0;
}

static void exchange_abort(struct exchange *x)
{
    struct conn *const conn = h1_exchange_of(x)->conn;
    conn_out_cut(conn); /* the answers before this one are whole, and go out */
    conn->reset = true;
    x->gone = true;
}

static const struct exchange_ops h1_ops = {
    .read = h1_body_read,
    .inform = exchange_inform,
    .respond = exchange_respond,
    .head = exchange_head_op,
    .write = exchange_write,
    .write_file = exchange_write_file,
    .flush = exchange_flush,
    .finish = exchange_finish,
    .complete = h1_complete,
    .abort = exchange_abort,
};

/* Begin and end. */

void h1_exchange_init(struct h1_exchange *h, struct conn *conn)
{
    struct active *const active = conn->active;
    struct rx *const rx = &active->rx;
    const struct h1_head *const head = &active->head;
    *h = (struct h1_exchange){
        .x =
            {
                .ops = &h1_ops,
                .head = head,
                .bytes = rx->base + rx->start,
                .peer = &conn->peer,
                .arena = &active->arena,
                .start_ns = conn->shard->worker.loop.now_ns,
                .body_max = conn->shard->options->limits.body_bytes,
                .body_done = !head->chunked && head->content_length <= 0,
            },
        .conn = conn,
        .body_left = head->content_length > 0 ? (uint64_t)head->content_length : 0,
        .continued = !head->expect_continue,
    };
    if (head->chunked) {
        h1_chunked_init(&h->chunked, active->parser.limits);
    }
    rx->start += head->size;
    rx->pin = rx->start;
}

void h1_exchange_end(struct h1_exchange *h)
{
    struct exchange *const x = &h->x;
    if (!x->committed && !x->gone) {
        const struct exchange_head head = {.status = 500, .length = 0};
        x->close = true;
        if (exchange_respond(x, &head, slice_of(NULL, 0)) < 0) {
            exchange_abort(x);
        }
    }
    if (!x->finished && !x->gone) {
        exchange_abort(x);
    }
    if (!x->body_done && !x->gone) {
        h1_body_skip(h);
    }
}
