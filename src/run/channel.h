/* Channels: a bounded queue of pointers between tasks of any loops, any number of them at either
 * end. */
#ifndef GARM_RUN_CHANNEL_H
#define GARM_RUN_CHANNEL_H

#include "base/compiler.h"
#include "base/list.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct channel {
    pthread_mutex_t lock;
    struct list senders; /* that found it full; their items come after those in it */
    struct list receivers;
    void **items; /* a ring */
    size_t cap;
    size_t first;
    size_t count;
    bool closed;
};

/** For `cap` items; 0: each send waits for its receiver. 0 or -ENOMEM. */
MUST_CHECK int channel_init(struct channel *channel, size_t cap);
/** Nobody may wait in it. What it still holds is forgotten. Accepts a zeroed one. */
void channel_deinit(struct channel *channel);

/** Sends `item`; waits while the channel is full. 0; -EPIPE after channel_close; -ETIMEDOUT at
 *  due_ns (INT64_MAX: no bound); -ECANCELED. An error means that nobody got the item. May suspend;
 *  only from a task. */
MUST_CHECK int channel_send(struct channel *channel, void *item, int64_t due_ns);
/** The same, with -EAGAIN instead of a wait. From any thread. */
MUST_CHECK int channel_try_send(struct channel *channel, void *item);

/** Receives the oldest item; waits while there is none. 0; -EPIPE when the channel is closed and
 *  empty; -ETIMEDOUT; -ECANCELED. May suspend; only from a task. */
MUST_CHECK int channel_recv(struct channel *channel, int64_t due_ns, void **ret_item);
/** The same, with -EAGAIN instead of a wait. From any thread. */
MUST_CHECK int channel_try_recv(struct channel *channel, void **ret_item);

/** No more sends; those that wait fail. What is in it can still be received. From any thread. */
void channel_close(struct channel *channel);

#endif
