/* The suites of the net floor, one per subject; main.c runs them all. */
#ifndef GARM_TESTS_UNIT_NET_SUITES_H
#define GARM_TESTS_UNIT_NET_SUITES_H

#include <check.h>

Suite *suite_address(void);
Suite *suite_listen_parse(void);
Suite *suite_listener(void);
Suite *suite_listener_faults(void);
Suite *suite_listener_fd(void);
Suite *suite_listener_unix(void);
Suite *suite_port_owner(void);

#endif
