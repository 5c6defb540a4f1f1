/* Runs the suites of the serve floor. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    SRunner *const runner = srunner_create(server_suite());
    srunner_add_suite(runner, faults_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
