/* The suites of the run floor. */
#ifndef GARM_TESTS_UNIT_RUN_SUITES_H
#define GARM_TESTS_UNIT_RUN_SUITES_H

#include <check.h>

Suite *coro_suite(void);
Suite *hub_suite(void);
Suite *io_contract_suite(void);
Suite *io_epoll_suite(void);
Suite *loop_suite(void);
Suite *offload_suite(void);
Suite *overflow_suite(void);
Suite *pool_suite(void);
Suite *scope_suite(void);
Suite *sim_suite(void);
Suite *stack_suite(void);
Suite *sync_suite(void);
Suite *task_suite(void);
Suite *threads_suite(void);
Suite *timer_suite(void);
Suite *watchdog_suite(void);
Suite *worker_suite(void);

#endif
