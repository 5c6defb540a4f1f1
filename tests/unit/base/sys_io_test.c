/* The system calls on sockets and files. */
#include "suites.h"
#include "base/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* Two ends of a TCP connection. */
static void make_connection(int ends[2])
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint32_t len = sizeof(addr);
    const int listener = sys_socket(AF_INET, SOCK_STREAM, 0);
    assert_flags(listener, true);
    ck_assert_int_eq(sys_accept(listener, NULL, NULL), -EINVAL);
    ck_assert_int_eq(sys_bind(listener, (const struct sockaddr *)&addr, len), 0);
    ck_assert_int_eq(sys_listen(listener, 1), 0);
    ck_assert_int_eq(sys_getsockname(listener, (struct sockaddr *)&addr, &len), 0);
    ck_assert_uint_ne(addr.sin_port, 0);
    ck_assert_int_eq(sys_accept(listener, NULL, NULL), -EAGAIN);
    ends[0] = sys_socket(AF_INET, SOCK_STREAM, 0);
    const int rc = sys_connect(ends[0], (const struct sockaddr *)&addr, len);
    ck_assert(rc == 0 || rc == -EINPROGRESS);
    wait_readable(listener);
    struct sockaddr_in peer;
    len = sizeof(peer);
    ends[1] = sys_accept(listener, (struct sockaddr *)&peer, &len);
    assert_flags(ends[1], true);
    ck_assert_uint_eq(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    sys_close(listener);
}

START_TEST(a_connection_carries_bytes)
{
    int ends[2];
    char got[16];
    make_connection(ends);
    ck_assert_int_eq(sys_recv(ends[1], got, sizeof(got)), -EAGAIN);
    ck_assert_int_eq(sys_send(ends[0], "ab", 2, true), 2);
    const struct iovec iov[] = {{(char[]){'c'}, 1}, {(char[]){'d', 'e'}, 2}};
    ck_assert_int_eq(sys_sendmsg(ends[0], iov, 2, false), 3);
    ck_assert_int_eq(sys_shutdown(ends[0], SHUT_WR), 0);
    size_t len = 0;
    for (ssize_t count = -EAGAIN; count != 0;) {
        wait_readable(ends[1]);
        count = sys_recv(ends[1], got + len, sizeof(got) - len);
        ck_assert(count >= 0 || count == -EAGAIN);
        len += count > 0 ? (size_t)count : 0;
    }
    assert_slice(slice_of(got, len), "abcde");
    sys_close(ends[0]);
    sys_close(ends[1]);
}
END_TEST

START_TEST(a_send_to_nobody_is_an_error_and_no_signal)
{
    int ends[2];
    make_connection(ends);
    ck_assert_int_eq(sys_shutdown(ends[0], SHUT_WR), 0);
    const struct iovec iov = {(char[]){'x'}, 1};
    ck_assert_int_eq(sys_send(ends[0], "x", 1, false), -EPIPE);
    ck_assert_int_eq(sys_sendmsg(ends[0], &iov, 1, true), -EPIPE);
    sys_close(ends[0]);
    sys_close(ends[1]);
}
END_TEST

START_TEST(socket_options_are_set_and_read)
{
    const int fd = sys_socket(AF_INET, SOCK_STREAM, 0);
    int value = 1;
    ck_assert_int_eq(sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value)), 0);
    value = 0;
    uint32_t len = sizeof(value);
    ck_assert_int_eq(sys_getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, &len), 0);
    ck_assert_int_eq(value, 1);
    sys_close(fd);
}
END_TEST

/* A directory with the file "file" ("content"), a link "link" to it and a link "out" to "..". */
static char dir[] = "garm-unit-XXXXXX";
static char path[64];

static const char *in_dir(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void make_dir(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    const int fd = sys_open(in_dir("file"), O_WRONLY | O_CREAT | O_EXCL);
    assert_flags(fd, false);
    ck_assert_int_eq(sys_write(fd, "content", 7), 7);
    sys_close(fd);
    ck_assert_int_eq(symlink("file", in_dir("link")), 0);
    ck_assert_int_eq(symlink("..", in_dir("out")), 0);
}

static void remove_dir(void)
{
    ck_assert_int_eq(sys_unlink(in_dir("file")), 0);
    ck_assert_int_eq(sys_unlink(in_dir("link")), 0);
    ck_assert_int_eq(sys_unlink(in_dir("out")), 0);
    ck_assert_int_eq(rmdir(dir), 0);
    memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
}

/* "write" number `calls_left` and those behind it fail. */
static int calls_left;

static int fail_writes(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    return kind == SYS_CALL && strcmp(name, "write") == 0 && calls_left-- <= 0 ? -ENOSPC : 0;
}

START_TEST(all_is_written_or_an_error_tells)
{
    int ends[2];
    char got[16];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(sys_write_all(ends[1], "abc", 3), 0);
    ck_assert_int_eq(sys_read(ends[0], got, sizeof(got)), 3);
    ck_assert_int_eq(sys_write_all(ends[1], "", 0), 0);
    static const char much[1 << 20];
    ck_assert_int_eq(sys_fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(sys_write_all(ends[1], much, sizeof(much)), -EAGAIN);
    calls_left = 0;
    sys_set_fault(fail_writes, NULL);
    ck_assert_int_eq(sys_write_all(ends[1], "abc", 3), -ENOSPC);
    sys_set_fault(NULL, NULL);
    sys_close(ends[0]);
    sys_close(ends[1]);
}
END_TEST

START_TEST(files_are_read_and_described)
{
    char got[16];
    struct stat info;
    const int fd = sys_open(in_dir("file"), O_RDONLY);
    ck_assert_int_eq(sys_fstat(fd, &info), 0);
    ck_assert_int_eq(info.st_size, 7);
    ck_assert_uint_eq(info.st_mode & 0022, 0);
    ck_assert_int_eq(sys_pread(fd, got, sizeof(got), 3), 4);
    ck_assert_mem_eq(got, "tent", 4);
    ck_assert_int_eq(sys_pread_all(fd, got, sizeof(got), 4), 3);
    ck_assert_mem_eq(got, "ent", 3);
    ck_assert_int_eq(sys_pread_all(fd, got, 2, 3), 2);
    ck_assert_mem_eq(got, "tet", 3);
    ck_assert_int_eq(sys_pread_all(fd, got, sizeof(got), 7), 0);
    ck_assert_int_eq(sys_pread_all(-1, got, 1, 0), -EBADF);
    ck_assert_int_eq(sys_read(fd, got, sizeof(got)), 7);
    ck_assert_int_eq(sys_read(fd, got, sizeof(got)), 0);
    sys_close(fd);
}
END_TEST

START_TEST(links_are_seen_as_links)
{
    char got[16];
    struct stat info;
    ck_assert_int_eq(sys_lstat(in_dir("link"), &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(sys_readlink(in_dir("link"), got, sizeof(got)), 4);
    ck_assert_mem_eq(got, "file", 4);
    ck_assert_int_eq(sys_readlink(in_dir("link"), got, 2), 2);
    ck_assert_int_eq(sys_readlink(in_dir("file"), got, sizeof(got)), -EINVAL);
}
END_TEST

START_TEST(a_directory_lists_its_entries)
{
    const int fd = sys_open(dir, O_RDONLY | O_DIRECTORY);
    _Alignas(struct dirent64) char entries[1024];
    const ssize_t size = sys_getdents(fd, entries, sizeof(entries));
    ck_assert_int_gt(size, 0);
    int found = 0;
    for (ssize_t at = 0; at < size;) {
        const struct dirent64 *const entry = (const struct dirent64 *)(const void *)(entries + at);
        found += strcmp(entry->d_name, "file") == 0;
        at += entry->d_reclen;
    }
    ck_assert_int_eq(found, 1);
    ck_assert_int_eq(sys_getdents(fd, entries, sizeof(entries)), 0);
    sys_close(fd);
}
END_TEST

START_TEST(directories_are_made_renamed_and_removed)
{
    char first[sizeof(path)];
    struct stat info;
    memcpy(first, in_dir("first"), sizeof(first));
    ck_assert_int_eq(sys_mkdir(first), 0);
    ck_assert_int_eq(sys_mkdir(first), -EEXIST);
    ck_assert_int_eq(sys_rename(first, in_dir("second")), 0);
    ck_assert_int_eq(sys_rename(first, in_dir("third")), -ENOENT);
    ck_assert_int_eq(sys_lstat(in_dir("second"), &info), 0);
    ck_assert(S_ISDIR(info.st_mode));
    ck_assert_int_eq(sys_rmdir(in_dir("second")), 0);
    ck_assert_int_eq(sys_rmdir(in_dir("second")), -ENOENT);
}
END_TEST

START_TEST(a_path_beneath_a_directory_cannot_leave_it)
{
    const int fd = sys_open(dir, O_PATH | O_DIRECTORY);
    const int file = sys_open_beneath(fd, "file", O_RDONLY);
    if (file != -ENOSYS) { /* emulators of another architecture lack the call */
        assert_flags(file, false);
        sys_close(file);
        const int linked = sys_open_beneath(fd, "link", O_RDONLY);
        ck_assert_int_ge(linked, 0);
        sys_close(linked);
        ck_assert_int_eq(sys_open_beneath(fd, "none", O_RDONLY), -ENOENT);
        ck_assert_int_eq(sys_open_beneath(fd, "..", O_RDONLY), -EXDEV);
        ck_assert_int_eq(sys_open_beneath(fd, "out", O_RDONLY), -EXDEV);
        ck_assert_int_eq(sys_open_beneath(fd, "/etc/passwd", O_RDONLY), -EXDEV);
        ck_assert_int_eq(sys_open_beneath(fd, "out/../etc", O_RDONLY), -EXDEV);
    }
    sys_close(fd);
}
END_TEST

START_TEST(sendfile_sends_from_an_offset_and_moves_it)
{
    int ends[2];
    make_connection(ends);
    const int fd = sys_open(in_dir("file"), O_RDONLY);
    int64_t offset = 3;
    ck_assert_int_eq(sys_sendfile(ends[0], fd, &offset, 100), 4);
    ck_assert_int_eq(offset, 7);
    ck_assert_int_eq(sys_sendfile(ends[0], fd, &offset, 100), 0);
    wait_readable(ends[1]);
    char got[16];
    ck_assert_int_eq(sys_recv(ends[1], got, sizeof(got)), 4);
    ck_assert_mem_eq(got, "tent", 4);
    sys_close(fd);
    sys_close(ends[0]);
    sys_close(ends[1]);
}
END_TEST

static bool sigpipe_pending(void)
{
    sigset_t pending;
    ck_assert_int_eq(sigpending(&pending), 0);
    return sigismember(&pending, SIGPIPE) == 1;
}

/* The one who has the signal blocked keeps the one that waits for it, and gets no other. */
START_TEST(sendfile_to_nobody_is_an_error_and_no_signal)
{
    int ends[2];
    int64_t offset = 0;
    sigset_t sigpipe;
    sigset_t mask;
    const bool blocked = _i > 0;
    const bool pending = _i > 1;
    const int fd = sys_open(in_dir("file"), O_RDONLY);
    make_connection(ends);
    ck_assert_int_eq(sys_shutdown(ends[0], SHUT_WR), 0);
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
    ck_assert_int_eq(pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &sigpipe, NULL), 0);
    if (pending) {
        raise(SIGPIPE);
    }
    ck_assert_int_eq(sys_sendfile(ends[0], fd, &offset, 7), -EPIPE);
    ck_assert_int_eq(sigpipe_pending(), pending);
    ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    ck_assert_int_eq(sigismember(&mask, SIGPIPE), blocked);
    sys_close(fd);
    sys_close(ends[0]);
    sys_close(ends[1]);
}
END_TEST

Suite *sys_io_suite(void)
{
    Suite *const suite = suite_create("sys_io");
    TCase *const sockets = tcase_create("sockets");
    tcase_add_test(sockets, a_connection_carries_bytes);
    tcase_add_test(sockets, a_send_to_nobody_is_an_error_and_no_signal);
    tcase_add_test(sockets, socket_options_are_set_and_read);
    suite_add_tcase(suite, sockets);
    TCase *const files = tcase_create("files");
    tcase_add_checked_fixture(files, make_dir, remove_dir);
    tcase_add_test(files, all_is_written_or_an_error_tells);
    tcase_add_test(files, files_are_read_and_described);
    tcase_add_test(files, links_are_seen_as_links);
    tcase_add_test(files, a_directory_lists_its_entries);
    tcase_add_test(files, directories_are_made_renamed_and_removed);
    tcase_add_test(files, a_path_beneath_a_directory_cannot_leave_it);
    tcase_add_test(files, sendfile_sends_from_an_offset_and_moves_it);
    tcase_add_loop_test(files, sendfile_to_nobody_is_an_error_and_no_signal, 0, 3);
    suite_add_tcase(suite, files);
    return suite;
}
