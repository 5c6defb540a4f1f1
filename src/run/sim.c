/* The world: its clock, its dice, its descriptors, the queue of what is on its way, and the order
 * in which loops have their turns. */
#include "run/sim.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/sim_impl.h"

#include <errno.h>
#include <string.h>

#define START_NS       (1000 * NS_PER_SEC)
#define WINDOW_DEFAULT KIB(64)
#define TURNS_MAX      1000000

struct sim *sim_new(uint64_t seed, const struct sim_options *options)
{
    struct sim *const sim = mem_zalloc_aside(sizeof(*sim));
    if (options != NULL) {
        sim->options = *options;
    }
    if (sim->options.window == 0) {
        sim->options.window = WINDOW_DEFAULT;
    }
    random_seed(&sim->random, seed);
    sim->now_ns = START_NS;
    sim->trace = seed;
    list_init(&sim->ios);
    list_init(&sim->clients);
    list_init(&sim->listeners);
    list_init(&sim->arrivals);
    return sim;
}

static void free_clients(struct sim *sim)
{
    list_each_safe (node, next, &sim->clients) {
        struct sim_client *const client = CONTAINER_OF(node, struct sim_client, node);
        sim_bytes_clear(&client->own.unread);
        sim_bytes_clear(&client->server.unread);
        mem_free_aside(client);
    }
}

void sim_free(struct sim *sim)
{
    if (sim == NULL) {
        return;
    }
    CHECK(list_empty(&sim->ios));
    for (size_t i = 0; i < sim->file_cap; i++) {
        mem_free_aside(sim->files[i]);
    }
    mem_free_aside(sim->files);
    list_each_safe (node, next, &sim->arrivals) {
        mem_free_aside(CONTAINER_OF(node, struct sim_packet, node));
    }
    list_each_safe (node, next, &sim->listeners) {
        mem_free_aside(CONTAINER_OF(node, struct sim_listener, node));
    }
    free_clients(sim);
    mem_free_aside(sim);
}

int64_t sim_now_ns(const struct sim *sim)
{
    return sim->now_ns;
}

/* One step of splitmix64's mixer per word (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    uint64_t x = hash ^ (word + UINT64_C(0x9e3779b97f4a7c15));
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void sim_note(struct sim *sim, unsigned what, int64_t a, int64_t b)
{
    sim->trace = mix(sim->trace, what);
    sim->trace = mix(sim->trace, (uint64_t)a);
    sim->trace = mix(sim->trace, (uint64_t)b);
    sim->trace = mix(sim->trace, (uint64_t)sim->now_ns);
}

uint64_t sim_trace_hash(const struct sim *sim)
{
    return sim->trace;
}

uint64_t sim_random(struct sim *sim, uint64_t bound)
{
    return random_below(&sim->random, bound);
}

/* No dice are thrown for what never happens, so that a perfect world is quick. */
bool sim_chance(struct sim *sim, unsigned percent)
{
    return percent > 0 && random_percent(&sim->random, percent);
}

int64_t sim_delay_ns(void *arg)
{
    struct sim *const sim = arg;
    const int64_t spread = sim->options.latency_ns_max - sim->options.latency_ns_min;
    const uint64_t extra = spread > 0 ? sim_random(sim, (uint64_t)spread + 1) : 0;
    return sim->options.latency_ns_min + (int64_t)extra;
}

/* Descriptors: the lowest free number is taken, as the kernel does, so that a use after close hits
 * somebody else here too. */

static size_t free_index(struct sim *sim)
{
    for (size_t i = 0; i < sim->file_cap; i++) {
        if (sim->files[i] == NULL) {
            return i;
        }
    }
    const size_t old_cap = sim->file_cap;
    const size_t cap = old_cap == 0 ? 16 : 2 * old_cap;
    struct sim_file **const files = mem_zalloc_aside(cap * sizeof(struct sim_file *));
    if (old_cap > 0) {
        memcpy(files, sim->files, old_cap * sizeof(struct sim_file *));
    }
    mem_free_aside(sim->files);
    sim->files = files;
    sim->file_cap = cap;
    return old_cap;
}

struct sim_file *sim_file_new(struct sim *sim)
{
    struct sim_file *const file = mem_zalloc_aside(sizeof(*file));
    const size_t index = free_index(sim);
    file->fd = SIM_FD_BASE + (int)index;
    list_init(&file->watches);
    sim->files[index] = file;
    sim->file_count++;
    return file;
}

void sim_file_free(struct sim *sim, struct sim_file *file)
{
    sim->files[file->fd - SIM_FD_BASE] = NULL;
    sim->file_count--;
    mem_free_aside(file);
}

struct sim_file *sim_file_of(struct sim *sim, int fd)
{
    const bool ours = fd >= SIM_FD_BASE && (size_t)(fd - SIM_FD_BASE) < sim->file_cap;
    CHECK(ours && sim->files[fd - SIM_FD_BASE] != NULL);
    return sim->files[fd - SIM_FD_BASE];
}

size_t sim_open_fds(const struct sim *sim)
{
    return sim->file_count;
}

int sim_listen(struct sim *sim)
{
    struct sim_listener *const listener = mem_zalloc_aside(sizeof(*listener));
    list_init(&listener->backlog);
    list_push_back(&sim->listeners, &listener->node);
    listener->file = sim_file_new(sim);
    listener->file->listener = listener;
    return listener->file->fd;
}

/* Time. */

int64_t sim_next_arrival_ns(const struct sim *sim)
{
    const struct list *const first = sim->arrivals.next;
    return first == &sim->arrivals ? INT64_MAX
                                   : CONTAINER_OF(first, struct sim_packet, node)->at_ns;
}

void sim_deliver(struct sim *sim)
{
    while (sim_next_arrival_ns(sim) <= sim->now_ns) {
        struct list *const node = list_pop_front(&sim->arrivals);
        struct sim_packet *const packet = CONTAINER_OF(node, struct sim_packet, node);
        sim_arrive(packet);
        mem_free_aside(packet);
    }
}

void sim_attach(struct sim *sim, struct loop *loop)
{
    struct sim_io *const io = CONTAINER_OF(loop->io, struct sim_io, io);
    CHECK(io->sim == sim && io->loop == NULL);
    io->loop = loop;
}

static bool has_work(const struct sim_io *io)
{
    return io->loop != NULL && !io->loop->stop &&
           (sim_io_ready(io) || loop_wait_ns(io->loop, -1) == 0);
}

/* One of the loops that have something to do, or NULL. */
static struct loop *pick(struct sim *sim)
{
    size_t count = 0;
    struct loop *picked = NULL;
    list_each (node, &sim->ios) {
        const struct sim_io *const io = CONTAINER_OF(node, struct sim_io, node);
        if (has_work(io)) {
            count++;
            picked = count == 1 || sim_random(sim, count) == 0 ? io->loop : picked;
        }
    }
    return picked;
}

static int64_t next_timer_ns(const struct sim *sim)
{
    int64_t next_ns = INT64_MAX;
    list_each (node, &sim->ios) {
        const struct sim_io *const io = CONTAINER_OF(node, struct sim_io, node);
        if (io->loop != NULL && !io->loop->stop) {
            const int64_t due_ns = timer_wheel_next(&io->loop->timers);
            next_ns = due_ns < next_ns ? due_ns : next_ns;
        }
    }
    return next_ns;
}

static int turn(struct sim *sim, struct loop *loop)
{
    sim_note(sim, 'T', (int64_t)loop->turns, 0);
    const int rc = loop_turn(loop, -1);
    if (sim->options.turn_ns_max > 0) {
        sim->now_ns += (int64_t)sim_random(sim, (uint64_t)sim->options.turn_ns_max + 1);
    }
    return rc;
}

/* Turns while there is work: 0, what a turn returned, or -ELOOP. */
static int exhaust(struct sim *sim, int64_t until_ns)
{
    for (int turns = 0; turns < TURNS_MAX; turns++) {
        sim_deliver(sim);
        struct loop *const loop = pick(sim);
        if (loop == NULL || sim->now_ns > until_ns) {
            return 0;
        }
        TRY(turn(sim, loop));
    }
    return -ELOOP;
}

static int run(struct sim *sim, int64_t until_ns, bool settle)
{
    for (;;) {
        TRY(exhaust(sim, until_ns));
        const int64_t arrival_ns = sim_next_arrival_ns(sim);
        if (settle && arrival_ns == INT64_MAX) {
            return 0;
        }
        const int64_t timer_ns = next_timer_ns(sim);
        const int64_t next_ns = timer_ns < arrival_ns ? timer_ns : arrival_ns;
        if ((next_ns == INT64_MAX && until_ns == INT64_MAX) || sim->now_ns > until_ns) {
            return 0;
        }
        if (next_ns > until_ns) {
            sim->now_ns = until_ns > sim->now_ns ? until_ns : sim->now_ns;
            return 0;
        }
        sim->now_ns = next_ns > sim->now_ns ? next_ns : sim->now_ns;
    }
}

int sim_run(struct sim *sim, int64_t until_ns)
{
    CHECK(!sim->running);
    sim->running = true;
    const int rc = run(sim, until_ns, false);
    sim->running = false;
    return rc;
}

int sim_settle(struct sim *sim)
{
    CHECK(!sim->running);
    sim->running = true;
    const int rc = run(sim, INT64_MAX, true);
    sim->running = false;
    return rc;
}
