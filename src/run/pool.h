/* Blocks of one size, kept for reuse by one thread. The first word of a free block links to the
 * next; under ASan free blocks are poisoned. */
#ifndef GARM_RUN_POOL_H
#define GARM_RUN_POOL_H

#include "base/compiler.h"

#include <stddef.h>

struct pool {
    void *free;
    size_t block_size;
    size_t free_count;
    size_t free_max;   /* blocks beyond this are given back to the heap */
    size_t used_count; /* blocks out */
};

void pool_init(struct pool *pool, size_t block_size, size_t free_max);
/** Frees the kept blocks. All blocks should be back. Accepts a zeroed pool. */
void pool_deinit(struct pool *pool);
/** An uninitialised block, aligned to 16, or NULL. */
MUST_CHECK void *pool_get(struct pool *pool);
/** Accepts NULL. */
void pool_put(struct pool *pool, void *block);
/** Gives all kept blocks but `keep` back to the heap. */
void pool_trim(struct pool *pool, size_t keep);

#endif
