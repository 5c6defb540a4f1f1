/* Objects of many members are found by hash, under a secret that no peer knows: looking up all of
 * 100,000 members must not take the square of that. */
#ifndef GARM_CODEC_JSON_INDEX_H
#define GARM_CODEC_JSON_INDEX_H

#include "codec/json.h"

/* Objects of more members have an index. */
#define JSON_INDEX_FROM 32

/* Stands right before the members of its object. A slot holds a member's number from 1 on. */
struct json_index {
    struct garm_json_value *object;
    struct json_index *next; /* of the tree's other large objects */
    uint32_t *slots;
    size_t mask; /* the number of slots, a power of two, less 1 */
    uint64_t secret[2];
};

/** Fills the indexes of a whole tree, once its strings are in place. 0 or -ENOMEM. */
MUST_CHECK int json_index_build(struct json_index *list, const struct json_memory *memory);
/** The member's value, or NULL. */
const struct garm_json_value *json_index_find(const struct json_index *index, struct slice name);

#endif
