/* The I/O seam over the kernel: edge-triggered epoll, one instance per loop. */
#ifndef GARM_RUN_IO_EPOLL_H
#define GARM_RUN_IO_EPOLL_H

#include "run/io.h"

/** A new instance in *ret_io, freed by ops->free: 0 or a negative errno. */
MUST_CHECK int io_epoll_new(struct io **ret_io);

/** A descriptor that polls readable when there is something for a turn of the loop to do, for
 *  programs that turn the loop out of a poll of their own. It belongs to `io`. From then on every
 *  wake costs a system call. */
int io_epoll_fd(struct io *io);

#endif
