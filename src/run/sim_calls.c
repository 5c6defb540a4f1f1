/* The calls on descriptors of the simulated world, as a loop makes them: the server's side of every
 * connection. */
#include "run/sim.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/sim_impl.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>

#define FILE_PIECE KIB(16) /* of a file, per call */

static struct sim *sim_of(struct io *io)
{
    return CONTAINER_OF(io, struct sim_io, io)->sim;
}

/* Its own, else one of TEST-NET-1 (RFC 5737), and a port for each client. */
static void tell_address(const struct sim_client *client, struct sockaddr *addr, uint32_t *len)
{
    const struct sockaddr_in numbered = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(1024 + client->number % 60000)),
        .sin_addr.s_addr = htonl(0xc0000200u + client->number % 256),
    };
    const bool own = client->address.ss_family != AF_UNSPEC;
    const uint32_t size = !own                                   ? sizeof(numbered)
                          : client->address.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                                 : sizeof(struct sockaddr_in6);
    if (addr != NULL) {
        memcpy(addr, own ? (const void *)&client->address : &numbered, *len < size ? *len : size);
        *len = size;
    }
}

int sim_call_accept(struct io *io, int fd, struct sockaddr *addr, uint32_t *len)
{
    struct sim *const sim = sim_of(io);
    struct sim_listener *const listener = sim_file_of(sim, fd)->listener;
    CHECK(listener != NULL);
    if (list_empty(&listener->backlog)) {
        return -EAGAIN;
    }
    if (sim_chance(sim, sim->options.accept_errors)) {
        return -EMFILE;
    }
    struct sim_client *const client =
        CONTAINER_OF(list_pop_front(&listener->backlog), struct sim_client, backlog_node);
    client->accepted = true;
    client->file = sim_file_new(sim);
    client->file->client = client;
    tell_address(client, addr, len);
    sim_note(sim, 'A', client->file->fd, client->number);
    return client->file->fd;
}

static struct sim_client *client_of(struct io *io, int fd)
{
    struct sim_client *const client = sim_file_of(sim_of(io), fd)->client;
    CHECK(client != NULL);
    return client;
}

/* How many of `size` bytes a call moves. */
static size_t portion(struct sim *sim, size_t size, unsigned one_byte, unsigned less)
{
    if (sim_chance(sim, one_byte)) {
        return 1;
    }
    return sim_chance(sim, less) ? 1 + sim_random(sim, size) : size;
}

static ssize_t nothing_to_read(struct sim_side *side)
{
    if (side->error_due) {
        side->error_due = false;
        return -ECONNRESET;
    }
    return side->reset || side->eof ? 0 : -EAGAIN;
}

static ssize_t receive_from(struct sim_client *client, void *buf, size_t cap)
{
    struct sim_side *const side = &client->server;
    const struct sim_options *const options = &client->sim->options;
    if (side->unread.len == 0) {
        return nothing_to_read(side);
    }
    if (sim_chance(client->sim, options->spurious_again)) {
        sim_edge_later(client);
        return -EAGAIN;
    }
    const size_t size = cap < side->unread.len ? cap : side->unread.len;
    const size_t part = portion(client->sim, size, options->one_byte_reads, options->short_reads);
    if (part < size) {
        sim_edge_later(client); /* as if the rest had come just now */
    }
    return (ssize_t)sim_bytes_take(&side->unread, buf, part);
}

ssize_t sim_call_recv(struct io *io, int fd, void *buf, size_t cap)
{
    struct sim_client *const client = client_of(io, fd);
    const ssize_t rc = receive_from(client, buf, cap);
    sim_note(client->sim, 'r', fd, rc);
    return rc;
}

/* How many of `size` bytes the connection takes now, or why none. */
static ssize_t room_for(struct sim_client *client, size_t size)
{
    struct sim_side *const side = &client->server;
    if (side->error_due) {
        side->error_due = false;
        return -ECONNRESET;
    }
    if (side->reset || side->shut) {
        return -EPIPE;
    }
    if (!sim_has_room(client)) {
        client->server_waits = true;
        return -EAGAIN;
    }
    if (sim_chance(client->sim, client->sim->options.spurious_again)) {
        sim_edge_later(client);
        return -EAGAIN;
    }
    const size_t room = client->window - client->outstanding;
    const size_t part =
        portion(client->sim, size < room ? size : room, 0, client->sim->options.short_writes);
    if (part == room) {
        client->server_waits = true;
    } else if (part < size) {
        sim_edge_later(client);
    }
    return (ssize_t)part;
}

static size_t total(const struct iovec *iov, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += iov[i].iov_len;
    }
    return size;
}

static void transmit_data(struct sim_client *client, const void *data, size_t size)
{
    client->outstanding += size;
    client->sent += size;
    sim_transmit(client, false, PACKET_DATA, data, size);
}

ssize_t sim_call_send(struct io *io, int fd, const struct iovec *iov, size_t count, bool more)
{
    (void)more;
    struct sim_client *const client = client_of(io, fd);
    const size_t size = total(iov, count);
    const ssize_t rc = size == 0 ? 0 : room_for(client, size);
    sim_note(client->sim, 's', fd, rc);
    size_t left = rc > 0 ? (size_t)rc : 0;
    for (size_t i = 0; left > 0; i++) {
        const size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;
        if (part > 0) {
            transmit_data(client, iov[i].iov_base, part);
        }
        left -= part;
    }
    return rc;
}

ssize_t sim_call_send_file(struct io *io, int fd, int file_fd, int64_t *offset, size_t size,
                           bool more)
{
    (void)more;
    struct sim_client *const client = client_of(io, fd);
    char piece[FILE_PIECE];
    const size_t cap = size < sizeof(piece) ? size : sizeof(piece);
    const ssize_t got = sys_pread(file_fd, piece, cap, *offset);
    if (got <= 0) {
        return got;
    }
    const ssize_t rc = room_for(client, (size_t)got);
    sim_note(client->sim, 'f', fd, rc);
    if (rc > 0) {
        transmit_data(client, piece, (size_t)rc);
        *offset += rc;
    }
    return rc;
}

/* The world's window is what it was made with. */
void sim_call_set_unsent_max(struct io *io, int fd, size_t bytes)
{
    (void)io;
    (void)fd;
    (void)bytes;
}

int64_t sim_call_taken(struct io *io, int fd)
{
    const struct sim_client *const client = client_of(io, fd);
    return (int64_t)(client->sent - client->outstanding);
}

int sim_call_shut_write(struct io *io, int fd)
{
    struct sim_client *const client = client_of(io, fd);
    if (client->server.reset) {
        return -ENOTCONN;
    }
    if (!client->server.shut) {
        client->server.shut = true;
        sim_transmit(client, false, PACKET_FIN, NULL, 0);
        sim_raise(client);
    }
    return 0;
}

static void close_listener(struct sim_listener *listener)
{
    listener->file = NULL;
    for (struct list *node = list_pop_front(&listener->backlog); node != NULL;
         node = list_pop_front(&listener->backlog)) {
        struct sim_client *const client = CONTAINER_OF(node, struct sim_client, backlog_node);
        client->server.closed = true;
        sim_transmit(client, false, PACKET_RST, NULL, 0);
    }
}

static void close_stream(struct sim_client *client, bool reset)
{
    struct sim_side *const side = &client->server;
    client->file = NULL;
    side->closed = true;
    if (reset || side->unread.len > 0) {
        sim_transmit(client, false, PACKET_RST, NULL, 0);
    } else if (!side->shut) {
        sim_transmit(client, false, PACKET_FIN, NULL, 0);
    }
    sim_bytes_clear(&side->unread);
}

void sim_call_close(struct io *io, int fd, bool reset)
{
    struct sim *const sim = sim_of(io);
    struct sim_file *const file = sim_file_of(sim, fd);
    sim_note(sim, 'c', fd, reset);
    sim_unwatch_all(file);
    if (file->listener != NULL) {
        close_listener(file->listener);
    } else {
        close_stream(file->client, reset);
    }
    sim_file_free(sim, file);
}
