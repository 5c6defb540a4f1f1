/* One run of a verb: flags, arguments, errors, output. Knows no verb by name. */
#include "cli/command.h"

#include "app/program.h"
#include "base/limits.h"
#include "base/sys.h"
#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

static const struct flag_spec help_flag = {
    .name = "help", .kind = FLAG_BOOL, .no_env = true, .letter = 'h', .help = "Prints this."};

/* All flags of the verb. 0 or -ENOMEM. */
static int make_flags(const struct verb *verb, struct flags **ret_flags)
{
    TRY(flags_new(ret_flags));
    for (size_t i = 0; i < verb->flag_count; i++) {
        TRY(flags_add(*ret_flags, &verb->flags[i]));
    }
    TRY(verb->serves ? program_flags_add(*ret_flags) : flags_add(*ret_flags, &help_flag));
    flags_take_arguments(*ret_flags, verb->arguments_max);
    return 0;
}

static bool stop(struct command *command, int status)
{
    command->status = status;
    return false;
}

bool command_begin(struct command *command, const struct verb *verb, int argc, char **argv)
{
    *command = (struct command){.verb = verb};
    snprintf(command->name, sizeof(command->name), "garm %s", verb->name);
    int rc = make_flags(verb, &command->flags);
    rc = rc < 0 ? rc : flags_parse(command->flags, argc, argv, environ);
    if (rc < 0) {
        command_fail(command, VERB_FAILED, "%s", sys_error_text(rc));
        return false;
    }
    const bool unloaded = !verb->loads || command_argument(command, 0) == NULL;
    if ((unloaded || !verb->serves) && command_on(command, "help")) {
        return stop(command, command_help(verb));
    }
    if (verb->serves && command_on(command, "version")) {
        return stop(command, verb_find("version")->run(1, argv));
    }
    return !unloaded || command_check(command);
}

int command_end(struct command *command)
{
    flags_free(command->flags);
    command->flags = NULL;
    return command->status;
}

bool command_check(struct command *command)
{
    struct buf error;
    buf_init(&error, KIB(4));
    const int rc = flags_check(command->flags, &error);
    if (rc < 0) {
        command_fail(command, VERB_USAGE, "%s",
                     error.len > 0 ? buf_cstr(&error) : sys_error_text(rc));
    }
    buf_deinit(&error);
    return rc == 0;
}

const char *command_argument(const struct command *command, size_t index)
{
    return flags_argument(command->flags, index);
}

bool command_on(const struct command *command, const char *flag)
{
    return flags_on(command->flags, flag);
}

int command_fail(struct command *command, int status, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "%s: ", command->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    command->status = status;
    return status;
}

int command_missing(struct command *command, const char *what)
{
    return command_fail(command, VERB_USAGE, "%s is missing; usage: %s %s", what, command->name,
                        command->verb->usage);
}

void command_intro(const struct verb *verb, struct buf *out)
{
    buf_printf(out, "usage: garm %s%s%s\n\n%s\n", verb->name, verb->usage[0] != '\0' ? " " : "",
               verb->usage, verb->summary);
    if (verb->details[0] != '\0') {
        buf_printf(out, "\n%s", verb->details);
    }
}

int command_help(const struct verb *verb)
{
    struct command command = {.verb = verb, .name = "garm help"};
    struct buf intro;
    struct buf text;
    buf_init(&intro, COMMAND_TEXT_MAX);
    buf_init(&text, COMMAND_TEXT_MAX);
    const int rc = make_flags(verb, &command.flags);
    command_intro(verb, &intro);
    if (rc < 0) {
        command_fail(&command, VERB_FAILED, "%s", sys_error_text(rc));
    } else {
        flags_help(command.flags, buf_cstr(&intro), &text);
        command_print(&command, &text);
    }
    buf_deinit(&intro);
    buf_deinit(&text);
    return command_end(&command);
}

int command_print(struct command *command, const struct buf *text)
{
    if (text->error < 0) {
        return command_fail(command, VERB_FAILED, "%s", sys_error_text(text->error));
    }
    fwrite(text->data, 1, text->len, stdout);
    return command->status;
}
