/* garm help: what there is. */
#include "cli/verb.h"

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
    if (argc < 2) {
        return help_all();
    }
    if (argc > 2) {
        return verb_unexpected(&verb_help, argv[2]);
    }
    const struct verb *const verb = verb_find(argv[1]);
    if (verb == NULL) {
        return verb_unknown(argv[1]);
    }
    printf("usage: garm %s %s\n\n%s\n%s", verb->name, verb->usage, verb->summary, verb->details);
    return VERB_OK;
}

const struct verb verb_help = {
    .name = "help",
    .usage = "[VERB]",
    .summary = "Lists the verbs, or tells about one.",
    .details = "",
    .run = help,
};
