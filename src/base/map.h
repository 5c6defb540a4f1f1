/* A hash map from byte strings to pointers. Keys are borrowed: they must outlive their entry.
 * Seeded per map, so that a peer cannot choose keys that collide. */
#ifndef GARM_BASE_MAP_H
#define GARM_BASE_MAP_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry;

struct map {
    struct map_entry *entries;
    size_t cap; /* 0, or a power of two */
    size_t count;
    uint64_t secret[2]; /* the hash's key; drawn with the first allocation */
};

/** SipHash-1-3 of a key under a secret, for tables of another make. */
uint64_t map_hash(const uint64_t secret[2], struct slice key);

/** Empty; allocates nothing. */
void map_init(struct map *map);
/** Frees the table, not the values. Accepts a zeroed map. */
void map_deinit(struct map *map);
/** The value, or NULL. */
void *map_get(const struct map *map, struct slice key);
/** Sets the value (not NULL), replacing an older one: 0 or -ENOMEM. */
MUST_CHECK int map_set(struct map *map, struct slice key, void *value);
/** Removes the key: its value, or NULL if it was not there. */
void *map_remove(struct map *map, struct slice key);
#endif
