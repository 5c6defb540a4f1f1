/* Runs the suites of the codec floor. */
#include "suites.h"

#include <stdlib.h>

int main(void)
{
    SRunner *const runner = srunner_create(chars_suite());
    srunner_add_suite(runner, scan_suite());
    srunner_add_suite(runner, field_suite());
    srunner_add_suite(runner, method_suite());
    srunner_add_suite(runner, status_suite());
    srunner_add_suite(runner, percent_suite());
    srunner_add_suite(runner, path_suite());
    srunner_add_suite(runner, authority_suite());
    srunner_add_suite(runner, target_suite());
    srunner_add_suite(runner, head_suite());
    srunner_add_suite(runner, semantics_suite());
    srunner_add_suite(runner, limits_suite());
    srunner_add_suite(runner, trailers_suite());
    srunner_add_suite(runner, chunked_suite());
    srunner_add_suite(runner, response_suite());
    srunner_add_suite(runner, coding_suite());
    srunner_add_suite(runner, conditional_suite());
    srunner_add_suite(runner, range_suite());
    srunner_add_suite(runner, json_text_suite());
    srunner_add_suite(runner, json_tree_suite());
    srunner_add_suite(runner, json_number_suite());
    srunner_add_suite(runner, multipart_suite());
    srunner_add_suite(runner, urlencoded_suite());
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
