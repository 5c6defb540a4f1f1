/* Counters that one thread writes and any thread reads: relaxed, without a locked instruction.
 * A reader sees each of them at some recent moment, not all of them at the same one. */
#ifndef GARM_BASE_COUNTER_H
#define GARM_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

/** Only from the thread that owns it. `n` may be (uint64_t)-1. */
static inline void counter_add(counter *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

/** Only from the thread that owns it. */
static inline void counter_set(counter *c, uint64_t value)
{
    atomic_store_explicit(c, value, memory_order_relaxed);
}

static inline uint64_t counter_get(const counter *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

#endif
