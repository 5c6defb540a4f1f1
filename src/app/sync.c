/* The public face of run's locks, promises and hubs. */
#include "app/ctx.h"

#include "app/tasks.h"
#include "base/sys.h"
#include "run/hub.h"
#include "run/sync.h"

#include <garm/memory.h>
#include <garm/sync.h>

#include <stdatomic.h>

/* A wait that ends `ns` from now; none for a negative one. */
static int64_t due_in(int64_t ns)
{
    return ns < 0 ? INT64_MAX : due_from_now(ns);
}

static int begin_wait(garm_ctx *c)
{
    ctx_own(c);
    return ctx_check(c);
}

/* Mutexes. */

struct garm_mutex {
    struct task_mutex mutex;
};

garm_mutex *garm_mutex_new(void)
{
    garm_mutex *const mutex = mem_alloc(sizeof(*mutex));
    if (mutex != NULL) {
        task_mutex_init(&mutex->mutex);
    }
    return mutex;
}

void garm_mutex_free(garm_mutex *mutex)
{
    if (mutex != NULL) {
        task_mutex_deinit(&mutex->mutex);
        mem_free(mutex);
    }
}

int garm_lock(garm_ctx *c, garm_mutex *mutex)
{
    TRY(begin_wait(c));
    return task_mutex_lock(&mutex->mutex, INT64_MAX);
}

int garm_lock_until(garm_ctx *c, garm_mutex *mutex, int64_t ns)
{
    TRY(begin_wait(c));
    return task_mutex_lock(&mutex->mutex, due_in(ns));
}

void garm_unlock(garm_mutex *mutex)
{
    task_mutex_unlock(&mutex->mutex);
}

/* Promises. */

struct garm_promise {
    _Atomic size_t refs;
    struct promise promise;
};

garm_promise *garm_promise_new(void)
{
    garm_promise *const promise = mem_alloc(sizeof(*promise));
    if (promise != NULL) {
        atomic_init(&promise->refs, 1);
        promise_init(&promise->promise);
    }
    return promise;
}

garm_promise *garm_promise_ref(garm_promise *promise)
{
    atomic_fetch_add(&promise->refs, 1);
    return promise;
}

void garm_promise_unref(garm_promise *promise)
{
    if (promise != NULL && atomic_fetch_sub(&promise->refs, 1) == 1) {
        promise_deinit(&promise->promise);
        mem_free(promise);
    }
}

bool garm_promise_set(garm_promise *promise, void *value)
{
    return promise_set(&promise->promise, 0, value);
}

bool garm_promise_fail(garm_promise *promise, int error)
{
    return promise_set(&promise->promise, error < 0 ? error : -EINVAL, NULL);
}

int garm_promise_wait(garm_ctx *c, garm_promise *promise, void **ret_value)
{
    TRY(begin_wait(c));
    return promise_wait(&promise->promise, INT64_MAX, ret_value);
}

/* Hubs. */

struct garm_hub {
    struct hub hub;
};

struct garm_subscription {
    struct hub_subscription subscription;
    struct hub_message *message; /* given out last */
};

garm_hub *garm_hub_new(void)
{
    garm_hub *const hub = mem_alloc(sizeof(*hub));
    if (hub != NULL) {
        hub_init(&hub->hub);
    }
    return hub;
}

void garm_hub_free(garm_hub *hub)
{
    if (hub != NULL) {
        hub_deinit(&hub->hub);
        mem_free(hub);
    }
}

int garm_hub_publish(garm_hub *hub, const void *data, size_t size)
{
    return hub_publish(&hub->hub, data, size);
}

void garm_hub_close(garm_hub *hub)
{
    hub_close(&hub->hub);
}

static void end_subscription(void *arg)
{
    garm_subscription *const subscription = arg;
    hub_unsubscribe(&subscription->subscription);
    hub_message_unref(subscription->message);
}

garm_subscription *garm_hub_subscribe(garm_ctx *c, garm_hub *hub, size_t backlog)
{
    ctx_own(c);
    if (backlog == 0) {
        ctx_bug(c, "garm_hub_subscribe needs room for at least one message");
        return NULL;
    }
    garm_subscription *const subscription = ctx_alloc(c, sizeof(*subscription));
    if (subscription == NULL) {
        return NULL;
    }
    *subscription = (garm_subscription){.message = NULL};
    if (hub_subscribe(&hub->hub, &subscription->subscription, backlog) < 0) {
        ctx_poison(c);
        return NULL;
    }
    return garm_defer(c, end_subscription, subscription) < 0 ? NULL : subscription;
}

int garm_hub_next(garm_ctx *c, garm_subscription *subscription, int64_t ns, const void **ret_data,
                  size_t *ret_size, uint64_t *ret_lost)
{
    struct hub_message *message = NULL;
    TRY(begin_wait(c));
    TRY(hub_next(&subscription->subscription, due_in(ns), &message, ret_lost));
    hub_message_unref(subscription->message);
    subscription->message = message;
    *ret_data = message->data;
    *ret_size = message->size;
    return 0;
}
