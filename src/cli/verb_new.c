/* garm new: writes a small project that builds and tests itself. It is written into a directory
 * beside its own and renamed when it is whole: a failure leaves nothing behind, nor does a signal
 * that ends the process. */
#include "cli/command.h"
#include "cli/templates.h"

#include "base/buf.h"
#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_LEN_MAX   64
#define FILE_BYTES_MAX 65536

/* The longest name twice, with some random digits, and a path of the templates. */
struct path {
    char text[256];
};

static struct path path_within(const char *dir, struct slice inner)
{
    struct path path;
    snprintf(path.text, sizeof(path.text), "%s/%.*s", dir, (int)inner.len, inner.ptr);
    return path;
}

static int fail(struct command *command, const char *path, int error)
{
    return command_fail(command, VERB_FAILED, "cannot make %s: %s", path, sys_error_text(error));
}

static bool is_name_char(char c)
{
    return text_is_letter(c) || text_is_digit(c) || c == '-' || c == '_';
}

/* It becomes a directory, a program and a word in a Makefile. */
static bool is_name(struct slice name)
{
    if (name.len == 0 || name.len > NAME_LEN_MAX || name.ptr[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_char(name.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* The template with the project's name in the places of "@NAME@". */
static void fill(struct buf *out, struct slice text, const char *name)
{
    static const char mark[] = "@NAME@";
    while (text.len > 0) {
        const char *const at = memmem(text.ptr, text.len, mark, sizeof(mark) - 1);
        const size_t before = at == NULL ? text.len : (size_t)(at - text.ptr);
        const size_t taken = at == NULL ? before : before + sizeof(mark) - 1;
        buf_append(out, text.ptr, before);
        buf_append_slice(out, at == NULL ? slice_of(NULL, 0) : slice_cstr(name));
        text = slice_of(text.ptr + taken, text.len - taken);
    }
}

static int write_file(const char *path, struct slice text)
{
    const int fd = sys_open(path, O_WRONLY | O_CREAT | O_EXCL);
    if (fd < 0) {
        return fd;
    }
    const int rc = sys_write_all(fd, text.ptr, text.len);
    sys_close(fd);
    return rc;
}

/* The directory that a template's file is in, below the project's; empty for that itself. */
static struct slice directory_of(const struct template_file *file)
{
    const char *const slash = strchr(file->path, '/');
    return slice_of(file->path, slash == NULL ? 0 : (size_t)(slash - file->path));
}

static int make_file(const char *work, const struct template_file *file, const char *name)
{
    const struct slice directory = directory_of(file);
    if (directory.len > 0) {
        const int rc = sys_mkdir(path_within(work, directory).text);
        if (rc < 0 && rc != -EEXIST) {
            return rc;
        }
    }
    struct buf text;
    buf_init(&text, FILE_BYTES_MAX);
    fill(&text, slice_of((const char *)file->data, file->size), name);
    int rc = text.error;
    if (rc == 0) {
        rc = write_file(path_within(work, slice_cstr(file->path)).text, buf_slice(&text));
    }
    buf_deinit(&text);
    return rc;
}

/* Removes what make_file made, as far as it came. */
static void remove_all(const char *work)
{
    for (const struct template_file *file = template_files; file->path != NULL; file++) {
        (void)sys_unlink(path_within(work, slice_cstr(file->path)).text);
    }
    for (const struct template_file *file = template_files; file->path != NULL; file++) {
        if (directory_of(file).len > 0) {
            (void)sys_rmdir(path_within(work, directory_of(file)).text);
        }
    }
    (void)sys_rmdir(work);
}

/* Has somebody sent one of the signals that wait until the project is whole, or gone? */
static bool asked_to_stop(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

/* All files in `work`, and that under its proper name. */
static int make_project(struct command *command, const char *work, const char *name)
{
    for (const struct template_file *file = template_files; file->path != NULL; file++) {
        const int rc = asked_to_stop() ? -EINTR : make_file(work, file, name);
        if (rc < 0) {
            return fail(command, path_within(name, slice_cstr(file->path)).text, rc);
        }
    }
    const int rc = sys_rename(work, name);
    return rc < 0 ? fail(command, name, rc) : VERB_OK;
}

static int report(const char *name)
{
    for (const struct template_file *file = template_files; file->path != NULL; file++) {
        printf("made %s/%s\n", name, file->path);
    }
    printf("\nNext:\n"
           "  cd %s\n"
           "  make test    # builds it and runs its tests\n"
           "  make run     # serves on http://127.0.0.1:8000\n",
           name);
    return VERB_OK;
}

static int new_project(struct command *command, const char *name)
{
    struct stat there;
    if (sys_lstat(name, &there) == 0) {
        return fail(command, name, -EEXIST);
    }
    uint32_t salt = 0;
    sys_random(&salt, sizeof(salt));
    struct path work;
    snprintf(work.text, sizeof(work.text), ".%s.%08x", name, salt);
    const int rc = sys_mkdir(work.text);
    if (rc < 0) {
        return fail(command, name, rc);
    }
    const int status = make_project(command, work.text, name);
    if (status != VERB_OK) {
        remove_all(work.text);
        return status;
    }
    return report(name);
}

/* SIGINT and SIGTERM wait: they end the process at the end, when nothing is half done. */
static int make_undisturbed(struct command *command, const char *name)
{
    sigset_t signals;
    sigset_t before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sys_sigmask(SIG_BLOCK, &signals, &before);
    const int status = new_project(command, name);
    sys_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static int check_and_make(struct command *command)
{
    char text[80];
    const char *const name = command_argument(command, 0);
    if (name == NULL) {
        return command_missing(command, "a name");
    }
    if (!is_name(slice_cstr(name))) {
        return command_fail(command, VERB_USAGE,
                            "'%s' cannot be a project's name; use up to %d letters, digits, - "
                            "and _, and no - in front",
                            text_printable(slice_cstr(name), text, sizeof(text)), NAME_LEN_MAX);
    }
    return make_undisturbed(command, name);
}

static int run(int argc, char **argv)
{
    struct command command;
    if (command_begin(&command, &verb_new, argc, argv)) {
        command.status = check_and_make(&command);
    }
    return command_end(&command);
}

const struct verb verb_new = {
    .name = "new",
    .usage = "NAME",
    .summary = "Writes a small project that builds and tests itself.",
    .details = "The directory NAME gets a Makefile, src/main.c, tests/test.c and a README. It is\n"
               "compiled against the installed Garm, which pkg-config must find.\n",
    .arguments_max = 1,
    .run = run,
};
