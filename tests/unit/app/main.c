/* Runs the unit tests of the app floor that need requests. A new suite is one line in SUITES. */
#include <check.h>
#include <stdlib.h>

#define SUITES(X)                                                                                  \
    X(base64)                                                                                      \
    X(chain)                                                                                       \
    X(form)                                                                                        \
    X(explain)                                                                                     \
    X(json_read)                                                                                   \
    X(json_writer)                                                                                 \
    X(html)                                                                                        \
    X(lifetime)                                                                                    \
    X(metrics)                                                                                     \
    X(metrics_declare)                                                                             \
    X(options)                                                                                     \
    X(overload)                                                                                    \
    X(middleware)                                                                                  \
    X(remove)                                                                                      \
    X(reply)                                                                                       \
    X(request)                                                                                     \
    X(returns)                                                                                     \
    X(save)                                                                                        \
    X(server_life)                                                                                 \
    X(setup)                                                                                       \
    X(static)                                                                                      \
    X(tasks)                                                                                       \
    X(test_client)                                                                                 \
    X(trailers)

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
