/* See support.h. */
#include "support.h"

#include "base/sys.h"
#include "run/io_epoll.h"

#include <string.h>

static const char *fault_name;
static unsigned fault_index;
static int fault_error;

static int ask(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    (void)kind;
    if (strcmp(name, fault_name) != 0) {
        return 0;
    }
    return fault_index-- == 0 ? fault_error : 0;
}

void fail_call(const char *name, unsigned index, int error)
{
    fault_name = name;
    fault_index = index;
    fault_error = error;
    sys_set_fault(ask, NULL);
}

void fail_nothing(void)
{
    sys_set_fault(NULL, NULL);
}

void open_loop(struct loop *loop)
{
    struct io *io = NULL;
    ck_assert_int_eq(io_epoll_new(&io), 0);
    ck_assert_int_eq(loop_init(loop, io), 0);
}

void run_tasks(task_fn *fn, void *arg)
{
    struct loop loop;
    open_loop(&loop);
    ck_assert_int_eq(task_run(&loop, "test", fn, arg), 0);
    while (loop.task_count > 0) {
        ck_assert_int_eq(loop_turn(&loop, -1), 0);
    }
    loop_deinit(&loop);
}

void run_tasks_simulated(task_fn *fn, void *arg)
{
    struct loop loop;
    struct sim *const sim = sim_new(1, NULL);
    ck_assert_int_eq(loop_init(&loop, sim_io_new(sim)), 0);
    ck_assert_int_eq(task_run(&loop, "test", fn, arg), 0);
    while (loop.task_count > 0) {
        ck_assert_int_eq(loop_turn(&loop, -1), 0);
    }
    loop_deinit(&loop);
    sim_free(sim);
}
