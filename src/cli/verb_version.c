/* garm version: which one this is. */
#include "cli/verb.h"

#include <garm/version.h>

#include <stdio.h>

static int version(int argc, char **argv)
{
    if (argc > 1) {
        return verb_unexpected(&verb_version, argv[1]);
    }
    printf("garm %s\n", garm_version());
    return VERB_OK;
}

const struct verb verb_version = {
    .name = "version",
    .usage = "",
    .summary = "Prints the version of garm and its library.",
    .details = "",
    .run = version,
};
