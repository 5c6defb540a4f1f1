/* The verbs of the garm command: one file each. */
#ifndef GARM_CLI_VERB_H
#define GARM_CLI_VERB_H

#include "app/flags.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses. */
enum { VERB_OK = 0, VERB_FAILED = 1, VERB_USAGE = 2 };

struct verb {
    const char *name;
    const char *usage;   /* what follows the name, such as "[VERB]"; "" for nothing */
    const char *summary; /* one line */
    const char *details; /* further lines for `garm help VERB`; "" for none */
    /* Its own flags, besides --help. */
    const struct flag_spec *flags;
    size_t flag_count;
    size_t arguments_max; /* beside the flags */
    bool serves;          /* it has the flags of every program too (--listen ...) */
    bool loads;           /* an application's flags come in while it runs: it checks them itself */
    /* argv[0] is the verb's name. Returns an exit status. What it printed need not be flushed. */
    int (*run)(int argc, char **argv);
};

/* The flag that every listing has. */
#define VERB_FLAG_JSON                                                                             \
    {                                                                                              \
        .name = "json", .kind = FLAG_BOOL, .no_env = true, .help = "Prints JSON."                  \
    }

/* Ends with a NULL. */
extern const struct verb *const verbs[];
extern const struct verb verb_explain;
extern const struct verb verb_hash;
extern const struct verb verb_help;
extern const struct verb verb_new;
extern const struct verb verb_routes;
extern const struct verb verb_run;
extern const struct verb verb_serve;
extern const struct verb verb_version;

/** The verb of this name, or NULL. */
const struct verb *verb_find(const char *name);
/** Says on standard error that there is no such verb, and which one is nearest. Returns
 *  VERB_USAGE. */
int verb_unknown(const char *name);

#endif
