/* Runs the unit tests of the app floor's pure parts. A new suite is one line in SUITES. */
#include <check.h>
#include <stdlib.h>

#define SUITES(X)                                                                                  \
    X(file_path)                                                                                   \
    X(flags)                                                                                       \
    X(json_out)                                                                                    \
    X(metrics_text)                                                                                \
    X(mime)                                                                                        \
    X(negotiate)                                                                                   \
    X(pattern)                                                                                     \
    X(problem)                                                                                     \
    X(query)                                                                                       \
    X(router)                                                                                      \
    X(router_model)

#define X(name) Suite *suite_##name(void);
SUITES(X)
#undef X

int main(void)
{
    SRunner *const runner = srunner_create(NULL);
#define X(name) srunner_add_suite(runner, suite_##name());
    SUITES(X)
#undef X
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
