/* garm serve: the files beneath a directory. */
#include "cli/command.h"

#include "app/program.h"
#include "base/limits.h"
#include "base/sys.h"
#include "base/text.h"

#include <garm/garm.h>

#include <fcntl.h>
#include <string.h>

/* Of the one directory that this process serves: a set-up function takes no argument. */
static int directory_fd = -1;

/* A path that ends with a slash, and the empty one, are directories: their index is served. */
static int send_file(garm_ctx *c)
{
    const char *const path = garm_param(c, "path");
    const size_t len = strlen(path);
    const bool directory = len == 0 || path[len - 1] == '/';
    return garm_file_beneath(c, directory_fd,
                             directory ? garm_strf(c, "%sindex.html", path) : path);
}

static void set_up(garm_app *app)
{
    garm_route(app, "GET /{path...}", send_file);
}

static int serve_directory(struct command *command, const char *directory)
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

static int serve(int argc, char **argv)
{
    struct command command;
    if (command_begin(&command, &verb_serve, argc, argv)) {
        const char *const given = command_argument(&command, 0);
        const char *const directory = given != NULL ? given : ".";
        directory_fd = sys_open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory_fd < 0) {
            command_fail(&command, VERB_FAILED, "cannot serve %s: %s", directory,
                         sys_error_text(directory_fd));
        } else {
            command.status = serve_directory(&command, directory);
            sys_close(directory_fd);
        }
    }
    return command_end(&command);
}

const struct verb verb_serve = {
    .name = "serve",
    .usage = "[DIR] [--flag VALUE]...",
    .summary = "Serves the files beneath a directory.",
    .details = "DIR is the current directory unless given. A directory is shown by its\n"
               "index.html; nothing outside of DIR is ever served, whatever links say.\n",
    .arguments_max = 1,
    .serves = true,
    .run = serve,
};
