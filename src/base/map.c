/* Open addressing with linear probing; a removal shifts the entries behind it back, so that there
 * are no tombstones. Keys are hashed by SipHash-1-3 (Aumasson and Bernstein 2012) under the map's
 * own secret. */
#include "base/map.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>

#define CAP_MIN 8

struct map_entry {
    uint64_t hash;
    struct slice key;
    void *value; /* NULL: the place is free */
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t map_hash(const uint64_t secret[2], struct slice key)
{
    uint64_t v[4] = {
        secret[0] ^ UINT64_C(0x736f6d6570736575),
        secret[1] ^ UINT64_C(0x646f72616e646f6d),
        secret[0] ^ UINT64_C(0x6c7967656e657261),
        secret[1] ^ UINT64_C(0x7465646279746573),
    };
    size_t done = 0;
    for (; key.len - done >= 8; done += 8) {
        uint64_t word;
        memcpy(&word, key.ptr + done, 8);
        sip_word(v, word);
    }
    uint64_t last = (uint64_t)key.len << 56;
    for (unsigned shift = 0; done < key.len; done++, shift += 8) {
        last |= (uint64_t)(unsigned char)key.ptr[done] << shift;
    }
    sip_word(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *map)
{
    *map = (struct map){0};
}

void map_deinit(struct map *map)
{
    mem_free(map->entries);
    map_init(map);
}

/* The key's place: its entry, or the free one where it belongs. There is always a free one. */
static struct map_entry *find(const struct map *map, uint64_t hash, struct slice key)
{
    const size_t mask = map->cap - 1;
    size_t at = (size_t)hash & mask;
    while (map->entries[at].value != NULL) {
        if (map->entries[at].hash == hash && slice_eq(map->entries[at].key, key)) {
            break;
        }
        at = (at + 1) & mask;
    }
    return &map->entries[at];
}

void *map_get(const struct map *map, struct slice key)
{
    return map->count == 0 ? NULL : find(map, map_hash(map->secret, key), key)->value;
}

static int grow(struct map *map)
{
    const size_t cap = map->cap == 0 ? CAP_MIN : map->cap * 2;
    if (cap > SIZE_MAX / sizeof(struct map_entry)) {
        return -ENOMEM;
    }
    struct map wider = *map;
    wider.entries = mem_zalloc(cap * sizeof(struct map_entry));
    wider.cap = cap;
    if (wider.entries == NULL) {
        return -ENOMEM;
    }
    if (map->cap == 0) {
        sys_random(wider.secret, sizeof(wider.secret));
    }
    for (size_t i = 0; i < map->cap; i++) {
        const struct map_entry *const entry = &map->entries[i];
        if (entry->value != NULL) {
            *find(&wider, entry->hash, entry->key) = *entry;
        }
    }
    mem_free(map->entries);
    *map = wider;
    return 0;
}

int map_set(struct map *map, struct slice key, void *value)
{
    CHECK(value != NULL);
    /* At most three quarters full, counted as if the key were new. */
    if (map->count + 1 > map->cap / 4 * 3) {
        TRY(grow(map));
    }
    const uint64_t hash = map_hash(map->secret, key);
    struct map_entry *const entry = find(map, hash, key);
    map->count += entry->value == NULL;
    *entry = (struct map_entry){hash, key, value};
    return 0;
}

/* Fills the hole with a later entry of the run whose home is not behind it, until none is left. */
static void close_hole(struct map *map, size_t hole)
{
    const size_t mask = map->cap - 1;
    for (size_t at = (hole + 1) & mask; map->entries[at].value != NULL; at = (at + 1) & mask) {
        const size_t home = (size_t)map->entries[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            map->entries[hole] = map->entries[at];
            hole = at;
        }
    }
    map->entries[hole] = (struct map_entry){0};
}

void *map_remove(struct map *map, struct slice key)
{
    if (map->count == 0) {
        return NULL;
    }
    const struct map_entry *const entry = find(map, map_hash(map->secret, key), key);
    void *const value = entry->value;
    if (value != NULL) {
        close_hole(map, (size_t)(entry - map->entries));
        map->count--;
    }
    return value;
}
