/* Runs the application of uses.c in the language it was compiled as. */
#include "uses.h"

#include <check.h>
#include <stdlib.h>

START_TEST(every_macro_does_what_it_says)
{
    garm_test *const test = garm_test_new(&uses_entry, NULL);
    const char *const wrong = uses_ask(test);
    ck_assert_msg(wrong == NULL, "wrong: %s", wrong);
    garm_test_free(test);
}
END_TEST

int main(void)
{
    Suite *const suite = suite_create("headers");
    TCase *const tc = tcase_create("headers");
    tcase_add_test(tc, every_macro_does_what_it_says);
    suite_add_tcase(suite, tc);
    SRunner *const runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
