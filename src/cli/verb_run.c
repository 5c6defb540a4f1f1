/* garm run: serves the applications of shared objects. */
#include "cli/apps.h"

#include "app/program.h"

/* What the flags are of is known once the applications are loaded, so program_run checks them, and
 * answers --help. */
static int run(int argc, char **argv)
{
    struct command command;
    if (command_begin(&command, &verb_run, argc, argv) && apps_load(&command, 0)) {
        struct buf intro;
        buf_init(&intro, COMMAND_TEXT_MAX);
        command_intro(&verb_run, &intro);
        const struct program_spec spec = {
            .name = command.name,
            .intro = buf_cstr(&intro),
            .serving = "listening on",
            .refused = VERB_FAILED,
        };
        command.status = program_run(&spec, command.flags, &apps_entry);
        buf_deinit(&intro);
    }
    return command_end(&command);
}

const struct verb verb_run = {
    .name = "run",
    .usage = "APP.so... [--flag VALUE]...",
    .summary = "Serves the application in a shared object.",
    .details = "An application is a source file with GARM_APP(app) { ... }, built with\n"
               "    cc -shared -fPIC -o app.so app.c\n"
               "and linked with no libgarm: garm itself has its functions. 'garm run app.so\n"
               "--help' lists the application's own flags too.\n"
               "\n"
               "Several are served together, as one application in which each is a group of its\n"
               "own: its middleware is around its own routes only. Two that have the same route,\n"
               "or that both set the application's data, are refused. They share their flags and\n"
               "the data of workers.\n",
    .arguments_max = APPS_MAX,
    .serves = true,
    .loads = true,
    .run = run,
};
