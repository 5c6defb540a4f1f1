/* The system calls: each asks the hook; events, signals, threads, memory maps and time. Sockets and
 * files have their own file. */
#include "suites.h"
#include "base/compiler.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void drop_hook(void)
{
    sys_set_fault(NULL, NULL);
}

/* What the hook was asked last. */
static const char *asked_name;
static enum sys_kind asked_kind;

static int refuse(void *arg, enum sys_kind kind, const char *name)
{
    asked_kind = kind;
    asked_name = name;
    return *(const int *)arg;
}

#define ASSERT_REFUSED(name, call)                                                                 \
    do {                                                                                           \
        asked_name = "";                                                                           \
        ck_assert_int_eq(call, -EXDEV);                                                            \
        ck_assert_str_eq(asked_name, name);                                                        \
        ck_assert_int_eq(asked_kind, SYS_CALL);                                                    \
    } while (0)

static void begin_refusal(void)
{
    static int error = -EXDEV;
    sys_set_fault(refuse, &error);
}

START_TEST(every_socket_call_asks_the_hook)
{
    begin_refusal();
    ASSERT_REFUSED("socket", sys_socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_REFUSED("bind", sys_bind(-1, NULL, 0));
    ASSERT_REFUSED("listen", sys_listen(-1, 0));
    ASSERT_REFUSED("connect", sys_connect(-1, NULL, 0));
    ASSERT_REFUSED("accept4", sys_accept(-1, NULL, NULL));
    ASSERT_REFUSED("setsockopt", sys_setsockopt(-1, 0, 0, NULL, 0));
    ASSERT_REFUSED("getsockopt", sys_getsockopt(-1, 0, 0, NULL, NULL));
    ASSERT_REFUSED("getsockname", sys_getsockname(-1, NULL, NULL));
    ASSERT_REFUSED("recv", sys_recv(-1, NULL, 0));
    ASSERT_REFUSED("send", sys_send(-1, NULL, 0, false));
    ASSERT_REFUSED("sendmsg", sys_sendmsg(-1, NULL, 0, false));
    ASSERT_REFUSED("sendfile", sys_sendfile(-1, -1, NULL, 0));
    ASSERT_REFUSED("shutdown", sys_shutdown(-1, SHUT_WR));
}
END_TEST

START_TEST(every_other_call_asks_the_hook)
{
    begin_refusal();
    ASSERT_REFUSED("read", sys_read(-1, NULL, 0));
    ASSERT_REFUSED("pread", sys_pread(-1, NULL, 0, 0));
    ASSERT_REFUSED("write", sys_write(-1, NULL, 0));
    ASSERT_REFUSED("fcntl", sys_fcntl(-1, F_GETFL, 0));
    ASSERT_REFUSED("epoll_create1", sys_epoll_create());
    ASSERT_REFUSED("epoll_ctl", sys_epoll_ctl(-1, EPOLL_CTL_DEL, -1, NULL));
    ASSERT_REFUSED("epoll_wait", sys_epoll_wait(-1, NULL, 0, 0));
    ASSERT_REFUSED("eventfd", sys_eventfd());
    ASSERT_REFUSED("signalfd", sys_signalfd(NULL));
    ASSERT_REFUSED("pthread_sigmask", sys_sigmask(SIG_BLOCK, NULL, NULL));
    ASSERT_REFUSED("pthread_create", sys_thread_create(NULL, NULL, NULL));
    ASSERT_REFUSED("open", sys_open("/", O_RDONLY));
    ASSERT_REFUSED("openat2", sys_open_beneath(-1, "x", O_RDONLY));
    ASSERT_REFUSED("fstat", sys_fstat(-1, NULL));
    ASSERT_REFUSED("lstat", sys_lstat("/", NULL));
    ASSERT_REFUSED("unlink", sys_unlink("/nonexistent"));
    ASSERT_REFUSED("mkdir", sys_mkdir("/nonexistent/x"));
    ASSERT_REFUSED("rmdir", sys_rmdir("/nonexistent"));
    ASSERT_REFUSED("rename", sys_rename("/nonexistent", "/nonexistent/x"));
    ASSERT_REFUSED("readlink", sys_readlink("/", NULL, 0));
    ASSERT_REFUSED("getdents64", sys_getdents(-1, NULL, 0));
    ASSERT_REFUSED("timerfd_create", sys_timerfd());
    ASSERT_REFUSED("timerfd_settime", sys_timerfd_set(-1, 0));
    ASSERT_REFUSED("mincore", sys_mincore(NULL, 0, NULL));
    ASSERT_REFUSED("mprotect", sys_mprotect(NULL, 0, 0));
    ASSERT_REFUSED("madvise", sys_madvise(NULL, 0, 0));
}
END_TEST

/* How often the kernel is unsure yet. */
static int unsure_calls;

static int be_unsure(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    (void)kind;
    (void)name;
    return unsure_calls-- > 0 ? -EAGAIN : 0;
}

START_TEST(an_open_that_a_rename_disturbed_is_repeated)
{
    const int dir_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    unsure_calls = 20;
    sys_set_fault(be_unsure, NULL);
    const int fd = sys_open_beneath(dir_fd, ".", O_PATH);
    ck_assert(fd >= 0 || fd == -ENOSYS); /* Valgrind and emulators lack the call */
    close(fd);
    unsure_calls = INT_MAX;
    ck_assert_int_eq(sys_open_beneath(dir_fd, ".", O_PATH), -EAGAIN);
    close(dir_fd);
}
END_TEST

START_TEST(mmap_fails_with_the_memory)
{
    void *ptr = NULL;
    begin_refusal();
    ck_assert_int_eq(sys_mmap(4096, &ptr), -EXDEV);
    ck_assert_str_eq(asked_name, "mmap");
    ck_assert_int_eq(asked_kind, SYS_MEMORY);
    ck_assert_ptr_null(ptr);
}
END_TEST

START_TEST(a_close_always_closes)
{
    const int fd = sys_eventfd();
    begin_refusal();
    sys_close(fd);
    sys_close(-1);
    drop_hook();
    ck_assert_int_eq(sys_fcntl(fd, F_GETFD, 0), -EBADF);
}
END_TEST

START_TEST(failures_are_negative_errnos)
{
    char byte;
    void *ptr = NULL;
    struct stat info;
    struct epoll_event event;
    ck_assert_int_eq(sys_read(-1, &byte, 1), -EBADF);
    ck_assert_int_eq(sys_recv(-1, &byte, 1), -EBADF);
    ck_assert_int_eq(sys_epoll_wait(-1, &event, 1, 0), -EBADF);
    ck_assert_int_eq(sys_open("/nonexistent/file", O_RDONLY), -ENOENT);
    ck_assert_int_eq(sys_lstat("/nonexistent/file", &info), -ENOENT);
    ck_assert_int_eq(sys_mmap(0, &ptr), -EINVAL);
}
END_TEST

/* A signal that comes again and again until the third time, when it writes into this pipe. */
static int alarm_pipe[2];
static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms = alarms + 1;
    if (alarms == 3) {
        const ssize_t written = write(alarm_pipe[1], "x", 1);
        (void)written;
    }
}

static void set_alarm(suseconds_t interval_us)
{
    const struct itimerval timer = {{0, interval_us}, {0, interval_us}};
    ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void begin_alarms(void)
{
    alarms = 0;
    ck_assert_int_eq(pipe(alarm_pipe), 0);
    const struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    set_alarm(2000);
}

static void end_alarms(void)
{
    set_alarm(0);
    signal(SIGALRM, SIG_DFL);
    close(alarm_pipe[0]);
    close(alarm_pipe[1]);
}

START_TEST(an_interrupted_read_is_repeated)
{
    char byte = 0;
    begin_alarms();
    ck_assert_int_eq(sys_read(alarm_pipe[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
    ck_assert_int_ge(alarms, 3);
    end_alarms();
}
END_TEST

START_TEST(an_interrupted_wait_is_a_wait_without_events)
{
    begin_alarms();
    const int epoll_fd = sys_epoll_create();
    struct epoll_event event;
    ck_assert_int_eq(sys_epoll_wait(epoll_fd, &event, 1, -1), 0);
    ck_assert_int_ge(alarms, 1);
    end_alarms();
    sys_close(epoll_fd);
}
END_TEST

START_TEST(an_eventfd_counts)
{
    const int fd = sys_eventfd();
    assert_flags(fd, true);
    uint64_t count = 3;
    ck_assert_int_eq(sys_read(fd, &count, sizeof(count)), -EAGAIN);
    ck_assert_int_eq(sys_write(fd, &count, sizeof(count)), sizeof(count));
    ck_assert_int_eq(sys_write(fd, &count, sizeof(count)), sizeof(count));
    ck_assert_int_eq(sys_read(fd, &count, sizeof(count)), sizeof(count));
    ck_assert_uint_eq(count, 6);
    sys_close(fd);
}
END_TEST

START_TEST(a_timerfd_is_readable_once_its_time_has_come)
{
    const int fd = sys_timerfd();
    assert_flags(fd, true);
    uint64_t count = 0;
    ck_assert_int_eq(sys_read(fd, &count, sizeof(count)), -EAGAIN);
    ck_assert_int_eq(sys_timerfd_set(fd, 0), 0);
    wait_readable(fd);
    ck_assert_int_eq(sys_read(fd, &count, sizeof(count)), sizeof(count));
    ck_assert_uint_eq(count, 1);
    const int64_t begun = sys_monotonic_ns();
    ck_assert_int_eq(sys_timerfd_set(fd, 2000000), 0);
    wait_readable(fd);
    ck_assert_int_ge(sys_monotonic_ns() - begun, 2000000);
    ck_assert_int_eq(sys_timerfd_set(fd, INT64_MAX), 0);
    ck_assert_int_eq(sys_timerfd_set(fd, -1), 0);
    ck_assert_int_eq(sys_read(fd, &count, sizeof(count)), -EAGAIN);
    sys_close(fd);
}
END_TEST

START_TEST(a_signalfd_gives_blocked_signals)
{
    sigset_t signals;
    sigset_t old;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR1);
    ck_assert_int_eq(sys_sigmask(SIG_BLOCK, &signals, &old), 0);
    const int fd = sys_signalfd(&signals);
    assert_flags(fd, true);
    ck_assert_int_eq(raise(SIGUSR1), 0);
    struct signalfd_siginfo info;
    ck_assert_int_eq(sys_read(fd, &info, sizeof(info)), sizeof(info));
    ck_assert_uint_eq(info.ssi_signo, SIGUSR1);
    sys_close(fd);
    ck_assert_int_eq(sys_sigmask(SIG_SETMASK, &old, NULL), 0);
}
END_TEST

static void *set_one(void *arg)
{
    *(int *)arg = 1;
    return NULL;
}

START_TEST(a_joined_thread_has_run)
{
    int done = 0;
    pthread_t thread;
    ck_assert_int_eq(sys_thread_create(&thread, set_one, &done), 0);
    sys_thread_join(thread);
    ck_assert_int_eq(done, 1);
}
END_TEST

START_TEST(a_map_is_zero_writable_and_can_be_protected)
{
    static const char zeroes[8192];
    void *ptr;
    ck_assert_int_eq(sys_mmap(sizeof(zeroes), &ptr), 0);
    ck_assert_mem_eq(ptr, zeroes, sizeof(zeroes));
    memset(ptr, 1, sizeof(zeroes));
    ck_assert_int_eq(sys_madvise(ptr, sizeof(zeroes), MADV_DONTNEED), 0);
    ck_assert_mem_eq(ptr, zeroes, sizeof(zeroes));
    ck_assert_int_eq(sys_mprotect(ptr, sizeof(zeroes), PROT_NONE), 0);
    /* The kernel refuses what we would die of. */
    const int fd = sys_eventfd();
    ck_assert_int_eq(sys_write(fd, ptr, 8), -EFAULT);
    sys_close(fd);
    sys_munmap(ptr, sizeof(zeroes));
}
END_TEST

START_TEST(mincore_tells_touched_pages)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char pages[4];
    void *ptr;
    ck_assert_int_eq(sys_mmap(4 * page, &ptr), 0);
    sys_madvise(ptr, 4 * page, MADV_NOHUGEPAGE); /* refused where there are none */
    ((char *)ptr)[2 * page] = 1;
    ck_assert_int_eq(sys_mincore(ptr, 4 * page, pages), 0);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pages[i] & 1, i == 2);
    }
    sys_munmap(ptr, 4 * page);
}
END_TEST

START_TEST(clocks_go_forward_and_agree_with_the_c_library)
{
    int64_t before = sys_monotonic_ns();
    ck_assert_int_gt(before, 0);
    for (int i = 0; i < 1000; i++) {
        const int64_t now = sys_monotonic_ns();
        ck_assert_int_ge(now, before);
        before = now;
    }
    const int64_t first = time(NULL);
    const int64_t now_ns = sys_realtime_ns();
    ck_assert_int_ge(now_ns / 1000000000, first - 1);
    ck_assert_int_le(now_ns / 1000000000, time(NULL) + 1);
}
END_TEST

START_TEST(random_bytes_fill_the_buffer)
{
    static unsigned char bytes[100000];
    sys_random(bytes, 0);
    ck_assert_int_eq(bytes[0], 0);
    sys_random(bytes, sizeof(bytes));
    int counts[256] = {0};
    for (size_t i = 0; i < sizeof(bytes); i++) {
        counts[bytes[i]]++;
    }
    for (size_t i = 0; i < 256; i++) { /* 390 are expected; 200 is nine deviations away */
        ck_assert_int_gt(counts[i], 200);
        ck_assert_int_lt(counts[i], 600);
    }
}
END_TEST

START_TEST(errors_have_texts)
{
    ck_assert_str_eq(sys_error_text(-ECONNREFUSED), "Connection refused");
    ck_assert_str_eq(sys_error_text(-ENOMEM), "Cannot allocate memory");
    ck_assert_str_eq(sys_error_text(-99999), "Unknown error");
}
END_TEST

Suite *sys_suite(void)
{
    Suite *const suite = suite_create("sys");
    TCase *const calls = tcase_create("calls");
    tcase_set_timeout(calls, 60);
    tcase_add_checked_fixture(calls, NULL, drop_hook);
    tcase_add_test(calls, every_socket_call_asks_the_hook);
    tcase_add_test(calls, every_other_call_asks_the_hook);
    tcase_add_test(calls, an_open_that_a_rename_disturbed_is_repeated);
    tcase_add_test(calls, mmap_fails_with_the_memory);
    tcase_add_test(calls, a_close_always_closes);
    tcase_add_test(calls, failures_are_negative_errnos);
    tcase_add_test(calls, an_interrupted_read_is_repeated);
    tcase_add_test(calls, an_interrupted_wait_is_a_wait_without_events);
    tcase_add_test(calls, an_eventfd_counts);
    tcase_add_test(calls, a_timerfd_is_readable_once_its_time_has_come);
    tcase_add_test(calls, a_signalfd_gives_blocked_signals);
    tcase_add_test(calls, a_joined_thread_has_run);
    tcase_add_test(calls, a_map_is_zero_writable_and_can_be_protected);
    tcase_add_test(calls, mincore_tells_touched_pages);
    tcase_add_test(calls, clocks_go_forward_and_agree_with_the_c_library);
    tcase_add_test(calls, random_bytes_fill_the_buffer);
    tcase_add_test(calls, errors_have_texts);
    suite_add_tcase(suite, calls);
    return suite;
}
