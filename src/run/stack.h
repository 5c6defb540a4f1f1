/* The stacks that tasks run on: carved from large maps, each with a guard below, kept for reuse by
 * one loop, hottest first. Memory that a burst touched goes back to the kernel when the burst is
 * over. */
#ifndef GARM_RUN_STACK_H
#define GARM_RUN_STACK_H

#include "base/compiler.h"
#include "base/limits.h"
#include "base/list.h"
#include "run/coro_annotate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a caller who asks for nothing gets, and the most that can be asked for: of plain code. Under
 * the sanitizers, whose frames are larger, every stack is four times what it is said to be. */
#define STACK_BYTES_DEFAULT KIB(64)
#define STACK_BYTES_MAX     KIB(1024)
#define STACK_GUARD_BYTES   KIB(64)

struct stack {
    struct list node;  /* among the free ones of its class */
    char *low;         /* lowest usable byte; the guard ends here */
    char *top;         /* past the highest usable byte; aligned to 16 */
    unsigned class;    /* its size is STACK_BYTES_DEFAULT << class */
    unsigned valgrind; /* Valgrind's number for it */
};

struct stack_pool_stats {
    size_t used;       /* stacks out */
    size_t used_max;   /* most of them at any time */
    size_t used_limit; /* see stack_pool_set_max */
    size_t free;       /* stacks kept, */
    size_t free_warm;  /* of which so many still hold memory */
    size_t mapped;     /* bytes of address space, guards included */
    size_t deepest;    /* bytes of the deepest use seen, in whole pages */
};

struct stack_pool;

/** 0 or -ENOMEM. */
MUST_CHECK int stack_pool_new(struct stack_pool **ret_pool);
/** No stack may be out. Accepts NULL. */
void stack_pool_free(struct stack_pool *pool);

/** No more than `count` stacks will be out at a time (at first: no limit of ours). */
void stack_pool_set_max(struct stack_pool *pool, size_t count);

/** A stack of at least `bytes` (0: STACK_BYTES_DEFAULT): 0; -EAGAIN when none is to be had, by our
 *  limit or the kernel's; -EINVAL beyond STACK_BYTES_MAX. */
MUST_CHECK int stack_get(struct stack_pool *pool, size_t bytes, struct stack **ret_stack);
/** True when there are so many free ones now that stack_pool_trim should be called in a second. */
bool stack_put(struct stack_pool *pool, struct stack *stack);

/** Returns memory of free stacks that the last seconds had no use for, a bounded part at a time.
 *  The nanoseconds after which it wants to be called again, or 0 when nothing is left to return. */
int64_t stack_pool_trim(struct stack_pool *pool);

/** The deepest use seen so far, in whole pages; looks into the `count` free stacks of each size
 *  that were used last, which costs a system call each. */
size_t stack_pool_deepest(struct stack_pool *pool, size_t count);

/** Looks into every stack for its deepest use, which costs a system call each. */
void stack_pool_stats(struct stack_pool *pool, struct stack_pool_stats *ret_stats);

/** Usable bytes as they are said to be. */
static inline size_t stack_bytes(const struct stack *stack)
{
    return STACK_BYTES_DEFAULT << stack->class;
}

/** Is `ptr` in the guard below the stack? */
static inline bool stack_guards(const struct stack *stack, const void *ptr)
{
    const uintptr_t low = (uintptr_t)stack->low;
    return (uintptr_t)ptr < low && (uintptr_t)ptr >= low - STACK_GUARD_BYTES;
}

#endif
