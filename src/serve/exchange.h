/* The exchange: one request and its answer, as the application sees them, whatever protocol carries
 * them. serve implements it (HTTP/1.1: h1_exchange.c); app drives it, from the request's own task.
 *
 * In order: read any of the body, inform any number of times, then respond once - or head, any
 * number of writes, finish. What the application leaves out, the protocol completes (see
 * exchange_ops). */
#ifndef GARM_SERVE_EXCHANGE_H
#define GARM_SERVE_EXCHANGE_H

#include "base/arena.h"
#include "base/slice.h"
#include "codec/h1.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct address;
struct exchange;
struct iovec;
struct task;

/* How long the answer's body is, where it is not a count. */
#define EXCHANGE_LENGTH_UNKNOWN UINT64_MAX

struct exchange_head {
    uint16_t status; /* 200 to 599 */
    uint64_t length; /* of the body, or EXCHANGE_LENGTH_UNKNOWN */
    /* No framing fields, no Date, no Server. Borrowed for the call. */
    const struct h1_response_field *fields;
    size_t field_count;
};

struct exchange_ops {
    /* Reads the next piece of the request body: bytes (> 0); 0 at its end; or negative: -ECONNRESET
     * the client is gone; -ECANCELED the task is cancelled; -EMSGSIZE past body_max, -EBADMSG
     * malformed, -ETIMEDOUT too slow, -ENOMEM: for these four `fault` holds the status to answer
     * with. May suspend. */
    ssize_t (*read)(struct exchange *x, void *buf, size_t cap);

    /* An interim answer (1xx but 101), sent at once. 0, or -ECONNRESET. Nothing is sent to a 1.0
     * client. May suspend. */
    int (*inform)(struct exchange *x, uint16_t status, const struct h1_response_field *fields,
                  size_t field_count);

    /* A whole answer whose body is at hand. `body` must live until the call returns; to HEAD, 204
     * and 304 it is not sent. Gathered with the answers around it and flushed once. May suspend. 0,
     * or as write. */
    int (*respond)(struct exchange *x, const struct exchange_head *head, struct slice body);

    /* Begins a streamed answer. 0 or as write. */
    int (*head)(struct exchange *x, const struct exchange_head *head);
    /* The next piece of the body, gathered until a flush, a full buffer, or the turn's end. Returns
     * when all is copied or with the kernel: 0; -ECONNRESET gone; -ETIMEDOUT the peer takes too
     * little; -ECANCELED; -EMSGSIZE more than the head's length. May suspend. */
    int (*write)(struct exchange *x, const void *data, size_t size);
    /* The same with `size` bytes of a file from `offset`. -EIO if the file ends before. */
    int (*write_file)(struct exchange *x, int fd, int64_t offset, uint64_t size);
    /* Hands what is gathered to the kernel. 0, or as write. May suspend. */
    int (*flush)(struct exchange *x);
    /* Ends a streamed answer, with trailers where the framing has room for them. -EPROTO: fewer
     * bytes than the head's length were written, and the connection is reset. 0, or as write. */
    int (*finish)(struct exchange *x, const struct h1_response_field *trailers, size_t count);

    /* Waits until the kernel has the last byte of a finished answer: 0, or as write. Requests that
     * are pipelined behind this one may be served meanwhile, and their answers leave with it. All
     * of the exchange stays valid. Once at most, and nothing but looking after it. May suspend. */
    int (*complete)(struct exchange *x);

    /* Resets the connection: what was sent cannot look complete. Never fails. */
    void (*abort)(struct exchange *x);
};

struct exchange {
    const struct exchange_ops *ops;

    /* The request. HTTP/2 and later write their heads into the same form. */
    const struct h1_head *head;
    /* What the head's spans count from; the byte after a span that ends at its own delimiter may be
     * overwritten with NUL. */
    char *bytes;
    const struct h1_head *trailers; /* after the body's end, if it had any; NULL before */
    char *trailer_bytes;
    const struct address *peer;
    struct arena *arena; /* lives until the last deferred function */
    int64_t start_ns;    /* monotonic, when the head was complete */

    /* What the application may set before it reads. */
    uint64_t body_max; /* bytes; more is -EMSGSIZE. Preset with the server's default */
    uint32_t stall_ms; /* of one read or write without progress. Preset with 0: the server's */
    bool close;        /* the connection ends after this answer */

    /* Called once, if it is not NULL, when the whole answer is settled and the last of it is about
     * to be handed on: a client that has read its answer knows that this was called before.
     * `bytes_out` counts what is handed on with it. Must not suspend. Set to NULL by the call. */
    void (*on_whole)(struct exchange *x, void *arg, uint64_t bytes_out);
    void *on_whole_arg;

    /* Where the exchange stands. */
    uint16_t fault; /* the status that a broken body calls for: 400, 408, 413, 431, 503; or 0 */
    const char *fault_reason; /* a static phrase beside it */
    bool body_done;           /* the whole request body was read */
    bool committed;           /* a final head was given to respond or head */
    bool finished;            /* and its body too */
    bool gone;                /* the client is gone: nothing can be sent any more */
    uint16_t status;          /* of the final head */
    uint64_t bytes_in;        /* body bytes read */
    /* body bytes of successful writes; after `complete`, those that the kernel took */
    uint64_t bytes_out;
};

/* What a server does with its requests. Called on a task of the connection's worker; returns when
 * the exchange is finished or aborted (an unfinished one is answered with 500, or reset). */
typedef void exchange_handler(struct exchange *x, void *worker_data);

#endif
