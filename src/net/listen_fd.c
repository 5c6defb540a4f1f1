/* Sockets that somebody else bound: fd:N, and those of systemd, sd_listen_fds(3). Nothing is
 * believed about such a descriptor that was not asked of the kernel. */
#include "net/listen_kinds.h"

#include "base/limits.h"
#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define LISTEN_FDS_START 3

static int get_option(int fd, int name, int *ret_value)
{
    uint32_t len = sizeof(*ret_value);
    return sys_getsockopt(fd, SOL_SOCKET, name, ret_value, &len);
}

static int fail_option(const struct listen_spec *spec, int rc, struct buf *error)
{
    if (rc == -EBADF) {
        return listener_fail(
            spec, rc, error,
            "no such descriptor is open; the program that starts this one must pass "
            "it on");
    }
    if (rc == -ENOTSOCK) {
        return listener_fail(spec, rc, error,
                             "that descriptor is not a socket; pass a listening stream socket");
    }
    return listener_fail_errno(spec, rc, error);
}

static int check_socket(const struct listen_spec *spec, struct buf *error)
{
    int type = 0;
    int listening = 0;
    int rc = get_option(spec->fd, SO_TYPE, &type);
    if (rc == 0) {
        rc = get_option(spec->fd, SO_ACCEPTCONN, &listening);
    }
    if (rc < 0) {
        return fail_option(spec, rc, error);
    }
    if (type != SOCK_STREAM) {
        return listener_fail(
            spec, -EINVAL, error,
            "that descriptor is not a stream socket; pass a listening stream socket");
    }
    if (listening == 0) {
        return listener_fail(spec, -EINVAL, error,
                             "that socket does not listen; call listen() before passing it on");
    }
    return 0;
}

/* Non-blocking, closed on exec, and with the options of those we make. */
static int adopt(struct listener *listener)
{
    const int fd = listener->fds[0];
    const int one = 1;
    const int unsent_max = LIMIT_UNSENT_BYTES;
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } name;
    uint32_t len = sizeof(name);

    TRY(sys_fcntl(fd, F_SETFD, FD_CLOEXEC));
    const int flags = sys_fcntl(fd, F_GETFL, 0);
    TRY(flags);
    TRY(sys_fcntl(fd, F_SETFL, flags | O_NONBLOCK));
    TRY(sys_getsockname(fd, &name.any, &len));
    if (name.any.sa_family == AF_INET || name.any.sa_family == AF_INET6) {
        TRY(sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
        /* Not every kernel has it for MPTCP, which systemd may pass: then without. */
        (void)!sys_setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_max, sizeof(unsent_max));
    }
    listener_set_url(listener, &name.any, len);
    return 0;
}

int listener_open_inherited(struct listener *listener, struct buf *error)
{
    TRY(check_socket(&listener->spec, error));
    TRY(listener_reserve(listener, 1, error));
    listener->fds[0] = listener->spec.fd;
    const int rc = adopt(listener);
    if (rc < 0) {
        return listener_fail_errno(&listener->spec, rc, error);
    }
    listener->shared = true;
    return 0;
}

/* How many are meant for this process. */
static int count_inherited(const char *pid_text, const char *count_text)
{
    uint64_t pid = 0;
    uint64_t count = 0;
    if (pid_text == NULL || count_text == NULL) {
        return 0;
    }
    TRY(text_to_u64(slice_cstr(pid_text), &pid));
    if (pid != (uint64_t)getpid()) {
        return 0;
    }
    TRY(text_to_u64(slice_cstr(count_text), &count));
    return count > INT_MAX - LISTEN_FDS_START ? -EINVAL : (int)count;
}

int listen_fds_inherited(void)
{
    const int count = count_inherited(getenv("LISTEN_PID"), getenv("LISTEN_FDS"));
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return count < 0 ? -EINVAL : count;
}
