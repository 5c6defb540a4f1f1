/* The I/O seam: all that a loop asks of the kernel about sockets, as one small table. Two worlds
 * stand behind it: epoll (io_epoll.h), and the deterministic simulator (sim.h), in which the same
 * server runs in virtual time over in-memory sockets. Above this seam nothing knows which one it is
 * in. */
#ifndef GARM_RUN_IO_H
#define GARM_RUN_IO_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct iovec;
struct sockaddr;

/* What became true of a socket since it was last told (edge-triggered). */
enum io_ready {
    IO_READABLE = 1,
    IO_WRITABLE = 2,
    IO_PEER_SHUT = 4, /* the peer sent its FIN: what it sent before can still be read */
    IO_GONE = 8,      /* reset, or closed in both directions */
};

enum io_mode {
    IO_STREAM,          /* edge-triggered, both directions, registered once for its life */
    IO_LISTENER,        /* level-triggered, readable only, one loop's own */
    IO_LISTENER_SHARED, /* the same on a descriptor that other loops watch too (EPOLLEXCLUSIVE) */
};

/* A socket under watch; lives inside its owner. */
struct io_watch {
    int fd;
    /* `ready`: a set of enum io_ready. Not called after io_unwatch. */
    void (*on_ready)(struct io_watch *watch, unsigned ready);
};

struct io;

struct io_ops {
    const char *name;
    int64_t (*now_ns)(struct io *io);
    /* Since 1970: what Date tells. */
    int64_t (*wall_ns)(struct io *io);
    /* Waits until something happens, `timeout_ns` passed (0: not at all; -1: no bound) or wake was
     * called; then reads the clock into *ret_now_ns, and calls on_ready of what is ready. Returns
     * the number of calls, or a negative errno; *ret_now_ns is set in any case. */
    int (*poll)(struct io *io, int64_t timeout_ns, int64_t *ret_now_ns);
    /* Ends a poll that waits, or the next one at once. From any thread. */
    void (*wake)(struct io *io);
    int (*watch)(struct io *io, struct io_watch *watch, enum io_mode mode);
    /* Events of this turn that were not told yet are forgotten. `watch->fd` stays, and stays
     * open. */
    void (*unwatch)(struct io *io, struct io_watch *watch);
    /* A new connection's descriptor, non-blocking; -EAGAIN when none waits. `addr` of *len
     * bytes. */
    int (*accept)(struct io *io, int fd, struct sockaddr *addr, uint32_t *len);
    /* Bytes read (> 0), 0 at the peer's FIN, -EAGAIN, -ECONNRESET, ... */
    ssize_t (*recv)(struct io *io, int fd, void *buf, size_t cap);
    /* Bytes taken (> 0), -EAGAIN, -EPIPE, -ECONNRESET, ... `more`: further bytes follow at once. */
    ssize_t (*send)(struct io *io, int fd, const struct iovec *iov, size_t count, bool more);
    /* The same from a file, at *offset, which is moved on. 0: the file ends here. */
    ssize_t (*send_file)(struct io *io, int fd, int file_fd, int64_t *offset, size_t size,
                         bool more);
    /* How much the kernel holds for a peer that takes nothing, from now on; a wish. */
    void (*set_unsent_max)(struct io *io, int fd, size_t bytes);
    /* How many of all bytes sent the peer has acknowledged, or a negative errno where the kernel
     * does not tell. */
    int64_t (*taken)(struct io *io, int fd);
    int (*shut_write)(struct io *io, int fd);
    /* Closes; with `reset` by an RST, so that the peer cannot take what it got for complete. */
    void (*close)(struct io *io, int fd, bool reset);
    void (*free)(struct io *io);
};

struct io {
    const struct io_ops *ops;
};

#endif
