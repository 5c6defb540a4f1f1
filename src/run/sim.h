/* The simulator: the I/O seam over a small world in memory, with a clock of its own, in which all
 * that happens, and when, follows from one seed. Loops turn in it one at a time on the calling
 * thread; the test plays their clients. What a real network does to a server it does more often:
 * bytes come one by one, calls say EAGAIN for nothing, peers reset, or are never heard of again. */
#ifndef GARM_RUN_SIM_H
#define GARM_RUN_SIM_H

#include "base/compiler.h"
#include "run/io.h"
#include "run/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* How rough the world is; zeroed, it is a perfect one. Chances are in percent. */
struct sim_options {
    int64_t latency_ns_min; /* of each packet; packets of one direction keep their order */
    int64_t latency_ns_max;
    int64_t turn_ns_max;     /* virtual time that a turn of a loop takes, at most */
    unsigned one_byte_reads; /* reads of one byte, of all reads */
    unsigned short_reads;    /* reads of less than there is, */
    unsigned short_writes;   /* and writes of less than there is room for; an edge follows each */
    unsigned spurious_again; /* EAGAIN though there is something; an edge follows */
    unsigned spurious_wakes; /* turns that tell a socket of readiness that is not there */
    unsigned resets;         /* connections that their client resets at one of its first packets */
    unsigned accept_errors;  /* EMFILE, with the connection left waiting */
    bool reorder;            /* readiness of one turn is told in any order */
    size_t segment_max; /* clients' bytes travel in pieces of random size up to this; 0: whole */
    size_t window; /* bytes that a client leaves unread, or are on their way to it; 0: 64 KiB */
};

struct sim;
struct sim_client;

/** A world. `options` (NULL: a perfect one) is copied. The simulator's own memory comes from
 *  mem_zalloc_aside: it never fails, and no count knows of it. */
struct sim *sim_new(uint64_t seed, const struct sim_options *options);
/** Frees the world and its clients. Its loops must be gone. Accepts NULL. */
void sim_free(struct sim *sim);

/** A seam of this world, for one loop. */
struct io *sim_io_new(struct sim *sim);
/** Says that sim_run turns this loop, which stands on a seam of this world, until it is gone. */
void sim_attach(struct sim *sim, struct loop *loop);

/** Turns the attached loops, in an order that follows from the seed, and moves the clock on when
 *  there is nothing to do, up to `until_ns` (INT64_MAX: until nothing would ever happen again). 0;
 *  or what a loop's turn returned; or -ELOOP after a million turns at one point of time, or
 *  nearly. */
MUST_CHECK int sim_run(struct sim *sim, int64_t until_ns);
/** Turns until nothing is on its way and no loop has work left but for timers, of which only those
 *  that come due before the last arrival are called. */
MUST_CHECK int sim_settle(struct sim *sim);
int64_t sim_now_ns(const struct sim *sim);

/** A number in [0, bound) from the world's sequence. */
uint64_t sim_random(struct sim *sim, uint64_t bound);
/** A latency of this world; `arg` is the sim. For offload_init_inline. */
int64_t sim_delay_ns(void *arg);

/** Of all that happened: equal seeds, options and programs give equal hashes. */
uint64_t sim_trace_hash(const struct sim *sim);
/** The loops' descriptors that are open: listeners and accepted connections. */
size_t sim_open_fds(const struct sim *sim);

/** A listening descriptor. Descriptors of this world begin at SIM_FD_BASE. */
int sim_listen(struct sim *sim);
#define SIM_FD_BASE (1 << 20)

/* Clients. They are the world's, and stay valid until sim_free. Their calls take effect on their
 * own side at once, and on the other when the packets arrive. */

/* How the other side ended, as the client sees it. */
enum sim_end {
    SIM_OPEN,
    SIM_EOF,   /* its FIN came, and all before it was read */
    SIM_RESET, /* its RST came, which throws away what was not read by then; or nobody listened */
};

/** A client that connects to the listener; it may send at once. */
struct sim_client *sim_connect(struct sim *sim, int listener_fd);
/** Lets it come from `address` (of IPv4 or IPv6), until it is accepted. Without this call each
 *  client has an address of TEST-NET-1 (RFC 5737) and a port of its own. */
void sim_set_address(struct sim_client *client, const struct sockaddr *address, uint32_t size);
void sim_send(struct sim_client *client, const void *data, size_t size);
/** Takes up to `cap` bytes of those that have arrived: their count. */
size_t sim_recv(struct sim_client *client, void *buf, size_t cap);
/** Bytes that have arrived and were not taken yet, as they lie there until the next call. */
size_t sim_unread(const struct sim_client *client, const char **ret_data);
/** Sends a FIN and goes on reading. */
void sim_shut_write(struct sim_client *client);
/** Closes: by a FIN, or, as TCP does, by an RST if something was not read. What comes later is
 *  answered by an RST. */
void sim_close(struct sim_client *client);
/** Closes by an RST. */
void sim_reset(struct sim_client *client);
/** The client and all its packets are gone, without a word. */
void sim_vanish(struct sim_client *client);
/** How much it leaves unread from now on; 0: it takes nothing. */
void sim_set_window(struct sim_client *client, size_t window);
enum sim_end sim_end(const struct sim_client *client);
/** Has it closed, reset or vanished itself, or by the world's `resets`? */
bool sim_ended(const struct sim_client *client);
/** Has a loop accepted it? */
bool sim_accepted(const struct sim_client *client);

#endif
