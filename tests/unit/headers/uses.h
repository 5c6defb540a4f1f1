/* The application under test, which is the same source in both languages. */
#ifndef TESTS_UNIT_HEADERS_USES_H
#define TESTS_UNIT_HEADERS_USES_H

#include <garm/garm.h>

GARM_BEGIN

extern const garm_app_entry uses_entry;

/** Sends it the requests, with garm_test_do as `uses_entry`'s language has it: NULL, or what came
 *  back wrong. */
const char *uses_ask(garm_test *test);

GARM_END

#endif
