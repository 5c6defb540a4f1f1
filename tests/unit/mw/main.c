/* Runs the tests of the middleware in the box. A new suite is one line in SUITES. */
#include <check.h>
#include <stdlib.h>

#define SUITES(X)                                                                                  \
    X(access_log)                                                                                  \
    X(api_key)                                                                                     \
    X(appender)                                                                                    \
    X(basic_auth)                                                                                  \
    X(compress)                                                                                    \
    X(compress_files) X(cors) X(csrf) X(etag) X(health) X(jwt) X(jwt_forgery) X(jwt_scope)         \
        X(options) X(password) X(rate_limit) X(real_ip) X(request_id) X(security_headers)          \
            X(signature)

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
