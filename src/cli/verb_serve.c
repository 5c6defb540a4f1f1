/* garm serve: the files beneath a directory. */
#include "cli/command.h"

#include "app/program.h"
#include "base/limits.h"
#include "base/sys.h"
#include "base/text.h"

#include <garm/garm.h>

#include <fcntl.h>

/* The one that this process serves: a set-up function takes no argument. */
static const char *directory;

/* A refusal names no line of ours: it is the directory that is wrong. */
static void set_up(garm_app *app)
{
    garm_static_with(app, "/", directory,
                     &(const garm_static_opts){.size = sizeof(garm_static_opts)});
}

static int serve_directory(struct command *command)
{
    static const garm_app_entry entry = GARM_ENTRY(set_up);
    char shown[256];
    struct buf intro;
    struct buf serving;
    buf_init(&intro, COMMAND_TEXT_MAX);
    buf_init(&serving, KIB(4));
    command_intro(command->verb, &intro);
    buf_printf(&serving, "serving %s on",
               text_printable(slice_cstr(directory), shown, sizeof(shown)));
    const struct program_spec spec = {
        .name = command->name,
        .intro = buf_cstr(&intro),
        .serving = buf_cstr(&serving),
        .refused = VERB_FAILED,
    };
    const int status = program_run(&spec, command->flags, &entry);
    buf_deinit(&serving);
    buf_deinit(&intro);
    return status;
}

/* In words of the command line's, before garm_static would say it in its own. */
static bool check_directory(struct command *command)
{
    char shown[256];
    const int fd = sys_open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        command_fail(command, VERB_FAILED, "cannot serve %s: %s",
                     text_printable(slice_cstr(directory), shown, sizeof(shown)),
                     sys_error_text(fd));
        return false;
    }
    sys_close(fd);
    return true;
}

static int serve(int argc, char **argv)
{
    struct command command;
    if (command_begin(&command, &verb_serve, argc, argv)) {
        const char *const given = command_argument(&command, 0);
        directory = given != NULL ? given : ".";
        if (check_directory(&command)) {
            command.status = serve_directory(&command);
        }
    }
    return command_end(&command);
}

const struct verb verb_serve = {
    .name = "serve",
    .usage = "[DIR] [--flag VALUE]...",
    .summary = "Serves the files beneath a directory.",
    .details = "DIR is the current directory unless given. A directory is shown by its\n"
               "index.html; names that begin with a dot are not served, and nothing outside of\n"
               "DIR ever is, whatever links say.\n",
    .arguments_max = 1,
    .serves = true,
    .run = serve,
};
