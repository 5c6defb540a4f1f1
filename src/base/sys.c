/* The kernel's half of sys.h. Every wrapper has the same form: ask the fault hook, call, and turn
 * errno into a negative result. TEMP_FAILURE_RETRY (GNU: repeats a call while it fails with EINTR)
 * and strerrordesc_np (GNU: strerror without locale and buffer) have no twin in POSIX. */
#include "base/sys.h"
#include "base/fault.h"
#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == sizeof(int64_t), "file offsets have 64 bits");

/* The calls of every request go past libc: its wrappers are cancellation points, which costs as
 * much as the rest of the way to the kernel, and no thread of ours is ever cancelled. The
 * sanitizers check buffers in libc's, so they get those. */
#if defined(HAS_ASAN) || defined(__SANITIZE_THREAD__)
#define RECV(fd, buf, cap)              recv(fd, buf, cap, 0)
#define SEND(fd, data, size, flags)     send(fd, data, size, flags)
#define SENDMSG(fd, msg, flags)         sendmsg(fd, msg, flags)
#define EPOLL_WAIT(fd, events, cap, ms) epoll_wait(fd, events, cap, ms)
#else
#define RECV(fd, buf, cap)              syscall(SYS_recvfrom, fd, buf, cap, 0, NULL, NULL)
#define SEND(fd, data, size, flags)     syscall(SYS_sendto, fd, data, size, flags, NULL, 0)
#define SENDMSG(fd, msg, flags)         syscall(SYS_sendmsg, fd, msg, flags)
#define EPOLL_WAIT(fd, events, cap, ms) syscall(SYS_epoll_pwait, fd, events, cap, ms, NULL, 0)
#endif

struct fault_hook fault_hook;

void sys_set_fault(sys_fault_fn *fn, void *arg)
{
    fault_hook = (struct fault_hook){fn, arg};
}

static int result(long rc)
{
    return rc < 0 ? -errno : (int)rc;
}

static ssize_t result_size(ssize_t rc)
{
    return rc < 0 ? -errno : rc;
}

int sys_mmap(size_t size, void **ret)
{
    TRY(fault_ask(SYS_MEMORY, "mmap"));
    void *const ptr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ptr == MAP_FAILED) {
        return -errno;
    }
    *ret = ptr;
    return 0;
}

void sys_munmap(void *ptr, size_t size)
{
    CHECK(munmap(ptr, size) == 0);
}

int sys_mprotect(void *ptr, size_t size, int prot)
{
    TRY(fault_ask(SYS_CALL, "mprotect"));
    return result(mprotect(ptr, size, prot));
}

int sys_madvise(void *ptr, size_t size, int advice)
{
    TRY(fault_ask(SYS_CALL, "madvise"));
    return result(madvise(ptr, size, advice));
}

int sys_mincore(void *ptr, size_t size, unsigned char *pages)
{
    TRY(fault_ask(SYS_CALL, "mincore"));
    return result(mincore(ptr, size, pages));
}

int sys_socket(int family, int type, int protocol)
{
    TRY(fault_ask(SYS_CALL, "socket"));
    return result(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

int sys_bind(int fd, const struct sockaddr *addr, uint32_t len)
{
    TRY(fault_ask(SYS_CALL, "bind"));
    return result(bind(fd, addr, len));
}

int sys_listen(int fd, int backlog)
{
    TRY(fault_ask(SYS_CALL, "listen"));
    return result(listen(fd, backlog));
}

/* Not repeated after EINTR: the connection goes on being made, and a second call would say
 * EALREADY. */
int sys_connect(int fd, const struct sockaddr *addr, uint32_t len)
{
    TRY(fault_ask(SYS_CALL, "connect"));
    return result(connect(fd, addr, len));
}

int sys_accept(int fd, struct sockaddr *addr, uint32_t *len)
{
    TRY(fault_ask(SYS_CALL, "accept4"));
    return result(TEMP_FAILURE_RETRY(accept4(fd, addr, len, SOCK_NONBLOCK | SOCK_CLOEXEC)));
}

int sys_setsockopt(int fd, int level, int name, const void *value, uint32_t len)
{
    TRY(fault_ask(SYS_CALL, "setsockopt"));
    return result(setsockopt(fd, level, name, value, len));
}

int sys_getsockopt(int fd, int level, int name, void *value, uint32_t *len)
{
    TRY(fault_ask(SYS_CALL, "getsockopt"));
    return result(getsockopt(fd, level, name, value, len));
}

int sys_getsockname(int fd, struct sockaddr *addr, uint32_t *len)
{
    TRY(fault_ask(SYS_CALL, "getsockname"));
    return result(getsockname(fd, addr, len));
}

ssize_t sys_recv(int fd, void *buf, size_t cap)
{
    TRY(fault_ask(SYS_CALL, "recv"));
    return result_size(TEMP_FAILURE_RETRY(RECV(fd, buf, cap)));
}

static int send_flags(bool more)
{
    return more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
}

ssize_t sys_send(int fd, const void *data, size_t size, bool more)
{
    TRY(fault_ask(SYS_CALL, "send"));
    return result_size(TEMP_FAILURE_RETRY(SEND(fd, data, size, send_flags(more))));
}

ssize_t sys_sendmsg(int fd, const struct iovec *iov, size_t count, bool more)
{
    TRY(fault_ask(SYS_CALL, "sendmsg"));
    /* The kernel only reads the vector; struct msghdr cannot say so. */
    const struct msghdr msg = {.msg_iov = (struct iovec *)iov, .msg_iovlen = count};
    return result_size(TEMP_FAILURE_RETRY(SENDMSG(fd, &msg, send_flags(more))));
}

/* SIGPIPE is kept from this thread; in *ret_before, what its mask was. True if one that comes now
 * is of our making. */
static bool hold_sigpipe(const sigset_t *sigpipe, sigset_t *ret_before)
{
    sigset_t pending;
    CHECK(pthread_sigmask(SIG_BLOCK, sigpipe, ret_before) == 0);
    if (!sigismember(ret_before, SIGPIPE)) {
        return true;
    }
    return sigpending(&pending) == 0 && !sigismember(&pending, SIGPIPE);
}

/* The process ignores it: nothing need be held off. */
static bool sigpipe_ignored;

/* There is no MSG_NOSIGNAL for it: the signal is held off, and taken away if it came. That may be
 * behind bytes that were sent: then their count is returned. */
ssize_t sys_sendfile(int fd, int file_fd, int64_t *offset, size_t size)
{
    static const struct timespec at_once = {0, 0};
    sigset_t sigpipe;
    sigset_t before;
    TRY(fault_ask(SYS_CALL, "sendfile"));
    if (LIKELY(sigpipe_ignored)) {
        return result_size(TEMP_FAILURE_RETRY(sendfile(fd, file_fd, offset, size)));
    }
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    const bool ours = hold_sigpipe(&sigpipe, &before);
    const ssize_t rc = result_size(TEMP_FAILURE_RETRY(sendfile(fd, file_fd, offset, size)));
    if (ours && (rc < 0 || (size_t)rc < size)) {
        (void)TEMP_FAILURE_RETRY(sigtimedwait(&sigpipe, NULL, &at_once));
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return rc;
}

int sys_shutdown(int fd, int how)
{
    TRY(fault_ask(SYS_CALL, "shutdown"));
    return result(shutdown(fd, how));
}

ssize_t sys_read(int fd, void *buf, size_t cap)
{
    TRY(fault_ask(SYS_CALL, "read"));
    return result_size(TEMP_FAILURE_RETRY(read(fd, buf, cap)));
}

ssize_t sys_pread(int fd, void *buf, size_t cap, int64_t offset)
{
    TRY(fault_ask(SYS_CALL, "pread"));
    return result_size(TEMP_FAILURE_RETRY(pread(fd, buf, cap, offset)));
}

ssize_t sys_pread_all(int fd, void *buf, size_t size, int64_t offset)
{
    size_t have = 0;
    ssize_t n = 1;
    while (n > 0 && have < size) {
        n = sys_pread(fd, (char *)buf + have, size - have, offset + (int64_t)have);
        have += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? n : (ssize_t)have;
}

ssize_t sys_pread_at_hand(int fd, void *buf, size_t cap, int64_t offset)
{
    const struct iovec iov = {buf, cap};
    TRY(fault_ask(SYS_CALL, "preadv2"));
    return result_size(TEMP_FAILURE_RETRY(preadv2(fd, &iov, 1, offset, RWF_NOWAIT)));
}

ssize_t sys_write(int fd, const void *data, size_t size)
{
    TRY(fault_ask(SYS_CALL, "write"));
    return result_size(TEMP_FAILURE_RETRY(write(fd, data, size)));
}

int sys_write_all(int fd, const void *data, size_t size)
{
    const char *const bytes = data;
    for (size_t at = 0; at < size;) {
        const ssize_t n = sys_write(fd, bytes + at, size - at);
        if (n <= 0) {
            return n < 0 ? (int)n : -EIO;
        }
        at += (size_t)n;
    }
    return 0;
}

void sys_close(int fd)
{
    if (fd >= 0) {
        close(fd); /* Linux frees the number whatever it returns */
    }
}

int sys_fcntl(int fd, int command, int arg)
{
    TRY(fault_ask(SYS_CALL, "fcntl"));
    return result(fcntl(fd, command, arg));
}

int sys_epoll_create(void)
{
    TRY(fault_ask(SYS_CALL, "epoll_create1"));
    return result(epoll_create1(EPOLL_CLOEXEC));
}

int sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
    TRY(fault_ask(SYS_CALL, "epoll_ctl"));
    return result(epoll_ctl(epoll_fd, op, fd, event));
}

int sys_epoll_wait(int epoll_fd, struct epoll_event *events, int cap, int timeout_ms)
{
    TRY(fault_ask(SYS_CALL, "epoll_wait"));
    const int rc = result(EPOLL_WAIT(epoll_fd, events, cap, timeout_ms));
    return rc == -EINTR ? 0 : rc;
}

int sys_eventfd(void)
{
    TRY(fault_ask(SYS_CALL, "eventfd"));
    return result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

int sys_timerfd(void)
{
    TRY(fault_ask(SYS_CALL, "timerfd_create"));
    return result(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
}

int sys_timerfd_set(int fd, int64_t ns)
{
    TRY(fault_ask(SYS_CALL, "timerfd_settime"));
    struct itimerspec spec = {0};
    if (ns >= 0) {
        spec.it_value.tv_sec = ns / NS_PER_SEC;
        spec.it_value.tv_nsec = ns % NS_PER_SEC + (ns == 0); /* zero would disarm it */
    }
    return result(timerfd_settime(fd, 0, &spec, NULL));
}

int sys_signalfd(const sigset_t *signals)
{
    TRY(fault_ask(SYS_CALL, "signalfd"));
    return result(signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

int sys_sigmask(int how, const sigset_t *signals, sigset_t *ret_old)
{
    TRY(fault_ask(SYS_CALL, "pthread_sigmask"));
    return -pthread_sigmask(how, signals, ret_old);
}

int sys_thread_create(pthread_t *ret_thread, void *(*run)(void *arg), void *arg)
{
    TRY(fault_ask(SYS_CALL, "pthread_create"));
    return -pthread_create(ret_thread, NULL, run, arg);
}

void sys_thread_join(pthread_t thread)
{
    CHECK(pthread_join(thread, NULL) == 0);
}

size_t sys_cpu_count(void)
{
    cpu_set_t cpus;
    const int count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    return count > 0 ? (size_t)count : 1;
}

void sys_raise_fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void sys_ignore_signal(int signal_number)
{
    (void)signal(signal_number, SIG_IGN);
    sigpipe_ignored = sigpipe_ignored || signal_number == SIGPIPE;
}

int sys_open(const char *path, int flags)
{
    TRY(fault_ask(SYS_CALL, "open"));
    return result(TEMP_FAILURE_RETRY(open(path, flags | O_CLOEXEC, 0644)));
}

/* glibc has no wrapper. */
static int open_how(int dir_fd, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = resolve};
    return result(TEMP_FAILURE_RETRY(syscall(SYS_openat2, dir_fd, path, &how, sizeof(how))));
}

#define BENEATH (RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)

/* A rename anywhere makes the kernel unsure of a link's "..": it asks to be called again. */
#define BENEATH_TRIES 64

int sys_open_beneath(int dir_fd, const char *path, int flags)
{
    int rc = -EAGAIN;
    for (int i = 0; i < BENEATH_TRIES && rc == -EAGAIN; i++) {
        rc = fault_ask(SYS_CALL, "openat2");
        rc = rc < 0 ? rc : open_how(dir_fd, path, flags, BENEATH);
    }
    return rc;
}

/* -EINVAL: the kernel does not know RESOLVE_CACHED. */
int sys_open_at_hand(int dir_fd, const char *path, int flags, bool beneath)
{
    TRY(fault_ask(SYS_CALL, "openat2_cached"));
    const int rc = open_how(dir_fd, path, flags, RESOLVE_CACHED | (beneath ? BENEATH : 0));
    return rc == -EINVAL ? -EAGAIN : rc;
}

int sys_fstat(int fd, struct stat *ret_stat)
{
    TRY(fault_ask(SYS_CALL, "fstat"));
    return result(fstat(fd, ret_stat));
}

int sys_lstat(const char *path, struct stat *ret_stat)
{
    TRY(fault_ask(SYS_CALL, "lstat"));
    return result(lstat(path, ret_stat));
}

int sys_lstat_at(int dir_fd, const char *name, struct stat *ret_stat)
{
    TRY(fault_ask(SYS_CALL, "fstatat"));
    return result(fstatat(dir_fd, name, ret_stat, AT_SYMLINK_NOFOLLOW));
}

bool sys_in_memory(int fd)
{
    struct statfs stat;
    if (fstatfs(fd, &stat) != 0) {
        return false;
    }
    return stat.f_type == TMPFS_MAGIC || stat.f_type == RAMFS_MAGIC;
}

int sys_unlink(const char *path)
{
    TRY(fault_ask(SYS_CALL, "unlink"));
    return result(unlink(path));
}

int sys_mkdir(const char *path)
{
    TRY(fault_ask(SYS_CALL, "mkdir"));
    return result(mkdir(path, 0777));
}

int sys_rmdir(const char *path)
{
    TRY(fault_ask(SYS_CALL, "rmdir"));
    return result(rmdir(path));
}

int sys_rename(const char *from, const char *to)
{
    TRY(fault_ask(SYS_CALL, "rename"));
    return result(rename(from, to));
}

ssize_t sys_readlink(const char *path, char *buf, size_t cap)
{
    TRY(fault_ask(SYS_CALL, "readlink"));
    return result_size(readlink(path, buf, cap));
}

ssize_t sys_getdents(int fd, void *buf, size_t cap)
{
    TRY(fault_ask(SYS_CALL, "getdents64"));
    return result_size(getdents64(fd, buf, cap));
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

int64_t sys_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t sys_realtime_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

void sys_random(void *buf, size_t size)
{
    char *at = buf;
    while (size > 0) {
        const ssize_t got = TEMP_FAILURE_RETRY(getrandom(at, size, 0));
        CHECK(got > 0);
        at += got;
        size -= (size_t)got;
    }
}

const char *sys_error_text(int error)
{
    const char *const text = strerrordesc_np(-error);
    return text == NULL ? "Unknown error" : text;
}
