/* Opening and closing listeners: what all kinds have in common. */
#include "net/listener.h"

#include "base/sys.h"
#include "base/text.h"
#include "net/address.h"
#include "net/listen_kinds.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int listener_fail(const struct listen_spec *spec, int rc, struct buf *error, const char *format,
                  ...)
{
    char text[LISTEN_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    (void)buf_printf(error, "cannot listen on %s: ", listen_spec_text(spec, text));
    (void)buf_vprintf(error, format, args);
    va_end(args);
    return rc;
}

int listener_fail_errno(const struct listen_spec *spec, int rc, struct buf *error)
{
    if (rc == -EMFILE || rc == -ENFILE) {
        return listener_fail(spec, rc, error,
                             "no file descriptor is left; raise the limit (ulimit -n)");
    }
    return listener_fail(spec, rc, error, "%s", sys_error_text(rc));
}

int listener_reserve(struct listener *listener, size_t count, struct buf *error)
{
    CHECK(count > 0 && count <= INT_MAX);
    listener->fds = mem_alloc(count * sizeof(*listener->fds));
    if (listener->fds == NULL) {
        return listener_fail_errno(&listener->spec, -ENOMEM, error);
    }
    listener->fd_count = count;
    for (size_t i = 0; i < count; i++) {
        listener->fds[i] = -1;
    }
    return 0;
}

int listen_backlog(void)
{
    char text[32];
    uint64_t backlog = 0;
    const int fd = sys_open("/proc/sys/net/core/somaxconn", O_RDONLY);
    if (fd < 0) {
        return SOMAXCONN;
    }
    const ssize_t len = sys_read(fd, text, sizeof(text));
    sys_close(fd);
    if (len <= 0 || text[len - 1] != '\n' ||
        text_to_u64(slice_of(text, (size_t)len - 1), &backlog) < 0 || backlog > INT_MAX) {
        return SOMAXCONN;
    }
    return (int)backlog;
}

/* A URL for this machine's user: an address that means "all" cannot be opened in a browser. */
static void set_tcp_url(struct listener *listener, const struct sockaddr *addr)
{
    struct address address;
    char text[ADDRESS_TEXT_SIZE];
    address_from_sockaddr(addr, &address);
    if (address.family == AF_INET && address.v4.sin_addr.s_addr == htonl(INADDR_ANY)) {
        address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else if (address.family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr)) {
        address.v6.sin6_addr = in6addr_loopback;
    }
    (void)address_text(&address, text);
    if (listener->spec.dual) {
        (void)snprintf(text, sizeof(text), "localhost:%u", address_port(&address));
    }
    (void)snprintf(listener->url, sizeof(listener->url), "http://%s", text);
}

void listener_set_url(struct listener *listener, const struct sockaddr *addr, socklen_t len)
{
    char text[LISTEN_TEXT_SIZE];
    struct listen_spec named = listener->spec;
    if (addr->sa_family == AF_INET || addr->sa_family == AF_INET6) {
        set_tcp_url(listener, addr);
        return;
    }
    if (addr->sa_family == AF_UNIX && len <= sizeof(named.addr.local)) {
        named.kind = LISTEN_UNIX;
        named.len = len;
        memcpy(&named.addr, addr, len);
    }
    (void)listen_spec_text(&named, text);
    (void)snprintf(listener->url, sizeof(listener->url), "%s", text);
}

static int open_kind(struct listener *listener, size_t workers, struct buf *error)
{
    switch (listener->spec.kind) {
    case LISTEN_TCP: return listener_open_tcp(listener, workers, error);
    case LISTEN_UNIX: return listener_open_unix(listener, error);
    case LISTEN_FD: return listener_open_inherited(listener, error);
    case LISTEN_SYSTEMD: break;
    }
    return listener_fail(&listener->spec, -EINVAL, error,
                         "it stands for several sockets; open each as fd:N");
}

int listener_open(const struct listen_spec *spec, size_t workers, struct listener *ret_listener,
                  struct buf *ret_error)
{
    struct listener listener = {.spec = *spec};
    const int rc = open_kind(&listener, workers, ret_error);
    if (rc < 0) {
        listener_close(&listener);
        return rc;
    }
    *ret_listener = listener;
    return 0;
}

void listener_close(struct listener *listener)
{
    /* While the socket is open its file's number cannot be another's. */
    listener_remove_path(listener);
    for (size_t i = 0; i < listener->fd_count; i++) {
        sys_close(listener->fds[i]);
    }
    mem_free(listener->fds);
    *listener = (struct listener){.fds = NULL};
}
