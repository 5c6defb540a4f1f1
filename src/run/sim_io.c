/* The seam over the simulated world: watches and polls (sim_calls.c has the rest). Edges are those
 * of epoll: raised when something arrives or room appears, told once, with all that is true
 * then. */
#include "run/sim.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/sim_impl.h"

#include <errno.h>

/* RFC 9110's Sun, 06 Nov 1994 08:49:37 GMT. */
#define WALL_START_NS  (INT64_C(784111777) * NS_PER_SEC)
#define SPURIOUS_REACH 64 /* how far into the list of streams a spurious wake reaches */

static struct sim_io *sim_of(struct io *io)
{
    return CONTAINER_OF(io, struct sim_io, io);
}

static int64_t now_ns(struct io *io)
{
    return sim_of(io)->sim->now_ns;
}

static int64_t wall_ns(struct io *io)
{
    return WALL_START_NS + sim_of(io)->sim->now_ns;
}

bool sim_has_room(const struct sim_client *client)
{
    return client->outstanding < client->window;
}

static unsigned level(const struct sim_watch *watch)
{
    if (watch->mode != IO_STREAM) {
        return IO_READABLE;
    }
    const struct sim_client *const client = watch->file->client;
    const struct sim_side *const side = &client->server;
    if (side->reset) {
        return IO_READABLE | IO_WRITABLE | IO_PEER_SHUT | IO_GONE;
    }
    const bool readable = side->unread.len > 0 || side->eof || watch->spurious;
    const bool writable = sim_has_room(client) || side->shut || watch->spurious;
    return (readable ? IO_READABLE : 0u) | (writable ? IO_WRITABLE : 0u) |
           (side->eof ? IO_PEER_SHUT : 0u) | (side->eof && side->shut ? IO_GONE : 0u);
}

void sim_raise(struct sim_client *client)
{
    if (client->file == NULL || list_empty(&client->file->watches)) {
        return;
    }
    struct sim_watch *const watch =
        CONTAINER_OF(client->file->watches.next, struct sim_watch, file_node);
    if (list_empty(&watch->ready_node)) {
        list_push_back(&watch->io->edges, &watch->ready_node);
    }
}

static bool has_backlog(const struct list *node)
{
    const struct sim_watch *const watch = CONTAINER_OF(node, struct sim_watch, node);
    return !list_empty(&watch->file->listener->backlog);
}

bool sim_io_ready(const struct sim_io *self)
{
    if (self->woken || !list_empty(&self->edges)) {
        return true;
    }
    list_each (node, &self->listeners) {
        if (has_backlog(node)) {
            return true;
        }
    }
    return false;
}

static void add_to_batch(struct sim_io *self, struct sim_watch *watch)
{
    list_remove(&watch->ready_node);
    if (self->sim->options.reorder && sim_random(self->sim, 2) == 0) {
        list_push_front(&self->batch, &watch->ready_node);
    } else {
        list_push_back(&self->batch, &watch->ready_node);
    }
}

static void add_spurious(struct sim_io *self)
{
    if (self->stream_count == 0 || !sim_chance(self->sim, self->sim->options.spurious_wakes)) {
        return;
    }
    const size_t reach = self->stream_count < SPURIOUS_REACH ? self->stream_count : SPURIOUS_REACH;
    const struct list *node = self->streams.next;
    for (uint64_t steps = sim_random(self->sim, reach); steps > 0; steps--) {
        node = node->next;
    }
    struct sim_watch *const watch = CONTAINER_OF(node, struct sim_watch, node);
    watch->spurious = true;
    add_to_batch(self, watch);
}

static void gather(struct sim_io *self)
{
    for (int i = 0; i < LIMIT_EVENTS_PER_TURN && !list_empty(&self->edges); i++) {
        add_to_batch(self, CONTAINER_OF(self->edges.next, struct sim_watch, ready_node));
    }
    list_each (node, &self->listeners) {
        if (has_backlog(node)) {
            add_to_batch(self, CONTAINER_OF(node, struct sim_watch, node));
        }
    }
    add_spurious(self);
}

static int tell(struct sim_io *self)
{
    int calls = 0;
    gather(self);
    for (struct list *node = list_pop_front(&self->batch); node != NULL;
         node = list_pop_front(&self->batch)) {
        struct sim_watch *const watch = CONTAINER_OF(node, struct sim_watch, ready_node);
        const unsigned ready = level(watch);
        watch->spurious = false;
        sim_note(self->sim, 'R', watch->file->fd, ready);
        watch->watch->on_ready(watch->watch, ready);
        calls++;
    }
    return calls;
}

/* Outside of sim_run a wait is the clock's leap to whatever would end it. */
static int wait_alone(struct sim_io *self, int64_t timeout_ns)
{
    struct sim *const sim = self->sim;
    const int64_t due_ns = timeout_ns < 0 ? INT64_MAX : sim->now_ns + timeout_ns;
    while (!sim_io_ready(self) && sim->now_ns < due_ns) {
        const int64_t arrival_ns = sim_next_arrival_ns(sim);
        if (arrival_ns == INT64_MAX && due_ns == INT64_MAX) {
            return -EDEADLK;
        }
        sim->now_ns = arrival_ns < due_ns ? arrival_ns : due_ns;
        sim_deliver(sim);
    }
    return 0;
}

static int poll_world(struct io *io, int64_t timeout_ns, int64_t *ret_now_ns)
{
    struct sim_io *const self = sim_of(io);
    sim_deliver(self->sim);
    const int rc = self->sim->running ? 0 : wait_alone(self, timeout_ns);
    self->woken = false;
    *ret_now_ns = self->sim->now_ns;
    return rc < 0 ? rc : tell(self);
}

static void wake(struct io *io)
{
    sim_of(io)->woken = true;
}

static int watch_file(struct io *io, struct io_watch *watch, enum io_mode mode)
{
    struct sim_io *const self = sim_of(io);
    struct sim_file *const file = sim_file_of(self->sim, watch->fd);
    const bool stream = mode == IO_STREAM;
    CHECK(stream == (file->client != NULL) && (!stream || list_empty(&file->watches)));
    struct sim_watch *const added = mem_zalloc_aside(sizeof(*added));
    added->io = self;
    added->file = file;
    added->watch = watch;
    added->mode = mode;
    list_init(&added->ready_node);
    list_push_back(stream ? &self->streams : &self->listeners, &added->node);
    list_push_back(&file->watches, &added->file_node);
    if (stream) {
        self->stream_count++;
        list_push_back(&self->edges, &added->ready_node);
    }
    return 0;
}

static void drop_watch(struct sim_watch *watch)
{
    list_remove(&watch->ready_node);
    list_remove(&watch->file_node);
    list_remove(&watch->node);
    watch->io->stream_count -= watch->mode == IO_STREAM;
    mem_free_aside(watch);
}

static void unwatch(struct io *io, struct io_watch *watch)
{
    const struct sim_file *const file = sim_file_of(sim_of(io)->sim, watch->fd);
    list_each_safe (node, next, &file->watches) {
        struct sim_watch *const candidate = CONTAINER_OF(node, struct sim_watch, file_node);
        if (candidate->watch == watch) {
            drop_watch(candidate);
        }
    }
}

void sim_unwatch_all(struct sim_file *file)
{
    list_each_safe (node, next, &file->watches) {
        drop_watch(CONTAINER_OF(node, struct sim_watch, file_node));
    }
}

static void drop_watches(struct list *watches)
{
    list_each_safe (node, next, watches) {
        drop_watch(CONTAINER_OF(node, struct sim_watch, node));
    }
}

static void free_io(struct io *io)
{
    struct sim_io *const self = sim_of(io);
    drop_watches(&self->streams);
    drop_watches(&self->listeners);
    list_remove(&self->node);
    mem_free_aside(self);
}

static const struct io_ops ops = {
    .name = "simulator",
    .now_ns = now_ns,
    .wall_ns = wall_ns,
    .poll = poll_world,
    .wake = wake,
    .watch = watch_file,
    .unwatch = unwatch,
    .accept = sim_call_accept,
    .recv = sim_call_recv,
    .send = sim_call_send,
    .send_file = sim_call_send_file,
    .set_unsent_max = sim_call_set_unsent_max,
    .taken = sim_call_taken,
    .shut_write = sim_call_shut_write,
    .close = sim_call_close,
    .free = free_io,
};

struct io *sim_io_new(struct sim *sim)
{
    struct sim_io *const self = mem_zalloc_aside(sizeof(*self));
    self->io.ops = &ops;
    self->sim = sim;
    list_init(&self->streams);
    list_init(&self->listeners);
    list_init(&self->edges);
    list_init(&self->batch);
    list_push_back(&sim->ios, &self->node);
    return &self->io;
}
