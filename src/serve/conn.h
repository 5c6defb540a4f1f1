/* A connection. Idle, it is this structure and nothing else; with a request, or part of one, it
 * borrows an `active` block, an output buffer and, while a handler runs, a task with its stack.
 *
 *     IDLE -> HEAD -> QUEUED -> RUNNING -> IDLE | HEAD | QUEUED | LINGER -> gone */
#ifndef GARM_SERVE_CONN_H
#define GARM_SERVE_CONN_H

#include "base/arena.h"
#include "net/address.h"
#include "net/stream.h"
#include "run/task.h"
#include "serve/shard.h"

#include <sys/uio.h>

enum conn_state {
    CONN_IDLE,    /* nothing of a request is there */
    CONN_HEAD,    /* a part of a head is there */
    CONN_QUEUED,  /* a head, or a reason to refuse it, is there and waits for its turn */
    CONN_RUNNING, /* a task owns the connection */
    CONN_LINGER,  /* the last answer is out: input is thrown away until the peer ends */
    CONN_DEAD,
};

#define ARENA_ROOM  3072
#define RX_ROOM     8192
#define RX_ROOM_MIN 2048 /* less free room than this is not worth a receive */
#define RX_BIG_SIZE (LIMIT_HEAD_BYTES + KIB(16))
#define OUT_ROOM    (KIB(16) - 3 * sizeof(uint32_t))

/* Received bytes: [start, end) are not consumed yet; those before `pin` belong to the current
 * request's head. */
struct rx {
    char *base;
    uint32_t cap, pin, start, end;
};

/* Gathered output: [start, len) is not with the kernel yet. */
struct out {
    uint32_t start, len;
    uint32_t whole; /* where the last complete answer ends */
    char data[OUT_ROOM];
};

/* What a connection borrows from the first byte of a head to the end of its answer. */
struct active {
    struct rx rx;
    char *retired; /* a large receive buffer that still holds the current request's head, or NULL */
    struct h1_parser parser;
    struct h1_head head;
    struct h1_error refusal; /* status 0: the head is sound */
    struct arena arena;
    struct task *task;
    _Alignas(16) char arena_room[ARENA_ROOM];
    char rx_room[RX_ROOM];
};

/* How fast a peer lets us go, counted over the time that we waited for it. */
struct pace {
    int64_t waited_ns;
    uint64_t bytes;
    int64_t progress_ns;     /* waited_ns when bytes last moved, */
    uint64_t progress_bytes; /* and how many had by then */
    bool looked;             /* since then, at what the peer has */
    int64_t taken;           /* of all that was sent, when last looked */
    uint32_t stall_ms;       /* without progress; 0: the server's bound */
};

/* A task whose answer is gathered: it waits until the kernel has that, while another one serves the
 * connection's next request. Lives on the task's stack. */
struct unfinished {
    struct unfinished *next;
    struct task *task;
    uint32_t end;    /* of its answer in the gathered output */
    uint32_t unsent; /* once it has failed: of the answer's bytes */
};

struct conn {
    struct stream stream;
    struct shard *shard;
    struct active *active;         /* NULL while idle */
    struct out *out;               /* NULL while nothing is gathered */
    struct unfinished *unfinished; /* first come first; a task is woken and taken out at once */
    struct task *waiter;           /* parked until one of waits_for comes true */
    uint8_t waits_for;             /* enum io_ready */
    uint8_t state;                 /* enum conn_state */
    uint8_t holder_count;          /* tasks that hand it over while their request is unfinished */
    bool readable : 1;             /* reading may give bytes */
    bool writable : 1;
    bool fin : 1;    /* the peer's FIN has come, behind what can still be read */
    bool eof : 1;    /* and was read */
    bool gone : 1;   /* nothing can be sent any more */
    bool reset : 1;  /* close by an RST */
    bool last : 1;   /* the answer said Connection: close */
    bool served : 1; /* has had an answer */
    bool wide : 1;   /* LIMIT_UNSENT_FILE_BYTES is its bound; in shard->wide_count */
    uint32_t linger_bytes;
    struct list node; /* in shard->conns */
    struct job job;
    struct timer timer;
    struct grave grave;
    struct address peer;
};

/** Takes an accepted descriptor, success or failure. */
void conn_open(struct shard *shard, int fd, const struct address *peer);
/** Drops it at once, unless a task runs: that is cancelled, and the connection goes when it
 *  ends. */
void conn_kill(struct conn *conn, enum cancel_reason reason);
/** The drain has begun: an idle connection reads once more and ends; others end with their
 *  answer. */
void conn_drain(struct conn *conn);

/** A block for a request; NULL when memory runs out. */
MUST_CHECK struct active *active_new(struct shard *shard);
/** Gives it back, with its buffers. Accepts NULL. */
void active_free(struct shard *shard, struct active *active);

/** Nothing can be sent any more: tells those who wait for that. */
void conn_lost(struct conn *conn);

/* From the connection's task: */

/** Waits until what is gathered by now is with the kernel: 0, or -ECONNRESET, and how many bytes of
 *  it are not in *ret_unsent. Another task must own the connection by then, which lives on until
 *  conn_part. Suspends. */
MUST_CHECK int conn_await_sent(struct conn *conn, uint32_t *ret_unsent);
/** The calling task does not look at the connection any more. */
void conn_part(struct conn *conn);

/** Waits for one of `what` (enum io_ready): 0, or -ECONNRESET, -ETIMEDOUT when the peer is slower
 *  than `pace` allows or made no progress for its stall_ms (else `stall_ms`), -ECANCELED. */
MUST_CHECK int conn_wait(struct conn *conn, unsigned what, struct pace *pace, uint32_t stall_ms);

/** More received bytes behind the unconsumed ones, moving those if it must: their count (> 0), 0 at
 *  the peer's FIN, -EAGAIN, or a negative errno. -ENOBUFS: a head fills the largest buffer. Does
 *  not wait. */
MUST_CHECK ssize_t conn_fill(struct conn *conn);
/** Received straight into `buf`, past an empty receive buffer. As conn_fill. */
MUST_CHECK ssize_t conn_recv(struct conn *conn, void *buf, size_t cap);

/** Room for `size` bytes (at most OUT_ROOM) behind the gathered output, flushing first if it must;
 *  fill it and call conn_out_commit. NULL with *ret_error: as conn_flush, or -ENOMEM. May
 *  suspend. */
MUST_CHECK char *conn_out_reserve(struct conn *conn, size_t size, struct pace *pace,
                                  int *ret_error);
void conn_out_commit(struct conn *conn, size_t size);
/** The kernel took `n` gathered bytes. */
void conn_out_sent(struct conn *conn, size_t n);
/** The answer that was gathered last is complete. */
void conn_out_seal(struct conn *conn);
/** Drops what is gathered behind the last complete answer. */
void conn_out_cut(struct conn *conn);
/** Sends the gathered output and `tail` behind it, all of it: 0, or -ECONNRESET, -ETIMEDOUT,
 *  -ECANCELED. `more`: further bytes follow at once. May suspend. */
MUST_CHECK int conn_send(struct conn *conn, struct slice tail, bool more, struct pace *pace);
/** The kernel may hold LIMIT_UNSENT_BYTES for the peer again, if it was more. */
void conn_narrow(struct conn *conn);
/** Sends `size` bytes of a file, after the gathered output. Also -EIO: it ended before. May
 *  suspend. */
MUST_CHECK int conn_send_file(struct conn *conn, int fd, int64_t offset, uint64_t size,
                              struct pace *pace);
static inline int conn_flush(struct conn *conn, struct pace *pace)
{
    return conn->out == NULL ? 0 : conn_send(conn, slice_of(NULL, 0), false, pace);
}

/** Parses on in what is received. Empty lines before a request are nothing. CONN_QUEUED: a head
 *  is complete, or refused (active->refusal); CONN_HEAD: a part of one is there; CONN_IDLE:
 *  nothing. The connection's state stays as it is. */
MUST_CHECK enum conn_state conn_parse(struct conn *conn);

/** Ends the task's hold on the connection, which goes to `next` (CONN_IDLE, CONN_HEAD or
 *  CONN_QUEUED), or to its end where gone, reset or last say so. */
void conn_release(struct conn *conn, enum conn_state next);

#endif
