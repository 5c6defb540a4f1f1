/* A hash table of paths, open addressing, at most half full. The application chose the keys, so the
 * hash need not withstand an attack. */
#include "app/router_static.h"

#include <errno.h>

#define CAP_MIN 8

static uint64_t word_at(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

/* Of the length and the last 16 bytes, where paths differ most. */
static uint32_t hash_of(struct slice path)
{
    uint64_t hash = path.len;
    if (path.len >= 8) {
        hash += word_at(path.ptr + path.len - 8);
        hash *= UINT64_C(0x9e3779b97f4a7c15);
        hash += word_at(path.ptr + (path.len >= 16 ? path.len - 16 : 0));
    } else {
        for (size_t i = 0; i < path.len; i++) {
            hash = hash << 8 | (unsigned char)path.ptr[i];
        }
    }
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 32);
}

/* The entry of the path, or the free one where it belongs. */
static struct static_path *place_of(const struct static_paths *paths, struct slice path)
{
    const uint32_t mask = paths->cap - 1;
    uint32_t at = hash_of(path) & mask;
    while (paths->entries[at].leaf != NULL && !slice_eq(paths->entries[at].path, path)) {
        at = (at + 1) & mask;
    }
    return &paths->entries[at];
}

static int grow(struct static_paths *paths, struct arena *arena)
{
    struct static_paths wider = *paths;
    wider.cap = paths->cap == 0 ? CAP_MIN : 2 * paths->cap;
    wider.entries = arena_zalloc(arena, wider.cap * sizeof(*wider.entries));
    if (wider.entries == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < paths->cap; i++) {
        if (paths->entries[i].leaf != NULL) {
            *place_of(&wider, paths->entries[i].path) = paths->entries[i];
        }
    }
    *paths = wider;
    return 0;
}

/* "/a/b" of its segments; len 0: it is not that plain. */
static int join(const struct pattern *pattern, struct arena *arena, struct slice *ret_path)
{
    size_t len = 0;
    for (size_t i = 0; i < pattern->segment_count; i++) {
        const struct segment *const segment = &pattern->segments[i];
        if (segment->kind != SEGMENT_LITERAL ||
            slice_find(segment->text, '/') < segment->text.len) {
            return 0;
        }
        len += 1 + segment->text.len;
    }
    char *const path = arena_alloc(arena, len);
    if (path == NULL) {
        return -ENOMEM;
    }
    char *out = path;
    for (size_t i = 0; i < pattern->segment_count; i++) {
        const struct slice text = pattern->segments[i].text;
        *out++ = '/';
        memcpy(out, text.ptr, text.len);
        out += text.len;
    }
    *ret_path = slice_of(path, len);
    return 0;
}

int static_add(struct static_paths *paths, const struct route *route, struct leaf *leaf,
               struct arena *arena)
{
    struct slice path = {0};
    if (route->pattern.host.len > 0) {
        return 0;
    }
    TRY(join(&route->pattern, arena, &path));
    if (path.len == 0) {
        return 0;
    }
    if (2 * (paths->count + 1) > paths->cap) {
        TRY(grow(paths, arena));
    }
    struct static_path *const place = place_of(paths, path);
    paths->count += place->leaf == NULL;
    *place = (struct static_path){path, leaf};
    return 0;
}

const struct leaf *static_find(const struct static_paths *paths, struct slice path)
{
    return paths->count == 0 ? NULL : place_of(paths, path)->leaf;
}
