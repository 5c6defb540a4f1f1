/* The I/O seam over epoll. Streams are registered once, edge-triggered in both directions, for
 * their whole life: the hot path makes no epoll_ctl. */
#include "run/io_epoll.h"

#include "base/limits.h"
#include "base/sys.h"

#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum state {
    AWAKE,
    ASLEEP,   /* in epoll_wait, or about to be: a wake must write to the eventfd */
    NOTIFIED, /* woken since it last looked */
};

struct io_epoll {
    struct io io;
    int epoll_fd;
    int wake_fd;
    _Atomic int state;
    _Atomic bool outside; /* somebody else polls epoll_fd: it may sleep at any time */
    int next;             /* the batch that is being told, from events[next] to events[count - 1] */
    int count;
    struct epoll_event events[LIMIT_EVENTS_PER_TURN];
};

static struct io_epoll *epoll_of(struct io *io)
{
    return CONTAINER_OF(io, struct io_epoll, io);
}

static int64_t now_ns(struct io *io)
{
    (void)io;
    return sys_monotonic_ns();
}

/* Rounded up, so that a timer is due when its wait is over. */
static int timeout_ms(int64_t timeout_ns)
{
    if (timeout_ns < 0) {
        return -1;
    }
    const int64_t ms = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS != 0);
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* A waker that finds ASLEEP writes; one that comes earlier leaves NOTIFIED, and there is no
 * sleep. */
static bool may_sleep(struct io_epoll *self)
{
    int expected = AWAKE;
    return atomic_compare_exchange_strong(&self->state, &expected, ASLEEP);
}

/* Whatever was sent before the wake that is forgotten here is seen by those who look afterwards. */
static void wake_up(struct io_epoll *self)
{
    if (atomic_load_explicit(&self->state, memory_order_relaxed) != AWAKE) {
        atomic_exchange(&self->state, AWAKE);
    }
}

static unsigned ready_of(uint32_t events)
{
    return ((events & EPOLLIN) != 0 ? IO_READABLE : 0u) |
           ((events & EPOLLOUT) != 0 ? IO_WRITABLE : 0u) |
           ((events & EPOLLRDHUP) != 0 ? IO_PEER_SHUT : 0u) |
           ((events & (EPOLLHUP | EPOLLERR)) != 0 ? IO_GONE : 0u);
}

/* No watch: the eventfd, which being edge-triggered need not be read, or a watch that ended after
 * this batch was fetched. */
static int tell(struct io_epoll *self, int count)
{
    int calls = 0;
    self->count = count;
    self->next = 0;
    while (self->next < self->count) {
        const struct epoll_event event = self->events[self->next++];
        struct io_watch *const watch = event.data.ptr;
        if (watch != NULL) {
            watch->on_ready(watch, ready_of(event.events));
            calls++;
        }
    }
    self->count = 0;
    return calls;
}

static int64_t wall_ns(struct io *io)
{
    (void)io;
    return sys_realtime_ns();
}

static int poll_events(struct io *io, int64_t timeout_ns, int64_t *ret_now_ns)
{
    struct io_epoll *const self = epoll_of(io);
    const int ms = timeout_ns != 0 && may_sleep(self) ? timeout_ms(timeout_ns) : 0;
    const int count = sys_epoll_wait(self->epoll_fd, self->events, LIMIT_EVENTS_PER_TURN, ms);
    wake_up(self);
    *ret_now_ns = sys_monotonic_ns();
    return count < 0 ? count : tell(self, count);
}

static void wake(struct io *io)
{
    struct io_epoll *const self = epoll_of(io);
    const int before = atomic_exchange(&self->state, NOTIFIED);
    if (before == ASLEEP || atomic_load(&self->outside)) {
        const uint64_t one = 1;
        /* -EAGAIN: the counter is full, so the event is there already. */
        (void)!sys_write(self->wake_fd, &one, sizeof(one));
    }
}

static int watch(struct io *io, struct io_watch *watch, enum io_mode mode)
{
    static const uint32_t events[] = {
        [IO_STREAM] = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        [IO_LISTENER] = EPOLLIN,
        [IO_LISTENER_SHARED] = EPOLLIN | EPOLLEXCLUSIVE,
    };
    struct epoll_event event = {.events = events[mode], .data.ptr = watch};
    return sys_epoll_ctl(epoll_of(io)->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event);
}

static void unwatch(struct io *io, struct io_watch *watch)
{
    struct io_epoll *const self = epoll_of(io);
    struct epoll_event none = {0};
    /* Fails by a test's fault; the close that follows takes the descriptor out as well. */
    (void)!sys_epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, watch->fd, &none);
    for (int i = self->next; i < self->count; i++) {
        if (self->events[i].data.ptr == watch) {
            self->events[i].data.ptr = NULL;
        }
    }
}

static int accept_one(struct io *io, int fd, struct sockaddr *addr, uint32_t *len)
{
    (void)io;
    return sys_accept(fd, addr, len);
}

static ssize_t receive(struct io *io, int fd, void *buf, size_t cap)
{
    (void)io;
    return sys_recv(fd, buf, cap);
}

static ssize_t send_bytes(struct io *io, int fd, const struct iovec *iov, size_t count, bool more)
{
    (void)io;
    return count == 1 ? sys_send(fd, iov->iov_base, iov->iov_len, more)
                      : sys_sendmsg(fd, iov, count, more);
}

/* sendfile has no MSG_MORE: a short last segment is the price. */
static ssize_t send_file(struct io *io, int fd, int file_fd, int64_t *offset, size_t size,
                         bool more)
{
    (void)io;
    (void)more;
    return sys_sendfile(fd, file_fd, offset, size);
}

static void set_unsent_max(struct io *io, int fd, size_t bytes)
{
    const int value = (int)bytes;
    (void)io;
    sys_setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof(value));
}

static int64_t taken(struct io *io, int fd)
{
    struct tcp_info info = {0};
    uint32_t len = sizeof(info);
    (void)io;
    TRY(sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
    return (int64_t)info.tcpi_bytes_acked;
}

static int shut_write(struct io *io, int fd)
{
    (void)io;
    return sys_shutdown(fd, SHUT_WR);
}

static void close_socket(struct io *io, int fd, bool reset)
{
    (void)io;
    if (reset) {
        const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
        sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    }
    sys_close(fd);
}

static void free_epoll(struct io *io)
{
    struct io_epoll *const self = epoll_of(io);
    sys_close(self->wake_fd);
    sys_close(self->epoll_fd);
    mem_free(self);
}

static const struct io_ops ops = {
    .name = "epoll",
    .now_ns = now_ns,
    .wall_ns = wall_ns,
    .poll = poll_events,
    .wake = wake,
    .watch = watch,
    .unwatch = unwatch,
    .accept = accept_one,
    .recv = receive,
    .send = send_bytes,
    .send_file = send_file,
    .set_unsent_max = set_unsent_max,
    .taken = taken,
    .shut_write = shut_write,
    .close = close_socket,
    .free = free_epoll,
};

static int open_descriptors(struct io_epoll *self)
{
    self->epoll_fd = sys_epoll_create();
    if (self->epoll_fd < 0) {
        return self->epoll_fd;
    }
    self->wake_fd = sys_eventfd();
    if (self->wake_fd < 0) {
        return self->wake_fd;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    return sys_epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->wake_fd, &event);
}

int io_epoll_new(struct io **ret_io)
{
    struct io_epoll *const self = mem_zalloc(sizeof(*self));
    if (self == NULL) {
        return -ENOMEM;
    }
    self->io.ops = &ops;
    self->epoll_fd = -1;
    self->wake_fd = -1;
    const int rc = open_descriptors(self);
    if (rc < 0) {
        free_epoll(&self->io);
        return rc;
    }
    *ret_io = &self->io;
    return 0;
}

int io_epoll_fd(struct io *io)
{
    struct io_epoll *const self = epoll_of(io);
    atomic_store(&self->outside, true);
    return self->epoll_fd;
}
