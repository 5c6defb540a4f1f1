/* Listening sockets: from the text of --listen to descriptors that are bound and listening, with
 * errors that say what to do. */
#ifndef GARM_NET_LISTENER_H
#define GARM_NET_LISTENER_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum listen_kind {
    LISTEN_TCP,
    LISTEN_UNIX,
    LISTEN_FD, /* inherited: fd:N, or systemd's LISTEN_FDS */
};

/* What --listen asks for: HOST:PORT, :PORT (dual stack), [v6]:PORT, unix:PATH, fd:N, systemd. */
struct listen_spec {
    enum listen_kind kind;
    int fd;         /* LISTEN_FD */
    bool dual;      /* :PORT: one socket for IPv4 and IPv6 */
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
        struct sockaddr_un local;
    } addr;
};

/* One address, served by one descriptor per worker (tcp), or one that they share (unix, inherited). */
struct listener {
    struct listen_spec spec;
    int *fds;
    size_t fd_count;
    bool shared;   /* fd_count is 1, and every worker accepts from it */
    char url[192]; /* as printed: "http://127.0.0.1:8000", "unix:/run/x.sock" */
};

/** Parses one --listen. 0, or -EINVAL with a sentence in *ret_error that names the text and the remedy.
 *  "localhost" is 127.0.0.1; other names are refused: an address is wanted. */
MUST_CHECK int listen_parse(struct slice text, struct listen_spec *ret_spec, struct buf *ret_error);

/** Binds and listens for `workers` workers; backlog from net.core.somaxconn. A TCP port in use is found by a bind
 *  without SO_REUSEPORT first; the message names the process that holds it where /proc lets us. A
 *  stale unix socket (nobody answers) is replaced. 0, or a negative errno with a sentence in *ret_error. */
MUST_CHECK int listener_open(const struct listen_spec *spec, size_t workers, struct listener *ret_listener,
                             struct buf *ret_error);
/** Closes what is open, and removes a unix socket's path. Accepts a zeroed one. */
void listener_close(struct listener *listener);

/** How many sockets systemd passed (sd_listen_fds(3)): 0 if none or meant for another process; they
 *  begin at descriptor 3. -EINVAL if the variables are malformed. Forgets the variables. */
int listen_fds_inherited(void);

#endif
