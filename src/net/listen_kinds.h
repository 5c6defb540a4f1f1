/* The three ways to a listening socket, and what they share. Only for the files of listener.h. */
#ifndef GARM_NET_LISTEN_KINDS_H
#define GARM_NET_LISTEN_KINDS_H

#include "base/buf.h"
#include "base/compiler.h"
#include "net/listener.h"

#include <stddef.h>

/* Each opens a listener whose spec is set and the rest zero. On failure they return a negative
 * errno with a sentence in *error, and leave what is open to listener_close. */

/** One socket per worker with SO_REUSEPORT. */
MUST_CHECK int listener_open_tcp(struct listener *listener, size_t workers, struct buf *error);
/** One socket that the workers share. */
MUST_CHECK int listener_open_unix(struct listener *listener, struct buf *error);
/** A descriptor that somebody else has bound. */
MUST_CHECK int listener_open_inherited(struct listener *listener, struct buf *error);
/** Removes the path if it still names the file that we made. */
void listener_remove_path(const struct listener *listener);

/** Room for `count` descriptors, all -1: 0, or -ENOMEM with a sentence. */
MUST_CHECK int listener_reserve(struct listener *listener, size_t count, struct buf *error);
/** What to pass to listen(2): net.core.somaxconn, or SOMAXCONN if that cannot be read. */
int listen_backlog(void);
/** Writes listener->url for a socket bound to `addr` (all families, `len` as the kernel gives it).
 *  */
void listener_set_url(struct listener *listener, const struct sockaddr *addr, socklen_t len);

/** Appends "cannot listen on SPEC: " and the formatted reason to *error. Returns `rc`. */
int listener_fail(const struct listen_spec *spec, int rc, struct buf *error, const char *format,
                  ...) PRINTF_LIKE(4, 5);
/** The same for a failure that nothing more is known about. */
int listener_fail_errno(const struct listen_spec *spec, int rc, struct buf *error);

#endif
