/* simdjson's tape as a tree of ours. On the tape a value is a word, its kind in the top byte: 'r'
 * the root (at the end too), '"' a string, 'l', 'u' and 'd' numbers that stand in the next word,
 * 't', 'f' and 'n', '[' and '{' (bits 32 to 55: how many are within), ']' and '}'. */
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
    char *strings;           /* and the tree's */
    struct json_index *large;
    uint32_t depth;
    struct level levels[LIMIT_JSON_DEPTH + 1];
};

static const char *take_string(struct builder *b, uint32_t *ret_size)
{
    const size_t at = *b->word++ & OFFSET_MASK;
    uint32_t size = 0;
    memcpy(&size, b->in + at, sizeof(size));
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

/* What the tree will take. */
struct sizes {
    size_t nodes;   /* bytes of values, members and indexes */
    size_t strings; /* bytes of the tape's strings */
};

static size_t size_within(uint64_t word, bool object)
{
    const size_t count = (word >> 32) & COUNT_MASK;
    if (!object) {
        return count * sizeof(struct garm_json_value);
    }
    return count * sizeof(struct json_member) +
           (count > JSON_INDEX_FROM ? sizeof(struct json_index) : 0);
}

static struct sizes measure(const struct json_tape *tape)
{
    struct sizes sizes = {.nodes = sizeof(struct garm_json_value)};
    const uint64_t *string = NULL;
    const uint64_t *word = tape->words + 1;
    for (unsigned kind; (kind = (unsigned)(*word >> 56)) != 'r'; word++) {
        if (kind == '"') {
            string = word;
        } else if (kind == '{' || kind == '[') {
            sizes.nodes += size_within(*word, kind == '{');
        } else if (kind == 'l' || kind == 'u' || kind == 'd') {
            word++;
        }
    }
    if (string != NULL) {
        uint32_t size = 0;
        const size_t at = *string & OFFSET_MASK;
        memcpy(&size, tape->strings + at, sizeof(size));
        sizes.strings = at + sizeof(size) + size + 1;
    }
    return sizes;
}

int json_tree_build(const struct json_tape *tape, const struct json_memory *memory,
                    const struct garm_json_value **ret_root)
{
    const struct sizes sizes = measure(tape);
    char *const block = memory->alloc(memory->arg, sizes.nodes + sizes.strings);
    if (block == NULL) {
        return -ENOMEM;
    }
    struct builder b;
    struct garm_json_value *const root = (void *)block;
    b.word = tape->words + 1;
    b.free = block + sizeof(*root);
    b.in = tape->strings;
    b.strings = block + sizes.nodes;
    b.large = NULL;
    b.depth = 0;
    b.levels[0].element = root;
    memcpy(b.strings, b.in, sizes.strings);
    TRY(build(&b));
    CHECK(b.free == b.strings);
    *ret_root = root;
    return json_index_build(b.large, memory);
}
