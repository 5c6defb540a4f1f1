/* One seed's story: a server, some clients with a plan each, a rough network, and a check that no
 * answer was lost, crossed, repeated or invented. */
#ifndef GARM_TESTS_SIM_CHAOS_H
#define GARM_TESTS_SIM_CHAOS_H

#include <stdbool.h>
#include <stdint.h>

/* What a seed's run came to; sums over seeds show that the campaign reaches its cases. */
struct chaos_report {
    uint64_t trace; /* the world's trace hash */
    unsigned clients, planned, answered, refused,
        cut; /* cut: connections that ended before their plan did, lawfully */
};

/** Runs one seed. NULL if all is well, else what is wrong (static storage, one line). */
const char *chaos_run(uint64_t seed, struct chaos_report *ret_report);

#endif
