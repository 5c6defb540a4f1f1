/* Channels. An item goes straight to a receiver that waits; a receiver that makes room lets the
 * first waiting sender's item in. So nobody waits while there is something for him, and order is
 * kept. */
#include "run/channel.h"

#include "base/sys.h"
#include "run/waiter.h"

#include <errno.h>

int channel_init(struct channel *channel, size_t cap)
{
    *channel = (struct channel){.cap = cap};
    channel->items = cap == 0 ? NULL : mem_zalloc(cap * sizeof(void *));
    if (cap > 0 && channel->items == NULL) {
        channel->cap = 0;
        return -ENOMEM;
    }
    CHECK(pthread_mutex_init(&channel->lock, NULL) == 0);
    list_init(&channel->senders);
    list_init(&channel->receivers);
    return 0;
}

void channel_deinit(struct channel *channel)
{
    if (channel->senders.next == NULL) {
        return;
    }
    CHECK(list_empty(&channel->senders) && list_empty(&channel->receivers));
    CHECK(pthread_mutex_destroy(&channel->lock) == 0);
    mem_free(channel->items);
    *channel = (struct channel){0};
}

static void push(struct channel *channel, void *item)
{
    channel->items[(channel->first + channel->count) % channel->cap] = item;
    channel->count++;
}

static void *pop(struct channel *channel)
{
    void *const item = channel->items[channel->first];
    channel->first = (channel->first + 1) % channel->cap;
    channel->count--;
    return item;
}

/* Under the lock. *ret_woken is to be woken after it, if not NULL. */
static int send_now(struct channel *channel, void *item, struct waiter **ret_woken)
{
    if (channel->closed) {
        return -EPIPE;
    }
    struct waiter *const receiver = waiter_take(&channel->receivers);
    if (receiver != NULL) {
        receiver->value = item;
        *ret_woken = receiver;
        return 0;
    }
    if (channel->count == channel->cap) {
        return -EAGAIN;
    }
    push(channel, item);
    return 0;
}

static int recv_now(struct channel *channel, void **ret_item, struct waiter **ret_woken)
{
    if (channel->count == 0) {
        /* Only a channel without room of its own has senders that wait while it is empty. */
        *ret_woken = waiter_take(&channel->senders);
        if (*ret_woken == NULL) {
            return channel->closed ? -EPIPE : -EAGAIN;
        }
        *ret_item = (*ret_woken)->value;
        return 0;
    }
    *ret_item = pop(channel);
    *ret_woken = waiter_take(&channel->senders);
    if (*ret_woken != NULL) {
        push(channel, (*ret_woken)->value);
    }
    return 0;
}

static void unlock_and_wake(struct channel *channel, struct waiter *woken)
{
    pthread_mutex_unlock(&channel->lock);
    if (woken != NULL) {
        waiter_wake(woken, 0);
    }
}

int channel_try_send(struct channel *channel, void *item)
{
    struct waiter *woken = NULL;
    pthread_mutex_lock(&channel->lock);
    const int rc = send_now(channel, item, &woken);
    unlock_and_wake(channel, woken);
    return rc;
}

int channel_send(struct channel *channel, void *item, int64_t due_ns)
{
    struct waiter waiter = {.value = item};
    struct waiter *woken = NULL;
    pthread_mutex_lock(&channel->lock);
    const int rc = send_now(channel, item, &woken);
    if (rc == -EAGAIN) {
        return waiter_wait(&waiter, &channel->lock, &channel->senders, due_ns);
    }
    unlock_and_wake(channel, woken);
    return rc;
}

int channel_try_recv(struct channel *channel, void **ret_item)
{
    struct waiter *woken = NULL;
    pthread_mutex_lock(&channel->lock);
    const int rc = recv_now(channel, ret_item, &woken);
    unlock_and_wake(channel, woken);
    return rc;
}

int channel_recv(struct channel *channel, int64_t due_ns, void **ret_item)
{
    struct waiter waiter;
    struct waiter *woken = NULL;
    pthread_mutex_lock(&channel->lock);
    const int rc = recv_now(channel, ret_item, &woken);
    if (rc == -EAGAIN) {
        TRY(waiter_wait(&waiter, &channel->lock, &channel->receivers, due_ns));
        *ret_item = waiter.value;
        return 0;
    }
    unlock_and_wake(channel, woken);
    return rc;
}

/* Receivers wait only while the channel is empty, so they have nothing more to wait for. */
void channel_close(struct channel *channel)
{
    struct list senders;
    struct list receivers;
    pthread_mutex_lock(&channel->lock);
    channel->closed = true;
    waiter_take_all(&channel->senders, &senders);
    waiter_take_all(&channel->receivers, &receivers);
    pthread_mutex_unlock(&channel->lock);
    waiter_wake_all(&senders, -EPIPE);
    waiter_wake_all(&receivers, -EPIPE);
}
