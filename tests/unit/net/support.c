/* The listener tests' tools. They use libc directly: what is tested is what goes through sys.h. */
#include "support.h"

#include "net/address.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct listen_spec spec_of(const char *text)
{
    struct listen_spec spec;
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_msg(listen_parse(slice_cstr(text), &spec, &error) == 0, "%s: %s", text,
                  buf_cstr(&error));
    buf_deinit(&error);
    return spec;
}

struct listener open_text(const char *text, size_t workers)
{
    const struct listen_spec spec = spec_of(text);
    struct listener listener;
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_msg(listener_open(&spec, workers, &listener, &error) == 0, "%s: %s", text,
                  buf_cstr(&error));
    ck_assert_uint_eq(error.len, 0);
    buf_deinit(&error);
    return listener;
}

int open_failing(const char *text, size_t workers, const char **ret_error)
{
    static char sentence[4096];
    const struct listen_spec spec = spec_of(text);
    struct listener listener;
    struct buf error;
    buf_init(&error, sizeof(sentence) - 1);
    const int rc = listener_open(&spec, workers, &listener, &error);
    ck_assert_int_lt(rc, 0);
    ck_assert_uint_gt(error.len, 0);
    (void)snprintf(sentence, sizeof(sentence), "%s", buf_cstr(&error));
    buf_deinit(&error);
    *ret_error = sentence;
    return rc;
}

uint16_t listener_port(const struct listener *listener)
{
    struct address address;
    address_from_sockaddr(&listener->spec.addr.any, &address);
    return address_port(&address);
}

static int connect_to(const struct sockaddr *addr, socklen_t len)
{
    const int fd = socket(addr->sa_family, SOCK_STREAM, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, addr, len) < 0) {
        const int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int connect_v4(uint16_t port)
{
    const struct sockaddr_in addr = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect_to((const struct sockaddr *)&addr, sizeof(addr));
}

int connect_v6(uint16_t port)
{
    const struct sockaddr_in6 addr = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
    return connect_to((const struct sockaddr *)&addr, sizeof(addr));
}

int listen_v4(bool reuse_port, uint16_t *ret_port)
{
    const int one = 1;
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
    if (reuse_port) {
        ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)), 0);
    }
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&addr, len), 0);
    ck_assert_int_eq(listen(fd, 16), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    *ret_port = ntohs(addr.sin_port);
    return fd;
}

int accept_one(int fd)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&waiting, 1, 5000), 1);
    const int accepted = accept(fd, NULL, NULL);
    ck_assert_int_ge(accepted, 0);
    return accepted;
}

bool has_ipv6(void)
{
    struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    const int fd = socket(AF_INET6, SOCK_STREAM, 0);
    const bool works = fd >= 0 && bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return works;
}

size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *const dir = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

const char *make_directory(void)
{
    static char path[64];
    (void)snprintf(path, sizeof(path), "/var/tmp/garm-net-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

void remove_directory(const char *path)
{
    ck_assert_msg(rmdir(path) == 0, "%s: %s", path, strerror(errno));
}

static int fail_once(void *arg, enum sys_kind kind, const char *name)
{
    struct fault *const fault = arg;
    if (kind != fault->kind || (fault->name != NULL && strcmp(name, fault->name) != 0)) {
        return 0;
    }
    return fault->seen++ == fault->index ? fault->error : 0;
}

void fault_set(struct fault *fault)
{
    fault->seen = 0;
    sys_set_fault(fail_once, fault);
}

void fault_clear(void)
{
    sys_set_fault(NULL, NULL);
}

void assert_contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" does not say \"%s\"", text, part);
}
