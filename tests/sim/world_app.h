/* The application of the simulated server, for world.c. */
#ifndef GARM_TESTS_SIM_WORLD_APP_H
#define GARM_TESTS_SIM_WORLD_APP_H

#include "serve/exchange.h"

/** An exchange_handler; worker_data is the struct world. world.h says what it answers. */
void world_handle(struct exchange *x, void *worker_data);

#endif
