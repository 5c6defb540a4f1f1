/* Runs the unit tests of the net floor. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    SRunner *const runner = srunner_create(suite_address());
    srunner_add_suite(runner, suite_listen_parse());
    srunner_add_suite(runner, suite_listener());
    srunner_add_suite(runner, suite_listener_faults());
    srunner_add_suite(runner, suite_listener_fd());
    srunner_add_suite(runner, suite_listener_unix());
    srunner_add_suite(runner, suite_port_owner());
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
