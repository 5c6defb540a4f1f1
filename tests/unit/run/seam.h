/* A world to test the I/O seam in: epoll with TCP on the loopback, a perfect simulated world, or a
 * rough one. One at a time; it plays the clients too. */
#ifndef GARM_TESTS_UNIT_RUN_SEAM_H
#define GARM_TESTS_UNIT_RUN_SEAM_H

#include "base/limits.h"
#include "run/io.h"
#include "run/sim.h"

#include <check.h>

enum seam_world { EPOLL, PERFECT, ROUGH, WORLD_COUNT };

#define PATIENCE 20000 /* polls before a test gives up */

extern enum seam_world world;
extern struct io *io;
extern struct sim *sim; /* NULL over epoll */
extern int listener;

/* The client's end of a connection. */
struct peer {
    struct sim_client *client;
    int fd;
};

/* The server's end. */
struct end {
    struct io_watch watch;
    unsigned told;
    unsigned calls;
    void (*then)(struct end *end);
};

/** Opens world `which` (an enum seam_world), with a listener. */
void open_world(int which);
/** Closes the listener and the world, in which no descriptor may be left. */
void close_world(void);
/** Polls once: the time that the poll told. */
int64_t poll_for(int64_t timeout_ns);
/** Polls until `end` was told all of `ready`. */
void await(const struct end *end, unsigned ready);
/** Watches `fd` by *end, which remembers what it is told. */
void watch(struct end *end, int fd, enum io_mode mode);
/** Ends the watch and closes. */
void end_close(struct end *end, bool reset);
/** The client's side of a new connection. */
struct peer peer_connect(void);
void peer_send(const struct peer *peer, const char *text);
/** Some bytes that have arrived, maybe none yet; *ret_end says whether and how the stream has
 *  ended. */
size_t peer_recv(const struct peer *peer, char *buf, size_t cap, enum sim_end *ret_end);
/** All that comes until the end, or until `cap` bytes have come. */
size_t peer_recv_all(const struct peer *peer, char *buf, size_t cap, enum sim_end *ret_end);
/** How the stream ends, past what is still to be read. */
enum sim_end peer_end(const struct peer *peer);
/** Has an RST come, perhaps after the end? */
bool peer_is_reset(const struct peer *peer);
void peer_shut(const struct peer *peer);
void peer_close(const struct peer *peer);
void peer_reset(const struct peer *peer);
/** Accepts, waiting for somebody to come. */
int accept_next(void);
/** A connection with both its ends. */
struct peer connect_to(struct end *end);
/** Reads `size` bytes, waiting for edges. */
void recv_exactly(struct end *end, char *buf, size_t size);
/** What a read says when there are no more bytes, past the EAGAINs of a rough world. */
ssize_t recv_at_end(struct end *end);
ssize_t send_text(const struct end *end, const char *text);
/** Sends it all, waiting for edges. */
void send_exactly(struct end *end, const char *data, size_t size);

#endif
