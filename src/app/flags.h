/* A program's flags: --name VALUE or --name=VALUE on the command line, else GARM_NAME in the
 * environment. Flags may be added after the command line was read, so that an application asks
 * for its own as it is set up; flags_check comes last. Pure: prints nothing. */
#ifndef GARM_APP_FLAGS_H
#define GARM_APP_FLAGS_H

#include "base/buf.h"
#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

enum flag_kind {
    FLAG_VALUE,  /* takes a value; given twice, the last one counts */
    FLAG_REPEAT, /* takes a value, any number of times; in the environment separated by commas */
    FLAG_BOOL,   /* takes none on the command line; 1, 0, true, false, yes or no in the environment.
                    Must be added before flags_parse, which has to know that no value follows */
};

struct flag_spec {
    const char *name;  /* "body-max", without the dashes: lower-case letters, digits and '-' */
    const char *value; /* what the value is called in --help ("ADDRESS"); NULL: VALUE */
    const char *def;   /* NULL: none */
    const char *help;  /* one sentence; NULL: not listed */
    enum flag_kind kind;
    bool no_env; /* has no twin in the environment */
    char letter; /* 'h': -h is the same, for FLAG_BOOL only; 0: none */
};

struct flags;

/** No flags. 0 or -ENOMEM. */
MUST_CHECK int flags_new(struct flags **ret_flags);
/** Accepts NULL. Values given out end here. */
void flags_free(struct flags *flags);

/** Adds a flag; its strings are copied. A name that is there already keeps its first spec. 0,
 *  -ENOMEM, or -EINVAL for a bad name. */
MUST_CHECK int flags_add(struct flags *flags, const struct flag_spec *spec);

/** Can a flag be called so? */
bool flag_name_valid(const char *name);
/** Is it a flag that every program has, and so none that an application may add? */
bool flag_name_standard(const char *name);

/** Reads the command line, program name first, and the environment ("NAME=value" strings,
 *  NULL-terminated). Both are borrowed; each may be NULL. 0 or -ENOMEM. Mistakes are told by
 *  flags_check. Call once. */
MUST_CHECK int flags_parse(struct flags *flags, int argc, char *const *argv,
                           char *const *environment);

/** Lets `max` arguments stand beside the flags: file names, say. Without this call: none. */
void flags_take_arguments(struct flags *flags, size_t max);
/** The index-th argument that is neither a flag nor a flag's value, else NULL. */
const char *flags_argument(const struct flags *flags, size_t index);

/** The flag's value: the last one of the command line, else the environment's, else the default,
 *  else "". A flag that nobody added is added with `def` and `help`: garm_flag_at is this. */
const char *flags_get(struct flags *flags, const char *name, const char *def, const char *help);

/** The default it was added with; NULL if it has none, or nobody added it. */
const char *flags_default(const struct flags *flags, const char *name);

/** Was it given, on the command line or in the environment? */
bool flags_given(const struct flags *flags, const char *name);
/** What its value comes from, for errors: "--log-level", or "GARM_LOG_LEVEL". */
const char *flags_origin(struct flags *flags, const char *name);
/** Is a FLAG_BOOL on? */
bool flags_on(const struct flags *flags, const char *name);
/** The i-th value of a FLAG_REPEAT, else NULL; all from the command line, or all from the
 *  environment, or the one default. */
const char *flags_at(struct flags *flags, const char *name, size_t index);

/** Is everything that was given known and complete? 0, -ENOMEM (also of an earlier flags_get), or
 *  -EINVAL with one line in *ret_error: "unknown flag '--lisen'; did you mean '--listen'? (--help
 *  lists all)". */
MUST_CHECK int flags_check(const struct flags *flags, struct buf *ret_error);

/** Appends the text of --help: `intro`, whose lines the caller has wrapped, then all flags in the
 *  order added, 80 columns wide. */
void flags_help(const struct flags *flags, const char *intro, struct buf *out);

#endif
