/* What only real threads and a real kernel can show of the seam. */
#include "suites.h"

#include "base/limits.h"
#include "base/sys.h"
#include "run/io_epoll.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROUNDS 20000

static struct io *io;
static atomic_int sent;
static atomic_int seen;

/* Sends the next one only when the last was seen: each round meets the poller going to sleep. */
static void *wake_often(void *arg)
{
    (void)arg;
    for (int i = 1; i <= ROUNDS; i++) {
        atomic_store_explicit(&sent, i, memory_order_relaxed);
        io->ops->wake(io);
        while (atomic_load(&seen) < i) {
        }
    }
    return NULL;
}

START_TEST(no_wake_is_lost)
{
    pthread_t thread;
    int64_t now_ns = 0;
    ck_assert_int_eq(io_epoll_new(&io), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, wake_often, NULL), 0);
    for (int last = 0; last < ROUNDS;) {
        const int64_t begin_ns = sys_monotonic_ns();
        ck_assert_int_eq(io->ops->poll(io, 20 * NS_PER_SEC, &now_ns), 0);
        ck_assert_int_lt(now_ns - begin_ns, 20 * NS_PER_SEC);
        last = atomic_load_explicit(&sent, memory_order_relaxed);
        atomic_store(&seen, last);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    io->ops->free(io);
}
END_TEST

static void ignore(struct io_watch *watch, unsigned ready)
{
    (void)watch;
    (void)ready;
}

START_TEST(watching_what_cannot_be_watched_is_an_error)
{
    struct io_watch watch = {.fd = -1, .on_ready = ignore};
    ck_assert_int_eq(io_epoll_new(&io), 0);
    ck_assert_int_eq(io->ops->watch(io, &watch, IO_STREAM), -EBADF);
    io->ops->free(io);
}
END_TEST

static unsigned calls;

static void count(struct io_watch *watch, unsigned ready)
{
    (void)watch;
    (void)ready;
    calls++;
}

START_TEST(one_poll_tells_no_more_than_its_budget)
{
    enum { COUNT = LIMIT_EVENTS_PER_TURN + 10 };
    static struct io_watch watches[COUNT];
    static int others[COUNT];
    int64_t now_ns = 0;
    ck_assert_int_eq(io_epoll_new(&io), 0);
    for (size_t i = 0; i < COUNT; i++) {
        int pair[2];
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        watches[i] = (struct io_watch){.fd = pair[0], .on_ready = count};
        others[i] = pair[1];
        ck_assert_int_eq(io->ops->watch(io, &watches[i], IO_STREAM), 0);
    }
    ck_assert_int_eq(io->ops->poll(io, -1, &now_ns), LIMIT_EVENTS_PER_TURN);
    ck_assert_int_eq(io->ops->poll(io, -1, &now_ns), 10);
    ck_assert_uint_eq(calls, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        io->ops->close(io, watches[i].fd, false);
        close(others[i]);
    }
    io->ops->free(io);
}
END_TEST

Suite *io_epoll_suite(void)
{
    Suite *const suite = suite_create("io_epoll");
    TCase *const tcase = tcase_create("io_epoll");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, no_wake_is_lost);
    tcase_add_test(tcase, watching_what_cannot_be_watched_is_an_error);
    tcase_add_test(tcase, one_poll_tells_no_more_than_its_budget);
    suite_add_tcase(suite, tcase);
    return suite;
}
