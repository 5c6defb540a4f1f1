/* The one door to the kernel and the heap. Each function here is one system call (or one call of
 * the allocator), returns what it does, or a negative errno, and first asks the fault hook: a test
 * makes the i-th call fail. Nothing above this file calls libc's I/O or malloc; a check enforces
 * it. */
#ifndef GARM_BASE_SYS_H
#define GARM_BASE_SYS_H

#include "base/compiler.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct epoll_event;
struct iovec;
struct msghdr;
struct sockaddr;
struct stat;

/* What a fault hook is asked about. */
enum sys_kind {
    SYS_MEMORY, /* mem_alloc, mem_realloc, sys_mmap */
    SYS_CALL,   /* every other call that can fail for want of something */
};

/* Returns 0 to let the call go on, or the negative errno it shall fail with. `name` is libc's. */
typedef int sys_fault_fn(void *arg, enum sys_kind kind, const char *name);

/** Sets the process's fault hook; NULL removes it. Set it before other threads run. */
void sys_set_fault(sys_fault_fn *fn, void *arg);

/** Allocations made (a reallocation is one), and blocks not yet freed. Counted over all threads,
 *  and only while counting is on: off, it costs a branch; on, an atomic addition per call. */
void mem_count(bool on);
uint64_t mem_allocations(void);
int64_t mem_live(void);

/** `size` bytes (size > 0), aligned for any type, or NULL. Free with mem_free. */
MUST_CHECK void *mem_alloc(size_t size);
/** The same, all zero. */
MUST_CHECK void *mem_zalloc(size_t size);
/** Grows or shrinks `ptr` (NULL: allocates). On failure NULL, and `ptr` stays as it was. */
MUST_CHECK void *mem_realloc(void *ptr, size_t size);
/** `count` bytes of `text`, NUL-terminated, or NULL. */
MUST_CHECK char *mem_strndup(const char *text, size_t count);
/** Accepts NULL. */
void mem_free(void *ptr);

/** `size` bytes, all zero, for what surrounds a test and is no part of it, as the simulated world:
 *  no fault hook is asked, nothing is counted, and it aborts when there is no memory. */
void *mem_zalloc_aside(size_t size);
/** Accepts NULL. */
void mem_free_aside(void *ptr);
/** Gives the heap's free pages back to the kernel. Slow: after a burst, not in the course of
 *  things. */
void mem_trim(void);

/* Memory maps: page-aligned, anonymous and private. `*ret` is set on success. */
MUST_CHECK int sys_mmap(size_t size, void **ret);
void sys_munmap(void *ptr, size_t size);
int sys_mprotect(void *ptr, size_t size, int prot);
int sys_madvise(void *ptr, size_t size, int advice);
/* One byte per page of `size` to `pages`: bit 0 is set if it holds memory. */
MUST_CHECK int sys_mincore(void *ptr, size_t size, unsigned char *pages);

/* Sockets. All descriptors are made non-blocking and close-on-exec. */
MUST_CHECK int sys_socket(int family, int type, int protocol);
MUST_CHECK int sys_bind(int fd, const struct sockaddr *addr, uint32_t len);
MUST_CHECK int sys_listen(int fd, int backlog);
MUST_CHECK int sys_connect(int fd, const struct sockaddr *addr, uint32_t len);
MUST_CHECK int sys_accept(int fd, struct sockaddr *addr, uint32_t *len);
int sys_setsockopt(int fd, int level, int name, const void *value, uint32_t len);
int sys_getsockopt(int fd, int level, int name, void *value, uint32_t *len);
int sys_getsockname(int fd, struct sockaddr *addr, uint32_t *len);
MUST_CHECK ssize_t sys_recv(int fd, void *buf, size_t cap);
/* MSG_NOSIGNAL always; `more` sets MSG_MORE. */
MUST_CHECK ssize_t sys_send(int fd, const void *data, size_t size, bool more);
MUST_CHECK ssize_t sys_sendmsg(int fd, const struct iovec *iov, size_t count, bool more);
MUST_CHECK ssize_t sys_sendfile(int fd, int file_fd, int64_t *offset, size_t size);
int sys_shutdown(int fd, int how);

/* Any descriptor. EINTR is retried, but for close, which never is. */
MUST_CHECK ssize_t sys_read(int fd, void *buf, size_t cap);
MUST_CHECK ssize_t sys_pread(int fd, void *buf, size_t cap, int64_t offset);
/* Until `size` bytes are read or the file ends, in as many calls as that takes: how many. */
MUST_CHECK ssize_t sys_pread_all(int fd, void *buf, size_t size, int64_t offset);
/* Only what is in memory: -EAGAIN where the disk would be waited for; -EOPNOTSUPP where the file
 * system cannot tell. */
MUST_CHECK ssize_t sys_pread_at_hand(int fd, void *buf, size_t cap, int64_t offset);
MUST_CHECK ssize_t sys_write(int fd, const void *data, size_t size);
/* All of it, in as many calls as that takes: 0; a call that writes nothing is -EIO. */
MUST_CHECK int sys_write_all(int fd, const void *data, size_t size);
/* Accepts -1. Never asks the fault hook: a close always closes. */
void sys_close(int fd);
/* F_GETFL, F_SETFD and their like: `arg` is ignored where the command takes none. */
int sys_fcntl(int fd, int command, int arg);
/* Would a write of up to PIPE_BUF bytes to it return at once? */
bool sys_writable(int fd);

/* Events. */
MUST_CHECK int sys_epoll_create(void);
MUST_CHECK int sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event);
/* timeout_ms as epoll_wait takes it. EINTR gives 0 events. */
MUST_CHECK int sys_epoll_wait(int epoll_fd, struct epoll_event *events, int cap, int timeout_ms);
MUST_CHECK int sys_eventfd(void);
/* Monotonic. Readable `ns` from the time of the set; 0: at once; -1: never. */
MUST_CHECK int sys_timerfd(void);
int sys_timerfd_set(int fd, int64_t ns);
/* A descriptor from which the pending ones of `signals`, which must be blocked, are read. */
MUST_CHECK int sys_signalfd(const sigset_t *signals);

/* Threads. `how` as pthread_sigmask takes it; ret_old may be NULL. */
int sys_sigmask(int how, const sigset_t *signals, sigset_t *ret_old);
MUST_CHECK int sys_thread_create(pthread_t *ret_thread, void *(*run)(void *arg), void *arg);
void sys_thread_join(pthread_t thread);

/* The process. How many CPUs it may run on, at least 1; its limit of descriptors as high as it
 * goes; a signal ignored. None can fail in a way that matters. */
size_t sys_cpu_count(void);
void sys_raise_fd_limit(void);
void sys_ignore_signal(int signal_number);

/* What this thread, and those that it starts, may do: landlock(7). Which kinds of access need a
 * rule from now on, as its ABI numbers them. */
struct landlock_kinds {
    uint64_t files;    /* handled_access_fs */
    uint64_t networks; /* handled_access_net */
    uint64_t scopes;   /* scoped */
};
/* The ABI's version, at least 1; -ENOSYS or -EOPNOTSUPP where the kernel has none, -EPERM where a
 * filter of system calls does not know it. */
MUST_CHECK int sys_landlock_version(void);
/* A set of rules, as a descriptor; kinds that the version lacks give -EINVAL. A rule: these kinds
 * are allowed beneath a directory. The set put into force, for good, with no_new_privs. */
MUST_CHECK int sys_landlock_create(const struct landlock_kinds *kinds);
MUST_CHECK int sys_landlock_allow(int ruleset_fd, int dir_fd, uint64_t files);
MUST_CHECK int sys_landlock_restrict(int ruleset_fd);

/* Starts a program, which PATH finds, in a session of its own, with no input or output, and with
 * signals as usual. Nobody waits for it: ignore SIGCHLD. 0, or -ENOENT and the like. */
MUST_CHECK int sys_spawn_aside(char *const *argv);

/* Files. `path` is resolved beneath `dir_fd` and cannot leave it (openat2, RESOLVE_BENEATH);
 * `flags` as open(2), without O_CREAT beneath. */
MUST_CHECK int sys_open(const char *path, int flags);
MUST_CHECK int sys_open_beneath(int dir_fd, const char *path, int flags);
/* The same as far as the kernel has all names of the path at hand: -EAGAIN where it would have to
 * ask a file system, or cannot tell (before Linux 5.12). `beneath`: or not. */
MUST_CHECK int sys_open_at_hand(int dir_fd, const char *path, int flags, bool beneath);
MUST_CHECK int sys_fstat(int fd, struct stat *ret_stat);
/* Of `path` itself, even if it is a symbolic link; of a name in a directory. */
MUST_CHECK int sys_lstat(const char *path, struct stat *ret_stat);
MUST_CHECK int sys_lstat_at(int dir_fd, const char *name, struct stat *ret_stat);
/* Does the file system keep all it has in memory? */
bool sys_in_memory(int fd);
int sys_unlink(const char *path);
MUST_CHECK int sys_mkdir(const char *path);
int sys_rmdir(const char *path);
MUST_CHECK int sys_rename(const char *from, const char *to);
/* Files on their way to a name. A file without one in a directory (O_TMPFILE; -EOPNOTSUPP or
 * -EISDIR where the file system has none), or a new one with one, for this user alone; the name of
 * an open file; a name made another, which must be free unless `replace`. A `name` is one
 * segment. */
MUST_CHECK int sys_create_nameless(int dir_fd);
MUST_CHECK int sys_create_at(int dir_fd, const char *name);
MUST_CHECK int sys_link_fd(int fd, int dir_fd, const char *name);
MUST_CHECK int sys_rename_at(int dir_fd, const char *from, const char *to, bool replace);
int sys_unlink_at(int dir_fd, const char *name);
int sys_fchmod(int fd, unsigned mode);
int sys_fdatasync(int fd);
/* Bytes of the link's target, without a NUL; a longer target is cut. */
MUST_CHECK ssize_t sys_readlink(const char *path, char *buf, size_t cap);
/* Fills `buf` with struct dirent64s of an open directory: bytes, or 0 at the end. */
MUST_CHECK ssize_t sys_getdents(int fd, void *buf, size_t cap);

/* Time, in nanoseconds. Monotonic, and since 1970. Never fail. */
int64_t sys_monotonic_ns(void);
int64_t sys_realtime_ns(void);

/** Fills `buf` with unpredictable bytes. Aborts where the kernel has none to give. */
void sys_random(void *buf, size_t size);

/** The text of a negative errno, such as "Connection refused". Static storage. */
const char *sys_error_text(int error);

#endif
