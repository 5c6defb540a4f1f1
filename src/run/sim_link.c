/* The wire, and the clients at its far end. Follows TCP where a server can tell the difference: an
 * RST overtakes nothing but throws away what its receiver has not read; data sent to a closed side,
 * and a close with data unread, are answered by one. */
#include "run/sim.h"

#include "base/sys.h"
#include "run/sim_impl.h"

#include <string.h>

#define DOOM_MAX 8 /* packets that a client sends before it resets, at most */

void sim_bytes_add(struct sim_bytes *bytes, const void *data, size_t size)
{
    if (size == 0) {
        return;
    }
    if (bytes->start + bytes->len + size > bytes->cap) {
        const size_t cap = 2 * (bytes->len + size);
        char *const grown = mem_zalloc_aside(cap);
        if (bytes->len > 0) {
            memcpy(grown, bytes->data + bytes->start, bytes->len);
        }
        mem_free_aside(bytes->data);
        *bytes = (struct sim_bytes){.data = grown, .len = bytes->len, .cap = cap};
    }
    memcpy(bytes->data + bytes->start + bytes->len, data, size);
    bytes->len += size;
}

size_t sim_bytes_take(struct sim_bytes *bytes, void *buf, size_t cap)
{
    const size_t size = cap < bytes->len ? cap : bytes->len;
    if (size > 0) {
        memcpy(buf, bytes->data + bytes->start, size);
        bytes->start += size;
        bytes->len -= size;
    }
    return size;
}

void sim_bytes_clear(struct sim_bytes *bytes)
{
    mem_free_aside(bytes->data);
    *bytes = (struct sim_bytes){0};
}

/* Into the queue behind all that arrives no later. */
static void enqueue(struct sim *sim, struct sim_packet *packet)
{
    struct list *after = sim->arrivals.prev;
    while (after != &sim->arrivals &&
           CONTAINER_OF(after, struct sim_packet, node)->at_ns > packet->at_ns) {
        after = after->prev;
    }
    list_push_front(after, &packet->node);
}

static struct sim_packet *new_packet(struct sim_client *client, enum sim_packet_kind kind,
                                     const void *data, size_t size)
{
    struct sim_packet *const packet = mem_zalloc_aside(sizeof(*packet) + size);
    packet->at_ns = client->sim->now_ns + sim_delay_ns(client->sim);
    packet->client = client;
    packet->kind = kind;
    packet->size = size;
    if (size > 0) {
        memcpy(packet->bytes, data, size);
    }
    return packet;
}

void sim_transmit(struct sim_client *client, bool to_server, enum sim_packet_kind kind,
                  const void *data, size_t size)
{
    struct sim_packet *const packet = new_packet(client, kind, data, size);
    struct sim_side *const target = to_server ? &client->server : &client->own;
    packet->to_server = to_server;
    if (packet->at_ns < target->last_ns) {
        packet->at_ns = target->last_ns;
    }
    target->last_ns = packet->at_ns;
    enqueue(client->sim, packet);
}

void sim_edge_later(struct sim_client *client)
{
    struct sim_packet *const packet = new_packet(client, PACKET_EDGE, NULL, 0);
    packet->to_server = true;
    enqueue(client->sim, packet);
}

static void meet_listener(struct sim_client *client)
{
    if (client->listener->file == NULL) {
        client->server.closed = true;
        sim_transmit(client, false, PACKET_RST, NULL, 0);
        return;
    }
    list_push_back(&client->listener->backlog, &client->backlog_node);
}

static void arrive_at_server(struct sim_client *client, const struct sim_packet *packet)
{
    struct sim_side *const side = &client->server;
    if (packet->kind == PACKET_SYN) {
        meet_listener(client);
        return;
    }
    if (side->closed) {
        if (packet->kind == PACKET_DATA) {
            sim_transmit(client, false, PACKET_RST, NULL, 0);
        }
        return;
    }
    if (packet->kind == PACKET_DATA) {
        sim_bytes_add(&side->unread, packet->bytes, packet->size);
    } else if (packet->kind == PACKET_FIN) {
        side->eof = true;
    } else if (packet->kind == PACKET_RST) {
        side->error_due = !side->reset;
        side->reset = true;
    }
    sim_raise(client);
}

static void arrive_at_client(struct sim_client *client, const struct sim_packet *packet)
{
    struct sim_side *const side = &client->own;
    if (side->closed) {
        if (packet->kind == PACKET_DATA) {
            sim_transmit(client, true, PACKET_RST, NULL, 0);
        }
    } else if (packet->kind == PACKET_DATA) {
        sim_bytes_add(&side->unread, packet->bytes, packet->size);
    } else if (packet->kind == PACKET_FIN) {
        side->eof = true;
    } else if (packet->kind == PACKET_RST) {
        side->reset = true;
        sim_bytes_clear(&side->unread);
    }
}

void sim_arrive(struct sim_packet *packet)
{
    struct sim_client *const client = packet->client;
    const int64_t kind = packet->kind * 2 + packet->to_server;
    if (client->vanished && packet->kind != PACKET_EDGE) {
        return;
    }
    sim_note(client->sim, client->number, kind, (int64_t)packet->size);
    if (packet->to_server) {
        arrive_at_server(client, packet);
    } else {
        arrive_at_client(client, packet);
    }
}

/* Clients. */

struct sim_client *sim_connect(struct sim *sim, int listener_fd)
{
    struct sim_client *const client = mem_zalloc_aside(sizeof(*client));
    client->sim = sim;
    client->listener = sim_file_of(sim, listener_fd)->listener;
    CHECK(client->listener != NULL);
    client->window = sim->options.window;
    client->number = ++sim->client_count;
    if (sim_chance(sim, sim->options.resets)) {
        client->doom = 1 + (unsigned)sim_random(sim, DOOM_MAX);
    }
    list_init(&client->backlog_node);
    list_push_back(&sim->clients, &client->node);
    sim_transmit(client, true, PACKET_SYN, NULL, 0);
    return client;
}

void sim_set_address(struct sim_client *client, const struct sockaddr *address, uint32_t size)
{
    CHECK(!client->accepted && size <= sizeof(client->address));
    memcpy(&client->address, address, size);
}

/* Has it nothing more to say? */
static bool is_mute(const struct sim_client *client)
{
    return client->own.closed || client->own.shut || client->own.reset || client->vanished;
}

static size_t segment_size(struct sim *sim, size_t size)
{
    const size_t max = sim->options.segment_max;
    const size_t segment = max == 0 ? size : 1 + sim_random(sim, max);
    return segment < size ? segment : size;
}

void sim_send(struct sim_client *client, const void *data, size_t size)
{
    const char *next = data;
    while (size > 0 && !is_mute(client)) {
        if (client->doom > 0 && --client->doom == 0) {
            sim_reset(client);
            return;
        }
        const size_t segment = segment_size(client->sim, size);
        sim_transmit(client, true, PACKET_DATA, next, segment);
        next += segment;
        size -= segment;
    }
}

/* What was taken makes room for the server, which hears of it if it waits. */
size_t sim_recv(struct sim_client *client, void *buf, size_t cap)
{
    const size_t size = sim_bytes_take(&client->own.unread, buf, cap);
    client->outstanding -= size;
    if (size > 0 && client->server_waits && sim_has_room(client)) {
        client->server_waits = false;
        sim_edge_later(client);
    }
    return size;
}

size_t sim_unread(const struct sim_client *client, const char **ret_data)
{
    const struct sim_bytes *const unread = &client->own.unread;
    *ret_data = unread->len == 0 ? "" : unread->data + unread->start;
    return unread->len;
}

void sim_shut_write(struct sim_client *client)
{
    if (!is_mute(client)) {
        client->own.shut = true;
        sim_transmit(client, true, PACKET_FIN, NULL, 0);
    }
}

void sim_close(struct sim_client *client)
{
    if (client->own.unread.len > 0) {
        sim_reset(client);
    } else {
        sim_shut_write(client);
        client->own.closed = true;
    }
}

void sim_reset(struct sim_client *client)
{
    if (!client->own.closed && !client->own.reset) {
        sim_transmit(client, true, PACKET_RST, NULL, 0);
    }
    client->own.closed = true;
    sim_bytes_clear(&client->own.unread);
}

void sim_vanish(struct sim_client *client)
{
    client->vanished = true;
}

void sim_set_window(struct sim_client *client, size_t window)
{
    client->window = window;
    if (client->server_waits && client->outstanding < window) {
        client->server_waits = false;
        sim_edge_later(client);
    }
}

enum sim_end sim_end(const struct sim_client *client)
{
    if (client->own.reset) {
        return SIM_RESET;
    }
    return client->own.eof && client->own.unread.len == 0 ? SIM_EOF : SIM_OPEN;
}

bool sim_ended(const struct sim_client *client)
{
    return client->own.closed || client->vanished;
}

bool sim_accepted(const struct sim_client *client)
{
    return client->accepted;
}
