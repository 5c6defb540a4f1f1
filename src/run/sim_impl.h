/* The simulated world from inside, for the sim_*.c only.
 * A client has two sides, its own and the server's; packets travel between them in the world's
 * queue of arrivals. What arrives at the server's side raises an edge on the watch, if there is
 * one. */
#ifndef GARM_RUN_SIM_IMPL_H
#define GARM_RUN_SIM_IMPL_H

#include "base/list.h"
#include "base/random.h"
#include "run/sim.h"

struct sim_io {
    struct io io;
    struct sim *sim;
    struct loop *loop;   /* once attached */
    struct list node;    /* in the world's list */
    struct list streams; /* watches */
    struct list listeners;
    struct list edges; /* of watches on streams: told at the next poll */
    struct list batch; /* being told */
    size_t stream_count;
    bool woken;
};

struct sim_watch {
    struct list node;       /* in sim_io.streams or .listeners */
    struct list file_node;  /* in sim_file.watches */
    struct list ready_node; /* in sim_io.edges or .batch, or in none */
    struct sim_io *io;
    struct sim_file *file;
    struct io_watch *watch;
    enum io_mode mode;
    bool spurious; /* to be told of more than is true */
};

/* A descriptor. */
struct sim_file {
    int fd;
    struct list watches;
    struct sim_listener *listener; /* one of the two */
    struct sim_client *client;
};

struct sim_listener {
    struct list node;      /* in the world's list */
    struct list backlog;   /* of clients */
    struct sim_file *file; /* NULL: closed */
};

/* Bytes that have arrived. */
struct sim_bytes {
    char *data;
    size_t start;
    size_t len; /* from start */
    size_t cap;
};

struct sim_side {
    struct sim_bytes unread;
    int64_t last_ns; /* when the latest packet to this side arrives */
    bool eof;        /* a FIN has arrived */
    bool reset;      /* an RST has arrived */
    bool error_due;  /* and the server's side was not told by a call yet */
    bool shut;       /* this side has sent its FIN */
    bool closed;
};

struct sim_client {
    struct sim *sim;
    struct list node;         /* in the world's list */
    struct list backlog_node; /* in a listener's, until accepted */
    struct sim_listener *listener;
    struct sim_file *file; /* the server's descriptor, while it is open */
    struct sim_side own;
    struct sim_side server;
    size_t window;
    size_t outstanding; /* bytes sent to the client that it has not taken */
    uint64_t sent;      /* and all bytes that were sent to it */
    unsigned number;
    struct sockaddr_storage address; /* AF_UNSPEC: one by its number */
    unsigned doom;                   /* packets until it resets; 0: never */
    bool server_waits; /* a send found no room: taking bytes makes room, and an edge */
    bool accepted;
    bool vanished;
};

enum sim_packet_kind {
    PACKET_SYN,
    PACKET_DATA,
    PACKET_FIN,
    PACKET_RST,
    PACKET_EDGE, /* no packet: readiness of the server's side, told late */
};

struct sim_packet {
    struct list node; /* in the world's queue, by time */
    int64_t at_ns;
    struct sim_client *client;
    enum sim_packet_kind kind;
    bool to_server;
    size_t size;
    char bytes[];
};

struct sim {
    struct sim_options options;
    struct random random;
    int64_t now_ns;
    uint64_t trace;
    bool running; /* in sim_run: a poll does not move the clock */
    struct list ios;
    struct list clients;
    struct list listeners;
    struct list arrivals;
    struct sim_file **files; /* by descriptor, from SIM_FD_BASE; NULL: free */
    size_t file_cap;
    size_t file_count;
    unsigned client_count;
};

/* sim.c */
void sim_note(struct sim *sim, unsigned what, int64_t a, int64_t b);
bool sim_chance(struct sim *sim, unsigned percent);
/** Lets all arrive that is due. */
void sim_deliver(struct sim *sim);
/** When the next packet arrives; INT64_MAX: none is on its way. */
int64_t sim_next_arrival_ns(const struct sim *sim);
/** The descriptor must be one of this world's. */
struct sim_file *sim_file_of(struct sim *sim, int fd);
struct sim_file *sim_file_new(struct sim *sim);
void sim_file_free(struct sim *sim, struct sim_file *file);

/* sim_link.c */
void sim_bytes_add(struct sim_bytes *bytes, const void *data, size_t size);
size_t sim_bytes_take(struct sim_bytes *bytes, void *buf, size_t cap);
void sim_bytes_clear(struct sim_bytes *bytes);
/** Sends a packet; it arrives after those sent before it. */
void sim_transmit(struct sim_client *client, bool to_server, enum sim_packet_kind kind,
                  const void *data, size_t size);
/** Tells the server's side of readiness after a latency. */
void sim_edge_later(struct sim_client *client);
/** Lets a packet have its effect. */
void sim_arrive(struct sim_packet *packet);

/* sim_io.c */
/** Raises an edge on the server's side, if it is watched. */
void sim_raise(struct sim_client *client);
/** Would a poll of this seam tell something? */
bool sim_io_ready(const struct sim_io *io);
/** Does the connection take another byte towards the client? */
bool sim_has_room(const struct sim_client *client);
/** Ends all watches on a descriptor, as its close does. */
void sim_unwatch_all(struct sim_file *file);

/* sim_calls.c: see struct io_ops */
int sim_call_accept(struct io *io, int fd, struct sockaddr *addr, uint32_t *len);
ssize_t sim_call_recv(struct io *io, int fd, void *buf, size_t cap);
ssize_t sim_call_send(struct io *io, int fd, const struct iovec *iov, size_t count, bool more);
ssize_t sim_call_send_file(struct io *io, int fd, int file_fd, int64_t *offset, size_t size,
                           bool more);
void sim_call_set_unsent_max(struct io *io, int fd, size_t bytes);
int64_t sim_call_taken(struct io *io, int fd);
int sim_call_shut_write(struct io *io, int fd);
void sim_call_close(struct io *io, int fd, bool reset);

#endif
