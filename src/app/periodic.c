/* garm_every: a timer on the first worker's loop per job, which starts a task when the last one
 * has ended. Between two runs nothing holds the server back from ending. */
#include "app/tasks.h"

#include "app/server.h"
#include "base/sys.h"
#include "serve/server.h"

struct running_periodic {
    struct timer timer;
    struct running_periodic *next;
    struct garm_worker *worker;
    const struct periodic *job;
    int64_t due_ns; /* of this run */
};

static struct loop *loop_of(const struct running_periodic *running)
{
    return &running->worker->server_worker->loop;
}

/* The next multiple of the period; those that a long run missed are left out. */
static void set_next(struct running_periodic *running)
{
    const struct loop *const loop = loop_of(running);
    const int64_t period_ns = running->job->period_ns;
    running->due_ns =
        running->due_ns > INT64_MAX - period_ns ? INT64_MAX : running->due_ns + period_ns;
    if (running->due_ns < loop->now_ns) {
        running->due_ns = loop_due_ns(loop, period_ns);
    }
    timer_set(&loop_of(running)->timers, &running->timer, running->due_ns);
}

static void periodic_main(void *arg)
{
    struct running_periodic *const running = arg;
    (void)job_run(running->worker, "a periodic job", running->job->fn, running->job->arg);
    set_next(running);
}

static void periodic_due(struct timer *timer)
{
    struct running_periodic *const running = CONTAINER_OF(timer, struct running_periodic, timer);
    const struct server_worker *const worker = running->worker->server_worker;
    if (server_draining(worker->server)) {
        return;
    }
    if (task_spawn(loop_of(running), "periodic", periodic_main, running, NULL) < 0) {
        set_next(running);
    }
}

int periodics_start(struct garm_worker *worker)
{
    struct loop *const loop = &worker->server_worker->loop;
    for (const struct periodic *job = worker->application->periodics; job != NULL;
         job = job->next) {
        struct running_periodic *const running = mem_zalloc(sizeof(*running));
        if (running == NULL) {
            periodics_stop(worker);
            return -ENOMEM;
        }
        *running = (struct running_periodic){.next = worker->periodics,
                                             .worker = worker,
                                             .job = job,
                                             .due_ns = loop_due_ns(loop, job->period_ns)};
        worker->periodics = running;
        timer_init(&running->timer, periodic_due);
        timer_set(&loop->timers, &running->timer, running->due_ns);
    }
    return 0;
}

void periodics_stop(struct garm_worker *worker)
{
    while (worker->periodics != NULL) {
        struct running_periodic *const running = worker->periodics;
        worker->periodics = running->next;
        timer_stop(&worker->server_worker->loop.timers, &running->timer);
        mem_free(running);
    }
}
