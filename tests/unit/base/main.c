/* Runs the suites of the base floor. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    SRunner *const runner = srunner_create(slice_suite());
    srunner_add_suite(runner, list_suite());
    srunner_add_suite(runner, check_suite());
    srunner_add_suite(runner, memory_suite());
    srunner_add_suite(runner, sys_suite());
    srunner_add_suite(runner, sys_io_suite());
    srunner_add_suite(runner, arena_suite());
    srunner_add_suite(runner, buf_suite());
    srunner_add_suite(runner, map_suite());
    srunner_add_suite(runner, text_suite());
    srunner_add_suite(runner, utf8_suite());
    srunner_add_suite(runner, date_suite());
    srunner_add_suite(runner, random_suite());
    srunner_add_suite(runner, log_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
