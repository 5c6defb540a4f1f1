/* See seam.h. */
#include "seam.h"

#include "base/sys.h"
#include "run/io_epoll.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum seam_world world;
struct io *io;
struct sim *sim;
int listener;

static void on_ready(struct io_watch *watch, unsigned ready)
{
    struct end *const end = CONTAINER_OF(watch, struct end, watch);
    end->told |= ready;
    end->calls++;
    if (end->then != NULL) {
        end->then(end);
    }
}

static int listen_on_loopback(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = sys_socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(sys_bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(sys_listen(fd, 16), 0);
    return fd;
}

void open_world(int which)
{
    static const struct sim_options rough = {
        .latency_ns_min = 1000,
        .latency_ns_max = 3 * NS_PER_MS,
        .one_byte_reads = 10,
        .short_reads = 30,
        .short_writes = 30,
        .spurious_again = 20,
        .reorder = true,
        .segment_max = 500,
        .window = 3000,
    };
    world = (enum seam_world)which;
    if (world == EPOLL) {
        sim = NULL;
        ck_assert_int_eq(io_epoll_new(&io), 0);
        listener = listen_on_loopback();
        return;
    }
    sim = sim_new(7, world == ROUGH ? &rough : NULL);
    io = sim_io_new(sim);
    listener = sim_listen(sim);
}

void close_world(void)
{
    io->ops->close(io, listener, false);
    if (sim != NULL) {
        ck_assert_uint_eq(sim_open_fds(sim), 0);
    }
    io->ops->free(io);
    sim_free(sim);
}

int64_t poll_for(int64_t timeout_ns)
{
    int64_t now_ns = 0;
    ck_assert_int_ge(io->ops->poll(io, timeout_ns, &now_ns), 0);
    return now_ns;
}

void await(const struct end *end, unsigned ready)
{
    for (int i = 0; (end->told & ready) != ready; i++) {
        ck_assert_int_lt(i, PATIENCE);
        poll_for(NS_PER_MS);
    }
}

void watch(struct end *end, int fd, enum io_mode mode)
{
    *end = (struct end){.watch = {.fd = fd, .on_ready = on_ready}};
    ck_assert_int_eq(io->ops->watch(io, &end->watch, mode), 0);
}

void end_close(struct end *end, bool reset)
{
    io->ops->unwatch(io, &end->watch);
    io->ops->close(io, end->watch.fd, reset);
}

/* The client's side. */

struct peer peer_connect(void)
{
    if (sim != NULL) {
        return (struct peer){.client = sim_connect(sim, listener)};
    }
    struct sockaddr_in addr = {0};
    uint32_t len = sizeof(addr);
    ck_assert_int_eq(sys_getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, len), 0);
    return (struct peer){.fd = fd};
}

void peer_send(const struct peer *peer, const char *text)
{
    if (sim != NULL) {
        sim_send(peer->client, text, strlen(text));
    } else {
        ck_assert_int_eq(send(peer->fd, text, strlen(text), 0), (ssize_t)strlen(text));
    }
}

/* Some bytes that have arrived, maybe none yet; *ret_end says whether and how the stream has
 * ended. */
size_t peer_recv(const struct peer *peer, char *buf, size_t cap, enum sim_end *ret_end)
{
    if (sim != NULL) {
        poll_for(NS_PER_MS);
        const size_t size = sim_recv(peer->client, buf, cap);
        *ret_end = sim_end(peer->client);
        return size;
    }
    poll_for(0);
    const ssize_t n = recv(peer->fd, buf, cap, MSG_DONTWAIT);
    const bool again = n < 0 && errno == EAGAIN;
    *ret_end = n == 0 ? SIM_EOF : n < 0 && !again ? SIM_RESET : SIM_OPEN;
    return n > 0 ? (size_t)n : 0;
}

/* All that comes until the end, or until `cap` bytes have come. */
size_t peer_recv_all(const struct peer *peer, char *buf, size_t cap, enum sim_end *ret_end)
{
    size_t size = 0;
    *ret_end = SIM_OPEN;
    for (int i = 0; *ret_end == SIM_OPEN && size < cap; i++) {
        ck_assert_int_lt(i, PATIENCE);
        size += peer_recv(peer, buf + size, cap - size, ret_end);
    }
    return size;
}

enum sim_end peer_end(const struct peer *peer)
{
    char rest[256];
    enum sim_end end = SIM_OPEN;
    for (int i = 0; end == SIM_OPEN; i++) {
        ck_assert_int_lt(i, PATIENCE);
        peer_recv(peer, rest, sizeof(rest), &end);
    }
    return end;
}

/* Has an RST come? The kernel tells a reader only of the end that it has told already. */
bool peer_is_reset(const struct peer *peer)
{
    if (sim != NULL) {
        poll_for(10 * NS_PER_MS);
        return peer_end(peer) == SIM_RESET;
    }
    struct pollfd poll_fd = {.fd = peer->fd};
    return poll(&poll_fd, 1, 10000) == 1 && (poll_fd.revents & POLLHUP) != 0;
}

void peer_shut(const struct peer *peer)
{
    if (sim != NULL) {
        sim_shut_write(peer->client);
    } else {
        ck_assert_int_eq(shutdown(peer->fd, SHUT_WR), 0);
    }
}

void peer_close(const struct peer *peer)
{
    if (sim != NULL) {
        sim_close(peer->client);
    } else {
        close(peer->fd);
    }
}

void peer_reset(const struct peer *peer)
{
    if (sim != NULL) {
        sim_reset(peer->client);
        return;
    }
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(peer->fd);
}

int accept_next(void)
{
    int fd = -EAGAIN;
    for (int i = 0; fd == -EAGAIN; i++) {
        ck_assert_int_lt(i, PATIENCE);
        fd = io->ops->accept(io, listener, NULL, NULL);
        if (fd == -EAGAIN) {
            poll_for(NS_PER_MS);
        }
    }
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* A connection with both its ends. */
struct peer connect_to(struct end *end)
{
    const struct peer peer = peer_connect();
    watch(end, accept_next(), IO_STREAM);
    return peer;
}

/* Reads `size` bytes, waiting for edges. */
void recv_exactly(struct end *end, char *buf, size_t size)
{
    while (size > 0) {
        const ssize_t n = io->ops->recv(io, end->watch.fd, buf, size);
        if (n == -EAGAIN) {
            end->told &= ~(unsigned)IO_READABLE;
            await(end, IO_READABLE);
            continue;
        }
        ck_assert_int_gt(n, 0);
        buf += n;
        size -= (size_t)n;
    }
}

/* What a read says when there are no more bytes, past the EAGAINs of a rough world. */
ssize_t recv_at_end(struct end *end)
{
    char byte;
    ssize_t n = -EAGAIN;
    for (int i = 0; n == -EAGAIN; i++) {
        ck_assert_int_lt(i, PATIENCE);
        poll_for(0);
        n = io->ops->recv(io, end->watch.fd, &byte, 1);
    }
    return n;
}

ssize_t send_text(const struct end *end, const char *text)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
    return io->ops->send(io, end->watch.fd, &iov, 1, false);
}

/* Sends it all, waiting for edges. */
void send_exactly(struct end *end, const char *data, size_t size)
{
    while (size > 0) {
        struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
        const ssize_t n = io->ops->send(io, end->watch.fd, &iov, 1, false);
        if (n == -EAGAIN) {
            end->told &= ~(unsigned)IO_WRITABLE;
            await(end, IO_WRITABLE);
            continue;
        }
        ck_assert_int_gt(n, 0);
        data += n;
        size -= (size_t)n;
    }
}
