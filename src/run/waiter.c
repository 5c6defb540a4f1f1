/* Whether a wait ends by its waker or by cancellation is decided under the lock, by who clears
 * `queued` first; the other then does nothing. */
#include "run/waiter.h"

#include "run/task.h"

static void wake_posted(struct post *post)
{
    struct waiter *const waiter = CONTAINER_OF(post, struct waiter, post);
    task_wake(waiter->task, waiter->result);
}

static bool withdraw(void *arg)
{
    struct waiter *const waiter = arg;
    pthread_mutex_lock(waiter->lock);
    const bool queued = waiter->queued;
    if (queued) {
        list_remove(&waiter->node);
        waiter->queued = false;
    }
    pthread_mutex_unlock(waiter->lock);
    return queued;
}

int waiter_wait(struct waiter *waiter, pthread_mutex_t *lock, struct list *queue, int64_t due_ns)
{
    waiter->task = task_self();
    waiter->loop = loop_self();
    waiter->lock = lock;
    waiter->queued = true;
    waiter->post.run = wake_posted;
    list_push_back(queue, &waiter->node);
    pthread_mutex_unlock(lock);
    return task_park(withdraw, waiter, due_ns);
}

struct waiter *waiter_take(struct list *queue)
{
    struct list *const node = list_pop_front(queue);
    if (node == NULL) {
        return NULL;
    }
    struct waiter *const waiter = CONTAINER_OF(node, struct waiter, node);
    waiter->queued = false;
    return waiter;
}

void waiter_take_all(struct list *queue, struct list *ret_taken)
{
    list_init(ret_taken);
    for (struct waiter *waiter = waiter_take(queue); waiter != NULL; waiter = waiter_take(queue)) {
        list_push_back(ret_taken, &waiter->node);
    }
}

void waiter_wake(struct waiter *waiter, int result)
{
    if (waiter->loop == loop_self()) {
        task_wake(waiter->task, result);
    } else {
        waiter->result = result;
        loop_post(waiter->loop, &waiter->post);
    }
}

void waiter_wake_all(struct list *taken, int result)
{
    for (struct list *node = list_pop_front(taken); node != NULL; node = list_pop_front(taken)) {
        waiter_wake(CONTAINER_OF(node, struct waiter, node), result);
    }
}
