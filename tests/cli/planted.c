/* Preloaded into garm, it does what a handler might that somebody has planted: with the first
 * connection, and with the first listing, which another thread makes, it tries what a locked
 * process must not do, and writes a line for each attempt to the descriptor PLANTED_FD: "accept4
 * passwd EACCES". PLANTED_DIR is what is served. With PLANTED_VERSION the kernel's landlock is of
 * that version; 0: it has none. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void report(const char *where, const char *what, long rc)
{
    const char *const outcome = rc < 0 ? strerrorname_np(errno) : "done";
    dprintf(atoi(getenv("PLANTED_FD")), "%s %s %s\n", where, what, outcome);
}

static const char *in_dir(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/%s", getenv("PLANTED_DIR"), name);
    return path;
}

static void try_network(const char *where)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    report(where, "bind", bind(fd, (struct sockaddr *)&any, sizeof(any)));
    any.sin_port = htons(9);
    report(where, "connect", connect(fd, (struct sockaddr *)&any, sizeof(any)));
    close(fd);
}

static void try_all(const char *where)
{
    char path[4096];
    report(where, "passwd", open("/etc/passwd", O_RDONLY));
    report(where, "environ", open("/proc/self/environ", O_RDONLY));
    report(where, "root", open("/", O_RDONLY | O_DIRECTORY));
    report(where, "null", open("/dev/null", O_RDWR));
    report(where, "beside", open(in_dir(path, sizeof(path), "../secret.txt"), O_RDONLY));
    report(where, "read", open(in_dir(path, sizeof(path), "index.html"), O_RDONLY));
    report(where, "list", open(in_dir(path, sizeof(path), "."), O_RDONLY | O_DIRECTORY));
    report(where, "write", open(in_dir(path, sizeof(path), "index.html"), O_WRONLY));
    report(where, "truncate", truncate(in_dir(path, sizeof(path), "a b.txt"), 4));
    report(where, "create", open(in_dir(path, sizeof(path), "new"), O_WRONLY | O_CREAT, 0600));
    report(where, "mkdir", mkdir(in_dir(path, sizeof(path), "newdir"), 0700));
    report(where, "unlink", unlink(in_dir(path, sizeof(path), "a b.txt")));
    report(where, "signal", kill(getppid(), 0));
    try_network(where);
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    static int done;
    int (*const real)(int, struct sockaddr *, socklen_t *, int) = dlsym(RTLD_NEXT, "accept4");
    if (!done && getenv("PLANTED_FD") != NULL) {
        done = 1;
        try_all("accept4");
    }
    return real(fd, addr, len, flags);
}

ssize_t getdents64(int fd, void *buf, size_t cap)
{
    static int done;
    ssize_t (*const real)(int, void *, size_t) = dlsym(RTLD_NEXT, "getdents64");
    if (!done && getenv("PLANTED_FD") != NULL) {
        done = 1;
        try_all("getdents64");
    }
    return real(fd, buf, cap);
}

long syscall(long number, ...)
{
    long args[6];
    va_list list;
    long (*const real)(long, ...) = dlsym(RTLD_NEXT, "syscall");
    va_start(list, number);
    for (int i = 0; i < 6; i++) {
        args[i] = va_arg(list, long);
    }
    va_end(list);
    const char *const version = getenv("PLANTED_VERSION");
    if (number == 444 && args[0] == 0 && version != NULL) {
        errno = ENOSYS;
        return atoi(version) > 0 ? atoi(version) : -1;
    }
    return real(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}
