/* The suites of the base floor, and what they share. */
#ifndef GARM_TESTS_BASE_SUITES_H
#define GARM_TESTS_BASE_SUITES_H

#include "base/slice.h"
#include "base/sys.h"

#include <check.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/epoll.h>

Suite *arena_suite(void);
Suite *buf_suite(void);
Suite *check_suite(void);
Suite *date_suite(void);
Suite *list_suite(void);
Suite *log_suite(void);
Suite *map_suite(void);
Suite *memory_suite(void);
Suite *random_suite(void);
Suite *slice_suite(void);
Suite *sys_io_suite(void);
Suite *sys_suite(void);
Suite *text_suite(void);
Suite *utf8_suite(void);

/* A fault hook that lets `passes` calls of a kind through and fails the next one. */
struct failing {
    enum sys_kind kind;
    size_t passes;
    size_t failed; /* how many calls it made to fail */
};

static inline int fail_one(void *arg, enum sys_kind kind, const char *name)
{
    struct failing *const failing = arg;
    (void)name;
    if (kind != failing->kind || failing->failed > 0) {
        return 0;
    }
    if (failing->passes > 0) {
        failing->passes--;
        return 0;
    }
    failing->failed++;
    return -12; /* -ENOMEM */
}

static inline void assert_slice(struct slice actual, const char *expected)
{
    if (!slice_eq(actual, slice_cstr(expected))) {
        ck_abort_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(actual), expected);
    }
}

/* A descriptor with close-on-exec. */
static inline void assert_flags(int fd, bool non_blocking)
{
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(sys_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq((sys_fcntl(fd, F_GETFL, 0) & O_NONBLOCK) != 0, non_blocking);
}

/* Returns once `fd` has something to read. */
static inline void wait_readable(int fd)
{
    const int epoll_fd = sys_epoll_create();
    assert_flags(epoll_fd, false);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    ck_assert_int_eq(sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event), 0);
    event = (struct epoll_event){0};
    ck_assert_int_eq(sys_epoll_wait(epoll_fd, &event, 1, 10000), 1);
    ck_assert_int_eq(event.data.fd, fd);
    sys_close(epoll_fd);
}

#endif
