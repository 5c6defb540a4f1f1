/* What flags.c keeps and flags_text.c talks about. Only these two look in here. */
#ifndef GARM_APP_FLAGS_INNER_H
#define GARM_APP_FLAGS_INNER_H

#include "app/flags.h"
#include "base/arena.h"

#define FLAG_NAME_MAX 48
#define FLAG_ENV_MAX  (sizeof("GARM_") + FLAG_NAME_MAX)

struct flag {
    struct flag *next; /* in the order added */
    struct flag_spec spec;
};

enum given_form {
    GIVEN_LONG,  /* --name, or a flag's letter */
    GIVEN_DASH,  /* -name, which is no flag's letter */
    GIVEN_STRAY, /* no flag at all */
};

/* One flag of the command line. */
struct given {
    struct given *next;
    enum given_form form;
    const char *name;  /* without dashes; the whole argument if it is stray */
    const char *value; /* NULL: none came */
};

struct flags {
    struct arena arena;
    struct flag *first;
    struct flag **last;
    struct given *given;
    struct given **last_given;
    char *const *environment;
    size_t arguments_max; /* how many may stand beside the flags */
    int error;            /* the first failure of a call that could not tell it */
};

/** The flag, or NULL. */
const struct flag *flags_find(const struct flags *flags, const char *name);
/** The name of the flag's twin in the environment, in `out`. */
const char *flag_env_name(const struct flag_spec *spec, char out[FLAG_ENV_MAX]);
/** Its value there, or NULL if it has none or an empty one. */
const char *flag_env_value(const struct flags *flags, const struct flag_spec *spec);
/** 1, 0, or -1 for what is neither true nor false. */
int flag_env_bool(const char *value);

#endif
