/* The arena's slow paths: growing, winding back, formatting. Under AddressSanitizer all memory that
 * is not handed out is poisoned, so that a use after arena_release or arena_clear is caught. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/sys.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

/* Chunks double from the first of these sizes to the second. */
#define CHUNK_MIN KIB(4)
#define CHUNK_MAX KIB(64)

struct arena_chunk {
    struct arena_chunk *next;
    size_t size; /* of all of it, this header included */
    alignas(ARENA_ALIGN) char data[];
};

static void set_current(struct arena *arena, char *pos, char *end)
{
    arena->pos = pos;
    arena->end = end;
    MEMORY_POISON(pos, (uintptr_t)end - (uintptr_t)pos);
}

void arena_init(struct arena *arena, void *lent, size_t lent_size, size_t grown_max)
{
    *arena = (struct arena){.grown_max = grown_max};
    const size_t skip = (size_t) - (uintptr_t)lent % ARENA_ALIGN;
    if (lent_size >= skip + ARENA_ALIGN) {
        arena->lent = (char *)lent + skip;
        arena->lent_end = arena->lent + (lent_size - skip) / ARENA_ALIGN * ARENA_ALIGN;
    }
    set_current(arena, arena->lent, arena->lent_end);
}

/* Frees the chunks that are newer than `keep`. */
static void free_chunks(struct arena *arena, const struct arena_chunk *keep)
{
    while (arena->chunks != keep) {
        struct arena_chunk *const chunk = arena->chunks;
        arena->chunks = chunk->next;
        arena->grown -= chunk->size;
        mem_free(chunk);
    }
}

void arena_clear(struct arena *arena)
{
    free_chunks(arena, NULL);
    set_current(arena, arena->lent, arena->lent_end);
}

void arena_deinit(struct arena *arena)
{
    free_chunks(arena, NULL);
    MEMORY_UNPOISON(arena->lent, (uintptr_t)arena->lent_end - (uintptr_t)arena->lent);
    *arena = (struct arena){0};
}

/* A chunk with at least `size` bytes (of ARENA_ALIGN); of `wanted` in all, if the bound allows. */
static struct arena_chunk *add_chunk(struct arena *arena, size_t size, size_t wanted)
{
    const size_t room = (arena->grown_max - arena->grown) / ARENA_ALIGN * ARENA_ALIGN;
    if (room < sizeof(struct arena_chunk) || size > room - sizeof(struct arena_chunk)) {
        return NULL;
    }
    const size_t least = sizeof(struct arena_chunk) + size;
    const size_t most = wanted < room ? wanted : room;
    const size_t total = least > most ? least : most;
    struct arena_chunk *const chunk = mem_alloc(total);
    if (chunk == NULL) {
        return NULL;
    }
    chunk->next = arena->chunks;
    chunk->size = total;
    arena->chunks = chunk;
    arena->grown += total;
    return chunk;
}

void *arena_alloc_slow(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX - ARENA_ALIGN) {
        return NULL;
    }
    const size_t rounded = size == 0 ? ARENA_ALIGN : ARENA_ROUND(size);
    const size_t doubled = arena->grown < CHUNK_MIN ? CHUNK_MIN : arena->grown;
    const size_t wanted = doubled > CHUNK_MAX ? CHUNK_MAX : doubled;
    /* A big one has a chunk of its own: what is left of the current one stays in use. */
    const bool big = rounded > wanted / 4;
    if (rounded > (uintptr_t)arena->end - (uintptr_t)arena->pos) {
        struct arena_chunk *const chunk = add_chunk(arena, rounded, big ? 0 : wanted);
        if (chunk == NULL) {
            return NULL;
        }
        if (big) {
            return chunk->data;
        }
        set_current(arena, chunk->data, (char *)chunk + chunk->size);
    }
    void *const ptr = arena->pos;
    arena->pos += rounded;
    MEMORY_UNPOISON(ptr, size);
    return ptr;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *const ptr = arena_alloc(arena, size);
    return ptr == NULL ? NULL : memset(ptr, 0, size);
}

char *arena_dup(struct arena *arena, struct slice s)
{
    char *const copy = s.len == SIZE_MAX ? NULL : arena_alloc(arena, s.len + 1);
    if (copy == NULL) {
        return NULL;
    }
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    copy[s.len] = '\0';
    return copy;
}

char *arena_printf(struct arena *arena, size_t *ret_len, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *const text = arena_vprintf(arena, ret_len, format, args);
    va_end(args);
    return text;
}

char *arena_vprintf(struct arena *arena, size_t *ret_len, const char *format, va_list args)
{
    char small[256]; /* most texts fit, and need to be formatted only once */
    va_list again;
    va_copy(again, args);
    const int len = vsnprintf(small, sizeof(small), format, args);
    char *const text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (text != NULL && (size_t)len < sizeof(small)) {
        memcpy(text, small, (size_t)len + 1);
    } else if (text != NULL) {
        vsnprintf(text, (size_t)len + 1, format, again);
    }
    va_end(again);
    if (text != NULL && ret_len != NULL) {
        *ret_len = (size_t)len;
    }
    return text;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->pos, arena->end, arena->chunks};
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
    free_chunks(arena, mark.chunks);
    set_current(arena, mark.pos, mark.end);
}
