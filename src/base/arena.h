/* An arena: many small allocations with one lifetime, released together. The first chunk is lent by
 * the owner, so that a small request costs no call of the allocator. */
#ifndef GARM_BASE_ARENA_H
#define GARM_BASE_ARENA_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Of every allocation: both its address and the room it takes are a multiple of this. */
#define ARENA_ALIGN       ((size_t)16)
#define ARENA_ROUND(size) (((size) + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1))

struct arena_chunk;

struct arena {
    char *pos;                  /* next free byte */
    char *end;                  /* end of the current chunk */
    struct arena_chunk *chunks; /* grown chunks, newest first; NULL while the lent memory holds */
    char *lent;                 /* the owner's memory, aligned, */
    char *lent_end;             /* and its end */
    size_t grown;               /* bytes in grown chunks */
    size_t grown_max;           /* and their bound */
};

/* A point to which an arena can be wound back. */
struct arena_mark {
    char *pos;
    char *end;
    struct arena_chunk *chunks;
};

/** Begins in `lent` (may be NULL with size 0), which must outlive the arena or its next init.
 *  grown_max  how many bytes beyond it may come from the heap. Never fails. */
void arena_init(struct arena *arena, void *lent, size_t lent_size, size_t grown_max);

/** Frees every grown chunk; the arena is as after init. Accepts a zeroed arena. */
void arena_clear(struct arena *arena);
/** The same, and gives the lent memory back to its owner, to use for something else: until then
 *  AddressSanitizer lets nobody touch what the arena has not handed out. Accepts a zeroed arena. */
void arena_deinit(struct arena *arena);

/** arena_alloc where the current chunk has no room. */
MUST_CHECK void *arena_alloc_slow(struct arena *arena, size_t size);

/** `size` bytes aligned to 16, not zeroed; NULL when out of memory or past the bound. A size of 0
 *  is a valid pointer to nothing. */
MUST_CHECK static inline void *arena_alloc(struct arena *arena, size_t size)
{
    /* The room is a multiple of ARENA_ALIGN. A size of 0 wraps around and takes the slow path. */
    if (UNLIKELY(size - 1 >= (uintptr_t)arena->end - (uintptr_t)arena->pos)) {
        return arena_alloc_slow(arena, size);
    }
    char *const ptr = arena->pos;
    arena->pos = ptr + ARENA_ROUND(size);
    MEMORY_UNPOISON(ptr, size);
    return ptr;
}
/** The same, zeroed. */
MUST_CHECK void *arena_zalloc(struct arena *arena, size_t size);

/** A NUL-terminated copy of `s`, or NULL. */
MUST_CHECK char *arena_dup(struct arena *arena, struct slice s);

/** Formatted text, NUL-terminated, or NULL; its length without the NUL goes to *ret_len (may be
 *  NULL). */
MUST_CHECK char *arena_printf(struct arena *arena, size_t *ret_len, const char *format, ...)
    PRINTF_LIKE(3, 4);
MUST_CHECK char *arena_vprintf(struct arena *arena, size_t *ret_len, const char *format,
                               va_list args) PRINTF_LIKE(3, 0);

struct arena_mark arena_mark(const struct arena *arena);
/** Frees all that was allocated since the mark was taken. */
void arena_release(struct arena *arena, struct arena_mark mark);

#endif
