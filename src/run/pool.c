/* Blocks of one size for one thread. Knows nothing of what they hold. */
#include "run/pool.h"

#include "base/sys.h"

#include <string.h>

void pool_init(struct pool *pool, size_t block_size, size_t free_max)
{
    const size_t least = sizeof(void *);
    *pool = (struct pool){
        .block_size = block_size < least ? least : block_size,
        .free_max = free_max,
    };
}

/* Only the link of a kept block may be touched, and only by the two functions that follow. */
static void *pop(struct pool *pool)
{
    void *const block = pool->free;
    MEMORY_UNPOISON(block, pool->block_size);
    memcpy(&pool->free, block, sizeof(void *));
    pool->free_count--;
    return block;
}

static void push(struct pool *pool, void *block)
{
    memcpy(block, &pool->free, sizeof(void *));
    MEMORY_POISON(block, pool->block_size);
    pool->free = block;
    pool->free_count++;
}

void *pool_get(struct pool *pool)
{
    void *const block = pool->free != NULL ? pop(pool) : mem_alloc(pool->block_size);
    pool->used_count += block != NULL;
    return block;
}

void pool_put(struct pool *pool, void *block)
{
    if (block == NULL) {
        return;
    }
    CHECK(pool->used_count > 0);
    pool->used_count--;
    if (pool->free_count < pool->free_max) {
        push(pool, block);
    } else {
        mem_free(block);
    }
}

void pool_trim(struct pool *pool, size_t keep)
{
    while (pool->free_count > keep) {
        mem_free(pop(pool));
    }
}

void pool_deinit(struct pool *pool)
{
    pool_trim(pool, 0);
}
