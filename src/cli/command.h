/* One run of a verb: its command line, and how it talks. */
#ifndef GARM_CLI_COMMAND_H
#define GARM_CLI_COMMAND_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "cli/verb.h"

/* The most that a verb prints. */
#define COMMAND_TEXT_MAX MIB(64)

struct command {
    const struct verb *verb;
    struct flags *flags;
    int status;    /* of a command that is over */
    char name[32]; /* "garm routes": before errors */
};

/** Reads the command line. Answers --help and --version, and refuses what the verb does not take:
 *  then false, and command_end gives the exit status. A verb that loads an application has to call
 *  command_check once the application has added its flags. */
MUST_CHECK bool command_begin(struct command *command, const struct verb *verb, int argc,
                              char **argv);
/** Frees what command_begin made. Returns command->status. */
int command_end(struct command *command);

/** Refuses flags that nobody has added, and values that are missing. False: as command_begin. */
MUST_CHECK bool command_check(struct command *command);

/** The index-th argument, else NULL. */
const char *command_argument(const struct command *command, size_t index);
/** Is a flag without a value given? */
bool command_on(const struct command *command, const char *flag);

/** One line on standard error, and the status that the command will end with: returned too. */
int command_fail(struct command *command, int status, const char *format, ...) PRINTF_LIKE(3, 4);
/** The same for an argument that is not there; `what` is "a directory". */
int command_missing(struct command *command, const char *what);

/** Prints the text of `garm help VERB` up to the list of flags. */
void command_intro(const struct verb *verb, struct buf *out);
/** Prints the text of `garm help VERB`. Returns an exit status. */
int command_help(const struct verb *verb);

/** Writes the text to standard output. Returns an exit status. */
int command_print(struct command *command, const struct buf *text);

#endif
