/* The garm command: finds the verb and runs it. */
#include "cli/verb.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SUGGEST_DISTANCE_MAX 2

const struct verb *const verbs[] = {&verb_help, &verb_version, NULL};

const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (strcmp(verbs[i]->name, name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

static const struct verb *nearest(const char *name)
{
    const struct verb *best = NULL;
    size_t best_distance = SUGGEST_DISTANCE_MAX + 1;
    for (size_t i = 0; verbs[i] != NULL; i++) {
        const size_t distance = text_distance(slice_cstr(name), slice_cstr(verbs[i]->name));
        if (distance < best_distance) {
            best = verbs[i];
            best_distance = distance;
        }
    }
    return best;
}

int verb_unknown(const char *name)
{
    char text[80];
    const struct verb *const near = nearest(name);
    fprintf(stderr, "garm: unknown verb '%s'; %s%s%s'garm help' lists all\n",
            text_printable(slice_cstr(name), text, sizeof(text)),
            near == NULL ? "" : "did you mean '", near == NULL ? "" : near->name,
            near == NULL ? "" : "'? ");
    return VERB_USAGE;
}

int verb_unexpected(const struct verb *verb, const char *given)
{
    char text[80];
    fprintf(stderr, "garm: '%s' does not take '%s'; usage: garm %s %s\n", verb->name,
            text_printable(slice_cstr(given), text, sizeof(text)), verb->name, verb->usage);
    return VERB_USAGE;
}

/* The flags that every command has are verbs here. */
static const char *verb_of_flag(const char *arg)
{
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        return "help";
    }
    return strcmp(arg, "--version") == 0 ? "version" : arg;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "garm: a verb is missing; 'garm help' lists all\n");
        return VERB_USAGE;
    }
    const struct verb *const verb = verb_find(verb_of_flag(argv[1]));
    return verb == NULL ? verb_unknown(argv[1]) : verb->run(argc - 1, argv + 1);
}
