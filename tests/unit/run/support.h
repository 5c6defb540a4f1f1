/* What the tests of the run floor share: loops to run tasks on, and faults to inject. */
#ifndef GARM_TESTS_UNIT_RUN_SUPPORT_H
#define GARM_TESTS_UNIT_RUN_SUPPORT_H

#include "run/loop.h"
#include "run/sim.h"
#include "run/task.h"

#include <check.h>

/** A loop over epoll. */
void open_loop(struct loop *loop);

/** Runs fn(arg) as a task over epoll, and turns the loop until no task is left. */
void run_tasks(task_fn *fn, void *arg);

/** The same in a perfect simulated world: sleeps take no time. */
void run_tasks_simulated(task_fn *fn, void *arg);

/** Lets the `index`-th call of `name` from now on fail with `error` (index from 0). */
void fail_call(const char *name, unsigned index, int error);
void fail_nothing(void);

#endif
