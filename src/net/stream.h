/* A stream: the bytes of one open connection, over whatever carries them. TCP and unix sockets, and
 * the simulator's in-memory ones, go to the I/O seam as they are; TLS will put itself between. */
#ifndef GARM_NET_STREAM_H
#define GARM_NET_STREAM_H

#include "base/compiler.h"
#include "run/io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct stream;

/* Results are those of the I/O seam's calls of the same names. */
struct stream_ops {
    ssize_t (*recv)(struct stream *stream, void *buf, size_t cap);
    ssize_t (*send)(struct stream *stream, const struct iovec *iov, size_t count, bool more);
    ssize_t (*send_file)(struct stream *stream, int file_fd, int64_t *offset, size_t size,
                         bool more);
    int (*shut_write)(struct stream *stream);
    void (*close)(struct stream *stream, bool reset);
};

struct stream {
    struct io_watch watch; /* readiness, as the seam reports it */
    struct io *io;
    const struct stream_ops *ops;
};

/** A plain stream over an accepted descriptor, which it owns; watched from now on. Memory must
 *  outlive the turn in which it is closed. 0, or a negative errno and the descriptor is closed. */
MUST_CHECK int stream_open(struct stream *stream, struct io *io, int fd,
                           void (*on_ready)(struct io_watch *watch, unsigned ready));
/** How many bytes the kernel holds for a peer that takes nothing, from now on; a wish. */
void stream_set_unsent_max(struct stream *stream, size_t bytes);
/** How many of all bytes sent the peer has acknowledged, or a negative errno where the kernel does
 *  not tell. */
int64_t stream_taken(struct stream *stream);
/** Ends the watch and closes; with `reset` by an RST. */
void stream_close(struct stream *stream, bool reset);

#endif
