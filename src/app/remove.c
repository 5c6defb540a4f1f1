/* Removing a file by a name that a client may have chosen, on a thread of the pool. */
#include "app/ctx.h"
#include "base/sys.h"

#include <garm/form.h>

#include <fcntl.h>

struct removal {
    const char *dir, *name;
    int dir_fd;
    int result;
};

/* One segment in a directory that is open: there is nothing to follow. */
static int remove_name(void *arg)
{
    struct removal *const removal = arg;
    removal->dir_fd = sys_open(removal->dir, O_PATH | O_DIRECTORY);
    removal->result = removal->dir_fd;
    if (removal->dir_fd >= 0) {
        removal->result = sys_unlink_at(removal->dir_fd, removal->name);
        sys_close(removal->dir_fd);
    }
    return 0;
}

/* What the file system's refusal means: the client's affair, or a log line. */
static int refused(garm_ctx *c, const struct removal *removal)
{
    const int error = removal->result;
    if (removal->dir_fd >= 0 && (error == -ENOENT || error == -EISDIR)) {
        return -ENOENT;
    }
    if (error == -ENOMEM || error == -EMFILE || error == -ENFILE) {
        return error;
    }
    ctx_log(c, LOG_ERROR, "a file cannot be removed from \"%s\": %s", removal->dir,
            sys_error_text(error));
    return -EIO;
}

int garm_remove_file(garm_ctx *c, const char *dir, const char *name)
{
    struct removal removal = {.dir = dir, .name = name};
    ctx_own(c);
    TRY(ctx_check(c));
    if (!garm_file_name_valid(name)) {
        return -ENOENT;
    }
    TRY(garm_offload(c, remove_name, &removal));
    return removal.result < 0 ? refused(c, &removal) : 0;
}
