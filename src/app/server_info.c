/* What a server tells about itself, and work that is given to it from outside. */
#include "app/server.h"

#include "app/ctx.h"
#include "app/tasks.h"
#include "base/sys.h"

#include <errno.h>

/* How long a post waits when no stack is to be had. */
#define POST_RETRY_NS (10 * NS_PER_MS)

const char *garm_server_address(garm_server *server, size_t index)
{
    return index < server->listener_count ? server->listeners[index].url : "";
}

garm_server *garm_server_of(garm_ctx *c)
{
    return c->worker->application->server;
}

/* NULL before its start. Any thread. */
static struct server *running_server(garm_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct server *const running = server->server;
    pthread_mutex_unlock(&server->lock);
    return running;
}

bool garm_server_stopping(garm_server *server)
{
    const struct server *const running = running_server(server);
    return running != NULL && server_stopping(running);
}

int garm_server_get_stats(garm_server *server, garm_server_stats *stats)
{
    if (stats->size != sizeof(*stats)) {
        return -EINVAL;
    }
    struct server_stats now = {0};
    struct server *const running = running_server(server);
    if (running != NULL) {
        server_stats(running, &now);
    }
    *stats = (garm_server_stats){
        .size = sizeof(*stats),
        .accepted = now.accepted,
        .requests = now.requests,
        .refused = now.refused,
        .connections = now.connections,
        .active = now.active,
        .bytes_in = now.bytes_in,
        .bytes_out = now.bytes_out,
        .workers = (int)server->workers,
        .uptime_ns = running == NULL ? 0 : sys_monotonic_ns() - server->start_ns,
    };
    return 0;
}

/* Posts. */

struct posted {
    struct timer retry;
    struct server_worker *worker;
    garm_task_fn *fn;
    void *arg;
};

static void posted_main(void *arg)
{
    struct posted *const posted = arg;
    (void)job_run(posted->worker->data, "posted work", posted->fn, posted->arg);
    mem_free(posted);
}

static void start_posted(struct timer *retry)
{
    struct posted *const posted = CONTAINER_OF(retry, struct posted, retry);
    struct loop *const loop = &posted->worker->loop;
    if (task_spawn(loop, "posted", posted_main, posted, NULL) < 0) {
        timer_set(&loop->timers, retry, loop_due_ns(loop, POST_RETRY_NS));
    }
}

static void on_post(struct server_worker *worker, void *arg)
{
    struct posted *const posted = arg;
    posted->worker = worker;
    timer_init(&posted->retry, start_posted);
    start_posted(&posted->retry);
}

int garm_post(garm_server *server, garm_task_fn *fn, void *arg)
{
    struct server *const running = running_server(server);
    if (running == NULL) {
        return -ESHUTDOWN;
    }
    struct posted *const posted = mem_zalloc(sizeof(*posted));
    if (posted == NULL) {
        return -ENOMEM;
    }
    posted->fn = fn;
    posted->arg = arg;
    const int rc = server_post(running, 0, on_post, posted);
    if (rc < 0) {
        mem_free(posted);
    }
    return rc;
}
