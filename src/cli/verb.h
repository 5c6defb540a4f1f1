/* The verbs of the garm command: one file each. */
#ifndef GARM_CLI_VERB_H
#define GARM_CLI_VERB_H

#include <stddef.h>

/* Exit statuses. */
enum { VERB_OK = 0, VERB_FAILED = 1, VERB_USAGE = 2 };

struct verb {
    const char *name;
    const char *usage;   /* what follows the name, such as "[VERB]"; "" for nothing */
    const char *summary; /* one line */
    const char *details; /* further lines for `garm help VERB`; "" for none */
    /* argv[0] is the verb's name. Returns an exit status. */
    int (*run)(int argc, char **argv);
};

/* Ends with a NULL. */
extern const struct verb *const verbs[];
extern const struct verb verb_help;
extern const struct verb verb_version;

/** The verb of this name, or NULL. */
const struct verb *verb_find(const char *name);
/** Says on standard error that there is no such verb, and which one is nearest. Returns
 *  VERB_USAGE. */
int verb_unknown(const char *name);
/** Says on standard error that `text` is one argument too many. Returns VERB_USAGE. */
int verb_unexpected(const struct verb *verb, const char *text);

#endif
