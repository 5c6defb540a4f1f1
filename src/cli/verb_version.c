/* garm version: which one this is. */
#include "cli/command.h"

#include "base/compiler.h"

#include <garm/garm.h>

#include <stdio.h>

static int version(int argc, char **argv)
{
    struct command command;
    if (command_begin(&command, &verb_version, argc, argv)) {
        if (command_on(&command, "json")) {
            printf("{\"version\": \"%s\", \"abi\": %d}\n", garm_version(), GARM_ABI);
        } else {
            printf("garm %s\n", garm_version());
        }
    }
    return command_end(&command);
}

static const struct flag_spec flags[] = {VERB_FLAG_JSON};

const struct verb verb_version = {
    .name = "version",
    .usage = "[--json]",
    .summary = "Prints the version of garm and its library.",
    .details = "With --json also the ABI, which applications must have been built for.\n",
    .flags = flags,
    .flag_count = COUNT_OF(flags),
    .run = version,
};
