/* Inherited sockets: fd:N, and systemd's variables. */
#include "net/listener.h"

#include "suites.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *fd_text(int fd)
{
    static char text[32];
    (void)snprintf(text, sizeof(text), "fd:%d", fd);
    return text;
}

START_TEST(a_listening_socket_is_adopted)
{
    char url[64];
    int no_delay = 0;
    socklen_t len = sizeof(no_delay);
    uint16_t port = 0;
    const int fd = listen_v4(false, &port);
    struct listener listener = open_text(fd_text(fd), 4);
    ck_assert(listener.shared);
    ck_assert_uint_eq(listener.fd_count, 1);
    ck_assert_int_eq(listener.fds[0], fd);
    ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &len), 0);
    ck_assert_int_eq(no_delay, 1);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
    ck_assert_str_eq(listener.url, url);
    listener_close(&listener);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

START_TEST(an_inherited_unix_sockets_path_is_shown_and_not_removed)
{
    char path[96];
    char text[128];
    const char *const directory = make_directory();
    (void)snprintf(path, sizeof(path), "%s/sock", directory);
    (void)snprintf(text, sizeof(text), "unix:%s", path);
    const struct listen_spec spec = spec_of(text);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, &spec.addr.any, spec.len), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    struct listener listener = open_text(fd_text(fd), 1);
    ck_assert_str_eq(listener.url, text);
    listener_close(&listener);
    ck_assert_int_eq(unlink(path), 0);
    remove_directory(directory);
}
END_TEST

START_TEST(an_inherited_abstract_name_is_shown)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "unix:@garm-fd-%d", (int)getpid());
    const struct listen_spec spec = spec_of(text);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, &spec.addr.any, spec.len), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    struct listener listener = open_text(fd_text(fd), 1);
    ck_assert_str_eq(listener.url, text);
    listener_close(&listener);
}
END_TEST

/* What opening `fd` is told; it must be left as it is. */
static void assert_refused(int fd, int rc, const char *part)
{
    const char *error;
    const int flags = fcntl(fd, F_GETFL);
    ck_assert_int_eq(open_failing(fd_text(fd), 1, &error), rc);
    assert_contains(error, "cannot listen on fd:");
    assert_contains(error, part);
    ck_assert_int_eq(fcntl(fd, F_GETFL), flags);
    if (flags >= 0) {
        close(fd);
    }
}

START_TEST(a_closed_descriptor_is_refused)
{
    assert_refused(1000, -EBADF, "fd:1000: no such descriptor is open");
}
END_TEST

START_TEST(a_file_is_refused)
{
    assert_refused(open("/dev/null", O_RDWR), -ENOTSOCK, "not a socket");
}
END_TEST

START_TEST(a_datagram_socket_is_refused)
{
    assert_refused(socket(AF_INET, SOCK_DGRAM, 0), -EINVAL, "not a stream socket");
}
END_TEST

START_TEST(a_socket_that_does_not_listen_is_refused)
{
    assert_refused(socket(AF_INET, SOCK_STREAM, 0), -EINVAL, "does not listen; call listen()");
}
END_TEST

static void set_variables(const char *pid, const char *count)
{
    ck_assert_int_eq(setenv("LISTEN_PID", pid, 1), 0);
    ck_assert_int_eq(setenv("LISTEN_FDS", count, 1), 0);
    ck_assert_int_eq(setenv("LISTEN_FDNAMES", "a:b", 1), 0);
}

static const char *own_pid(void)
{
    static char text[16];
    (void)snprintf(text, sizeof(text), "%d", (int)getpid());
    return text;
}

START_TEST(variables_for_this_process_count_and_are_forgotten)
{
    set_variables(own_pid(), "2");
    ck_assert_int_eq(listen_fds_inherited(), 2);
    ck_assert_ptr_null(getenv("LISTEN_PID"));
    ck_assert_ptr_null(getenv("LISTEN_FDS"));
    ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
    ck_assert_int_eq(listen_fds_inherited(), 0);
}
END_TEST

START_TEST(variables_for_another_process_do_not_count)
{
    set_variables("1", "2");
    ck_assert_int_eq(listen_fds_inherited(), 0);
    ck_assert_ptr_null(getenv("LISTEN_FDS"));
}
END_TEST

START_TEST(one_variable_alone_does_not_count)
{
    set_variables(own_pid(), "2");
    ck_assert_int_eq(unsetenv("LISTEN_PID"), 0);
    ck_assert_int_eq(listen_fds_inherited(), 0);
}
END_TEST

START_TEST(malformed_variables_are_an_error)
{
    static const char *const counts[] = {
        "", "x", "-1", "2x", " 2", "2147483645", "99999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        set_variables(own_pid(), counts[i]);
        ck_assert_int_eq(listen_fds_inherited(), -EINVAL);
    }
    set_variables("me", "1");
    ck_assert_int_eq(listen_fds_inherited(), -EINVAL);
    ck_assert_ptr_null(getenv("LISTEN_PID"));
}
END_TEST

Suite *suite_listener_fd(void)
{
    Suite *const suite = suite_create("listener_fd");
    TCase *const tcase = tcase_create("listener_fd");
    tcase_add_test(tcase, a_listening_socket_is_adopted);
    tcase_add_test(tcase, an_inherited_unix_sockets_path_is_shown_and_not_removed);
    tcase_add_test(tcase, an_inherited_abstract_name_is_shown);
    tcase_add_test(tcase, a_closed_descriptor_is_refused);
    tcase_add_test(tcase, a_file_is_refused);
    tcase_add_test(tcase, a_datagram_socket_is_refused);
    tcase_add_test(tcase, a_socket_that_does_not_listen_is_refused);
    tcase_add_test(tcase, variables_for_this_process_count_and_are_forgotten);
    tcase_add_test(tcase, variables_for_another_process_do_not_count);
    tcase_add_test(tcase, one_variable_alone_does_not_count);
    tcase_add_test(tcase, malformed_variables_are_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}
