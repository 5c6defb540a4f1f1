/* The other half of sys.c: files on their way to a name. The same form: ask the fault hook, call,
 * turn errno into a negative result. */
#include "base/sys.h"
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int result(long rc)
{
    return rc < 0 ? -errno : (int)rc;
}

int sys_create_nameless(int dir_fd)
{
    TRY(fault_ask(SYS_CALL, "openat"));
    return result(TEMP_FAILURE_RETRY(openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600)));
}

int sys_create_at(int dir_fd, const char *name)
{
    const int flags = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
    TRY(fault_ask(SYS_CALL, "openat"));
    return result(TEMP_FAILURE_RETRY(openat(dir_fd, name, flags, 0600)));
}

/* By way of /proc, for naming an open file itself (AT_EMPTY_PATH) takes a capability. */
int sys_link_fd(int fd, int dir_fd, const char *name)
{
    char path[32];
    TRY(fault_ask(SYS_CALL, "linkat"));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return result(linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW));
}

/* Some file systems (NFS) rename, but cannot refuse to replace: they can link. */
static int rename_by_link(int dir_fd, const char *from, const char *to)
{
    TRY(result(linkat(dir_fd, from, dir_fd, to, 0)));
    return result(unlinkat(dir_fd, from, 0));
}

int sys_rename_at(int dir_fd, const char *from, const char *to, bool replace)
{
    int rc = fault_ask(SYS_CALL, "renameat2");
    if (rc == 0) {
        rc = result(renameat2(dir_fd, from, dir_fd, to, replace ? 0 : RENAME_NOREPLACE));
    }
    return rc == -EINVAL && !replace ? rename_by_link(dir_fd, from, to) : rc;
}

int sys_unlink_at(int dir_fd, const char *name)
{
    TRY(fault_ask(SYS_CALL, "unlinkat"));
    return result(unlinkat(dir_fd, name, 0));
}

int sys_fchmod(int fd, unsigned mode)
{
    TRY(fault_ask(SYS_CALL, "fchmod"));
    return result(fchmod(fd, mode));
}

int sys_fdatasync(int fd)
{
    TRY(fault_ask(SYS_CALL, "fdatasync"));
    return result(TEMP_FAILURE_RETRY(fdatasync(fd)));
}
