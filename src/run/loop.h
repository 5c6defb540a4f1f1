/* The event loop: one per worker thread. A turn is: poll the sockets; take posts from other
 * threads; run the jobs that were ready; call the timers that are due; bury the dead. */
#ifndef GARM_RUN_LOOP_H
#define GARM_RUN_LOOP_H

#include "base/counter.h"
#include "base/list.h"
#include "run/coro.h"
#include "run/io.h"
#include "run/timer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Work for this loop's own thread, queued in the order it became ready. Lives inside its owner. */
struct job {
    struct list node;
    void (*run)(struct job *job);
};

/* Work sent to a loop by another thread. Lives inside its owner until it has run. */
struct post {
    struct post *next;
    void (*run)(struct post *post);
};

/* Something to free once no event of this turn can mention it any more. */
struct grave {
    struct list node;
    void (*free)(struct grave *grave);
};

/* How long turns took, from the end of a poll to the next one: what comes meanwhile waits for
 * that. One more bucket than there are bounds; they hold what is up to their bound. */
#define LOOP_LAG_BOUNDS 9
extern const int64_t loop_lag_bounds_ns[LOOP_LAG_BOUNDS];
struct loop_lag {
    counter buckets[LOOP_LAG_BOUNDS + 1];
    counter sum_ns;
};

struct stack_pool;
struct task;

struct loop {
    struct io *io;
    int64_t now_ns;    /* as of this turn's poll; monotonic */
    struct list ready; /* of jobs */
    struct list graves;
    struct timer_wheel timers;
    _Atomic(struct post *) inbox;
    _Atomic unsigned posting; /* threads inside loop_post */
    struct stack_pool *stacks;
    struct timer stack_trim;       /* set while free stacks hold memory */
    struct coro home;              /* the loop's own context, while a task runs */
    struct task *current;          /* the task that runs now; NULL in the loop itself */
    _Atomic(const char *) running; /* its name, for the watchdog */
    counter resumes;               /* of tasks */
    counter refused_waits;         /* of tasks that were cancelled before, for the watchdog */
    struct list tasks;             /* all live tasks */
    counter task_count;
    bool stop;
    uint64_t turns;
    struct loop_lag *lag; /* where turns are measured, which reads the clock; NULL: nowhere */
    bool timed;           /* shall done_ns be known, too? */
    int64_t done_ns;      /* when the work of the last measured turn was done */
};

/** A loop over `io`, which it owns from then on, success or failure. */
MUST_CHECK int loop_init(struct loop *loop, struct io *io);
/** Buries what is left and frees the seam. No task may be alive. Accepts a zeroed loop. */
void loop_deinit(struct loop *loop);

/** One turn; waits at most `max_wait_ns` (-1: no bound) if nothing is ready. 0 or a negative
 *  errno. */
MUST_CHECK int loop_turn(struct loop *loop, int64_t max_wait_ns);
/** How long the next turn would wait for sockets and wakes: 0 if there is work already; at most
 *  `max_wait_ns` (-1: no bound). */
int64_t loop_wait_ns(const struct loop *loop, int64_t max_wait_ns);
/** Turns until loop_stop, before or meanwhile. */
MUST_CHECK int loop_run(struct loop *loop);
/** Ends loop_run after this turn. From its own thread; from another, post it. */
void loop_stop(struct loop *loop);

/** The loop whose turn this thread is in, or NULL. */
struct loop *loop_self(void);
/** Makes `loop` that of this thread, outside of a turn; returns the one from before, to be given to
 *  loop_leave. */
MUST_CHECK struct loop *loop_enter(struct loop *loop);
void loop_leave(struct loop *outer);

/** Queues a job. One that is queued already stays where it is. */
void loop_add(struct loop *loop, struct job *job);
void job_init(struct job *job, void (*run)(struct job *job));
/** Takes a queued job back; accepts one that is not queued. */
void job_cancel(struct job *job);

/** Sends work to a loop, from any thread. The loop must not be deinitialised before the post has
 *  run. */
void loop_post(struct loop *loop, struct post *post);

/** When `delay_ns` from this turn will be; INT64_MAX, which is never, if no clock gets that far. */
static inline int64_t loop_due_ns(const struct loop *loop, int64_t delay_ns)
{
    return delay_ns > INT64_MAX - loop->now_ns ? INT64_MAX : loop->now_ns + delay_ns;
}

/** Calls grave->free at the end of this turn. */
void loop_bury(struct loop *loop, struct grave *grave, void (*free)(struct grave *grave));

#endif
