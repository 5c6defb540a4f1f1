/* The simulated server and its application. */
#include "world.h"

#include "base/sys.h"
#include "codec/method.h"
#include "run/task.h"

#include <errno.h>
#include <stdlib.h>

#define BODY_MAX MIB(1)

char world_big_byte(size_t i)
{
    return (char)('a' + i % 23);
}

/* The application. */

static struct slice big_answer(void)
{
    static char big[WORLD_BIG];
    if (big[0] == '\0') {
        for (size_t i = 0; i < sizeof(big); i++) {
            big[i] = world_big_byte(i);
        }
    }
    return slice_of(big, sizeof(big));
}

/* The whole body in the request's arena, or a negative errno. */
static int read_all(struct exchange *x, struct slice *ret_body)
{
    size_t cap = x->head->content_length > 0 ? (size_t)x->head->content_length : KIB(32);
    if (cap > x->body_max) {
        cap = 1;
    }
    char *const body = arena_alloc(x->arena, cap);
    size_t len = 0;
    if (body == NULL) {
        return -ENOMEM;
    }
    for (;;) {
        char scrap;
        const ssize_t n = len < cap ? x->ops->read(x, body + len, cap - len) : x->ops->read(x, &scrap, 1);
        if (n <= 0) {
            *ret_body = slice_of(body, len);
            return (int)n;
        }
        if (len == cap) {
            return -EMSGSIZE;
        }
        len += (size_t)n;
    }
}

static int answer(struct exchange *x, uint16_t status, struct slice body)
{
    const struct h1_response_field fields[] = {
        {SLICE("Content-Type"), SLICE("application/octet-stream")},
        {SLICE("X-Seen-Target"), h1_span_slice(x->head->target, x->bytes)},
        {SLICE("X-Seen-Method"), h1_span_slice(x->head->method_text, x->bytes)},
        {SLICE("Allow"), SLICE("GET")},
    };
    const struct exchange_head head = {
        .status = status, .length = body.len, .fields = fields, .field_count = status == 405 ? 4 : 3};
    return x->ops->respond(x, &head, body);
}

static int stream(struct exchange *x, struct slice body)
{
    const struct h1_response_field fields[] = {
        {SLICE("X-Seen-Target"), h1_span_slice(x->head->target, x->bytes)},
        {SLICE("X-Seen-Method"), h1_span_slice(x->head->method_text, x->bytes)},
    };
    const struct exchange_head head = {
        .status = 200, .length = EXCHANGE_LENGTH_UNKNOWN, .fields = fields, .field_count = 2};
    TRY(x->ops->head(x, &head));
    while (body.len > 0) {
        const size_t piece = body.len < 777 ? body.len : 777;
        TRY(x->ops->write(x, body.ptr, piece));
        if (piece % 2 == 1) {
            TRY(x->ops->flush(x));
        }
        body = slice_of(body.ptr + piece, body.len - piece);
    }
    return x->ops->finish(x, NULL, 0);
}

static int sleep_a_little(struct world *world)
{
    return task_sleep((int64_t)sim_random(world->sim, 20) * NS_PER_MS);
}

static int hang(struct exchange *x)
{
    const int rc = task_sleep(INT64_C(1000000) * NS_PER_SEC);
    return rc == -ECANCELED ? answer(x, 503, SLICE("cancelled")) : rc;
}

static int reply(struct world *world, struct exchange *x)
{
    struct slice body = {0};
    const struct slice path = h1_span_slice(x->head->path, x->bytes);
    const char kind = path.len > 1 ? path.ptr[1] : 'e';
    if (x->head->method == METHOD_TRACE || x->head->method == METHOD_CONNECT) {
        return answer(x, 405, body);
    }
    if (x->head->form == TARGET_ASTERISK) {
        return answer(x, 204, body);
    }
    switch (kind) {
    case 'u': return answer(x, 200, body);
    case 'h': return hang(x);
    case 'z': TRY(sleep_a_little(world)); break;
    default: break;
    }
    TRY(read_all(x, &body));
    switch (kind) {
    case 'z': TRY(sleep_a_little(world)); return answer(x, 200, body);
    case 's': return stream(x, body);
    case 'b': return answer(x, 200, big_answer());
    default: return answer(x, 200, body);
    }
}

static void handle(struct exchange *x, void *worker_data)
{
    struct world *const world = worker_data;
    world->handled++;
    const int rc = reply(world, x);
    if (rc < 0 && !x->committed && !x->gone) {
        x->close = true;
        const int sent = answer(x, x->fault != 0 ? x->fault : 503, slice_of(NULL, 0));
        (void)sent; /* the exchange ends in any case */
    }
}

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
        .handler = handle,
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

int world_new(struct world *world, uint64_t seed, const struct world_options *options)
{
    static const struct world_options plain;
    struct buf error;
    options = options == NULL ? &plain : options;
    *world = (struct world){.sim = sim_new(seed, &options->sim)};
    fill_options(world, options);
    buf_init(&error, 1024);
    int rc = server_new(&world->options, &world->server, &error);
    if (rc == 0) {
        rc = server_attach(world->server);
    }
    buf_deinit(&error);
    if (rc < 0) {
        server_free(world->server);
        world->server = NULL;
        world_free(world);
        return rc;
    }
    for (size_t i = 0; i < world->options.workers; i++) {
        sim_attach(world->sim, &server_worker(world->server, i)->loop);
    }
    return 0;
}

void world_stop(struct world *world, int64_t grace_ms)
{
    server_stop(world->server, grace_ms * NS_PER_MS);
    const int64_t end_ns = sim_now_ns(world->sim) + (grace_ms + 60000) * NS_PER_MS;
    int ended = 0;
    while (ended == 0 && sim_now_ns(world->sim) < end_ns) {
        world_run_ms(world, 1);
        ended = server_turn(world->server, 0);
    }
    CHECK(ended == 1); /* a minute after its grace at the latest */
}

void world_free(struct world *world)
{
    if (world->server != NULL && !server_draining(world->server)) {
        world_stop(world, 0);
    }
    close_listeners(world);
    server_free(world->server);
    CHECK(sim_open_fds(world->sim) == 0);
    sim_free(world->sim);
    *world = (struct world){0};
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
