/* The garm command: finds the verb and runs it. */
#include "cli/verb.h"

#include "base/sys.h"
#include "base/text.h"

#include <fcntl.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SUGGEST_DISTANCE_MAX 2

const struct verb *const verbs[] = {
    &verb_serve, &verb_run,     &verb_routes, &verb_explain, &verb_new,
    &verb_hash,  &verb_version, &verb_help,   NULL,
};

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

/* Flags in the place of a verb. */
static const char *verb_of_flag(const char *arg)
{
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
        return "help";
    }
    return strcmp(arg, "--version") == 0 ? "version" : arg;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "garm: a verb is missing; usage: garm VERB [...]; 'garm help' lists all\n");
        return VERB_USAGE;
    }
    const struct verb *const verb = verb_find(verb_of_flag(argv[1]));
    return verb == NULL ? verb_unknown(argv[1]) : verb->run(argc - 1, argv + 1);
}

/* Keeps the numbers 0 to 2 from being given to a file of ours. What is put in their place can be
 * neither written nor read with any effect, so that output to it fails as it should. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (sys_fcntl(fd, F_GETFD, 0) == -EBADF && sys_open("/dev/null", O_RDONLY) != fd) {
            return;
        }
    }
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    sys_ignore_signal(SIGPIPE);
    const int status = run(argc, argv);
    const bool failed = ferror(stdout) != 0;
    if (fflush(stdout) != 0 || failed) {
        fprintf(stderr, "garm: cannot write to standard output: %s\n", sys_error_text(-errno));
        return status == VERB_OK ? VERB_FAILED : status;
    }
    return status;
}
