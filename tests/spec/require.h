/* A check for inner loops: ck_assert writes a line to a file each time that all is well. */
#ifndef GARM_TESTS_REQUIRE_H
#define GARM_TESTS_REQUIRE_H

#include <check.h>

#define REQUIRE(x) ((x) ? (void)0 : ck_abort_msg("%s", #x))

#endif
