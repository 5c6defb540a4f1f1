/* A program around an application: its flags, listeners and signals, from the start to the end of
 * the drain. garm_main is one; the verbs of the garm command that serve are others. */
#ifndef GARM_APP_PROGRAM_H
#define GARM_APP_PROGRAM_H

#include "app/flags.h"
#include "base/buf.h"
#include "base/compiler.h"

#include <garm/app.h>

#include <stddef.h>

/* Exit statuses. */
enum { PROGRAM_OK = 0, PROGRAM_FAILED = 1, PROGRAM_USAGE = 2 };

/* How it presents itself. */
struct program_spec {
    const char *name;    /* before errors */
    const char *intro;   /* of --help, up to the list of flags */
    const char *serving; /* before each address, such as "listening on" */
    int refused;         /* the exit status if the application's set-up refuses the start */
    /* Called when all listeners are open and no thread runs yet. `address` is the first one's;
     * what is appended to *text is printed behind all addresses. An error refuses the start, and
     * *text is its line; -EINVAL: the command line is wrong. May be NULL. */
    int (*before_threads)(const char *address, struct buf *text);
};

/** Adds the flags that every program has. 0 or -ENOMEM. */
MUST_CHECK int program_flags_add(struct flags *flags);

/** Sets the application up, serves until SIGTERM or SIGINT, and drains. `flags` are parsed, and
 *  borrowed; --version is the caller's. Returns the exit status. */
MUST_CHECK int program_run(const struct program_spec *spec, struct flags *flags,
                           const garm_app_entry *entry);

#endif
