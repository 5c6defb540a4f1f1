/* Work without a request: children of a context, and jobs of their own. */
#ifndef GARM_APP_TASKS_H
#define GARM_APP_TASKS_H

#include "app/ctx.h"

/** The time in `ns` from now; INT64_MAX, which is never, if no clock gets that far. */
int64_t due_from_now(int64_t ns);

/** Cancels and joins all children of the context. May suspend. */
void tasks_leave(garm_ctx *c);

/** Runs fn(job, arg) in a context of its own on the running task; a negative result is logged
 *  with `what`. Returns it. */
int job_run(struct garm_worker *worker, const char *what, garm_task_fn *fn, void *arg);

/** Starts all periodic jobs on this worker's loop; stops them, when no task runs any more. 0 or
 *  -ENOMEM. */
MUST_CHECK int periodics_start(struct garm_worker *worker);
void periodics_stop(struct garm_worker *worker);

#endif
