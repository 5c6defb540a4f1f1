/* Pseudo-random numbers for schedules, jitter and hashing: reproducible from a seed, not secret. */
#ifndef GARM_BASE_RANDOM_H
#define GARM_BASE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state[4]; /* xoshiro256**, Blackman and Vigna 2018 */
};

/** Equal seeds give equal sequences. */
void random_seed(struct random *random, uint64_t seed);
uint64_t random_u64(struct random *random);
/** Uniform in [0, bound); bound > 0. */
uint64_t random_below(struct random *random, uint64_t bound);
/** True `percent` times of a hundred. */
bool random_percent(struct random *random, unsigned percent);

#endif
