/* Accepting: until nothing waits or the turn's budget is spent; never spinning when descriptors run
 * out. */
#include "serve/acceptor.h"

#include "base/sys.h"
#include "serve/conn.h"
#include "serve/h1_serve.h"

#include <errno.h>

/* How long an acceptor rests after descriptors or memory ran out. */
#define RETRY_MS 100
/* Who comes while a drain turns people away cannot hold it up for longer than this many. */
#define SHED_MAX 16384

static bool out_of_descriptors(int error)
{
    return error == -EMFILE || error == -ENFILE;
}

static bool out_of_something(int error)
{
    return out_of_descriptors(error) || error == -ENOBUFS || error == -ENOMEM;
}

/* It listens no more, and never will: somebody else shut it down, say. */
static bool useless(int error)
{
    return error == -EINVAL || error == -EBADF || error == -ENOTSOCK || error == -EOPNOTSUPP;
}

static void give_up(struct acceptor *acceptor, int error)
{
    log_write(server_logger(acceptor->shard->worker.server), LOG_ERROR,
              "a listener is of no use any more: %s; nothing is accepted from it",
              sys_error_text(error));
    acceptor_pause(acceptor);
    acceptor->useless = true;
}

/* What lies unread at a close turns it into an RST, which would take the answer away. */
static void discard_input(struct io *io, int fd)
{
    char scratch[KIB(4)];
    for (int i = 0; i < 16 && io->ops->recv(io, fd, scratch, sizeof(scratch)) > 0; i++) {
    }
}

static void answer_busy(struct shard *shard, int fd)
{
    struct io *const io = shard->worker.loop.io;
    char text[REFUSAL_SIZE];
    const struct iovec iov = {
        text, h1_refusal_text(shard, 503, "too many connections; try again", false, text)};
    const ssize_t n = io->ops->send(io, fd, &iov, 1, false);
    discard_input(io, fd);
    io->ops->close(io, fd, n < 0);
    counter_add(&shard->stats.shed, 1);
}

/* Tells the first in the queue that there is no room, instead of letting it hang: the reserve
 * descriptor makes place for that. 1, 0 when none waits, or a negative errno: somebody else was
 * quicker to take that place. */
static int shed_one(struct acceptor *acceptor)
{
    struct shard *const shard = acceptor->shard;
    struct io *const io = shard->worker.loop.io;
    sys_close(shard->reserve_fd);
    const int fd = io->ops->accept(io, acceptor->watch.fd, NULL, NULL);
    if (fd >= 0) {
        answer_busy(shard, fd);
    }
    shard->reserve_fd = sys_eventfd();
    if (fd == -EAGAIN) {
        return 0;
    }
    return out_of_something(fd) || useless(fd) ? fd : 1;
}

static void try_later(struct acceptor *acceptor)
{
    struct loop *const loop = &acceptor->shard->worker.loop;
    timer_set(&loop->timers, &acceptor->retry, loop->now_ns + RETRY_MS * NS_PER_MS);
}

static void rest(struct acceptor *acceptor, int error)
{
    log_write(server_logger(acceptor->shard->worker.server), LOG_WARN,
              "cannot accept: %s; trying again in %d ms (raise the limit on open files, or lower "
              "the connection limit)",
              sys_error_text(error), RETRY_MS);
    if (out_of_descriptors(error)) {
        (void)!shed_one(acceptor);
    }
    acceptor_pause(acceptor);
    try_later(acceptor);
}

static void on_retry(struct timer *timer)
{
    struct acceptor *const acceptor = CONTAINER_OF(timer, struct acceptor, retry);
    if (acceptor->shard->phase != SHARD_SERVING) {
        shard_finish_accepting(acceptor->shard);
    } else if (acceptor_resume(acceptor) < 0) {
        try_later(acceptor);
    }
}

/* One connection: 1, 0 when none waits, or the negative errno for which accepting has to rest. */
static int accept_one(struct acceptor *acceptor)
{
    struct shard *const shard = acceptor->shard;
    struct io *const io = shard->worker.loop.io;
    struct sockaddr_storage addr;
    uint32_t len = sizeof(addr);
    addr.ss_family = AF_UNSPEC;
    const int fd = io->ops->accept(io, acceptor->watch.fd, (struct sockaddr *)&addr, &len);
    if (fd == -EAGAIN) {
        return 0;
    }
    if (fd < 0) {
        /* Otherwise it is that one peer's fault. */
        return out_of_something(fd) || useless(fd) ? fd : 1;
    }
    struct address peer;
    address_from_sockaddr((const struct sockaddr *)&addr, &peer);
    conn_open(shard, fd, &peer);
    return 1;
}

static void on_ready(struct io_watch *watch, unsigned ready)
{
    struct acceptor *const acceptor = CONTAINER_OF(watch, struct acceptor, watch);
    struct shard *const shard = acceptor->shard;
    (void)ready;
    for (int i = 0; i < LIMIT_ACCEPT_PER_TURN; i++) {
        if (shard->conn_count >= shard->connection_max) {
            acceptor_pause(acceptor);
            return;
        }
        const int rc = accept_one(acceptor);
        if (rc < 0 && useless(rc)) {
            give_up(acceptor, rc);
        } else if (rc < 0) {
            rest(acceptor, rc);
        }
        if (rc <= 0) {
            return;
        }
    }
}

void acceptor_init(struct acceptor *acceptor, struct shard *shard, int *fd, bool shared)
{
    *acceptor = (struct acceptor){
        .watch = {.fd = *fd, .on_ready = on_ready},
        .shard = shard,
        .fd = fd,
        .shared = shared,
    };
    timer_init(&acceptor->retry, on_retry);
}

int acceptor_resume(struct acceptor *acceptor)
{
    struct io *const io = acceptor->shard->worker.loop.io;
    if (acceptor->watching || acceptor->useless) {
        return 0;
    }
    acceptor->watch.fd = *acceptor->fd;
    TRY(io->ops->watch(io, &acceptor->watch, acceptor->shared ? IO_LISTENER_SHARED : IO_LISTENER));
    acceptor->watching = true;
    return 0;
}

void acceptor_pause(struct acceptor *acceptor)
{
    struct io *const io = acceptor->shard->worker.loop.io;
    if (acceptor->watching) {
        io->ops->unwatch(io, &acceptor->watch);
        acceptor->watching = false;
    }
}

/* Who waits is served, and for whom no descriptor is left is told so. Does nobody wait any more? */
static bool empty_queue(struct acceptor *acceptor)
{
    unsigned shed = 0;
    int rc;
    do {
        rc = accept_one(acceptor);
    } while (rc > 0);
    if (!out_of_descriptors(rc)) {
        return true;
    }
    do {
        rc = shed_one(acceptor);
    } while (rc > 0 && ++shed < SHED_MAX);
    return !out_of_descriptors(rc);
}

bool acceptor_finish(struct acceptor *acceptor, bool welcome)
{
    struct loop *const loop = &acceptor->shard->worker.loop;
    if (acceptor->finished) {
        return true;
    }
    acceptor_pause(acceptor);
    timer_stop(&loop->timers, &acceptor->retry);
    acceptor->watch.fd = *acceptor->fd;
    if (welcome && !empty_queue(acceptor)) {
        try_later(acceptor);
        return false;
    }
    acceptor->finished = true;
    if (!acceptor->shared) {
        acceptor_close(acceptor);
    }
    return true;
}

void acceptor_close(struct acceptor *acceptor)
{
    const struct server_worker *const worker = &acceptor->shard->worker;
    server_close_listener(worker->server, worker->loop.io, acceptor->fd);
}
