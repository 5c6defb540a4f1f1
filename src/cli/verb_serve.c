/* garm serve: the files beneath a directory, by a process that can read nothing else. */
#include "cli/command.h"
#include "cli/sandbox.h"

#include "app/program.h"
#include "base/limits.h"
#include "base/sys.h"
#include "base/text.h"

#include <garm/garm.h>
#include <garm/mw.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CACHE_SECONDS_MAX (365 * 24 * 3600)

/* What this process serves: neither a set-up function nor a hook of the program takes an
 * argument. */
static struct site {
    const char *directory;
    int directory_fd;
    bool spa, list, cors, auth, access_log, open;
    uint64_t cache_s;
    garm_cors_opts cors_opts;
    garm_basic_auth_opts auth_opts;
} site;

/* The outermost comes first. A browser's preflight has no credentials: CORS is around them. What
 * is refused here names a flag, not a line of ours. */
static void set_up(garm_app *app)
{
    if (site.access_log) {
        garm_access_log(app);
    }
    if (site.cors) {
        garm_cors_with(app, &site.cors_opts);
    }
    if (site.auth) {
        garm_basic_auth_with(app, &site.auth_opts);
    }
    const garm_static_opts opts = {
        .size = sizeof(opts),
        .cache_max_age_s = (int64_t)site.cache_s,
        .immutable = site.cache_s > 0,
        .precompressed = true,
        .compress = true,
        .spa = site.spa,
        .list = site.list,
    };
    garm_static_with(app, "/", site.directory, &opts);
}

/* Flags: each function returns an exit status, and has said what is wrong if it is not VERB_OK. */

/* The values of a flag that may be repeated into an array of `max`. */
static int take_all(struct command *command, const char *flag, const char **values, size_t max)
{
    const char *value = NULL;
    for (size_t i = 0; (value = flags_at(command->flags, flag, i)) != NULL; i++) {
        if (i == max) {
            return command_fail(command, VERB_USAGE, "%s is given more than %zu times",
                                flags_origin(command->flags, flag), max);
        }
        values[i] = value;
    }
    return VERB_OK;
}

static int take_cache(struct command *command)
{
    char shown[64];
    const char *const text = flags_get(command->flags, "cache", "", NULL);
    if (flags_given(command->flags, "cache") &&
        (text_to_u64(slice_cstr(text), &site.cache_s) < 0 || site.cache_s > CACHE_SECONDS_MAX)) {
        return command_fail(
            command, VERB_USAGE, "%s '%s' is not a number of seconds, a year (%d) at most",
            flags_origin(command->flags, "cache"),
            text_printable(slice_cstr(text), shown, sizeof(shown)), CACHE_SECONDS_MAX);
    }
    return VERB_OK;
}

static int take_cors(struct command *command)
{
    site.cors = flags_given(command->flags, "cors");
    site.cors_opts = (garm_cors_opts){
        .size = sizeof(site.cors_opts), .where = "--cors", .methods = {"GET", "HEAD"}};
    return take_all(command, "cors", site.cors_opts.origins, GARM_CORS_LIST_MAX);
}

/* What stands where a hash should may be the password itself: it is not repeated. */
static int check_user(struct command *command, const char *user)
{
    char shown[64];
    const char *const colon = strchr(user, ':');
    if (colon == NULL || colon == user) {
        return command_fail(command, VERB_USAGE,
                            "--auth takes USER:HASH; 'garm hash' makes a hash of a password");
    }
    if (!garm_password_hash_valid(colon + 1)) {
        const struct slice name = slice_of(user, (size_t)(colon - user));
        return command_fail(command, VERB_USAGE,
                            "--auth: what the user '%s' has is no argon2id hash; 'garm hash' "
                            "makes one of a password (write it between single quotes)",
                            text_printable(name, shown, sizeof(shown)));
    }
    return VERB_OK;
}

static int take_auth(struct command *command)
{
    const char **const users = site.auth_opts.users;
    site.auth = flags_given(command->flags, "auth");
    site.auth_opts = (garm_basic_auth_opts){.size = sizeof(site.auth_opts), .where = "--auth"};
    int status = take_all(command, "auth", users, GARM_BASIC_USERS_MAX);
    for (size_t i = 0; status == VERB_OK && i < GARM_BASIC_USERS_MAX && users[i] != NULL; i++) {
        status = check_user(command, users[i]);
    }
    return status;
}

static int take_flags(struct command *command)
{
    site.spa = command_on(command, "spa");
    site.list = command_on(command, "list");
    site.access_log = command_on(command, "access-log");
    site.open = command_on(command, "open");
    int status = take_cache(command);
    status = status != VERB_OK ? status : take_cors(command);
    return status != VERB_OK ? status : take_auth(command);
}

/* May this user open what is in it, and list it if that is wanted? */
static int try_directory(int fd)
{
    struct stat unused;
    TRY(sys_lstat_at(fd, ".", &unused));
    if (!site.list) {
        return 0;
    }
    const int listed = sys_open_beneath(fd, ".", O_RDONLY | O_DIRECTORY);
    TRY(listed);
    sys_close(listed);
    return 0;
}

static int open_directory(struct command *command)
{
    char shown[256];
    const char *const given = command_argument(command, 0);
    site.directory = given != NULL ? given : ".";
    site.directory_fd = sys_open(site.directory, O_PATH | O_DIRECTORY);
    const int rc = site.directory_fd < 0 ? site.directory_fd : try_directory(site.directory_fd);
    if (rc < 0) {
        return command_fail(command, VERB_USAGE, "cannot serve %s: %s",
                            text_printable(slice_cstr(site.directory), shown, sizeof(shown)),
                            sys_error_text(rc));
    }
    return VERB_OK;
}

/* Before the first thread. */

static int open_browser(const char *address, struct buf *text)
{
    char url[256];
    char program[] = "xdg-open";
    if (strncmp(address, "http", 4) != 0 || strlen(address) >= sizeof(url)) {
        buf_printf(text, "--open: no browser opens %s; give a TCP address first", address);
        return -EINVAL;
    }
    memcpy(url, address, strlen(address) + 1);
    sys_ignore_signal(SIGCHLD);
    const int rc = sys_spawn_aside((char *[]){program, url, NULL});
    if (rc < 0) {
        buf_printf(text, "no browser was opened: xdg-open: %s\n", sys_error_text(rc));
    }
    return 0;
}

/* The browser must be out before the door is locked, and nothing is opened unless it can be. */
static int open_and_lock(const char *address, struct buf *text, const struct sandbox *sandbox)
{
    char shown[256];
    if (site.open) {
        TRY(open_browser(address, text));
    }
    const int rc = sandbox_enter(sandbox);
    if (rc < 0) {
        buf_clear(text);
        buf_printf(text, "cannot lock itself to its directory: %s", sys_error_text(rc));
        return rc == -EINVAL ? -ENOTSUP : rc;
    }
    text_printable(slice_cstr(site.directory), shown, sizeof(shown));
    if (sandbox->ruleset_fd >= 0) {
        buf_printf(text, "locked to reading %s (landlock %d)\n", shown, sandbox->version);
    } else {
        buf_printf(text, "not locked to reading %s: this kernel has no landlock\n", shown);
    }
    return 0;
}

/* The C library reads the zone of the local time with the first conversion of any time: it does so
 * while it may. */
static int before_threads(const char *address, struct buf *text)
{
    struct sandbox sandbox;
    tzset();
    int rc = sandbox_prepare(&sandbox, site.directory_fd);
    if (rc < 0) {
        buf_printf(text, "cannot prepare the lock to its directory: %s", sys_error_text(rc));
        return rc == -EINVAL ? -ENOTSUP : rc;
    }
    rc = open_and_lock(address, text, &sandbox);
    sandbox_deinit(&sandbox);
    return rc;
}

/* The verb. */

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
               text_printable(slice_cstr(site.directory), shown, sizeof(shown)));
    const struct program_spec spec = {
        .name = command->name,
        .intro = buf_cstr(&intro),
        .serving = buf_cstr(&serving),
        .refused = VERB_USAGE,
        .before_threads = before_threads,
    };
    const int status = program_run(&spec, command->flags, &entry);
    buf_deinit(&serving);
    buf_deinit(&intro);
    return status;
}

static int serve(int argc, char **argv)
{
    struct command command;
    site = (struct site){.directory_fd = -1};
    if (command_begin(&command, &verb_serve, argc, argv)) {
        command.status = take_flags(&command);
        command.status = command.status != VERB_OK ? command.status : open_directory(&command);
        command.status = command.status != VERB_OK ? command.status : serve_directory(&command);
        sys_close(site.directory_fd);
    }
    return command_end(&command);
}

static const struct flag_spec flags[] = {
    {.name = "spa",
     .kind = FLAG_BOOL,
     .help = "Answers a page that is not there with DIR's index.html."},
    {.name = "list",
     .kind = FLAG_BOOL,
     .help = "Shows what a directory without an index.html holds."},
    {.name = "cache",
     .value = "SECONDS",
     .help = "How long clients may keep files, but HTML, without asking; those with a hash in "
             "their name for a year. Default: they ask each time."},
    {.name = "cors",
     .value = "ORIGIN",
     .kind = FLAG_REPEAT,
     .help = "Lets pages of that origin (https://app.example), or of all (*), read the files."},
    {.name = "auth",
     .value = "USER:HASH",
     .kind = FLAG_REPEAT,
     .no_env = true,
     .help = "Asks for a user and a password; 'garm hash' makes the hash."},
    {.name = "access-log",
     .kind = FLAG_BOOL,
     .help = "Writes a line per request to standard error."},
    {.name = "open",
     .kind = FLAG_BOOL,
     .no_env = true,
     .help = "Opens the first address in a browser."},
};

const struct verb verb_serve = {
    .name = "serve",
    .usage = "[DIR] [--flag VALUE]...",
    .summary = "Serves the files beneath a directory.",
    .details = "DIR is the current directory unless given. A directory is shown by its\n"
               "index.html; names that begin with a dot are not served, and nothing outside of\n"
               "DIR ever is, whatever links say: the process locks itself to reading DIR alone,\n"
               "where the kernel has landlock, and says so. A file.br, file.zst or file.gz that\n"
               "is not older than its file goes to clients that take it.\n",
    .flags = flags,
    .flag_count = COUNT_OF(flags),
    .arguments_max = 1,
    .serves = true,
    .run = serve,
};
