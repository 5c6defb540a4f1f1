/* See rate_table.h. */
#include "mw/rate_table.h"

#include <garm/garm.h>

#include <string.h>

size_t rate_set_count(size_t keys_max)
{
    return keys_max / (RATE_SET_KEYS / 2) + 1;
}

void rate_table_init(struct rate_table *table, struct rate_set *sets, size_t set_count,
                     int64_t token_ns, int64_t bucket_ns)
{
    table->token_ns = token_ns;
    table->bucket_ns = bucket_ns;
    table->set_count = set_count;
    table->sets = sets;
    garm_random_bytes(table->seed, sizeof(table->seed));
    for (size_t i = 0; i < RATE_LOCKS; i++) {
        pthread_mutex_init(&table->locks[i].mutex, NULL);
    }
}

void rate_table_deinit(struct rate_table *table)
{
    for (size_t i = 0; i < RATE_LOCKS; i++) {
        pthread_mutex_destroy(&table->locks[i].mutex);
    }
}

/* SipHash. */

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

/* Up to 8 bytes, little end first. */
static uint64_t load(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++) {
        word |= (uint64_t)bytes[i] << 8 * i;
    }
    return word;
}

static void mix(uint64_t v[4], int rounds)
{
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, 2);
    v[0] ^= word;
}

uint64_t rate_hash(const struct rate_table *table, const void *key, size_t size)
{
    const unsigned char *const bytes = key;
    const uint64_t k0 = load(table->seed, 8);
    const uint64_t k1 = load(table->seed + 8, 8);
    uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                     k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        absorb(v, load(bytes + at, 8));
    }
    absorb(v, load(bytes + at, size - at) | (uint64_t)size << 56);
    v[2] ^= 0xff;
    mix(v, 4);
    const uint64_t hash = v[0] ^ v[1] ^ v[2] ^ v[3];
    return hash != 0 ? hash : 1;
}

/* Buckets. */

/* The key's place, or that of the key which misses it least. */
static size_t place_of(const struct rate_set *set, uint64_t hash)
{
    size_t idlest = 0;
    for (size_t i = 0; i < RATE_SET_KEYS; i++) {
        if (set->hashes[i] == hash) {
            return i;
        }
        if (set->full_ns[i] < set->full_ns[idlest]) {
            idlest = i;
        }
    }
    return idlest;
}

static struct rate_grant take(const struct rate_table *table, struct rate_set *set, uint64_t hash,
                              int64_t now_ns)
{
    const size_t i = place_of(set, hash);
    const int64_t known_ns = set->hashes[i] == hash ? set->full_ns[i] : 0;
    int64_t full_ns = known_ns > now_ns ? known_ns - now_ns : 0;
    const int64_t over_ns = full_ns + table->token_ns - table->bucket_ns;
    const bool granted = over_ns <= 0;
    if (granted) {
        full_ns += table->token_ns;
        set->hashes[i] = hash;
        set->full_ns[i] = now_ns + full_ns;
    }
    const int64_t left_ns = table->bucket_ns - full_ns;
    const int64_t left = left_ns > 0 ? left_ns / table->token_ns : 0;
    return (struct rate_grant){
        .granted = granted,
        .left = left,
        .full_ns = full_ns,
        .wait_ns = left > 0 ? 0 : full_ns + table->token_ns - table->bucket_ns,
    };
}

struct rate_grant rate_take(struct rate_table *table, uint64_t hash, int64_t now_ns)
{
    /* The upper half spreads over the sets, without a division. */
    const size_t set = (size_t)(((hash >> 32) * (uint64_t)table->set_count) >> 32);
    pthread_mutex_t *const lock = &table->locks[set % RATE_LOCKS].mutex;
    pthread_mutex_lock(lock);
    const struct rate_grant grant = take(table, &table->sets[set], hash, now_ns);
    pthread_mutex_unlock(lock);
    return grant;
}
