/* Hubs: one lock per hub, over all its subscriptions. */
#include "run/hub.h"

#include "base/sys.h"
#include "run/waiter.h"

#include <errno.h>
#include <string.h>

void hub_init(struct hub *hub)
{
    CHECK(pthread_mutex_init(&hub->lock, NULL) == 0);
    list_init(&hub->subscriptions);
    hub->closed = false;
}

void hub_deinit(struct hub *hub)
{
    CHECK(list_empty(&hub->subscriptions));
    CHECK(pthread_mutex_destroy(&hub->lock) == 0);
}

static struct hub_message *new_message(const void *data, size_t size)
{
    struct hub_message *const message =
        size > SIZE_MAX - sizeof(*message) ? NULL : mem_alloc(sizeof(*message) + size);
    if (message == NULL) {
        return NULL;
    }
    atomic_init(&message->refs, 1);
    message->size = size;
    if (size > 0) {
        memcpy(message->data, data, size);
    }
    return message;
}

void hub_message_unref(struct hub_message *message)
{
    if (message != NULL && atomic_fetch_sub(&message->refs, 1) == 1) {
        mem_free(message);
    }
}

static struct hub_message *pop(struct hub_subscription *subscription)
{
    struct hub_message *const message = subscription->messages[subscription->first];
    subscription->first = (subscription->first + 1) % subscription->cap;
    subscription->count--;
    return message;
}

static void deliver(struct hub_subscription *subscription, struct hub_message *message)
{
    if (subscription->count == subscription->cap) {
        hub_message_unref(pop(subscription));
        subscription->lost++;
    }
    const size_t last = (subscription->first + subscription->count) % subscription->cap;
    atomic_fetch_add(&message->refs, 1);
    subscription->messages[last] = message;
    subscription->count++;
}

static void take_waiter(struct hub_subscription *subscription, struct list *taken)
{
    struct waiter *const waiter = waiter_take(&subscription->waiters);
    if (waiter != NULL) {
        list_push_back(taken, &waiter->node);
    }
}

int hub_publish(struct hub *hub, const void *data, size_t size)
{
    struct list taken;
    struct hub_message *const message = new_message(data, size);
    if (message == NULL) {
        return -ENOMEM;
    }
    list_init(&taken);
    pthread_mutex_lock(&hub->lock);
    list_each (node, &hub->subscriptions) {
        struct hub_subscription *const to = CONTAINER_OF(node, struct hub_subscription, node);
        deliver(to, message);
        take_waiter(to, &taken);
    }
    pthread_mutex_unlock(&hub->lock);
    waiter_wake_all(&taken, 0);
    hub_message_unref(message);
    return 0;
}

void hub_close(struct hub *hub)
{
    struct list taken;
    list_init(&taken);
    pthread_mutex_lock(&hub->lock);
    hub->closed = true;
    list_each (node, &hub->subscriptions) {
        take_waiter(CONTAINER_OF(node, struct hub_subscription, node), &taken);
    }
    pthread_mutex_unlock(&hub->lock);
    waiter_wake_all(&taken, 0);
}

int hub_subscribe(struct hub *hub, struct hub_subscription *subscription, size_t cap)
{
    CHECK(cap > 0);
    *subscription = (struct hub_subscription){.cap = cap};
    subscription->messages = cap > SIZE_MAX / sizeof(struct hub_message *)
                                 ? NULL
                                 : mem_zalloc(cap * sizeof(struct hub_message *));
    if (subscription->messages == NULL) {
        return -ENOMEM;
    }
    subscription->hub = hub;
    list_init(&subscription->waiters);
    pthread_mutex_lock(&hub->lock);
    list_push_back(&hub->subscriptions, &subscription->node);
    pthread_mutex_unlock(&hub->lock);
    return 0;
}

void hub_unsubscribe(struct hub_subscription *subscription)
{
    struct hub *const hub = subscription->hub;
    if (hub == NULL) {
        return;
    }
    CHECK(list_empty(&subscription->waiters));
    pthread_mutex_lock(&hub->lock);
    list_remove(&subscription->node);
    pthread_mutex_unlock(&hub->lock);
    while (subscription->count > 0) {
        hub_message_unref(pop(subscription));
    }
    mem_free(subscription->messages);
    *subscription = (struct hub_subscription){0};
}

/* Under the lock. */
static int next_now(struct hub_subscription *subscription, struct hub_message **ret_message,
                    uint64_t *ret_lost)
{
    if (subscription->count == 0) {
        return subscription->hub->closed ? -EPIPE : -EAGAIN;
    }
    *ret_message = pop(subscription);
    if (ret_lost != NULL) {
        *ret_lost = subscription->lost;
    }
    subscription->lost = 0;
    return 0;
}

int hub_next(struct hub_subscription *subscription, int64_t due_ns,
             struct hub_message **ret_message, uint64_t *ret_lost)
{
    struct waiter waiter;
    pthread_mutex_t *const lock = &subscription->hub->lock;
    pthread_mutex_lock(lock);
    int rc = next_now(subscription, ret_message, ret_lost);
    if (rc == -EAGAIN) {
        TRY(waiter_wait(&waiter, lock, &subscription->waiters, due_ns));
        pthread_mutex_lock(lock);
        rc = next_now(subscription, ret_message, ret_lost);
    }
    pthread_mutex_unlock(lock);
    return rc;
}
