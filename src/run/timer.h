/* Timers: a hierarchical wheel of one-millisecond ticks (Varghese and Lauck 1987). Setting, moving
 * and stopping a timer is O(1); a timer moved to later is only noted, and moves when its old time
 * comes. */
#ifndef GARM_RUN_TIMER_H
#define GARM_RUN_TIMER_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

/* Lives inside its owner. */
struct timer {
    struct list node;
    int64_t due_ns;   /* when on_due shall be called; INT64_MAX: not set */
    int64_t filed_ns; /* the time under which the wheel holds it */
    void (*on_due)(struct timer *timer);
};

#define TIMER_LEVELS 5
#define TIMER_SLOTS  64

struct timer_wheel {
    int64_t tick; /* milliseconds up to which all timers have been called */
    uint64_t used[TIMER_LEVELS];
    struct list slots[TIMER_LEVELS][TIMER_SLOTS];
};

void timer_wheel_init(struct timer_wheel *wheel, int64_t now_ns);
void timer_init(struct timer *timer, void (*on_due)(struct timer *timer));
/** Sets or moves the timer. Never called before `due_ns`, at most two ticks after it in an idle
 *  loop. INT64_MAX stops it. */
void timer_set(struct timer_wheel *wheel, struct timer *timer, int64_t due_ns);
/** Accepts one that is not set. */
void timer_stop(struct timer_wheel *wheel, struct timer *timer);
/** Calls all that is due at `now_ns`; a callback may set and stop any timer. */
void timer_wheel_advance(struct timer_wheel *wheel, int64_t now_ns);
/** When the wheel wants to be advanced next (not later than the first due timer), or INT64_MAX. */
int64_t timer_wheel_next(const struct timer_wheel *wheel);

#endif
