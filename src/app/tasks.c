/* Waiting, children and spawned work, over the tasks of run. */
#include "app/tasks.h"

#include "app/server.h"
#include "base/limits.h"
#include "base/sys.h"
#include "run/offload.h"

#include <garm/task.h>

_Static_assert((int)GARM_CANCEL_CLIENT_GONE == (int)CANCEL_CLIENT_GONE, "one list of reasons");
_Static_assert((int)GARM_CANCEL_GROUP == (int)CANCEL_GROUP, "one list of reasons");

/* Bytes of a job's arena that lie on its stack. */
#define JOB_ARENA_LENT 1024

int64_t garm_wall_ns(void)
{
    const struct loop *const loop = loop_self();
    return loop != NULL ? loop->io->ops->wall_ns(loop->io) : sys_realtime_ns();
}

int64_t garm_now_ns(void)
{
    const struct loop *const loop = loop_self();
    return loop != NULL ? loop->io->ops->now_ns(loop->io) : sys_monotonic_ns();
}

int64_t due_from_now(int64_t ns)
{
    const int64_t now_ns = garm_now_ns();
    return ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + ns;
}

int garm_sleep(garm_ctx *c, int64_t ns)
{
    ctx_own(c);
    TRY(ctx_check(c));
    return task_sleep(ns);
}

int garm_with_deadline(garm_ctx *c, int64_t ns, garm_task_fn *fn, void *arg)
{
    ctx_own(c);
    TRY(ctx_check(c));
    struct task_deadline deadline;
    task_deadline_begin(&deadline, due_from_now(ns));
    const int rc = fn(c, arg);
    const bool passed = deadline.passed;
    task_deadline_end(&deadline);
    return rc < 0 && passed ? -ETIMEDOUT : rc;
}

enum garm_cancel garm_cancel_reason(garm_ctx *c)
{
    ctx_own(c);
    return (enum garm_cancel)task_cancel_reason(task_self());
}

bool garm_cancelled(garm_ctx *c)
{
    return garm_cancel_reason(c) != GARM_CANCEL_NONE;
}

/* Children. */

struct garm_tasks {
    struct garm_tasks *next; /* among the groups of the parent */
    garm_ctx *parent;
    struct task_group group;
    int error; /* of the first child that failed */
};

struct child {
    struct garm_tasks *tasks;
    garm_task_fn *fn;
    void *arg;
};

int job_run(struct garm_worker *worker, const char *what, garm_task_fn *fn, void *arg)
{
    char lent[JOB_ARENA_LENT];
    struct arena arena;
    garm_ctx c;
    arena_init(&arena, lent, sizeof(lent), LIMIT_ARENA_BYTES);
    ctx_init(&c, NULL, &arena, worker);
    const int rc = fn(&c, arg);
    if (rc < 0 && rc != -ECANCELED) {
        ctx_log(&c, LOG_WARN, "%s failed: %s", what, sys_error_text(rc));
    }
    ctx_deinit(&c);
    arena_clear(&arena);
    return rc;
}

static void child_main(void *arg)
{
    struct child *const child = arg;
    struct garm_tasks *const tasks = child->tasks;
    const int rc = job_run(tasks->parent->worker, "a child task", child->fn, child->arg);
    if (rc < 0 && tasks->error == 0) {
        tasks->error = rc;
    }
    mem_free(child);
}

garm_tasks *garm_tasks_new(garm_ctx *c)
{
    ctx_own(c);
    struct garm_tasks *const tasks = ctx_alloc(c, sizeof(*tasks));
    if (tasks == NULL) {
        return NULL;
    }
    *tasks = (struct garm_tasks){.next = c->groups, .parent = c};
    task_group_init(&tasks->group);
    c->groups = tasks;
    return tasks;
}

int garm_tasks_go(garm_tasks *tasks, garm_task_fn *fn, void *arg)
{
    ctx_own(tasks->parent);
    TRY(ctx_check(tasks->parent));
    struct child *const child = mem_alloc(sizeof(*child));
    if (child == NULL) {
        return -ENOMEM;
    }
    *child = (struct child){tasks, fn, arg};
    const int rc = task_group_go(&tasks->group, tasks->parent->route->name, child_main, child);
    if (rc < 0) {
        mem_free(child);
    }
    return rc;
}

int garm_tasks_wait(garm_tasks *tasks)
{
    ctx_own(tasks->parent);
    TRY(ctx_check(tasks->parent));
    TRY(task_group_wait(&tasks->group));
    return tasks->error;
}

void garm_tasks_cancel(garm_tasks *tasks)
{
    ctx_own(tasks->parent);
    task_group_cancel(&tasks->group, CANCEL_GROUP);
}

void tasks_leave(garm_ctx *c)
{
    for (struct garm_tasks *tasks = c->groups; tasks != NULL; tasks = tasks->next) {
        task_group_leave(&tasks->group);
    }
}

/* Spawned work. */

struct spawned {
    struct garm_worker *worker;
    garm_task_fn *fn;
    void *arg;
    void (*free_fn)(void *arg);
};

static void spawned_main(void *arg)
{
    struct spawned *const spawned = arg;
    (void)job_run(spawned->worker, "spawned work", spawned->fn, spawned->arg);
    if (spawned->free_fn != NULL) {
        spawned->free_fn(spawned->arg);
    }
    mem_free(spawned);
}

int garm_spawn_take(garm_ctx *c, garm_task_fn *fn, void *arg, void (*free_fn)(void *arg))
{
    ctx_own(c);
    struct spawned *const spawned = mem_alloc(sizeof(*spawned));
    int rc = spawned == NULL ? -ENOMEM : 0;
    if (rc == 0) {
        *spawned = (struct spawned){c->worker, fn, arg, free_fn};
        rc = task_spawn(c->loop, "spawned", spawned_main, spawned, NULL);
    }
    if (rc < 0) {
        mem_free(spawned);
        if (free_fn != NULL) {
            free_fn(arg);
        }
    }
    return rc;
}

/* Calls that block. */

struct offloaded {
    int (*fn)(void *arg);
    void *arg;
    int result;
};

static void call_offloaded(void *arg)
{
    struct offloaded *const call = arg;
    call->result = call->fn(call->arg);
}

int garm_offload(garm_ctx *c, int (*fn)(void *arg), void *arg)
{
    struct offloaded call = {fn, arg, 0};
    ctx_own(c);
    TRY(ctx_check(c));
    TRY(offload_run(&c->worker->application->server->offload, call_offloaded, &call));
    return call.result;
}
