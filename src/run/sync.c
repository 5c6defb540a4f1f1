/* Mutex, promise, wait group: each a lock, a state, and a queue of waiters. */
#include "run/sync.h"

#include "run/task.h"
#include "run/waiter.h"

static void init(pthread_mutex_t *lock, struct list *waiters)
{
    CHECK(pthread_mutex_init(lock, NULL) == 0);
    list_init(waiters);
}

static void deinit(pthread_mutex_t *lock, const struct list *waiters)
{
    CHECK(list_empty(waiters));
    CHECK(pthread_mutex_destroy(lock) == 0);
}

void task_mutex_init(struct task_mutex *mutex)
{
    init(&mutex->lock, &mutex->waiters);
    mutex->held = false;
}

void task_mutex_deinit(struct task_mutex *mutex)
{
    CHECK(!mutex->held);
    deinit(&mutex->lock, &mutex->waiters);
}

bool task_mutex_try_lock(struct task_mutex *mutex)
{
    pthread_mutex_lock(&mutex->lock);
    const bool taken = !mutex->held;
    mutex->held = true;
    pthread_mutex_unlock(&mutex->lock);
    return taken;
}

/* Whoever is woken with 0 was given the mutex: `held` never changed. */
int task_mutex_lock(struct task_mutex *mutex, int64_t due_ns)
{
    struct waiter waiter;
    pthread_mutex_lock(&mutex->lock);
    if (mutex->held) {
        return waiter_wait(&waiter, &mutex->lock, &mutex->waiters, due_ns);
    }
    mutex->held = true;
    pthread_mutex_unlock(&mutex->lock);
    return 0;
}

void task_mutex_unlock(struct task_mutex *mutex)
{
    pthread_mutex_lock(&mutex->lock);
    CHECK(mutex->held);
    struct waiter *const next = waiter_take(&mutex->waiters);
    mutex->held = next != NULL;
    pthread_mutex_unlock(&mutex->lock);
    if (next != NULL) {
        waiter_wake(next, 0);
    }
}

void promise_init(struct promise *promise)
{
    init(&promise->lock, &promise->waiters);
    promise->set = false;
    promise->result = 0;
    promise->value = NULL;
}

void promise_deinit(struct promise *promise)
{
    deinit(&promise->lock, &promise->waiters);
}

bool promise_set(struct promise *promise, int result, void *value)
{
    struct list taken;
    pthread_mutex_lock(&promise->lock);
    const bool first = !promise->set;
    if (first) {
        promise->set = true;
        promise->result = result;
        promise->value = value;
    }
    waiter_take_all(&promise->waiters, &taken);
    pthread_mutex_unlock(&promise->lock);
    waiter_wake_all(&taken, 0);
    return first;
}

int promise_wait(struct promise *promise, int64_t due_ns, void **ret_value)
{
    struct waiter waiter;
    pthread_mutex_lock(&promise->lock);
    if (!promise->set) {
        TRY(waiter_wait(&waiter, &promise->lock, &promise->waiters, due_ns));
        pthread_mutex_lock(&promise->lock);
    }
    const int result = promise->result;
    if (result == 0 && ret_value != NULL) {
        *ret_value = promise->value;
    }
    pthread_mutex_unlock(&promise->lock);
    return result;
}

void wait_group_init(struct wait_group *group)
{
    init(&group->lock, &group->waiters);
    group->count = 0;
}

void wait_group_deinit(struct wait_group *group)
{
    deinit(&group->lock, &group->waiters);
}

void wait_group_add(struct wait_group *group, size_t count)
{
    pthread_mutex_lock(&group->lock);
    group->count += count;
    pthread_mutex_unlock(&group->lock);
}

void wait_group_done(struct wait_group *group)
{
    struct list taken;
    list_init(&taken);
    pthread_mutex_lock(&group->lock);
    CHECK(group->count > 0);
    group->count--;
    if (group->count == 0) {
        waiter_take_all(&group->waiters, &taken);
    }
    pthread_mutex_unlock(&group->lock);
    waiter_wake_all(&taken, 0);
}

int wait_group_wait(struct wait_group *group, int64_t due_ns)
{
    struct waiter waiter;
    pthread_mutex_lock(&group->lock);
    if (group->count > 0) {
        return waiter_wait(&waiter, &group->lock, &group->waiters, due_ns);
    }
    pthread_mutex_unlock(&group->lock);
    return 0;
}
