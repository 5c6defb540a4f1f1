/* See watchdog.h. Only what the loops publish is read: how often they have resumed a task, and the
 * name of the running one. */
#include "run/watchdog.h"

#include "base/limits.h"
#include "base/sys.h"

#include <errno.h>
#include <time.h>

#define TICK_NS (LIMIT_WATCH_TICK_MS * NS_PER_MS)

static int64_t ms_since(const struct watched *watched, int64_t now_ns)
{
    return (now_ns - watched->since_ns) / NS_PER_MS;
}

/* Is it time for a line, after the one of told_ms (0: none yet)? */
static bool should_tell(int64_t told_ms, int64_t held_ms)
{
    return told_ms == 0      ? held_ms > LIMIT_BLOCKED_MS
           : told_ms < 1000  ? held_ms >= 1000
           : told_ms < 10000 ? held_ms >= 10000
                             : held_ms - told_ms >= 60000;
}

static void tell(struct watchdog *watchdog, size_t index, const char *name, int64_t held_ms)
{
    struct watched *const watched = &watchdog->watched[index];
    const bool deaf = counter_get(&watched->loop->refused_waits) != watched->refused_waits;
    watched->name = name;
    watched->told_ms = held_ms;
    log_write(&watchdog->logger, LOG_WARN, "%s has blocked worker %zu for %lld ms; %s", name, index,
              (long long)held_ms,
              deaf ? "it is cancelled, and goes on in spite of -ECANCELED from its waits"
                   : "use garm_offload for calls that block");
}

static void look_at(struct watchdog *watchdog, size_t index, int64_t now_ns, bool late)
{
    struct watched *const watched = &watchdog->watched[index];
    struct loop *const loop = watched->loop;
    const uint64_t resumes = atomic_load_explicit(&loop->resumes, memory_order_relaxed);
    const char *const name = atomic_load_explicit(&loop->running, memory_order_acquire);
    const bool same = name != NULL && resumes == watched->resumes;
    if (!same && watched->name != NULL) {
        log_write(&watchdog->logger, LOG_WARN, "%s gave worker %zu back after about %lld ms",
                  watched->name, index, (long long)ms_since(watched, now_ns));
    }
    if (!same || (late && watched->name == NULL)) {
        watched->resumes = resumes;
        watched->refused_waits = counter_get(&loop->refused_waits);
        watched->since_ns = now_ns;
        watched->told_ms = 0;
        watched->name = NULL;
    } else if (should_tell(watched->told_ms, ms_since(watched, now_ns))) {
        tell(watchdog, index, name, ms_since(watched, now_ns));
    }
}

void watchdog_look(struct watchdog *watchdog, int64_t now_ns)
{
    if (watchdog->on_tick != NULL) {
        watchdog->on_tick(watchdog->tick_arg, now_ns);
    }
    const bool late = now_ns - watchdog->looked_ns > TICK_NS + TICK_NS / 2;
    for (size_t i = 0; i < watchdog->count; i++) {
        look_at(watchdog, i, now_ns, late);
    }
    watchdog->looked_ns = now_ns;
}

/* Until the next tick: has it been stopped by then? The lock is held. */
static bool wait_for_tick(struct watchdog *watchdog)
{
    const int64_t due_ns = watchdog->looked_ns + TICK_NS;
    const struct timespec due = {.tv_sec = due_ns / NS_PER_SEC, .tv_nsec = due_ns % NS_PER_SEC};
    while (!watchdog->stopping &&
           pthread_cond_timedwait(&watchdog->changed, &watchdog->lock, &due) != ETIMEDOUT) {
    }
    return watchdog->stopping;
}

static void watch(void *arg)
{
    struct watchdog *const watchdog = arg;
    watchdog->looked_ns = sys_monotonic_ns();
    pthread_mutex_lock(&watchdog->lock);
    while (!wait_for_tick(watchdog)) {
        pthread_mutex_unlock(&watchdog->lock);
        watchdog_look(watchdog, sys_monotonic_ns());
        pthread_mutex_lock(&watchdog->lock);
    }
    pthread_mutex_unlock(&watchdog->lock);
}

int watchdog_init(struct watchdog *watchdog, size_t count, const struct logger *logger)
{
    pthread_condattr_t monotonic;
    *watchdog = (struct watchdog){.count = count, .logger = *logger};
    watchdog->watched = mem_zalloc(count * sizeof(*watchdog->watched));
    if (watchdog->watched == NULL) {
        return -ENOMEM;
    }
    pthread_mutex_init(&watchdog->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watchdog->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return 0;
}

void watchdog_deinit(struct watchdog *watchdog)
{
    if (watchdog->watched == NULL) {
        return;
    }
    pthread_mutex_lock(&watchdog->lock);
    watchdog->stopping = true;
    pthread_cond_signal(&watchdog->changed);
    pthread_mutex_unlock(&watchdog->lock);
    worker_join(&watchdog->thread);
    pthread_cond_destroy(&watchdog->changed);
    pthread_mutex_destroy(&watchdog->lock);
    mem_free(watchdog->watched);
    watchdog->watched = NULL;
}

void watchdog_watch(struct watchdog *watchdog, size_t index, struct loop *loop)
{
    watchdog->watched[index].loop = loop;
}

int watchdog_start(struct watchdog *watchdog)
{
    return worker_start(&watchdog->thread, "garm/watch", -1, watch, watchdog);
}
