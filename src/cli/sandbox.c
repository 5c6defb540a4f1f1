/* The rules of the sandbox. Whatever a version of landlock can forbid is forbidden, but for reading
 * beneath the directory: a newer kernel forbids more, an older one what it can. */
#include "cli/sandbox.h"

#include "base/sys.h"

#include <errno.h>

/* Kinds of access to files, as landlock's ABI numbers them. */
#define READ_FILE  (UINT64_C(1) << 2)
#define READ_DIR   (UINT64_C(1) << 3)
#define FILES_OF_1 ((UINT64_C(1) << 13) - 1)
#define REFER      (UINT64_C(1) << 13)
#define TRUNCATE   (UINT64_C(1) << 14)
#define IOCTL_DEV  (UINT64_C(1) << 15)
/* Of TCP, and of what leaves the sandbox. */
#define BIND_AND_CONNECT     UINT64_C(3)
#define ABSTRACT_AND_SIGNALS UINT64_C(3)

/* What each version can forbid besides what the one before it can. */
static const struct landlock_kinds added[] = {
    [1] = {.files = FILES_OF_1}, [2] = {.files = REFER},
    [3] = {.files = TRUNCATE},   [4] = {.networks = BIND_AND_CONNECT},
    [5] = {.files = IOCTL_DEV},  [6] = {.scopes = ABSTRACT_AND_SIGNALS},
};

static struct landlock_kinds kinds_of(int version)
{
    struct landlock_kinds kinds = {0};
    for (size_t i = 1; i < COUNT_OF(added) && i <= (size_t)version; i++) {
        kinds.files |= added[i].files;
        kinds.networks |= added[i].networks;
        kinds.scopes |= added[i].scopes;
    }
    return kinds;
}

static bool means_none(int error)
{
    return error == -ENOSYS || error == -EOPNOTSUPP || error == -EPERM;
}

int sandbox_prepare(struct sandbox *ret_sandbox, int dir_fd)
{
    const int version = sys_landlock_version();
    if (version < 0) {
        *ret_sandbox = (struct sandbox){.ruleset_fd = -1};
        return means_none(version) ? 0 : version;
    }
    const struct landlock_kinds kinds = kinds_of(version);
    const int fd = sys_landlock_create(&kinds);
    TRY(fd);
    const int rc = sys_landlock_allow(fd, dir_fd, READ_FILE | READ_DIR);
    if (rc < 0) {
        sys_close(fd);
        return rc;
    }
    *ret_sandbox = (struct sandbox){.ruleset_fd = fd, .version = version};
    return 0;
}

int sandbox_enter(const struct sandbox *sandbox)
{
    return sandbox->ruleset_fd < 0 ? 0 : sys_landlock_restrict(sandbox->ruleset_fd);
}

void sandbox_deinit(struct sandbox *sandbox)
{
    sys_close(sandbox->ruleset_fd);
    sandbox->ruleset_fd = -1;
}
