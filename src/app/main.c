/* garm_main: what every application is as a program. The only file of the library that looks at
 * argv and the environment, or writes to standard output. */
#include "app/program.h"

#include "app/ending.h"
#include "app/flags.h"
#include "app/server.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/guard.h"
#include "run/overflow.h"

#include <garm/version.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES_MAX MIB(1)
#define NS_PER_HOUR    (3600 * NS_PER_SEC)

/* The program's standing through its phases. */
struct program {
    const struct program_spec *spec;
    struct flags *flags;
    struct garm_server *server;
    garm_server_opts opts;
    int64_t grace_ns;
    struct ending ending;
    struct buf text; /* the line of an error, or what is printed */
    struct buf note; /* to be printed behind the addresses */
};

static const struct flag_spec standard_flags[] = {
    {.name = "listen",
     .value = "ADDRESS",
     .def = "127.0.0.1:8000",
     .kind = FLAG_REPEAT,
     .help = "Where to listen: HOST:PORT, :PORT, [v6]:PORT, unix:PATH, fd:N, systemd. Repeatable."},
    {.name = "workers", .value = "N", .help = "Threads that serve. Default: one per CPU."},
    {.name = "log-level",
     .value = "LEVEL",
     .def = "info",
     .help = "debug, info, warn, error or off."},
    {.name = "grace",
     .value = "TIME",
     .def = "10s",
     .help = "How long a stop waits for what is being answered."},
    {.name = "drain-delay",
     .value = "TIME",
     .def = "0s",
     .help = "How long a stop goes on serving, and says so to /readyz, before it drains."},
    {.name = "help",
     .kind = FLAG_BOOL,
     .no_env = true,
     .letter = 'h',
     .help = "Prints this, and ends."},
    {.name = "version", .kind = FLAG_BOOL, .no_env = true, .help = "Prints the version, and ends."},
};

static int print(int fd, const struct buf *text)
{
    return sys_write_all(fd, text->data, text->len);
}

/* "program: what went wrong" on standard error. */
static int fail(struct program *program, int status)
{
    struct buf line;
    buf_init(&line, TEXT_BYTES_MAX);
    buf_printf(&line, "%s: %s\n", program->spec->name, buf_cstr(&program->text));
    (void)!print(STDERR_FILENO, &line);
    buf_deinit(&line);
    return status;
}

/* Flags. */

int program_flags_add(struct flags *flags)
{
    for (size_t i = 0; i < COUNT_OF(standard_flags); i++) {
        CHECK(flag_name_standard(standard_flags[i].name));
        TRY(flags_add(flags, &standard_flags[i]));
    }
    return 0;
}

static int read_flags(int argc, char **argv, struct flags **ret_flags)
{
    TRY(flags_new(ret_flags));
    TRY(program_flags_add(*ret_flags));
    return flags_parse(*ret_flags, argc, argv, environ);
}

static struct slice flag(struct program *program, const char *name)
{
    return slice_cstr(flags_get(program->flags, name, "", NULL));
}

static int bad_flag(struct program *program, const char *name, const char *wanted)
{
    char text[64];
    buf_printf(&program->text, "%s '%s' is not %s", flags_origin(program->flags, name),
               text_printable(flag(program, name), text, sizeof(text)), wanted);
    return -EINVAL;
}

static int take_flags(struct program *program)
{
    uint64_t workers = 0;
    int64_t delay_ns = 0;
    enum log_level level = LOG_INFO;
    if (flags_given(program->flags, "workers") &&
        (text_to_u64(flag(program, "workers"), &workers) < 0 || workers < 1 || workers > 1024)) {
        return bad_flag(program, "workers", "a number from 1 to 1024");
    }
    if (log_level_parse(flag(program, "log-level"), &level) < 0) {
        return bad_flag(program, "log-level", "one of debug, info, warn, error, off");
    }
    if (text_to_duration(flag(program, "grace"), &program->grace_ns) < 0) {
        return bad_flag(program, "grace", "a time such as 500ms, 10s or 1m");
    }
    if (text_to_duration(flag(program, "drain-delay"), &delay_ns) < 0 || delay_ns > NS_PER_HOUR) {
        return bad_flag(program, "drain-delay", "a time such as 500ms or 10s, an hour at most");
    }
    program->opts.workers = (int)workers;
    program->opts.drain_delay_ms = delay_ns / NS_PER_MS;
    program->opts.log_level = (enum garm_log_level)level;
    return 0;
}

/* What was asked for goes to standard output, or the program has failed. */
static int print_text(struct program *program)
{
    const int rc = print(STDOUT_FILENO, &program->text);
    if (rc < 0) {
        buf_clear(&program->text);
        buf_printf(&program->text, "cannot write to standard output: %s", sys_error_text(rc));
        return fail(program, PROGRAM_FAILED);
    }
    return PROGRAM_OK;
}

static int print_help(struct program *program)
{
    flags_help(program->flags, program->spec->intro, &program->text);
    return print_text(program);
}

/* Listeners. */

static int listen_inherited(struct program *program, int count)
{
    for (int i = 0; i < count; i++) {
        char address[16] = "fd:";
        address[3 + text_from_u64((uint64_t)(3 + i), address + 3)] = '\0';
        TRY(garm_server_listen(program->server, address, &program->text));
    }
    return 0;
}

/* One --listen; "systemd" stands for all that was inherited. */
static int listen_one(struct program *program, const char *address, int inherited)
{
    if (strcmp(address, "systemd") != 0) {
        return garm_server_listen(program->server, address, &program->text);
    }
    if (inherited == 0) {
        buf_printf(&program->text,
                   "cannot listen on systemd: no socket was passed on to this process; start it "
                   "by a socket unit, or give an address such as ':8000'");
        return -EINVAL;
    }
    return listen_inherited(program, inherited);
}

/* All that --listen or its variable names. What is wrong with a variable is not blamed on the
 * flag. */
static int listen_given(struct program *program, int inherited)
{
    static const struct slice flag_name = SLICE_INIT("--listen");
    const char *const origin = flags_origin(program->flags, "listen");
    const char *address = flags_at(program->flags, "listen", 0);
    if (address == NULL) {
        buf_printf(&program->text, "%s names no address; write one such as ':8000'", origin);
        return -EINVAL;
    }
    int rc = 0;
    for (size_t i = 1; rc == 0 && address != NULL; i++) {
        rc = listen_one(program, address, inherited);
        address = flags_at(program->flags, "listen", i);
    }
    const char *const text = buf_cstr(&program->text);
    if (rc < 0 && slice_starts_with(slice_cstr(text), flag_name)) {
        struct buf blamed;
        buf_init(&blamed, TEXT_BYTES_MAX);
        buf_printf(&blamed, "%s%s", origin, text + flag_name.len);
        buf_deinit(&program->text);
        program->text = blamed;
    }
    return rc;
}

/* What --listen says; without it what systemd passed; without that the default. */
static int listen_all(struct program *program)
{
    const int inherited = listen_fds_inherited();
    if (inherited < 0) {
        buf_printf(&program->text, "LISTEN_FDS is set, and not to a number of descriptors");
        return inherited;
    }
    if (inherited > 0 && !flags_given(program->flags, "listen")) {
        return listen_inherited(program, inherited);
    }
    return listen_given(program, inherited);
}

static void print_addresses(struct program *program)
{
    buf_clear(&program->text);
    for (size_t i = 0; i < program->server->listener_count; i++) {
        buf_printf(&program->text, "%s %s\n", program->spec->serving,
                   garm_server_address(program->server, i));
    }
    buf_append_slice(&program->text, buf_slice(&program->note));
    /* a reader that is gone is no reason not to serve */
    (void)!print(STDOUT_FILENO, &program->text);
}

/* Running. */

static int prepare_signals(struct program *program)
{
    sys_ignore_signal(SIGPIPE);
    TRY(overflow_install());
    return ending_prepare(&program->ending);
}

/* This thread is worker 0: a server of one worker has one thread, and its system calls are the
 * cheaper for it. */
static int serve(struct program *program)
{
    struct ending *const ending = &program->ending;
    ending_of(ending, program->server, program->grace_ns);
    TRY(garm_server_start_here(program->server));
    ending_begin();
    if (!ending_asked(ending)) {
        print_addresses(program);
    }
    const int rc = server_run(program->server->server, ending->signal_fd, ending_on_signal, ending);
    ending_over(ending);
    garm_server_wait(program->server);
    return rc;
}

/* What reads files of /proc does so before it may be forbidden. */
static int before_threads(struct program *program)
{
    if (program->spec->before_threads == NULL) {
        return 0;
    }
    guard_find_kind();
    return program->spec->before_threads(garm_server_address(program->server, 0), &program->note);
}

static int run(struct program *program)
{
    int rc = before_threads(program);
    if (rc < 0) {
        buf_clear(&program->text);
        buf_append_slice(&program->text, buf_slice(&program->note));
        return fail(program, rc == -EINVAL ? PROGRAM_USAGE : PROGRAM_FAILED);
    }
    rc = serve(program);
    if (rc < 0) {
        buf_clear(&program->text);
        buf_printf(&program->text, "cannot serve: %s", sys_error_text(rc));
        return fail(program, PROGRAM_FAILED);
    }
    return PROGRAM_OK;
}

static int set_up_and_run(struct program *program, const garm_app_entry *entry)
{
    int rc = take_flags(program);
    int status = PROGRAM_USAGE;
    const int made =
        garm_server_make(&program->opts, program->flags, &program->server, &program->text);
    if (made < 0) {
        return fail(program, PROGRAM_FAILED);
    }
    struct buf refusal;
    buf_init(&refusal, TEXT_BYTES_MAX);
    const int refused = garm_server_setup(program->server, entry, &refusal);
    if (flags_on(program->flags, "help")) {
        buf_deinit(&refusal);
        buf_clear(&program->text);
        return print_help(program);
    }
    rc = rc < 0 ? rc : flags_check(program->flags, &program->text);
    if (rc == 0 && refused < 0) {
        rc = refused;
        status = program->spec->refused;
        buf_append_slice(&program->text, buf_slice(&refusal));
    }
    buf_deinit(&refusal);
    if (rc < 0) {
        return fail(program, status);
    }
    rc = listen_all(program);
    return rc < 0 ? fail(program, PROGRAM_USAGE) : run(program);
}

int program_run(const struct program_spec *spec, struct flags *flags, const garm_app_entry *entry)
{
    struct program program = {.spec = spec, .flags = flags, .opts = {.size = sizeof(program.opts)}};
    int status = PROGRAM_FAILED;
    ending_init(&program.ending);
    buf_init(&program.text, TEXT_BYTES_MAX);
    buf_init(&program.note, TEXT_BYTES_MAX);
    sys_raise_fd_limit();
    const int rc = prepare_signals(&program);
    if (rc < 0) {
        buf_printf(&program.text, "cannot start: %s", sys_error_text(rc));
        fail(&program, status);
    } else {
        status = set_up_and_run(&program, entry);
    }
    garm_server_free(program.server);
    ending_deinit(&program.ending);
    buf_deinit(&program.note);
    buf_deinit(&program.text);
    return status;
}

/* The one line of --version. */
static int print_version(const struct program_spec *spec)
{
    struct program program = {.spec = spec};
    buf_init(&program.text, TEXT_BYTES_MAX);
    buf_printf(&program.text, "%s, garm %s\n", spec->name, garm_version());
    const int status = print_text(&program);
    buf_deinit(&program.text);
    return status;
}

static int fail_to_start(const struct program_spec *spec, int rc)
{
    struct program program = {.spec = spec};
    buf_init(&program.text, TEXT_BYTES_MAX);
    buf_printf(&program.text, "cannot start: %s", sys_error_text(rc));
    fail(&program, PROGRAM_FAILED);
    buf_deinit(&program.text);
    return PROGRAM_FAILED;
}

/* The program's name, from the path that it was called by. */
static const char *name_of(int argc, char **argv)
{
    if (argc < 1 || argv[0] == NULL) {
        return "garm";
    }
    const char *const slash = strrchr(argv[0], '/');
    return slash == NULL ? argv[0] : slash + 1;
}

int garm_main(int argc, char **argv, const garm_app_entry *entry)
{
    const char *const name = name_of(argc, argv);
    struct buf intro;
    buf_init(&intro, TEXT_BYTES_MAX);
    buf_printf(&intro, "An HTTP server, made with Garm.\n\nUsage: %s [--flag VALUE]...\n", name);
    const struct program_spec spec = {.name = name,
                                      .intro = buf_cstr(&intro),
                                      .serving = "listening on",
                                      .refused = PROGRAM_USAGE};
    struct flags *flags = NULL;
    const int rc = read_flags(argc, argv, &flags);
    const int status = rc < 0                       ? fail_to_start(&spec, rc)
                       : flags_on(flags, "version") ? print_version(&spec)
                                                    : program_run(&spec, flags, entry);
    flags_free(flags);
    buf_deinit(&intro);
    return status;
}
