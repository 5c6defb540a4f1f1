/* The suites of the simulated server. */
#ifndef GARM_TESTS_SIM_SUITES_H
#define GARM_TESTS_SIM_SUITES_H

#include <check.h>

Suite *bodies_suite(void);
Suite *chaos_suite(void);
Suite *connection_suite(void);
Suite *deadlines_suite(void);
Suite *drain_suite(void);
Suite *exchange_suite(void);
Suite *faults_suite(void);
Suite *finish_suite(void);
Suite *memory_suite(void);

/* Reads the specification files first, and exits where it cannot. */
Suite *spec_suite(void);
void spec_forget(void);

#endif
