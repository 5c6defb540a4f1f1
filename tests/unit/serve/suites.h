/* The suites of the serve floor over real sockets; tests/sim has those in simulated ones. */
#ifndef GARM_TESTS_UNIT_SERVE_SUITES_H
#define GARM_TESTS_UNIT_SERVE_SUITES_H

#include <check.h>

Suite *faults_suite(void);
Suite *server_suite(void);

#endif
