/* Unix listeners: paths, abstract names, stale sockets, and whose file is removed. */
#include "net/listener.h"

#include "suites.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *directory;
static char path[96];
static char text[128];

static void in_directory(void)
{
    directory = make_directory();
    (void)snprintf(path, sizeof(path), "%s/sock", directory);
    (void)snprintf(text, sizeof(text), "unix:%s", path);
}

static void out_of_directory(void)
{
    (void)unlink(path);
    remove_directory(directory);
}

static bool exists(const char *name)
{
    struct stat status;
    return lstat(name, &status) == 0;
}

static int local_socket(int type)
{
    const int fd = socket(AF_UNIX, type, 0);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* A socket of somebody else's at the path. */
static int bind_there(int type)
{
    const struct listen_spec spec = spec_of(text);
    const int fd = local_socket(type);
    ck_assert_int_eq(bind(fd, &spec.addr.any, spec.len), 0);
    return fd;
}

static int connect_there(const struct listen_spec *spec)
{
    const int fd = local_socket(SOCK_STREAM);
    const int rc = connect(fd, &spec->addr.any, spec->len) < 0 ? -errno : 0;
    close(fd);
    return rc;
}

START_TEST(a_path_listens_on_one_shared_socket)
{
    struct listener listener = open_text(text, 4);
    ck_assert(listener.shared);
    ck_assert_uint_eq(listener.fd_count, 1);
    ck_assert_str_eq(listener.url, text);
    ck_assert_int_eq(connect_there(&listener.spec), 0);
    ck_assert_int_ne(fcntl(listener.fds[0], F_GETFL) & O_NONBLOCK, 0);
    listener_close(&listener);
}
END_TEST

START_TEST(close_removes_the_path)
{
    struct listener listener = open_text(text, 1);
    ck_assert(exists(path));
    listener_close(&listener);
    ck_assert(!exists(path));
}
END_TEST

START_TEST(close_leaves_a_path_that_is_another_socket_now)
{
    struct listener listener = open_text(text, 1);
    ck_assert_int_eq(unlink(path), 0);
    const int other = bind_there(SOCK_STREAM);
    listener_close(&listener);
    ck_assert(exists(path));
    close(other);
}
END_TEST

/* As in a drain: the descriptor is closed early, a successor takes the path, and then we end. */
START_TEST(close_leaves_the_successors_socket_after_an_early_close)
{
    struct listener listener = open_text(text, 1);
    close(listener.fds[0]);
    listener.fds[0] = -1;
    struct listener successor = open_text(text, 1);
    listener_close(&listener);
    ck_assert(exists(path));
    ck_assert_int_eq(connect_there(&successor.spec), 0);
    listener_close(&successor);
}
END_TEST

START_TEST(close_removes_a_path_whose_mode_was_changed)
{
    struct listener listener = open_text(text, 1);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(connect_there(&listener.spec), 0);
    listener_close(&listener);
    ck_assert(!exists(path));
}
END_TEST

START_TEST(a_stale_socket_is_replaced)
{
    close(bind_there(SOCK_STREAM));
    ck_assert(exists(path));
    struct listener listener = open_text(text, 1);
    ck_assert_int_eq(connect_there(&listener.spec), 0);
    listener_close(&listener);
}
END_TEST

START_TEST(a_live_socket_is_an_error_and_stays)
{
    const char *error;
    struct listener first = open_text(text, 1);
    const size_t before = open_descriptors();
    ck_assert_int_eq(open_failing(text, 1, &error), -EADDRINUSE);
    assert_contains(error, "another process listens there; stop that, or choose another path");
    assert_contains(error, path);
    ck_assert_uint_eq(open_descriptors(), before);
    ck_assert_int_eq(connect_there(&first.spec), 0);
    listener_close(&first);
}
END_TEST

START_TEST(a_live_socket_with_a_full_queue_is_an_error_and_stays)
{
    const char *error;
    const struct listen_spec spec = spec_of(text);
    const int live = bind_there(SOCK_STREAM);
    const int client = local_socket(SOCK_STREAM | SOCK_NONBLOCK);
    ck_assert_int_eq(listen(live, 0), 0);
    ck_assert_int_eq(connect(client, &spec.addr.any, spec.len), 0);
    ck_assert_int_eq(open_failing(text, 1, &error), -EADDRINUSE);
    ck_assert(exists(path));
    close(client);
    close(live);
}
END_TEST

START_TEST(a_live_datagram_socket_is_an_error_and_stays)
{
    const char *error;
    const int live = bind_there(SOCK_DGRAM);
    ck_assert_int_eq(open_failing(text, 1, &error), -EADDRINUSE);
    ck_assert(exists(path));
    close(live);
}
END_TEST

START_TEST(a_file_that_is_not_a_socket_is_never_removed)
{
    const char *error;
    const int file = open(path, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(file, 0);
    close(file);
    ck_assert_int_eq(open_failing(text, 1, &error), -EEXIST);
    assert_contains(error, "what is there is not a socket; remove it, or choose another path");
    ck_assert(exists(path));
}
END_TEST

START_TEST(a_link_is_never_removed)
{
    const char *error;
    ck_assert_int_eq(symlink("nowhere", path), 0);
    ck_assert_int_eq(open_failing(text, 1, &error), -EEXIST);
    ck_assert(exists(path));
}
END_TEST

START_TEST(a_missing_directory_is_told_so)
{
    const char *error;
    char missing[256];
    (void)snprintf(missing, sizeof(missing), "unix:%s/missing/sock", directory);
    ck_assert_int_eq(open_failing(missing, 1, &error), -ENOENT);
    assert_contains(error, "its directory does not exist; make it first (mkdir)");
}
END_TEST

START_TEST(a_denied_directory_is_told_so)
{
    struct fault fault = {.kind = SYS_CALL, .name = "bind", .error = -EACCES};
    const char *error;
    fault_set(&fault);
    ck_assert_int_eq(open_failing(text, 1, &error), -EACCES);
    fault_clear();
    assert_contains(error, "not permitted; choose a directory that this user may write to");
}
END_TEST

START_TEST(an_abstract_name_listens_and_leaves_no_file)
{
    const char *error;
    char name[64];
    (void)snprintf(name, sizeof(name), "unix:@garm-test-%d", (int)getpid());
    struct listener listener = open_text(name, 2);
    ck_assert_str_eq(listener.url, name);
    ck_assert_int_eq(connect_there(&listener.spec), 0);
    ck_assert_int_eq(open_failing(name, 1, &error), -EADDRINUSE);
    assert_contains(error, "another process listens there; stop that, or choose another name");
    listener_close(&listener);
}
END_TEST

Suite *suite_listener_unix(void)
{
    Suite *const suite = suite_create("listener_unix");
    TCase *const tcase = tcase_create("listener_unix");
    tcase_add_checked_fixture(tcase, in_directory, out_of_directory);
    tcase_add_test(tcase, a_path_listens_on_one_shared_socket);
    tcase_add_test(tcase, close_removes_the_path);
    tcase_add_test(tcase, close_leaves_a_path_that_is_another_socket_now);
    tcase_add_test(tcase, close_leaves_the_successors_socket_after_an_early_close);
    tcase_add_test(tcase, close_removes_a_path_whose_mode_was_changed);
    tcase_add_test(tcase, a_stale_socket_is_replaced);
    tcase_add_test(tcase, a_live_socket_is_an_error_and_stays);
    tcase_add_test(tcase, a_live_socket_with_a_full_queue_is_an_error_and_stays);
    tcase_add_test(tcase, a_live_datagram_socket_is_an_error_and_stays);
    tcase_add_test(tcase, a_file_that_is_not_a_socket_is_never_removed);
    tcase_add_test(tcase, a_link_is_never_removed);
    tcase_add_test(tcase, a_missing_directory_is_told_so);
    tcase_add_test(tcase, a_denied_directory_is_told_so);
    tcase_add_test(tcase, an_abstract_name_listens_and_leaves_no_file);
    suite_add_tcase(suite, tcase);
    return suite;
}
