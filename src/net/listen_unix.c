/* Unix listeners: a path in the file system, or one of Linux's abstract names. What lies at the
 * path is replaced only if it is a socket that nobody answers at, and removed only while it is
 * ours. */
#include "net/listen_kinds.h"

#include "base/date.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *local_path(const struct listen_spec *spec)
{
    return spec->addr.local.sun_path;
}

static bool is_abstract(const struct listen_spec *spec)
{
    return local_path(spec)[0] == '\0';
}

static int fail_unix(const struct listen_spec *spec, int rc, struct buf *error)
{
    switch (rc) {
    case -EADDRINUSE:
        return listener_fail(spec, rc, error,
                             "another process listens there; stop that, or choose another %s",
                             is_abstract(spec) ? "name" : "path");
    case -EEXIST:
        return listener_fail(spec, rc, error,
                             "what is there is not a socket; remove it, or choose another path");
    case -ENOENT:
    case -ENOTDIR:
        return listener_fail(spec, rc, error,
                             "its directory does not exist; make it first (mkdir)");
    case -EACCES:
    case -EPERM:
        return listener_fail(spec, rc, error,
                             "not permitted; choose a directory that this user may write to");
    default: return listener_fail_errno(spec, rc, error);
    }
}

/* Does anybody accept at that path? 0: nobody does. */
static int ask_whether_stale(const struct listen_spec *spec)
{
    const int fd = sys_socket(AF_UNIX, SOCK_STREAM, 0);
    TRY(fd);
    const int rc = sys_connect(fd, &spec->addr.any, spec->len);
    sys_close(fd);
    switch (rc) {
    case 0:
    case -EAGAIN: /* its queue is full */
    case -EPROTOTYPE: /* it is a datagram socket */ return -EADDRINUSE;
    case -ECONNREFUSED: return 0;
    default: return rc;
    }
}

static int remove_stale(const struct listen_spec *spec)
{
    struct stat found;
    TRY(sys_lstat(local_path(spec), &found));
    if (!S_ISSOCK(found.st_mode)) {
        return -EEXIST;
    }
    TRY(ask_whether_stale(spec));
    return sys_unlink(local_path(spec));
}

static int bind_replacing_stale(int fd, const struct listen_spec *spec)
{
    const int rc = sys_bind(fd, &spec->addr.any, spec->len);
    if (rc != -EADDRINUSE || is_abstract(spec)) {
        return rc;
    }
    TRY(remove_stale(spec));
    return sys_bind(fd, &spec->addr.any, spec->len);
}

static struct listen_file file_of(const struct stat *status)
{
    return (struct listen_file){
        .known = true,
        .device = status->st_dev,
        .number = status->st_ino,
        /* Neither chmod nor a client's connection changes it. */
        .made_ns = date_ns_of(&status->st_mtim),
    };
}

/* Remembers which file we have made. If that fails nobody else will remove it: we do. */
static int remember_file(struct listener *listener)
{
    struct stat status;
    if (is_abstract(&listener->spec)) {
        return 0;
    }
    const int rc = sys_lstat(local_path(&listener->spec), &status);
    if (rc < 0) {
        (void)sys_unlink(local_path(&listener->spec));
        return rc;
    }
    listener->file = file_of(&status);
    return 0;
}

void listener_remove_path(const struct listener *listener)
{
    const char *const path = local_path(&listener->spec);
    struct stat status;
    if (!listener->file.known || sys_lstat(path, &status) < 0) {
        return;
    }
    const struct listen_file there = file_of(&status);
    if (there.device == listener->file.device && there.number == listener->file.number &&
        there.made_ns == listener->file.made_ns) {
        (void)sys_unlink(path);
    }
}

static int open_unix(struct listener *listener)
{
    const int fd = sys_socket(AF_UNIX, SOCK_STREAM, 0);
    TRY(fd);
    listener->fds[0] = fd;
    TRY(bind_replacing_stale(fd, &listener->spec));
    TRY(remember_file(listener));
    return sys_listen(fd, listen_backlog());
}

int listener_open_unix(struct listener *listener, struct buf *error)
{
    TRY(listener_reserve(listener, 1, error));
    const int rc = open_unix(listener);
    if (rc < 0) {
        return fail_unix(&listener->spec, rc, error);
    }
    listener->shared = true;
    listener_set_url(listener, &listener->spec.addr.any, listener->spec.len);
    return 0;
}
