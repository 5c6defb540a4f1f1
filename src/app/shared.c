/* Values that are replaced as a whole: readers pin the version they got, and the last one to let
 * go of a replaced version frees it. */
#include "app/ctx.h"

#include "base/sys.h"

#include <garm/memory.h>
#include <garm/sync.h>

#include <pthread.h>
#include <stdatomic.h>

struct version {
    _Atomic size_t refs;
    void *value;
    void (*free_fn)(void *value);
};

struct garm_shared {
    /* held for the moment in which `current` is read and pinned, or swapped */
    pthread_mutex_t lock;
    struct version *current; /* NULL before the first */
    void (*free_fn)(void *value);
};

static void version_unref(void *arg)
{
    struct version *const version = arg;
    if (version == NULL || atomic_fetch_sub(&version->refs, 1) != 1) {
        return;
    }
    if (version->free_fn != NULL) {
        version->free_fn(version->value);
    }
    mem_free(version);
}

garm_shared *garm_shared_new(void (*free_fn)(void *value))
{
    garm_shared *const shared = mem_zalloc(sizeof(*shared));
    if (shared != NULL) {
        pthread_mutex_init(&shared->lock, NULL);
        shared->free_fn = free_fn;
    }
    return shared;
}

void garm_shared_free(garm_shared *shared)
{
    if (shared != NULL) {
        version_unref(shared->current);
        pthread_mutex_destroy(&shared->lock);
        mem_free(shared);
    }
}

int garm_shared_set_take(garm_shared *shared, void *value)
{
    struct version *const version = mem_alloc(sizeof(*version));
    if (version == NULL) {
        if (shared->free_fn != NULL) {
            shared->free_fn(value);
        }
        return -ENOMEM;
    }
    atomic_init(&version->refs, 1);
    version->value = value;
    version->free_fn = shared->free_fn;
    pthread_mutex_lock(&shared->lock);
    struct version *const old = shared->current;
    shared->current = version;
    pthread_mutex_unlock(&shared->lock);
    version_unref(old);
    return 0;
}

void *garm_shared_get(garm_ctx *c, garm_shared *shared)
{
    ctx_own(c);
    pthread_mutex_lock(&shared->lock);
    struct version *const version = shared->current;
    if (version != NULL) {
        atomic_fetch_add(&version->refs, 1);
    }
    pthread_mutex_unlock(&shared->lock);
    if (version == NULL || garm_defer(c, version_unref, version) < 0) {
        return NULL;
    }
    return version->value;
}
