/* simdjson's tape as a tree of ours. On the tape a value is a word, its kind in the top byte: 'r'
 * the root (at the end too), '"' a string, 'l', 'u' and 'd' numbers that stand in the next word, 't',
 * 'f' and 'n', '[' and '{' (bits 32 to 55: how many are within), ']' and '}'. */
#include "base/limits.h"
#include "codec/json.h"
#include "codec/json_index.h"

#include <errno.h>
#include <string.h>

#define COUNT_MASK  0xffffffU
#define OFFSET_MASK ((UINT64_C(1) << 56) - 1)

/* A container that is being filled. */
struct level {
    struct garm_json_value *element; /* the next one's place; NULL in an object */
    struct json_member *member;
};

struct builder {
    const uint64_t *word;
    char *free;              /* the next byte of the lent memory */
    const unsigned char *in; /* the tape's strings, */
    char *strings;           /* where they will be, */
    size_t strings_size;     /* and how many bytes of them are needed */
    struct json_index *large;
    uint32_t depth;
    struct level levels[LIMIT_JSON_DEPTH + 1];
};

static const char *take_string(struct builder *b, uint32_t *ret_size)
{
    const size_t at = *b->word++ & OFFSET_MASK;
    uint32_t size = 0;
    memcpy(&size, b->in + at, sizeof(size));
    b->strings_size = at + sizeof(size) + size + 1;
    *ret_size = size;
    return b->strings + at + sizeof(size);
}

static void *take(struct builder *b, size_t size)
{
    void *const memory = b->free;
    b->free += size;
    return memory;
}

static int begin_container(struct builder *b, struct garm_json_value *value, bool object)
{
    const uint32_t count = (uint32_t)(*b->word++ >> 32) & COUNT_MASK;
    struct level *const level = &b->levels[b->depth + 1];
    if (b->depth == LIMIT_JSON_DEPTH) {
        return -EBADMSG;
    }
    b->depth++;
    value->type = object ? JSON_OBJECT : JSON_ARRAY;
    value->count = count;
    if (!object) {
        level->element = take(b, count * sizeof(*level->element));
        value->as.elements = level->element;
        return 0;
    }
    if (count > JSON_INDEX_FROM) {
        struct json_index *const index = take(b, sizeof(*index));
        *index = (struct json_index){.object = value, .next = b->large};
        b->large = index;
    }
    level->element = NULL;
    level->member = take(b, count * sizeof(*level->member));
    value->as.members = level->member;
    return 0;
}

/* The word's value, without what is within it. */
static int take_value(struct builder *b, struct garm_json_value *value)
{
    const unsigned kind = (unsigned)(*b->word >> 56);
    value->count = 0;
    switch (kind) {
    case '"':
        value->type = JSON_STRING;
        value->as.text = take_string(b, &value->count);
        return 0;
    case '{':
    case '[': return begin_container(b, value, kind == '{');
    case 'l':
    case 'u':
    case 'd':
        value->type = kind == 'l' ? JSON_INT : kind == 'u' ? JSON_UINT : JSON_DOUBLE;
        memcpy(&value->as, b->word + 1, sizeof(value->as));
        b->word += 2;
        return 0;
    case 't':
    case 'f': value->type = JSON_BOOL; break;
    default: value->type = JSON_NULL; break;
    }
    value->as.natural = 0;
    value->as.boolean = kind == 't';
    b->word++;
    return 0;
}

static int build(struct builder *b)
{
    for (;;) {
        const unsigned kind = (unsigned)(*b->word >> 56);
        struct level *const level = &b->levels[b->depth];
        if (kind == ']' || kind == '}') {
            b->word++;
            b->depth--;
        } else if (kind == 'r') {
            return 0;
        } else if (level->element != NULL) {
            TRY(take_value(b, level->element++));
        } else {
            struct json_member *const member = level->member++;
            member->name = take_string(b, &member->name_size);
            member->hash = 0;
            TRY(take_value(b, &member->value));
        }
    }
}

int json_tree_build(const struct json_tape *tape, size_t text_size,
                    const struct json_memory *memory, const struct garm_json_value **ret_root)
{
    /* An element takes 16 bytes and at least a word of the tape, a member 32 and two; an index is
     * less than a byte for each word of its object. A string takes 5 bytes besides its own, and at
     * least 3 of the text. */
    const size_t words = (size_t)(tape->words[0] & OFFSET_MASK);
    const size_t nodes = words * 17 + sizeof(struct garm_json_value);
    char *const block = memory->alloc(memory->arg, nodes + text_size / 3 * 5 + 16);
    if (block == NULL) {
        return -ENOMEM;
    }
    struct builder b;
    struct garm_json_value *const root = (void *)block;
    b.word = tape->words + 1;
    b.free = block + sizeof(*root);
    b.in = tape->strings;
    b.strings = block + nodes;
    b.strings_size = 0;
    b.large = NULL;
    b.depth = 0;
    b.levels[0].element = root;
    TRY(build(&b));
    CHECK(b.free <= b.strings && b.strings_size <= text_size / 3 * 5 + 16);
    memcpy(b.strings, b.in, b.strings_size);
    *ret_root = root;
    return json_index_build(b.large, memory);
}
