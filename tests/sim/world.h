/* A whole server in a simulated world: real shards, connections and parser over the simulator's
 * seam, with an application that tests can steer by the request's path. */
#ifndef GARM_TESTS_SIM_WORLD_H
#define GARM_TESTS_SIM_WORLD_H

#include "run/sim.h"
#include "run/task.h"
#include "serve/shard.h"

#include <garm/server.h>

#define WORLD_WORKERS_MAX 3

struct world {
    struct sim *sim;
    struct server *server;
    struct garm_server *app; /* NULL: the exchange's own application answers */
    struct server_options options;
    struct listener listener;
    int fds[WORLD_WORKERS_MAX];
    struct io *ios[WORLD_WORKERS_MAX];
    bool ios_taken;                 /* by the server */
    size_t handled;                 /* requests that reached the application */
    enum cancel_reason last_cancel; /* why the last /h ended */
};

/* What world_new may vary; zeroed is a perfect network, one worker, the default limits. */
struct world_options {
    struct sim_options sim;
    size_t workers;
    size_t connections;        /* the limit; 0: none */
    exchange_handler *handler; /* this one answers, */
    const garm_app_entry *app; /* or this one; NULL: that of world_app.c */
};

/** A server that accepts on one listener per worker. 0, or a negative errno (under failing
 * allocations) and nothing is left. */
MUST_CHECK int world_new(struct world *world, uint64_t seed, const struct world_options *options);
/** Stops the server without grace if it still serves, and checks that all descriptors are closed.
 * */
void world_free(struct world *world);

/** One worker's share of the server. */
struct shard *world_shard(struct world *world, size_t index);

/** A client of a random worker. */
struct sim_client *world_connect(struct world *world);
/** Lets virtual time pass. */
void world_run_ms(struct world *world, int64_t ms);
/** Turns until nothing is on its way. */
void world_settle(struct world *world);
/** Stops with this grace, and runs until every worker has ended. */
void world_stop(struct world *world, int64_t grace_ms);
/** Stops, and leaves the running to the caller. */
void world_begin_stop(struct world *world, int64_t grace_ms);
bool world_ended(struct world *world);

/* The application: it answers with the request's body, X-Seen-Target and X-Seen-Method; status 200.
 *   /e...    reads all, then answers
 *   /s...    the same, streamed in pieces (chunked)
 *   /z...    sleeps 0 to 20 ms around reading and answering
 *   /u...    answers without reading the body, with an empty one
 *   /b...    answers with WORLD_BIG bytes by reference
 *   /l...    reads only after 30 s, then as /e
 *   /d...    reads all, answers with an empty body
 *   /h...    never answers until it is cancelled, then 503
 *   /cNNN    offers a body with this status, without reading one
 *   /a, /p   promise 1000 bytes, send 4 of them, then abort, or finish
 *   anything else: as /e; CONNECT and TRACE 405, OPTIONS * 204 */
#define WORLD_BIG 100000
/* Byte `i` of the big answer. */
char world_big_byte(size_t i);

#endif
