/* Who has spent how much of a rate, for very many keys in bounded memory. Shared by all workers.
 * Knows no requests: keys are hashes, times are given. */
#ifndef GARM_MW_RATE_TABLE_H
#define GARM_MW_RATE_TABLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATE_SET_KEYS 16 /* keys that compete for the same places */
#define RATE_LOCKS    64
#define RATE_SEED     16

/* Which of its keys a set holds, and when their buckets will be full again: a key that is not there
 * has a full one. */
struct rate_set {
    uint64_t hashes[RATE_SET_KEYS]; /* 0: nobody */
    int64_t full_ns[RATE_SET_KEYS];
};

/* As long as a cache line, so that two of them share next to nothing. */
union rate_lock {
    pthread_mutex_t mutex;
    char line[64];
};

struct rate_table {
    int64_t token_ns;  /* the time in which a token comes */
    int64_t bucket_ns; /* that of a whole bucket */
    size_t set_count;
    struct rate_set *sets;
    union rate_lock locks[RATE_LOCKS];
    unsigned char seed[RATE_SEED];
};

/* What was taken. */
struct rate_grant {
    bool granted;
    int64_t left;    /* tokens */
    int64_t full_ns; /* until the bucket is full again */
    int64_t wait_ns; /* until there is a token; 0: there is one */
};

/** How many sets hold `keys_max` keys with room to spare: each has about half its places taken. */
size_t rate_set_count(size_t keys_max);

/** Prepares the table, over memory of rate_set_count() sets, zeroed, which is borrowed. */
void rate_table_init(struct rate_table *table, struct rate_set *sets, size_t set_count,
                     int64_t token_ns, int64_t bucket_ns);
void rate_table_deinit(struct rate_table *table);

/** The key's hash, which nobody who does not know the seed can make collide: SipHash-2-4
 *  (Aumasson and Bernstein 2012). Not 0. */
uint64_t rate_hash(const struct rate_table *table, const void *key, size_t size);

/** Takes a token out of the bucket of `hash` if there is one: the generic cell rate algorithm
 *  (ITU-T I.371). A new key takes the place of one whose bucket is full; if its set has none, of
 *  the one that is nearest to it. Any thread. */
struct rate_grant rate_take(struct rate_table *table, uint64_t hash, int64_t now_ns);

#endif
