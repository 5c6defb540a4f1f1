/* Hubs: what one publishes, all who have subscribed receive, on whatever loops they are. A
 * subscriber that is too slow loses the oldest messages and is told how many; it never holds up the
 * others. */
#ifndef GARM_RUN_HUB_H
#define GARM_RUN_HUB_H

#include "base/compiler.h"
#include "base/list.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that all subscribers share, read-only. */
struct hub_message {
    _Atomic size_t refs;
    size_t size;
    char data[];
};

struct hub {
    pthread_mutex_t lock;
    struct list subscriptions;
    bool closed;
};

/* One task's end. Lives inside its owner. */
struct hub_subscription {
    struct hub *hub;
    struct list node;
    struct list waiters;           /* at most one */
    struct hub_message **messages; /* a ring */
    size_t cap;
    size_t first;
    size_t count;
    uint64_t lost; /* since the last receipt */
};

void hub_init(struct hub *hub);
/** Nobody may be subscribed. */
void hub_deinit(struct hub *hub);

/** Sends a copy of `size` bytes to all who are subscribed now: 0 or -ENOMEM. From any thread. */
MUST_CHECK int hub_publish(struct hub *hub, const void *data, size_t size);
/** Ends all subscriptions, after what they still hold. From any thread. */
void hub_close(struct hub *hub);

/** Subscribes, with room for `cap` messages (> 0): 0 or -ENOMEM. From any thread. */
MUST_CHECK int hub_subscribe(struct hub *hub, struct hub_subscription *subscription, size_t cap);
/** Accepts a zeroed one. Nobody may wait on it. */
void hub_unsubscribe(struct hub_subscription *subscription);

/** The next message, which the caller releases by hub_message_unref, with the number of those that
 *  were lost before it in *ret_lost (may be NULL). 0; -EPIPE when the hub is closed and all is
 *  received; -ETIMEDOUT at due_ns (INT64_MAX: no bound); -ECANCELED. May suspend; one task at a
 *  time. */
MUST_CHECK int hub_next(struct hub_subscription *subscription, int64_t due_ns,
                        struct hub_message **ret_message, uint64_t *ret_lost);
/** Accepts NULL. From any thread. */
void hub_message_unref(struct hub_message *message);

#endif
