/* Runs the suites of the simulated server. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    SRunner *const runner = srunner_create(connection_suite());
    srunner_add_suite(runner, bodies_suite());
    srunner_add_suite(runner, exchange_suite());
    srunner_add_suite(runner, finish_suite());
    srunner_add_suite(runner, deadlines_suite());
    srunner_add_suite(runner, drain_suite());
    srunner_add_suite(runner, memory_suite());
    srunner_add_suite(runner, faults_suite());
    srunner_add_suite(runner, spec_suite());
    srunner_add_suite(runner, chaos_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    spec_forget();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
