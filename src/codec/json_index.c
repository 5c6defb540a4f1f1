/* Open addressing with linear probing, at most half full. Of members with one name the
 * last stays. */
#include "codec/json_index.h"

#include "base/map.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>

static struct json_member *member_at(const struct json_index *index, uint32_t number)
{
    return (struct json_member *)(uintptr_t)index->object->as.members + (number - 1);
}

static bool is_named(const struct json_member *member, uint32_t hash, struct slice name)
{
    return member->hash == hash && slice_eq(slice_of(member->name, member->name_size), name);
}

/* The name's slot, or the free one where it belongs. */
static uint32_t *find_slot(const struct json_index *index, uint32_t hash, struct slice name)
{
    size_t at = hash & index->mask;
    while (index->slots[at] != 0 && !is_named(member_at(index, index->slots[at]), hash, name)) {
        at = (at + 1) & index->mask;
    }
    return &index->slots[at];
}

static void fill(struct json_index *index)
{
    for (uint32_t i = 1; i <= index->object->count; i++) {
        struct json_member *const member = member_at(index, i);
        const struct slice name = slice_of(member->name, member->name_size);
        member->hash = (uint32_t)map_hash(index->secret, name);
        *find_slot(index, member->hash, name) = i;
    }
}

static size_t slot_count(size_t members)
{
    size_t count = 64;
    while (count < members * 2) {
        count *= 2;
    }
    return count;
}

int json_index_build(struct json_index *list, const struct json_memory *memory)
{
    uint64_t secret[2] = {0};
    if (list != NULL) {
        sys_random(secret, sizeof(secret));
    }
    for (struct json_index *index = list; index != NULL; index = index->next) {
        const size_t count = slot_count(index->object->count);
        index->slots = memory->alloc(memory->arg, count * sizeof(*index->slots));
        if (index->slots == NULL) {
            return -ENOMEM;
        }
        memset(index->slots, 0, count * sizeof(*index->slots));
        index->mask = count - 1;
        memcpy(index->secret, secret, sizeof(secret));
        fill(index);
    }
    return 0;
}

const struct garm_json_value *json_index_find(const struct json_index *index, struct slice name)
{
    const uint32_t number = *find_slot(index, (uint32_t)map_hash(index->secret, name), name);
    return number == 0 ? NULL : &member_at(index, number)->value;
}
