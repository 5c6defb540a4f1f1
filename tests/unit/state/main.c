/* Runs the tests of what applications remember: cookies, keys, sessions, caches. A new suite is one
 * line in SUITES. */
#include <check.h>
#include <stdlib.h>

#define SUITES(X)                                                                                  \
    X(base64url)                                                                                   \
    X(cache) X(cookie) X(keys) X(session) X(session_race) X(session_setup) X(session_store)

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
