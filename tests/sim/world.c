/* The simulated server; its application is in world_app.c. */
#include "world.h"

#include "app/server.h"
#include "base/sys.h"
#include "world_app.h"

#define BODY_MAX MIB(1)

/* The server. */

static int on_start(struct server_worker *worker, void *arg)
{
    worker->data = arg;
    return 0;
}

static void fill_options(struct world *world, const struct world_options *options)
{
    const size_t workers = options->workers == 0 ? 1 : options->workers;
    for (size_t i = 0; i < workers; i++) {
        world->fds[i] = sim_listen(world->sim);
        world->ios[i] = sim_io_new(world->sim);
    }
    world->listener = (struct listener){.fds = world->fds, .fd_count = workers};
    world->options = (struct server_options){
        .listeners = &world->listener,
        .listener_count = 1,
        .workers = workers,
        .ios = world->ios,
        .limits = server_limits_default(),
        .logger = {.threshold = LOG_OFF},
        .server_name = "Garm",
        .handler = options->handler != NULL ? options->handler : world_handle,
        .on_start = on_start,
        .arg = world,
    };
    world->options.limits.connections = options->connections;
    world->options.limits.body_bytes = BODY_MAX;
}

static void close_listeners(struct world *world)
{
    struct io *const io = sim_io_new(world->sim);
    for (size_t i = 0; i < world->options.workers; i++) {
        if (world->fds[i] >= 0) {
            io->ops->close(io, world->fds[i], false);
        }
    }
    io->ops->free(io);
}

/* The exchange's own application, or a whole one on the floor above. */

static int start_bare(struct world *world, struct buf *error)
{
    world->ios_taken = true;
    TRY(server_new(&world->options, &world->server, error));
    return server_attach(world->server);
}

static int start_app(struct world *world, const garm_app_entry *entry, struct buf *error)
{
    const garm_server_opts opts = {
        .size = sizeof(opts), .workers = (int)world->options.workers, .log_level = GARM_LOG_OFF};
    TRY(garm_server_make(&opts, NULL, &world->app, error));
    TRY(garm_server_setup(world->app, entry, error));
    world->app->listeners[0] = world->listener;
    world->app->listener_count = 1;
    world->app->ios = world->ios;
    world->ios_taken = true;
    TRY(garm_server_prepare(world->app));
    world->server = world->app->server;
    TRY(server_attach(world->server));
    world->app->attached = true;
    return 0;
}

int world_new(struct world *world, uint64_t seed, const struct world_options *options)
{
    static const struct world_options plain;
    struct buf error;
    options = options == NULL ? &plain : options;
    *world = (struct world){.sim = sim_new(seed, &options->sim)};
    fill_options(world, options);
    buf_init(&error, 1024);
    const int rc =
        options->app == NULL ? start_bare(world, &error) : start_app(world, options->app, &error);
    buf_deinit(&error);
    if (rc < 0) {
        world_free(world);
        return rc;
    }
    for (size_t i = 0; i < world->options.workers; i++) {
        sim_attach(world->sim, &server_worker(world->server, i)->loop);
    }
    return 0;
}

/* The turn that takes the stop ends loop_run by setting the loop's stop flag; server_turn clears
 * it, as the workers' own thread does. */
void world_begin_stop(struct world *world, int64_t grace_ms)
{
    server_stop(world->server, grace_ms * NS_PER_MS);
    CHECK(server_turn(world->server, 0) >= 0);
}

bool world_ended(struct world *world)
{
    return server_turn(world->server, 0) == 1;
}

void world_stop(struct world *world, int64_t grace_ms)
{
    world_begin_stop(world, grace_ms);
    const int64_t end_ns = sim_now_ns(world->sim) + (grace_ms + 60000) * NS_PER_MS;
    while (!world_ended(world) && sim_now_ns(world->sim) < end_ns) {
        world_run_ms(world, 1);
    }
    CHECK(world_ended(world)); /* a minute after its grace at the latest */
}

static void free_server(struct world *world)
{
    for (size_t i = 0; i < world->options.workers && !world->ios_taken; i++) {
        world->ios[i]->ops->free(world->ios[i]);
    }
    if (world->app == NULL) {
        server_free(world->server);
        return;
    }
    world->app->listeners[0] = (struct listener){0}; /* its descriptors are not the kernel's */
    garm_server_free(world->app);
}

void world_free(struct world *world)
{
    if (world->server != NULL) {
        world_stop(world, 0);
    }
    close_listeners(world);
    free_server(world);
    CHECK(sim_open_fds(world->sim) == 0);
    sim_free(world->sim);
    *world = (struct world){0};
}

struct shard *world_shard(struct world *world, size_t index)
{
    return CONTAINER_OF(server_worker(world->server, index), struct shard, worker);
}

struct sim_client *world_connect(struct world *world)
{
    return sim_connect(world->sim, world->fds[sim_random(world->sim, world->options.workers)]);
}

void world_run_ms(struct world *world, int64_t ms)
{
    CHECK(sim_run(world->sim, sim_now_ns(world->sim) + ms * NS_PER_MS) == 0);
}

void world_settle(struct world *world)
{
    CHECK(sim_settle(world->sim) == 0);
}
