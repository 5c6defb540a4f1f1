/* Listening sockets: from the text of --listen to descriptors that are bound and listening, with
 * errors that say what to do. */
#ifndef GARM_NET_LISTENER_H
#define GARM_NET_LISTENER_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/slice.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

enum listen_kind {
    LISTEN_TCP,
    LISTEN_UNIX,
    LISTEN_FD,      /* inherited, as fd:N */
    LISTEN_SYSTEMD, /* all of listen_fds_inherited(): the caller opens each as LISTEN_FD */
};

/* What --listen asks for: HOST:PORT, :PORT (dual stack), [v6]:PORT, unix:PATH, unix:@NAME (Linux's
 * abstract names), fd:N, systemd. */
struct listen_spec {
    enum listen_kind kind;
    int fd;        /* LISTEN_FD */
    bool dual;     /* :PORT: one socket for IPv4 and IPv6 */
    socklen_t len; /* of addr: LISTEN_TCP, LISTEN_UNIX */
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    } addr;
};

/* Which file a unix socket's path named when we had bound it. A number alone is not enough: some
 * file systems give it to the next file at once. */
struct listen_file {
    bool known;
    uint64_t device;
    uint64_t number;
    int64_t made_ns;
};

/* One address: one descriptor per worker (tcp), or one that they share (unix, inherited). */
struct listener {
    struct listen_spec spec; /* with the port that port 0 became */
    int *fds;
    size_t fd_count;
    bool shared;             /* fd_count is 1, and every worker accepts from it */
    struct listen_file file; /* LISTEN_UNIX */
    char url[192];           /* as printed: "http://127.0.0.1:8000", "unix:/run/x.sock" */
};

/* Bytes of a spec's longest text with its NUL; what is longer is cut. */
#define LISTEN_TEXT_SIZE 160

/** Parses one --listen. 0, or -EINVAL with a sentence in *ret_error that names the text and the
 *  remedy. "localhost" is 127.0.0.1; other names are refused: an address is wanted. */
MUST_CHECK int listen_parse(struct slice text, struct listen_spec *ret_spec, struct buf *ret_error);

/** The spec as --listen takes it, printable, to `out` (LISTEN_TEXT_SIZE). Returns `out`. */
const char *listen_spec_text(const struct listen_spec *spec, char *out);

/** Binds and listens for `workers` (> 0) workers; backlog from net.core.somaxconn. A TCP port in
 *  use is found by a bind without SO_REUSEPORT first; the message names the process that holds it
 *  where /proc lets us. A stale unix socket (nobody answers) is replaced. An inherited descriptor
 *  is made non-blocking and close-on-exec, and must be a listening stream socket. 0, or a negative
 *  errno with a sentence in *ret_error; nothing is open then. */
MUST_CHECK int listener_open(const struct listen_spec *spec, size_t workers,
                             struct listener *ret_listener, struct buf *ret_error);
/** Closes what is open (an entry of fds that the owner closed must be -1), and removes a unix
 *  socket's path if it still names our socket. Accepts a zeroed one, and leaves it so. */
void listener_close(struct listener *listener);

/** How many sockets systemd passed (sd_listen_fds(3)): 0 if none or meant for another process; they
 *  begin at descriptor 3. -EINVAL if the variables are malformed. Forgets the variables. Changes
 *  the environment: call it before there are threads. */
int listen_fds_inherited(void);

#endif
