/* The timer wheel. A timer that is due at tick T stands at the level of the highest digit, to the
 * base of 64, in which T differs from the wheel's own tick. So all timers of a level are due before
 * those of the next, slots behind the current digit are empty, and slot 0, which that rule leaves
 * unused, holds at the top level what lies beyond the wheel's range. Knows nothing of loops. */
#include "run/timer.h"

#include "base/compiler.h"
#include "base/limits.h"

#define DIGIT_BITS 6
#define TOP_LEVEL  (TIMER_LEVELS - 1)
/* Ticks that the whole wheel spans: twelve days. */
#define SPAN (INT64_C(1) << (DIGIT_BITS * TIMER_LEVELS))

static int64_t tick_floor(int64_t ns)
{
    return ns / NS_PER_MS;
}

static int64_t tick_ceil(int64_t ns)
{
    return ns / NS_PER_MS + (ns % NS_PER_MS > 0);
}

static unsigned digit_of(int64_t tick, unsigned level)
{
    return (unsigned)((uint64_t)tick >> (level * DIGIT_BITS)) % TIMER_SLOTS;
}

void timer_wheel_init(struct timer_wheel *wheel, int64_t now_ns)
{
    wheel->tick = tick_floor(now_ns);
    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        wheel->used[level] = 0;
        for (unsigned slot = 0; slot < TIMER_SLOTS; slot++) {
            list_init(&wheel->slots[level][slot]);
        }
    }
}

void timer_init(struct timer *timer, void (*on_due)(struct timer *timer))
{
    list_init(&timer->node);
    timer->due_ns = INT64_MAX;
    timer->filed_ns = INT64_MAX;
    timer->on_due = on_due;
}

static unsigned level_of(int64_t now_tick, int64_t due_tick)
{
    const uint64_t differ = (uint64_t)(now_tick ^ due_tick) | 1;
    return (63 - (unsigned)__builtin_clzll(differ)) / DIGIT_BITS;
}

static void file(struct timer_wheel *wheel, struct timer *timer)
{
    int64_t tick = tick_ceil(timer->due_ns);
    if (tick <= wheel->tick) {
        tick = wheel->tick + 1;
    }
    unsigned level = level_of(wheel->tick, tick);
    unsigned slot = 0;
    if (level > TOP_LEVEL) {
        level = TOP_LEVEL;
    } else {
        slot = digit_of(tick, level);
    }
    timer->filed_ns = timer->due_ns;
    list_push_back(&wheel->slots[level][slot], &timer->node);
    wheel->used[level] |= UINT64_C(1) << slot;
}

/* Takes a filed timer out, and clears the slot's bit when it was the last one there. Its only
 * neighbour is then the slot itself, or the list of those that are being called. */
static void unfile(struct timer_wheel *wheel, struct timer *timer)
{
    const struct list *const head = timer->node.next;
    const bool alone = head == timer->node.prev;
    list_remove(&timer->node);
    const uintptr_t first = (uintptr_t)&wheel->slots[0][0];
    const uintptr_t offset = (uintptr_t)head - first;
    if (alone && offset < sizeof(wheel->slots)) {
        const size_t index = offset / sizeof(struct list);
        wheel->used[index / TIMER_SLOTS] &= ~(UINT64_C(1) << index % TIMER_SLOTS);
    }
}

void timer_set(struct timer_wheel *wheel, struct timer *timer, int64_t due_ns)
{
    if (due_ns == INT64_MAX) {
        timer_stop(wheel, timer);
        return;
    }
    timer->due_ns = due_ns;
    if (!list_empty(&timer->node)) {
        if (due_ns >= timer->filed_ns) {
            return;
        }
        unfile(wheel, timer);
    }
    file(wheel, timer);
}

void timer_stop(struct timer_wheel *wheel, struct timer *timer)
{
    timer->due_ns = INT64_MAX;
    if (!list_empty(&timer->node)) {
        unfile(wheel, timer);
    }
}

/* The first slot in use: its level, index, and the tick at which it is to be emptied. */
struct next_slot {
    unsigned level;
    unsigned slot;
    int64_t tick;
};

static bool find_next(const struct timer_wheel *wheel, struct next_slot *ret)
{
    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        const unsigned digit = digit_of(wheel->tick, level);
        const uint64_t ahead = wheel->used[level] & ~((UINT64_C(2) << digit) - 1);
        if (ahead != 0) {
            const unsigned slot = (unsigned)__builtin_ctzll(ahead);
            const int64_t step = INT64_C(1) << (level * DIGIT_BITS);
            const int64_t base = wheel->tick & ~(step * TIMER_SLOTS - 1);
            *ret = (struct next_slot){level, slot, base + (int64_t)slot * step};
            return true;
        }
    }
    if ((wheel->used[TOP_LEVEL] & 1) != 0) {
        *ret = (struct next_slot){TOP_LEVEL, 0, (wheel->tick | (SPAN - 1)) + 1};
        return true;
    }
    return false;
}

/* Empties a slot: what is due goes to `due`, the rest is filed anew. */
static void empty(struct timer_wheel *wheel, const struct next_slot *next, struct list *due)
{
    struct list nodes;
    list_init(&nodes);
    list_splice_back(&nodes, &wheel->slots[next->level][next->slot]);
    wheel->used[next->level] &= ~(UINT64_C(1) << next->slot);
    for (struct list *node = list_pop_front(&nodes); node != NULL; node = list_pop_front(&nodes)) {
        struct timer *const timer = CONTAINER_OF(node, struct timer, node);
        if (tick_ceil(timer->due_ns) <= wheel->tick) {
            list_push_back(due, node);
        } else {
            file(wheel, timer);
        }
    }
}

/* All that is due is gathered before anything is called, so that a callback which sets a timer to
 * the past is called once per advance, and not once per tick of a long sleep. */
void timer_wheel_advance(struct timer_wheel *wheel, int64_t now_ns)
{
    const int64_t now_tick = tick_floor(now_ns);
    if (now_tick <= wheel->tick) {
        return;
    }
    struct list due;
    list_init(&due);
    struct next_slot next;
    while (find_next(wheel, &next) && next.tick <= now_tick) {
        wheel->tick = next.tick;
        empty(wheel, &next, &due);
    }
    wheel->tick = now_tick;
    for (struct list *node = list_pop_front(&due); node != NULL; node = list_pop_front(&due)) {
        struct timer *const timer = CONTAINER_OF(node, struct timer, node);
        if (tick_ceil(timer->due_ns) > now_tick) {
            file(wheel, timer);
            continue;
        }
        timer->due_ns = INT64_MAX;
        timer->on_due(timer);
    }
}

int64_t timer_wheel_next(const struct timer_wheel *wheel)
{
    struct next_slot next;
    return find_next(wheel, &next) ? next.tick * NS_PER_MS : INT64_MAX;
}
