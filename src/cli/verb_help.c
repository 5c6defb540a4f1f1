/* garm help: what there is. */
#include "cli/command.h"

#include <stdio.h>

static int help_all(void)
{
    printf("usage: garm VERB [...]\n\n");
    for (size_t i = 0; verbs[i] != NULL; i++) {
        printf("  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    printf("\n'garm help VERB' tells more.\n");
    return VERB_OK;
}

static int help(int argc, char **argv)
{
    struct command command;
    if (command_begin(&command, &verb_help, argc, argv)) {
        const char *const name = command_argument(&command, 0);
        const struct verb *const verb = name == NULL ? NULL : verb_find(name);
        command.status = name == NULL   ? help_all()
                         : verb == NULL ? verb_unknown(name)
                                        : command_help(verb);
    }
    return command_end(&command);
}

const struct verb verb_help = {
    .name = "help",
    .usage = "[VERB]",
    .summary = "Lists the verbs, or tells about one.",
    .details = "",
    .arguments_max = 1,
    .run = help,
};
