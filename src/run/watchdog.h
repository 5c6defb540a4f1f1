/* The watchdog: a thread that looks at loops now and then, and says which task does not give its
 * loop back. Costs the loops two stores per resumed task. */
#ifndef GARM_RUN_WATCHDOG_H
#define GARM_RUN_WATCHDOG_H

#include "base/log.h"
#include "run/loop.h"
#include "run/worker.h"

#include <pthread.h>

/* One loop, as it was seen last. */
struct watched {
    struct loop *loop;
    uint64_t resumes;
    uint64_t refused_waits; /* as of then, too: */
    int64_t since_ns;       /* when this resumption was seen first */
    int64_t told_ms;        /* how long it had lasted when it was told of last */
    const char *name;       /* of the task, once it was told of; else NULL */
};

/* Zeroed, it is one that was not started. */
struct watchdog {
    struct watched *watched;
    size_t count;
    struct logger logger;
    int64_t looked_ns;                          /* at all of them */
    void (*on_tick)(void *arg, int64_t now_ns); /* called before each look; may be NULL */
    void *tick_arg;
    struct worker thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
};

/** For `count` loops, which are added by watchdog_watch before the start. 0 or -ENOMEM. */
MUST_CHECK int watchdog_init(struct watchdog *watchdog, size_t count, const struct logger *logger);
/** Stops it. Accepts a zeroed one. */
void watchdog_deinit(struct watchdog *watchdog);
/** The index-th loop is this one: it must outlive the watchdog, and so must its tasks' names. */
void watchdog_watch(struct watchdog *watchdog, size_t index, struct loop *loop);
/** Looks every LIMIT_WATCH_TICK_MS on a thread of its own. 0 or a negative errno. */
MUST_CHECK int watchdog_start(struct watchdog *watchdog);

/** One look, at the time `now_ns`: a line for each task that has held its loop for more than
 *  LIMIT_BLOCKED_MS, again after 1 s, after 10 s and then each minute, and one when it gives it
 *  back. A look that comes late says nothing: then all
 *  stood still, this process or the machine. The thread's; public for tests. */
void watchdog_look(struct watchdog *watchdog, int64_t now_ns);

#endif
