/* The i-th call fails, for every i: a sentence, no descriptor, no byte and no file is left. */
#include "net/listener.h"

#include "suites.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One attempt at `text` under `fault`. True if it opened in spite of it. */
static bool attempt(const char *text, struct fault *fault)
{
    const struct listen_spec spec = spec_of(text);
    struct listener listener;
    struct buf error;
    buf_init(&error, 4096);
    fault_set(fault);
    const int rc = listener_open(&spec, 3, &listener, &error);
    fault_clear();
    if (rc == 0) {
        listener_close(&listener);
    } else if (fault->kind == SYS_CALL) {
        ck_assert_msg(strncmp(buf_cstr(&error), "cannot listen on ", 17) == 0, "call %zu: \"%s\"",
                      fault->index, buf_cstr(&error));
    }
    buf_deinit(&error);
    return rc == 0;
}

/* What surrounds an attempt; either may be NULL. */
struct scene {
    void (*before)(void);
    void (*after)(void);
};

static const struct scene bare = {NULL, NULL};

/* Fails each call in turn until an attempt makes fewer calls than that. Returns how many attempts
 * failed. */
static size_t fail_each(const char *text, enum sys_kind kind, int error, struct scene scene)
{
    struct fault fault = {.kind = kind, .error = error};
    const size_t descriptors = open_descriptors();
    size_t failed = 0;
    mem_count(true);
    do {
        const int64_t live = mem_live();
        if (scene.before != NULL) {
            scene.before();
        }
        failed += attempt(text, &fault) ? 0 : 1;
        if (scene.after != NULL) {
            scene.after();
        }
        ck_assert_msg(open_descriptors() == descriptors, "%s: call %zu leaks", text, fault.index);
        ck_assert_int_eq(mem_live(), live);
        fault.index++;
    } while (fault.seen >= fault.index);
    mem_count(false);
    return failed;
}

static const int errors[] = {-ENOMEM, -EMFILE, -EACCES, -EADDRINUSE, -EINTR};

START_TEST(every_call_of_a_tcp_listener_may_fail)
{
    /* Three workers of six calls, and a probe; only the backlog's three may fail unseen. */
    ck_assert_uint_ge(fail_each("127.0.0.1:0", SYS_CALL, errors[_i], bare), 20);
}
END_TEST

START_TEST(every_call_of_a_dual_listener_may_fail)
{
    ck_assert_uint_ge(fail_each(":0", SYS_CALL, errors[_i], bare), 20);
}
END_TEST

/* The walk through /proc may find nobody, but the port is in use all the same. How long it is
 * depends on the machine's processes: its beginning and its end are tried. */
START_TEST(every_call_of_the_search_for_a_ports_owner_may_fail)
{
    char text[64];
    uint16_t port = 0;
    struct fault fault = {.kind = SYS_CALL, .error = -EACCES, .index = SIZE_MAX};
    const int holder = listen_v4(true, &port);
    const size_t descriptors = open_descriptors();
    (void)snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    ck_assert(!attempt(text, &fault));
    const size_t calls = fault.seen;
    ck_assert_uint_gt(calls, 10);
    for (fault.index = 0; fault.index < calls; fault.index++) {
        if (fault.index == 50 && calls > 100) {
            fault.index = calls - 50;
        }
        ck_assert(!attempt(text, &fault));
        ck_assert_uint_eq(open_descriptors(), descriptors);
    }
    close(holder);
}
END_TEST

static char path[96];
static char path_text[128];

static void leave_stale_socket(void)
{
    const struct listen_spec spec = spec_of(path_text);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    (void)unlink(path);
    ck_assert_int_eq(bind(fd, &spec.addr.any, spec.len), 0);
    close(fd);
}

static void remove_socket(void)
{
    (void)unlink(path);
}

/* The path is ours once bind has made it: whatever fails after that removes it; so does close. */
static void assert_nothing_left(void)
{
    ck_assert_int_eq(access(path, F_OK), -1);
}

static size_t fail_each_at_path(struct scene scene)
{
    const char *const directory = make_directory();
    (void)snprintf(path, sizeof(path), "%s/sock", directory);
    (void)snprintf(path_text, sizeof(path_text), "unix:%s", path);
    const size_t failed = fail_each(path_text, SYS_CALL, -ENOMEM, scene);
    remove_directory(directory);
    return failed;
}

START_TEST(every_call_of_a_unix_listener_may_fail)
{
    ck_assert_uint_eq(fail_each_at_path((struct scene){NULL, assert_nothing_left}), 4);
}
END_TEST

START_TEST(every_call_that_replaces_a_stale_socket_may_fail)
{
    ck_assert_uint_eq(fail_each_at_path((struct scene){leave_stale_socket, remove_socket}), 9);
}
END_TEST

#define PASSED_ON 100

static void pass_on(void)
{
    uint16_t port = 0;
    const int fd = listen_v4(false, &port);
    ck_assert_int_eq(dup2(fd, PASSED_ON), PASSED_ON);
    close(fd);
}

/* A descriptor that did not pass the checks is not ours, and stays open. */
static void take_back(void)
{
    (void)close(PASSED_ON);
}

START_TEST(every_call_that_adopts_a_descriptor_may_fail)
{
    const struct scene scene = {pass_on, take_back};
    ck_assert_uint_eq(fail_each("fd:100", SYS_CALL, -ENOMEM, scene), 7);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    ck_assert_uint_eq(fail_each("127.0.0.1:0", SYS_MEMORY, -ENOMEM, bare), 1);
}
END_TEST

START_TEST(running_out_of_descriptors_names_the_remedy)
{
    struct fault fault = {.kind = SYS_CALL, .name = "socket", .error = -EMFILE};
    const char *error;
    fault_set(&fault);
    ck_assert_int_eq(open_failing("127.0.0.1:0", 1, &error), -EMFILE);
    fault_clear();
    assert_contains(error, "no file descriptor is left; raise the limit (ulimit -n)");
}
END_TEST

START_TEST(an_unreadable_backlog_does_not_matter)
{
    static const char *const names[] = {"open", "read"};
    struct fault fault = {.kind = SYS_CALL, .name = names[_i], .error = -EIO};
    ck_assert(attempt("127.0.0.1:0", &fault));
}
END_TEST

Suite *suite_listener_faults(void)
{
    Suite *const suite = suite_create("listener_faults");
    TCase *const tcase = tcase_create("listener_faults");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, every_call_of_a_tcp_listener_may_fail, 0, (int)COUNT_OF(errors));
    tcase_add_loop_test(tcase, every_call_of_a_dual_listener_may_fail, 0, (int)COUNT_OF(errors));
    tcase_add_test(tcase, every_call_of_the_search_for_a_ports_owner_may_fail);
    tcase_add_test(tcase, every_call_of_a_unix_listener_may_fail);
    tcase_add_test(tcase, every_call_that_replaces_a_stale_socket_may_fail);
    tcase_add_test(tcase, every_call_that_adopts_a_descriptor_may_fail);
    tcase_add_test(tcase, every_allocation_may_fail);
    tcase_add_test(tcase, running_out_of_descriptors_names_the_remedy);
    tcase_add_loop_test(tcase, an_unreadable_backlog_does_not_matter, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
