/* The applications of the shared objects that a command line names, as one application. */
#ifndef GARM_CLI_APPS_H
#define GARM_CLI_APPS_H

#include "cli/command.h"

#include <garm/app.h>

struct garm_server;

/* How many objects one command takes. */
#define APPS_MAX 16

/* Sets up all that apps_load has loaded, in order: one as it is, several each in a group of its
 * own, without a prefix. */
extern const garm_app_entry apps_entry;

/** Loads the objects that the arguments from `first` on name. False: as command_begin. */
MUST_CHECK bool apps_load(struct command *command, size_t first);

/** Sets them up, for looking at only: nothing listens, no thread and no START hook runs. Checks the
 *  flags too. NULL: as command_begin returning false; else to be freed with garm_server_free. */
MUST_CHECK struct garm_server *apps_set_up(struct command *command);

#endif
