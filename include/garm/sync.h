/* What tasks of any workers share: locks, promises, values that jobs refresh, and hubs. Where a
 * thread would block, a task is suspended. All of these live on the heap; free them when nobody
 * uses them any more, in a STOP hook at the latest. */
#ifndef GARM_SYNC_H
#define GARM_SYNC_H

#include <garm/base.h>

/* A lock that may be held across suspensions, and is given in the order of asking. */
typedef struct garm_mutex garm_mutex;
/* One result that is set once, and that any number of tasks may wait for. */
typedef struct garm_promise garm_promise;
/* A value that is replaced as a whole while readers keep what they have. */
typedef struct garm_shared garm_shared;
/* What is published in a hub, all its subscribers receive. */
typedef struct garm_hub garm_hub;
typedef struct garm_subscription garm_subscription;

GARM_BEGIN

/** A mutex that nobody holds; NULL when memory runs out. Any thread. */
GARM_EXPORT GARM_MUST_CHECK_ garm_mutex *garm_mutex_new(void);
/** Nobody may hold it or wait for it. Accepts NULL. */
GARM_EXPORT void garm_mutex_free(garm_mutex *mutex);
/** 0 with the mutex held; -ECANCELED without. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_lock(garm_ctx *c, garm_mutex *mutex);
/** The same, or -ETIMEDOUT after `ns`. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_lock_until(garm_ctx *c, garm_mutex *mutex, int64_t ns);
/** Gives it to who waits longest. Any thread. */
GARM_EXPORT void garm_unlock(garm_mutex *mutex);

/** A promise with one reference; NULL when memory runs out. Any thread. */
GARM_EXPORT GARM_MUST_CHECK_ garm_promise *garm_promise_new(void);
/** Adds a reference: one for each side that may outlive the other. Any thread. Returns
 *  `promise`. */
GARM_EXPORT garm_promise *garm_promise_ref(garm_promise *promise);
/** Drops a reference; the last one frees it. Accepts NULL. Any thread. */
GARM_EXPORT void garm_promise_unref(garm_promise *promise);
/** Sets its value, once: false if it was set already. Any thread, ours or not. */
GARM_EXPORT bool garm_promise_set(garm_promise *promise, void *value);
/** Sets a negative errno in its place. */
GARM_EXPORT bool garm_promise_fail(garm_promise *promise, int error);
/** Waits until it is set: 0 with the value in *ret_value (may be NULL); the error it was set to;
 *  or -ECANCELED. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_promise_wait(garm_ctx *c, garm_promise *promise,
                                                   void **ret_value);

/** Holds no value (NULL) yet. Values are freed by free_fn (may be NULL) when they are replaced
 *  and their last reader is done. NULL when memory runs out. */
GARM_EXPORT GARM_MUST_CHECK_ garm_shared *garm_shared_new(void (*free_fn)(void *value));
/** Frees it and its value. Nobody may read it any more. Accepts NULL. */
GARM_EXPORT void garm_shared_free(garm_shared *shared);
/** Replaces the value, and takes the new one, success or failure. 0 or -ENOMEM. Any thread. */
GARM_EXPORT int garm_shared_set_take(garm_shared *shared, void *value);
/** The value as it is now; it stays valid until the request, child or job ends. NULL if none was
 *  set, or when memory runs out (the answer is 503 then). */
GARM_EXPORT void *garm_shared_get(garm_ctx *c, garm_shared *shared);

/** A hub without subscribers; NULL when memory runs out. */
GARM_EXPORT GARM_MUST_CHECK_ garm_hub *garm_hub_new(void);
/** Nobody may be subscribed. Accepts NULL. */
GARM_EXPORT void garm_hub_free(garm_hub *hub);
/** Sends a copy of the bytes to all who are subscribed now. 0 or -ENOMEM. Any thread. */
GARM_EXPORT int garm_hub_publish(garm_hub *hub, const void *data, size_t size);
/** Ends all subscriptions, once they have received what was published. Any thread. */
GARM_EXPORT void garm_hub_close(garm_hub *hub);
/** Subscribes until the request, child or job ends. Of messages that wait, the oldest are lost
 *  beyond `backlog` (> 0). NULL when memory runs out (the answer is 503 then); a backlog of 0 is
 *  a bug: it is logged, and the answer is 500. */
GARM_EXPORT GARM_MUST_CHECK_ garm_subscription *garm_hub_subscribe(garm_ctx *c, garm_hub *hub,
                                                                   size_t backlog);
/** Waits for the next message: its bytes stay valid until the next call. *ret_lost (may be
 *  NULL): how many were lost before it. 0; -EPIPE the hub is closed; -ETIMEDOUT after `ns`
 *  (GARM_NONE: no bound); -ECANCELED. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_hub_next(garm_ctx *c, garm_subscription *subscription,
                                               int64_t ns, const void **ret_data, size_t *ret_size,
                                               uint64_t *ret_lost);

GARM_END

static inline void garm_guard_end_(garm_mutex **held)
{
    if (*held != NULL) {
        garm_unlock(*held);
    }
}

/* As a statement: holds the mutex until the block ends. Leaves the function with the negative
 * errno if it is not to be had, as GARM_TRY does. One per block. */
#define GARM_GUARD(c, mutex)                                                                       \
    garm_mutex *garm_guard_ __attribute__((cleanup(garm_guard_end_))) = NULL;                      \
    GARM_TRY(garm_lock((c), (mutex)));                                                             \
    garm_guard_ = (mutex)

#endif
