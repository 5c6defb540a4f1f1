/* TCP listeners: one socket per worker on the same port, and why a port cannot be had. */
#include "net/listen_kinds.h"

#include "base/limits.h"
#include "base/sys.h"
#include "base/text.h"
#include "net/address.h"
#include "net/port_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* Ports below it are privileged, unless net.ipv4.ip_unprivileged_port_start says otherwise. */
#define PORT_UNPRIVILEGED 1024

static uint16_t spec_port(const struct listen_spec *spec)
{
    struct address address;
    address_from_sockaddr(&spec->addr.any, &address);
    return address_port(&address);
}

static int fail_in_use(const struct listen_spec *spec, int rc, struct buf *error)
{
    static const char remedy[] = "choose another port, or --listen 127.0.0.1:0 for a free one";
    const unsigned port = spec_port(spec);
    struct port_owner owner;
    char name[64];

    if (!port_owner_find(&spec->addr.any, spec->dual, &owner)) {
        return listener_fail(spec, rc, error, "port %u is in use by another process; stop that, %s",
                             port, remedy);
    }
    if (owner.pid == getpid()) {
        return listener_fail(spec, rc, error,
                             "port %u is in use by this very process (is it listed twice?); %s",
                             port, remedy);
    }
    return listener_fail(spec, rc, error, "port %u is in use by process %d (%s); stop that, %s",
                         port, (int)owner.pid,
                         text_printable(slice_cstr(owner.name), name, sizeof(name)), remedy);
}

static int fail_tcp(const struct listen_spec *spec, int rc, struct buf *error)
{
    const unsigned port = spec_port(spec);
    if (rc == -EADDRINUSE && port != 0) {
        return fail_in_use(spec, rc, error);
    }
    if (rc == -EACCES && port != 0 && port < PORT_UNPRIVILEGED) {
        return listener_fail(
            spec, rc, error,
            "port %u needs a privilege; choose a port from 1024 up, or give the program the right "
            "(setcap cap_net_bind_service=+ep PROGRAM), or lower "
            "net.ipv4.ip_unprivileged_port_start, "
            "or pass the socket in (fd:N, systemd)",
            port);
    }
    if (rc == -EADDRNOTAVAIL) {
        return listener_fail(spec, rc, error,
                             "this machine has no such address; `ip address` shows those it has, "
                             "and ':%u' means all of them",
                             port);
    }
    if (rc == -EAFNOSUPPORT && spec->addr.any.sa_family == AF_INET6) {
        return listener_fail(spec, rc, error,
                             "this machine has no IPv6; write '127.0.0.1:%u', or "
                             "':%u' for all addresses",
                             port, port);
    }
    return listener_fail_errno(spec, rc, error);
}

static int set_option(int fd, int level, int name, int value)
{
    return sys_setsockopt(fd, level, name, &value, sizeof(value));
}

static int prepare(int fd, const struct listen_spec *spec, bool reuse_port)
{
    TRY(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (reuse_port) {
        TRY(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
    }
    if (spec->addr.any.sa_family == AF_INET6) {
        TRY(set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, spec->dual ? 0 : 1));
    }
    /* Accepted sockets inherit these, which saves the calls for each. */
    TRY(set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1));
    TRY(set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, LIMIT_UNSENT_BYTES));
    return sys_bind(fd, &spec->addr.any, spec->len);
}

/* A bound socket, or a negative errno. */
static int open_bound(const struct listen_spec *spec, bool reuse_port)
{
    const int fd = sys_socket(spec->addr.any.sa_family, SOCK_STREAM, 0);
    TRY(fd);
    const int rc = prepare(fd, spec, reuse_port);
    if (rc < 0) {
        sys_close(fd);
        return rc;
    }
    return fd;
}

/* Could it be bound by us alone? With SO_REUSEPORT the kernel would let us share the port with
 * another program of the same user that set it too, and each would get a part of the requests. */
static int probe(const struct listen_spec *spec)
{
    const int fd = open_bound(spec, false);
    TRY(fd);
    sys_close(fd);
    return 0;
}

/* :PORT where there is no IPv6. */
static void fall_back_to_v4(struct listen_spec *spec)
{
    const in_port_t port = spec->addr.v6.sin6_port;
    spec->addr.storage = (struct sockaddr_storage){.ss_family = AF_INET};
    spec->addr.v4.sin_port = port;
    spec->len = sizeof(spec->addr.v4);
}

static int probe_with_fallback(struct listen_spec *spec)
{
    const int rc = probe(spec);
    if (spec->dual && (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL)) {
        fall_back_to_v4(spec);
        return probe(spec);
    }
    return rc;
}

/* All workers' sockets; the first finds out what port 0 becomes. */
static int open_all(struct listener *listener, int backlog)
{
    struct listen_spec *const spec = &listener->spec;
    for (size_t i = 0; i < listener->fd_count; i++) {
        const int fd = open_bound(spec, true);
        TRY(fd);
        listener->fds[i] = fd;
        TRY(sys_listen(fd, backlog));
        if (i == 0) {
            uint32_t len = sizeof(spec->addr.storage);
            TRY(sys_getsockname(fd, &spec->addr.any, &len));
        }
    }
    return 0;
}

int listener_open_tcp(struct listener *listener, size_t workers, struct buf *error)
{
    TRY(listener_reserve(listener, workers, error));
    int rc = probe_with_fallback(&listener->spec);
    if (rc == 0) {
        rc = open_all(listener, listen_backlog());
    }
    if (rc < 0) {
        return fail_tcp(&listener->spec, rc, error);
    }
    listener_set_url(listener, &listener->spec.addr.any, listener->spec.len);
    return 0;
}
