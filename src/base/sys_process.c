/* The third part of sys.c: what the process may do, other programs, and whether a write would
 * block. The same form: ask the fault hook, call, turn errno into a negative result. Landlock's
 * numbers and structures are those of its ABI (landlock(7)), newer than our libc's headers. */
#include "base/sys.h"
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CREATE_RULESET 444
#define ADD_RULE       445
#define RESTRICT_SELF  446
#define ONLY_VERSION   1U /* LANDLOCK_CREATE_RULESET_VERSION */
#define RULE_BENEATH   1  /* LANDLOCK_RULE_PATH_BENEATH */
#define SPAWN_FLAGS    (POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID)

/* struct landlock_path_beneath_attr. */
struct beneath {
    uint64_t allowed;
    int32_t dir_fd;
} __attribute__((packed));

static int result(long rc)
{
    return rc < 0 ? -errno : (int)rc;
}

int sys_landlock_version(void)
{
    TRY(fault_ask(SYS_CALL, "landlock_create_ruleset"));
    return result(syscall(CREATE_RULESET, NULL, 0, ONLY_VERSION));
}

/* The kernel takes a structure longer than its own if what it does not know is zero. */
int sys_landlock_create(const struct landlock_kinds *kinds)
{
    TRY(fault_ask(SYS_CALL, "landlock_create_ruleset"));
    return result(syscall(CREATE_RULESET, kinds, sizeof(*kinds), 0));
}

int sys_landlock_allow(int ruleset_fd, int dir_fd, uint64_t files)
{
    const struct beneath rule = {.allowed = files, .dir_fd = dir_fd};
    TRY(fault_ask(SYS_CALL, "landlock_add_rule"));
    return result(syscall(ADD_RULE, ruleset_fd, RULE_BENEATH, &rule, 0));
}

int sys_landlock_restrict(int ruleset_fd)
{
    TRY(fault_ask(SYS_CALL, "landlock_restrict_self"));
    TRY(result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)));
    return result(syscall(RESTRICT_SELF, ruleset_fd, 0));
}

static void set_signals(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t ours;
    sigemptyset(&none);
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGCHLD);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &ours);
    posix_spawnattr_setflags(attributes, SPAWN_FLAGS);
}

/* Nothing to read, and nobody who reads. */
static int set_files(posix_spawn_file_actions_t *actions)
{
    int rc = 0;
    for (int fd = STDIN_FILENO; rc == 0 && fd <= STDERR_FILENO; fd++) {
        rc = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
    }
    return -rc;
}

int sys_spawn_aside(char *const *argv)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    TRY(fault_ask(SYS_CALL, "posix_spawnp"));
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
    set_signals(&attributes);
    int rc = set_files(&actions);
    rc = rc < 0 ? rc : -posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

bool sys_writable(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    return poll(&polled, 1, 0) == 1 && (polled.revents & POLLOUT) != 0;
}
