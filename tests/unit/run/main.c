/* Runs the suites of the run floor. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    SRunner *const runner = srunner_create(timer_suite());
    srunner_add_suite(runner, pool_suite());
    srunner_add_suite(runner, coro_suite());
    srunner_add_suite(runner, stack_suite());
    srunner_add_suite(runner, loop_suite());
    srunner_add_suite(runner, task_suite());
    srunner_add_suite(runner, scope_suite());
    srunner_add_suite(runner, overflow_suite());
    srunner_add_suite(runner, io_contract_suite());
    srunner_add_suite(runner, io_epoll_suite());
    srunner_add_suite(runner, sim_suite());
    srunner_add_suite(runner, sync_suite());
    srunner_add_suite(runner, hub_suite());
    srunner_add_suite(runner, worker_suite());
    srunner_add_suite(runner, offload_suite());
    srunner_add_suite(runner, threads_suite());
    srunner_add_suite(runner, watchdog_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
