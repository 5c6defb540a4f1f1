/* The end of a server, and what other threads send to its workers until then. */
#include "serve/server_impl.h"

#include "base/sys.h"

#include <errno.h>

/* Stopping. */

static void on_stop_post(struct post *post)
{
    struct shard *const shard = CONTAINER_OF(post, struct shard, stop_post);
    atomic_store(&shard->stop_posted, false);
    shard_stop(shard);
}

/* The shortest grace that was asked for holds. */
static void shorten(_Atomic int64_t *grace_ns, int64_t wanted_ns)
{
    int64_t now_ns = atomic_load(grace_ns);
    while (wanted_ns < now_ns && !atomic_compare_exchange_weak(grace_ns, &now_ns, wanted_ns)) {
    }
}

void server_stop(struct server *server, int64_t grace_ns)
{
    const bool again = atomic_exchange(&server->stopping, true);
    if (again || grace_ns == 0 || server->options.drain_delay_ns == 0) {
        atomic_store(&server->draining, true);
    }
    for (size_t i = 0; i < server->shard_count; i++) {
        struct shard *const shard = &server->shards[i];
        shorten(&shard->stop_grace_ns, grace_ns);
        if (!atomic_exchange(&shard->stop_posted, true)) {
            shard->stop_post.run = on_stop_post;
            loop_post(&shard->worker.loop, &shard->stop_post);
        }
    }
}

bool server_finished_accepting(struct server *server)
{
    return atomic_fetch_add(&server->deaf_count, 1) + 1 == server->shard_count;
}

void server_begin_drain(struct server *server)
{
    atomic_store(&server->draining, true);
}

bool server_stopping(const struct server *server)
{
    return atomic_load(&server->stopping);
}

bool server_draining(const struct server *server)
{
    return atomic_load(&server->draining);
}

/* Posts. */

struct server_post {
    struct post post;
    struct shard *shard;
    void (*fn)(struct server_worker *worker, void *arg);
    void *arg;
};

static void on_server_post(struct post *post)
{
    struct server_post *const call = CONTAINER_OF(post, struct server_post, post);
    call->fn(&call->shard->worker, call->arg);
    mem_free(call);
}

int server_post(struct server *server, size_t index,
                void (*fn)(struct server_worker *worker, void *arg), void *arg)
{
    struct shard *const shard = &server->shards[index];
    struct server_post *const call = mem_alloc(sizeof(*call));
    if (call == NULL) {
        return -ENOMEM;
    }
    *call =
        (struct server_post){.post = {.run = on_server_post}, .shard = shard, .fn = fn, .arg = arg};
    pthread_mutex_lock(&server->lock);
    const bool closed = shard->posts_closed;
    if (!closed) {
        loop_post(&shard->worker.loop, &call->post);
    }
    pthread_mutex_unlock(&server->lock);
    if (closed) {
        mem_free(call);
    }
    return closed ? -ESHUTDOWN : 0;
}

void server_close_posts(struct server *server, struct shard *shard)
{
    pthread_mutex_lock(&server->lock);
    shard->posts_closed = true;
    pthread_mutex_unlock(&server->lock);
}
