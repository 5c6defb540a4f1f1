/* Files as replies: opened, looked at, held open until they are sent. */
#include "app/reply.h"

#include "app/mime.h"
#include "base/sys.h"

#include <garm/reply.h>

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Holds an open file. Takes the descriptor. What is no regular file counts as not there. */
static int hold_file_take(garm_ctx *c, int fd, const char *path)
{
    struct stat stat;
    int rc = sys_fstat(fd, &stat);
    rc = rc < 0 ? rc : S_ISREG(stat.st_mode) ? 0 : -ENOENT;
    rc = rc < 0 ? rc : reply_default_type(c, slice_cstr(mime_type(slice_cstr(path))));
    if (rc < 0) {
        sys_close(fd);
        return rc;
    }
    reply_hold(c, 200, SLICE(""));
    c->reply.fd = fd;
    c->reply.length = (uint64_t)stat.st_size;
    return 0;
}

/* What cannot be opened because of how its path is made is not there. */
static int not_there(int error)
{
    return error == -ENOTDIR || error == -ENAMETOOLONG || error == -ELOOP || error == -EXDEV ||
                   error == -EINVAL
               ? -ENOENT
               : error;
}

/* O_NONBLOCK: a FIFO would wait for its other end. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

int garm_file(garm_ctx *c, const char *path)
{
    TRY(reply_open(c, 200));
    const int fd = sys_open(path, OPEN_FLAGS);
    return fd < 0 ? not_there(fd) : hold_file_take(c, fd, path);
}

/* Bytes that no path from a request should bring to the file system: controls, the separator of
 * other systems, and one of either kind that was encoded. */
static bool is_suspect(const char *path)
{
    for (; *path != '\0'; path++) {
        const bool control = (unsigned char)*path < 0x20 || *path == 0x7f;
        if (control || *path == '\\' || strncasecmp(path, "%2f", 3) == 0 ||
            strncasecmp(path, "%5c", 3) == 0) {
            return true;
        }
    }
    return false;
}

int garm_file_beneath(garm_ctx *c, int dir_fd, const char *path)
{
    TRY(reply_open(c, 200));
    if (path[0] == '\0' || is_suspect(path)) {
        return -ENOENT;
    }
    const int fd = sys_open_beneath(dir_fd, path, OPEN_FLAGS);
    return fd < 0 ? not_there(fd) : hold_file_take(c, fd, path);
}
