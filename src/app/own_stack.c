/* See own_stack.h. Tasks are started by the loop, so a job asks it to; then the parent parks
 * until the child has ended. */
#include "app/own_stack.h"

#include "app/dispatch.h"

struct own_stack {
    garm_ctx *c;
    struct job job;
    struct task *parent;
    struct task *child; /* NULL before it runs and after its end */
    bool ended;
    int error; /* no child could be started */
};

static void child_main(void *arg)
{
    struct own_stack *const own = arg;
    own->child = task_self();
    if (task_cancel_reason(own->parent) != CANCEL_NONE) {
        task_cancel(own->child, task_cancel_reason(own->parent));
    }
    task_set_name(own->c->route->task_name);
    serve_request(own->c);
    own->child = NULL;
    own->ended = true;
    task_wake(own->parent, 0);
}

static void start_child(struct job *job)
{
    struct own_stack *const own = CONTAINER_OF(job, struct own_stack, job);
    struct loop *const loop = own->c->loop;
    own->error =
        task_run_on(loop, own->c->route->stack_bytes, own->c->route->task_name, child_main, own);
    if (own->error < 0) {
        own->ended = true;
        task_wake(own->parent, 0);
    }
}

/* The wait for the child may be left, to tell it of a cancellation; then it begins anew, and
 * cannot be left. */
static bool leave_wait(void *arg)
{
    const struct own_stack *const own = arg;
    return !own->ended;
}

/* The child uses the request: its parent outlives it, whatever happens. */
static void wait_for_child(struct own_stack *own)
{
    if (task_park(leave_wait, own, INT64_MAX) == 0) {
        return;
    }
    if (own->child != NULL) {
        task_cancel(own->child, task_cancel_reason(own->parent));
    }
    task_mask();
    const int rc = own->ended ? 0 : task_park(NULL, NULL, INT64_MAX);
    CHECK(rc == 0);
    task_unmask();
}

void serve_on_own_stack(garm_ctx *c)
{
    struct own_stack own = {.c = c, .parent = task_self()};
    job_init(&own.job, start_child);
    loop_add(c->loop, &own.job);
    wait_for_child(&own);
    if (own.error < 0) {
        (void)!judge(c, own.error);
        end_request(c);
    }
}
