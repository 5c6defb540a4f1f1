/* The server: its shards on their threads, or turned by the caller. */
#include "serve/server_impl.h"

#include "base/sys.h"
#include "run/io_epoll.h"
#include "run/overflow.h"
#include "run/task.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

struct server_limits server_limits_default(void)
{
    return (struct server_limits){
        .h1 = h1_limits_default,
        .body_bytes = LIMIT_BODY_BYTES,
        .arena_bytes = LIMIT_ARENA_BYTES,
        .silent_ms = LIMIT_SILENT_MS,
        .idle_ms = LIMIT_IDLE_MS,
        .head_ms = LIMIT_HEAD_MS,
        .body_stall_ms = LIMIT_BODY_STALL_MS,
        .write_stall_ms = LIMIT_WRITE_STALL_MS,
        .linger_ms = LIMIT_LINGER_MS,
        .rate_grace_ms = LIMIT_RATE_GRACE_MS,
        .rate_bytes_per_sec = LIMIT_RATE_BYTES_PER_SEC,
    };
}

/* Making and freeing. */

static int add_shard(struct server *server, size_t index)
{
    struct io *io = NULL;
    if (server->options.ios != NULL) {
        io = server->options.ios[index];
    } else {
        TRY(io_epoll_new(&io));
    }
    const int rc = shard_init(&server->shards[index], server, &server->options, index, io);
    server->shard_count++;
    return rc;
}

static int add_shards(struct server *server)
{
    server->shards = mem_zalloc(server->options.workers * sizeof(*server->shards));
    if (server->shards == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < server->options.workers; i++) {
        TRY(add_shard(server, i));
    }
    return 0;
}

/* Those that no shard owns yet. */
static void free_ios(const struct server_options *options, size_t from)
{
    for (size_t i = from; options->ios != NULL && i < options->workers; i++) {
        options->ios[i]->ops->free(options->ios[i]);
    }
}

int server_new(const struct server_options *options, struct server **ret_server,
               struct buf *ret_error)
{
    struct server *const server = mem_zalloc(sizeof(*server));
    if (server == NULL) {
        free_ios(options, 0);
        buf_printf(ret_error, "out of memory");
        return -ENOMEM;
    }
    server->options = *options;
    server->outer_fd = server->timer_fd = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    const int rc = add_shards(server);
    if (rc < 0) {
        buf_printf(ret_error, "cannot prepare %zu workers: %s", options->workers,
                   sys_error_text(rc));
        free_ios(options, server->shard_count);
        server_free(server);
        return rc;
    }
    *ret_server = server;
    return 0;
}

static void close_outer(struct server *server)
{
    sys_close(server->outer_fd);
    sys_close(server->timer_fd);
    server->outer_fd = server->timer_fd = -1;
}

void server_free(struct server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; i < server->shard_count; i++) {
        shard_deinit(&server->shards[i]);
    }
    mem_free(server->shards);
    close_outer(server);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    mem_free(server);
}

/* Threads. */

static void tell_started(struct server *server, int rc)
{
    pthread_mutex_lock(&server->lock);
    server->started_count++;
    if (rc < 0) {
        server->start_error = rc;
    }
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

/* A server whose loops have threads, the main one or their own, is watched. One that cannot be
 * serves all the same. */
static void start_watching(struct server *server)
{
    struct watchdog *const watchdog = &server->watchdog;
    if (server->options.ios != NULL) {
        return;
    }
    int rc = watchdog_init(watchdog, server->shard_count, &server->options.logger);
    watchdog->on_tick = server->options.on_tick;
    watchdog->tick_arg = server->options.tick_arg;
    for (size_t i = 0; i < server->shard_count && rc == 0; i++) {
        watchdog_watch(watchdog, i, &server->shards[i].worker.loop);
    }
    rc = rc < 0 ? rc : watchdog_start(watchdog);
    if (rc < 0) {
        log_write(&server->options.logger, LOG_WARN, "no watchdog: %s", sys_error_text(rc));
    }
}

/* Turns the shard until it has ended: 0, or the first failure of a poll. */
static int turn_to_end(struct shard *shard)
{
    struct loop *const loop = &shard->worker.loop;
    struct server *const server = shard->worker.server;
    int result = 0;
    while (!shard_ended(shard)) {
        const int rc = shard->phase == SHARD_SERVING ? loop_run(loop) : loop_turn(loop, -1);
        loop->stop = false;
        if (rc < 0 && result == 0) {
            log_write(&server->options.logger, LOG_ERROR, "worker %zu: polling failed: %s",
                      shard->worker.index, sys_error_text(rc));
            server_stop(server, 0);
            result = rc;
        }
    }
    return result;
}

/* On the shard's own thread: 0 or a negative errno. */
static int open_shard(struct shard *shard)
{
    const int rc = shard_open(shard);
    tell_started(shard->worker.server, rc);
    return rc;
}

/* No shard serves before all have opened. */
static void give_verdict(struct server *server, int rc)
{
    pthread_mutex_lock(&server->lock);
    server->verdict = rc < 0 ? VERDICT_ABANDON : VERDICT_SERVE;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static bool await_verdict(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    while (server->verdict == VERDICT_OPEN) {
        pthread_cond_wait(&server->changed, &server->lock);
    }
    const bool serve = server->verdict == VERDICT_SERVE;
    pthread_mutex_unlock(&server->lock);
    return serve;
}

static void shard_main(void *arg)
{
    struct shard *const shard = arg;
    (void)!open_shard(shard); /* it tells: a failure ends the start */
    if (!await_verdict(shard->worker.server)) {
        shard_abandon(shard);
    }
    (void)!turn_to_end(shard); /* a failure has stopped the server */
}

static int start_thread(struct shard *shard)
{
    char name[WORKER_NAME_SIZE];
    snprintf(name, sizeof(name), "garm/%u", (unsigned)(shard->worker.index % 10000));
    return worker_start(&shard->thread, name, -1, shard_main, shard);
}

/* Starts the shards from `first` on, on threads, and waits until `count` shards in all have told
 * how it went. */
static int start_threads(struct server *server, size_t first)
{
    int rc = 0;
    size_t count = first;
    for (; count < server->shard_count && rc == 0; count += rc == 0) {
        rc = start_thread(&server->shards[count]);
    }
    pthread_mutex_lock(&server->lock);
    while (server->started_count < count) {
        pthread_cond_wait(&server->changed, &server->lock);
    }
    rc = rc < 0 ? rc : server->start_error;
    pthread_mutex_unlock(&server->lock);
    return rc;
}

int server_start(struct server *server)
{
    const int rc = start_threads(server, 0);
    if (rc == 0) {
        start_watching(server);
    }
    give_verdict(server, rc);
    if (rc < 0) {
        server_wait(server);
    }
    return rc;
}

int server_start_here(struct server *server)
{
    struct shard *const own = &server->shards[0];
    int rc = open_shard(own);
    if (rc == 0) {
        rc = start_threads(server, 1);
    }
    if (rc == 0) {
        start_watching(server);
    }
    give_verdict(server, rc);
    if (rc < 0) {
        shard_abandon(own);
        (void)!turn_to_end(own);
        server_wait(server);
    }
    return rc;
}

/* A descriptor of the caller's, watched by worker 0. */
struct guest {
    struct io_watch watch;
    void (*on_readable)(void *arg);
    void *arg;
};

static void on_guest_ready(struct io_watch *watch, unsigned ready)
{
    struct guest *const guest = CONTAINER_OF(watch, struct guest, watch);
    (void)ready;
    guest->on_readable(guest->arg);
}

int server_run(struct server *server, int fd, void (*on_readable)(void *arg), void *arg)
{
    struct io *const io = server->shards[0].worker.loop.io;
    struct guest guest = {
        .watch = {.fd = fd, .on_ready = on_guest_ready}, .on_readable = on_readable, .arg = arg};
    struct overflow_thread overflow = {0};
    int rc = overflow_enter(&overflow);
    rc = rc < 0 ? rc : io->ops->watch(io, &guest.watch, IO_LISTENER);
    if (rc < 0) {
        server_stop(server, 0);
    }
    const int turned = turn_to_end(&server->shards[0]);
    if (rc == 0) {
        io->ops->unwatch(io, &guest.watch);
        rc = turned;
    }
    overflow_leave(&overflow);
    server_wait(server);
    return rc;
}

void server_wait(struct server *server)
{
    for (size_t i = 0; i < server->shard_count; i++) {
        worker_join(&server->shards[i].thread);
    }
    watchdog_deinit(&server->watchdog);
}

/* Turned by the caller. */

/* The caller's poll shall end when the next timer, or work left for the next turn, wants it. */
static int arm_outer(struct server *server)
{
    return server->timer_fd < 0 ? 0
                                : sys_timerfd_set(server->timer_fd,
                                                  loop_wait_ns(&server->shards[0].worker.loop, -1));
}

static int watch_readable(int epoll_fd, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int open_outer(struct server *server)
{
    server->outer_fd = sys_epoll_create();
    TRY(server->outer_fd);
    server->timer_fd = sys_timerfd();
    TRY(server->timer_fd);
    TRY(watch_readable(server->outer_fd, server->timer_fd));
    TRY(watch_readable(server->outer_fd, io_epoll_fd(server->shards[0].worker.loop.io)));
    return arm_outer(server);
}

int server_fd(struct server *server)
{
    if (server->outer_fd < 0) {
        const int rc = open_outer(server);
        if (rc < 0) {
            close_outer(server);
            return rc;
        }
    }
    return server->outer_fd;
}

int server_attach(struct server *server)
{
    int rc = 0;
    for (size_t i = 0; i < server->shard_count && rc == 0; i++) {
        rc = shard_open(&server->shards[i]);
    }
    if (rc < 0) {
        for (size_t i = 0; i < server->shard_count; i++) {
            shard_abandon(&server->shards[i]);
        }
        while (server_turn(server, 0) == 0) {
        }
    }
    return rc;
}

int server_turn(struct server *server, int64_t max_wait_ns)
{
    bool ended = true;
    for (size_t i = 0; i < server->shard_count; i++) {
        struct shard *const shard = &server->shards[i];
        if (!shard_ended(shard)) {
            TRY(loop_turn(&shard->worker.loop, max_wait_ns));
            shard->worker.loop.stop = false;
            ended = shard_ended(shard) && ended;
        }
    }
    TRY(arm_outer(server));
    return ended ? 1 : 0;
}

/* Looking. */

void server_close_listener(struct server *server, struct io *io, int *fd)
{
    pthread_mutex_lock(&server->lock);
    io->ops->close(io, *fd, false);
    *fd = -1;
    pthread_mutex_unlock(&server->lock);
}

int server_queue(struct server *server, size_t index, struct server_queue *ret_queue)
{
    if (server->options.ios != NULL) {
        return -EOPNOTSUPP;
    }
    pthread_mutex_lock(&server->lock);
    const int rc = server_queue_read(&server->options.listeners[index], ret_queue);
    pthread_mutex_unlock(&server->lock);
    return rc;
}

struct server_worker *server_worker(struct server *server, size_t index)
{
    return &server->shards[index].worker;
}

size_t server_worker_count(const struct server *server)
{
    return server->shard_count;
}

const struct logger *server_logger(const struct server *server)
{
    return &server->options.logger;
}
