/* The pool: free stacks of each size in two lists, those that still hold memory (warm) and those
 * whose memory went back to the kernel (cold). Descriptors lie apart from the stacks, so that a
 * cold one holds nothing at all. */
#include "run/stack.h"

#include "base/sys.h"
#include "run/guard.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES_MIN KIB(4)
#define CLASS_COUNT    5
#define SLAB_COUNT     32 /* stacks of the default size that are mapped at a time */
#define SLAB_COUNT_BIG 4
#define WARM_MIN       8  /* free stacks that are never worth trimming */
#define TRIM_COUNT     64 /* stacks per call: a fraction of a millisecond */
#define TRIM_PERIOD_NS NS_PER_SEC
#define TRIM_PAUSE_NS  (5 * NS_PER_MS)
/* Stacks of equal alignment would use the same few sets of the caches for their hottest lines. */
#define COLOUR_COUNT 16
#define COLOUR_BYTES 64

_Static_assert(STACK_BYTES_DEFAULT << (CLASS_COUNT - 1) == STACK_BYTES_MAX,
               "one class per doubling");

struct slab {
    struct slab *next;
    char *map;
    size_t map_size;
    size_t count;
    struct stack stacks[];
};

struct class
{
    struct list warm;
    struct list cold;
    size_t warm_count;
    size_t cold_count;
    size_t used;
    size_t used_max; /* since the last period began */
    size_t needed;   /* the peak of the last periods, halved with each */
};

struct stack_pool {
    struct class classes[CLASS_COUNT];
    struct slab *slabs;
    size_t used;
    size_t used_max;
    size_t used_limit;
    size_t mapped;
    size_t made; /* stacks ever carved, for their colours */
    size_t deepest;
    size_t page_bytes;
    bool trimming; /* in the middle of a period's work */
};

static size_t class_bytes(unsigned class)
{
    return (STACK_BYTES_DEFAULT << class) * ANNOTATE_STACK_FACTOR;
}

int stack_pool_new(struct stack_pool **ret_pool)
{
    struct stack_pool *const pool = mem_zalloc(sizeof(*pool));
    if (pool == NULL) {
        return -ENOMEM;
    }
    pool->used_limit = SIZE_MAX;
    pool->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        list_init(&pool->classes[i].warm);
        list_init(&pool->classes[i].cold);
    }
    *ret_pool = pool;
    return 0;
}

static void free_slab(struct slab *slab)
{
    for (size_t i = 0; i < slab->count; i++) {
        annotate_stack_deregister(slab->stacks[i].valgrind);
    }
    guard_forget(slab->count);
    sys_munmap(slab->map, slab->map_size);
    mem_free(slab);
}

void stack_pool_free(struct stack_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    CHECK(pool->used == 0);
    while (pool->slabs != NULL) {
        struct slab *const slab = pool->slabs;
        pool->slabs = slab->next;
        free_slab(slab);
    }
    mem_free(pool);
}

void stack_pool_set_max(struct stack_pool *pool, size_t count)
{
    pool->used_limit = count;
}

/* Huge pages would make one touched stack cost as much as sixteen. */
static int map_slab(struct slab *slab, size_t block_size)
{
    void *map = NULL;
    if (sys_mmap(slab->map_size, &map) < 0) {
        return -EAGAIN;
    }
    sys_madvise(map, slab->map_size, MADV_NOHUGEPAGE);
    const int rc = guard_install(map, slab->count, block_size, STACK_GUARD_BYTES);
    if (rc < 0) {
        sys_munmap(map, slab->map_size);
        return rc;
    }
    slab->map = map;
    return 0;
}

static void carve(struct stack_pool *pool, struct slab *slab, unsigned class)
{
    const size_t block_size = slab->map_size / slab->count;
    struct class *const owner = &pool->classes[class];
    for (size_t i = 0; i < slab->count; i++) {
        struct stack *const stack = &slab->stacks[i];
        char *const end = slab->map + (i + 1) * block_size;
        stack->low = slab->map + i * block_size + STACK_GUARD_BYTES;
        stack->top = end - pool->made++ % COLOUR_COUNT * COLOUR_BYTES;
        stack->class = class;
        stack->valgrind = annotate_stack_register(stack->low, stack->top);
        list_push_back(&owner->cold, &stack->node);
    }
    owner->cold_count += slab->count;
}

static int grow(struct stack_pool *pool, unsigned class)
{
    const size_t count = class == 0 ? SLAB_COUNT : SLAB_COUNT_BIG;
    struct slab *const slab = mem_zalloc(sizeof(*slab) + count * sizeof(struct stack));
    if (slab == NULL) {
        return -EAGAIN;
    }
    const size_t block_size = STACK_GUARD_BYTES + class_bytes(class);
    slab->count = count;
    slab->map_size = count * block_size;
    const int rc = map_slab(slab, block_size);
    if (rc < 0) {
        mem_free(slab);
        return rc;
    }
    carve(pool, slab, class);
    slab->next = pool->slabs;
    pool->slabs = slab;
    pool->mapped += slab->map_size;
    return 0;
}

static struct stack *take(struct class *class)
{
    struct list *node = list_pop_front(&class->warm);
    if (node != NULL) {
        class->warm_count--;
        return CONTAINER_OF(node, struct stack, node);
    }
    node = list_pop_front(&class->cold);
    if (node != NULL) {
        class->cold_count--;
        return CONTAINER_OF(node, struct stack, node);
    }
    return NULL;
}

static int class_for(size_t bytes, unsigned *ret_class)
{
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        if (bytes <= STACK_BYTES_DEFAULT << class) {
            *ret_class = class;
            return 0;
        }
    }
    return -EINVAL;
}

int stack_get(struct stack_pool *pool, size_t bytes, struct stack **ret_stack)
{
    unsigned index = 0;
    TRY(class_for(bytes, &index));
    if (pool->used >= pool->used_limit) {
        return -EAGAIN;
    }
    struct class *const class = &pool->classes[index];
    struct stack *stack = take(class);
    if (stack == NULL) {
        TRY(grow(pool, index));
        stack = take(class);
    }
    class->used++;
    class->used_max = class->used > class->used_max ? class->used : class->used_max;
    pool->used++;
    pool->used_max = pool->used > pool->used_max ? pool->used : pool->used_max;
    *ret_stack = stack;
    return 0;
}

/* A task that has ended left frames behind, whose red zones ASan still holds against the next. */
bool stack_put(struct stack_pool *pool, struct stack *stack)
{
    struct class *const class = &pool->classes[stack->class];
    CHECK(class->used > 0);
    MEMORY_UNPOISON(stack->low, (size_t)(stack->top - stack->low));
    list_push_front(&class->warm, &stack->node);
    class->warm_count++;
    class->used--;
    pool->used--;
    return class->warm_count > WARM_MIN;
}

/* The lowest page that was ever touched tells how deep a stack went since it was last cold. */
static void measure(struct stack_pool *pool, const struct stack *stack)
{
    unsigned char pages[STACK_BYTES_MAX * ANNOTATE_STACK_FACTOR / PAGE_BYTES_MIN];
    const size_t size = class_bytes(stack->class);
    if (sys_mincore(stack->low, size, pages) < 0) {
        return;
    }
    size_t untouched = 0;
    while (untouched < size / pool->page_bytes && (pages[untouched] & 1) == 0) {
        untouched++;
    }
    const size_t depth = size - untouched * pool->page_bytes;
    pool->deepest = depth > pool->deepest ? depth : pool->deepest;
}

static void cool(struct stack_pool *pool, struct class *class)
{
    struct list *const coldest = class->warm.prev;
    struct stack *const stack = CONTAINER_OF(coldest, struct stack, node);
    list_remove(coldest);
    measure(pool, stack);
    sys_madvise(stack->low, class_bytes(stack->class), MADV_DONTNEED);
    list_push_front(&class->cold, coldest);
    class->warm_count--;
    class->cold_count++;
}

static void begin_period(struct class *class)
{
    const size_t faded = class->needed / 2;
    class->needed = class->used_max > faded ? class->used_max : faded;
    class->used_max = class->used;
}

/* Cools down to what the peak needs, at most `budget` stacks: what is left of the budget. */
static size_t trim_class(struct stack_pool *pool, struct class *class, size_t budget)
{
    const size_t needed = class->needed > class->used ? class->needed - class->used : 0;
    const size_t keep = needed > WARM_MIN ? needed : WARM_MIN;
    while (budget > 0 && class->warm_count > keep) {
        cool(pool, class);
        budget--;
    }
    return budget;
}

int64_t stack_pool_trim(struct stack_pool *pool)
{
    size_t budget = TRIM_COUNT;
    bool more = false;
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        struct class *const class = &pool->classes[i];
        if (!pool->trimming) {
            begin_period(class);
        }
        budget = trim_class(pool, class, budget);
        more = more || class->warm_count > WARM_MIN;
    }
    pool->trimming = budget == 0;
    if (pool->trimming) {
        return TRIM_PAUSE_NS;
    }
    return more ? TRIM_PERIOD_NS : 0;
}

size_t stack_pool_deepest(struct stack_pool *pool, size_t count)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        size_t left = count;
        list_each_safe (node, next, &pool->classes[i].warm) {
            if (left-- == 0) {
                break;
            }
            measure(pool, CONTAINER_OF(node, struct stack, node));
        }
    }
    return pool->deepest;
}

void stack_pool_stats(struct stack_pool *pool, struct stack_pool_stats *ret_stats)
{
    for (const struct slab *slab = pool->slabs; slab != NULL; slab = slab->next) {
        for (size_t i = 0; i < slab->count; i++) {
            measure(pool, &slab->stacks[i]);
        }
    }
    *ret_stats = (struct stack_pool_stats){
        .used = pool->used,
        .used_max = pool->used_max,
        .used_limit = pool->used_limit,
        .mapped = pool->mapped,
        .deepest = pool->deepest,
    };
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        ret_stats->free += pool->classes[i].warm_count + pool->classes[i].cold_count;
        ret_stats->free_warm += pool->classes[i].warm_count;
    }
}
