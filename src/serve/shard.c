/* A shard's start, drain and end, and its housekeeping. */
#include "serve/shard.h"

#include "base/date.h"
#include "base/sys.h"
#include "run/task.h"
#include "serve/acceptor.h"
#include "serve/conn.h"

#include <errno.h>
#include <stdio.h>

#define HOUSEKEEPING_NS NS_PER_SEC
/* Blocks worth keeping whatever the last second needed. */
#define POOL_KEEP 16

static void on_housekeeping(struct timer *timer);
static void on_grace_over(struct timer *timer);
static void on_drain_delay_over(struct timer *timer);

static struct loop *loop_of(struct shard *shard)
{
    return &shard->worker.loop;
}

/* The descriptors of its listeners: its own of a listener that has one per worker, else the shared
 * one. */
static int init_acceptors(struct shard *shard)
{
    const struct server_options *const options = shard->options;
    shard->acceptors = mem_zalloc((options->listener_count + 1) * sizeof(*shard->acceptors));
    if (shard->acceptors == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < options->listener_count; i++) {
        struct listener *const listener = &options->listeners[i];
        int *const fd = &listener->fds[listener->shared ? 0 : shard->worker.index];
        acceptor_init(&shard->acceptors[i], shard, fd, listener->shared && options->workers > 1);
        shard->acceptor_count++;
    }
    return 0;
}

int shard_init(struct shard *shard, struct server *server, const struct server_options *options,
               size_t index, struct io *io)
{
    *shard = (struct shard){
        .options = options,
        .reserve_fd = -1,
        .stop_grace_ns = INT64_MAX,
        .worker = {.index = index, .server = server},
    };
    list_init(&shard->conns);
    pool_init(&shard->actives, sizeof(struct active), SIZE_MAX);
    pool_init(&shard->outs, sizeof(struct out), SIZE_MAX);
    pool_init(&shard->big_rxs, RX_BIG_SIZE, SIZE_MAX);
    timer_init(&shard->housekeeping, on_housekeeping);
    timer_init(&shard->grace, on_grace_over);
    timer_init(&shard->drain_delay, on_drain_delay_over);
    const size_t max = options->limits.connections;
    shard->connection_max = max == 0 ? SIZE_MAX : (max + options->workers - 1) / options->workers;
    TRY(loop_init(loop_of(shard), io));
    TRY(init_acceptors(shard));
    shard->reserve_fd = sys_eventfd();
    return shard->reserve_fd < 0 ? shard->reserve_fd : 0;
}

void shard_deinit(struct shard *shard)
{
    if (shard->options == NULL) {
        return;
    }
    list_each_safe (node, next, &shard->conns) {
        conn_kill(CONTAINER_OF(node, struct conn, node), CANCEL_DRAIN);
    }
    mem_free(shard->acceptors);
    loop_deinit(loop_of(shard));
    sys_close(shard->reserve_fd);
    pool_deinit(&shard->actives);
    pool_deinit(&shard->outs);
    pool_deinit(&shard->big_rxs);
    shard->options = NULL;
}

int shard_open(struct shard *shard)
{
    const struct server_options *const options = shard->options;
    if (options->on_start != NULL) {
        TRY(options->on_start(&shard->worker, options->arg));
    }
    shard->opened = true;
    for (size_t i = 0; i < shard->acceptor_count; i++) {
        TRY(acceptor_resume(&shard->acceptors[i]));
    }
    return 0;
}

/* The end. */

static void finish_accepting(struct shard *shard, bool welcome)
{
    bool finished = true;
    for (size_t i = 0; i < shard->acceptor_count; i++) {
        finished = acceptor_finish(&shard->acceptors[i], welcome) && finished;
    }
    if (!finished || shard->deaf) {
        return;
    }
    shard->deaf = true;
    if (!server_finished_accepting(shard->worker.server)) {
        return;
    }
    for (size_t i = 0; i < shard->acceptor_count; i++) {
        if (shard->acceptors[i].shared) {
            acceptor_close(&shard->acceptors[i]);
        }
    }
}

void shard_finish_accepting(struct shard *shard)
{
    finish_accepting(shard, true);
    list_each_safe (node, next, &shard->conns) {
        conn_drain(CONTAINER_OF(node, struct conn, node));
    }
}

static void on_grace_over(struct timer *timer)
{
    struct shard *const shard = CONTAINER_OF(timer, struct shard, grace);
    shard->phase = SHARD_ENDING;
    finish_accepting(shard, false);
    list_each_safe (node, next, &shard->conns) {
        conn_kill(CONTAINER_OF(node, struct conn, node), CANCEL_DRAIN);
    }
    task_cancel_all(loop_of(shard), CANCEL_DRAIN);
}

void shard_drain(struct shard *shard, int64_t grace_ns)
{
    struct loop *const loop = loop_of(shard);
    if (shard->phase == SHARD_SERVING) {
        shard->phase = SHARD_DRAINING;
        shard_finish_accepting(shard);
        timer_set(&loop->timers, &shard->grace, loop_due_ns(loop, grace_ns));
    } else if (loop_due_ns(loop, grace_ns) < shard->grace.due_ns) {
        timer_set(&loop->timers, &shard->grace, loop_due_ns(loop, grace_ns));
    }
    loop_stop(loop); /* ends loop_run, which does not know of ends */
}

static void on_drain_delay_over(struct timer *timer)
{
    struct shard *const shard = CONTAINER_OF(timer, struct shard, drain_delay);
    server_begin_drain(shard->worker.server);
    shard_drain(shard, atomic_load(&shard->stop_grace_ns));
}

void shard_stop(struct shard *shard)
{
    struct loop *const loop = loop_of(shard);
    if (shard->phase == SHARD_SERVING && !server_draining(shard->worker.server)) {
        timer_set(&loop->timers, &shard->drain_delay,
                  loop_due_ns(loop, shard->options->drain_delay_ns));
    } else {
        timer_stop(&loop->timers, &shard->drain_delay);
        shard_drain(shard, atomic_load(&shard->stop_grace_ns));
    }
}

void shard_abandon(struct shard *shard)
{
    shard->phase = SHARD_DRAINING;
    finish_accepting(shard, false);
}

bool shard_ended(struct shard *shard)
{
    if (!shard->deaf || shard->conn_count > 0 || loop_of(shard)->task_count > 0) {
        return shard->phase == SHARD_ENDED;
    }
    if (!shard->posts_closed) {
        /* What was posted until now has one more turn, which the wake makes a short one. */
        server_close_posts(shard->worker.server, shard);
        loop_of(shard)->io->ops->wake(loop_of(shard)->io);
        return false;
    }
    if (shard->phase != SHARD_ENDED && shard->opened && shard->options->on_stop != NULL) {
        shard->options->on_stop(&shard->worker, shard->options->arg);
    }
    shard->phase = SHARD_ENDED;
    timer_stop(&loop_of(shard)->timers, &shard->grace);
    return true;
}

void shard_conn_gone(struct shard *shard)
{
    if (shard->phase != SHARD_SERVING || shard->conn_count + 1 != shard->connection_max) {
        return;
    }
    for (size_t i = 0; i < shard->acceptor_count; i++) {
        struct acceptor *const acceptor = &shard->acceptors[i];
        if (acceptor->retry.due_ns == INT64_MAX && acceptor_resume(acceptor) < 0) {
            timer_set(&loop_of(shard)->timers, &acceptor->retry,
                      loop_of(shard)->now_ns + NS_PER_SEC);
        }
    }
}

/* Housekeeping. */

struct slice shard_prefix(struct shard *shard)
{
    const int64_t now_ns = loop_of(shard)->now_ns;
    if (now_ns >= shard->prefix.until_ns) {
        const int64_t wall_ns = loop_of(shard)->io->ops->wall_ns(loop_of(shard)->io);
        char date[DATE_HTTP_SIZE];
        const char *const name = shard->options->server_name;
        date_to_http(wall_ns / NS_PER_SEC, date);
        const int len =
            snprintf(shard->prefix.text, sizeof(shard->prefix.text), "Date: %.*s\r\n%s%.64s%s",
                     DATE_HTTP_SIZE, date, name == NULL ? "" : "Server: ", name == NULL ? "" : name,
                     name == NULL ? "" : "\r\n");
        shard->prefix.len = (size_t)len;
        shard->prefix.until_ns = now_ns + NS_PER_SEC - wall_ns % NS_PER_SEC;
    }
    return slice_of(shard->prefix.text, shard->prefix.len);
}

void shard_expect_trim(struct shard *shard)
{
    struct loop *const loop = loop_of(shard);
    if (shard->housekeeping.due_ns == INT64_MAX) {
        timer_set(&loop->timers, &shard->housekeeping, loop->now_ns + HOUSEKEEPING_NS);
    }
}

/* Keeps as many blocks as are in use now, or were just now, and gives the rest back. */
static size_t trim(struct pool *pool)
{
    const size_t keep = pool->used_count > POOL_KEEP ? pool->used_count : POOL_KEEP;
    const size_t before = pool->free_count;
    pool_trim(pool, before / 2 > keep ? before / 2 : keep);
    return before - pool->free_count;
}

static void on_housekeeping(struct timer *timer)
{
    struct shard *const shard = CONTAINER_OF(timer, struct shard, housekeeping);
    const size_t trimmed = trim(&shard->actives) + trim(&shard->outs) + trim(&shard->big_rxs);
    if (trimmed > 0) {
        mem_trim();
        shard_expect_trim(shard);
    }
}
