/* The simulated world: that it is one world per seed, that it is as rough as it is told to be, and
 * that it treats a server as TCP does. The server is an echo, on as many loops as a test wants. */
#include "suites.h"

#include "base/limits.h"
#include "base/random.h"
#include "base/sys.h"
#include "run/loop.h"
#include "run/sim.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#define LOOPS_MAX  3
#define CLIENTS    6
#define TALK_BYTES 4000

struct echo_server;

struct echo_conn {
    struct io_watch watch;
    struct grave grave;
    struct echo_server *server;
    char held[256]; /* read and not yet written */
    size_t len;
    bool eof;
};

struct echo_server {
    struct loop loop;
    struct io_watch listener;
    struct echo_conn *newest;
    size_t accepted;
    size_t refused; /* accepts that failed */
    size_t resets;
    size_t agains;
};

static const struct sim_options rough = {
    .latency_ns_min = 1000,
    .latency_ns_max = 5 * NS_PER_MS,
    .turn_ns_max = 50000,
    .one_byte_reads = 10,
    .short_reads = 30,
    .short_writes = 30,
    .spurious_again = 20,
    .spurious_wakes = 20,
    .accept_errors = 20,
    .reorder = true,
    .segment_max = 300,
    .window = 500,
};

static struct sim *sim;
static struct echo_server servers[LOOPS_MAX];

static void free_conn(struct grave *grave)
{
    mem_free(CONTAINER_OF(grave, struct echo_conn, grave));
}

static void end_conn(struct echo_conn *conn)
{
    struct io *const io = conn->server->loop.io;
    io->ops->unwatch(io, &conn->watch);
    io->ops->close(io, conn->watch.fd, false);
    loop_bury(&conn->server->loop, &conn->grave, free_conn);
}

static ssize_t read_some(struct echo_conn *conn)
{
    struct io *const io = conn->server->loop.io;
    const ssize_t n = io->ops->recv(io, conn->watch.fd, conn->held, sizeof(conn->held));
    conn->len = n > 0 ? (size_t)n : 0;
    conn->eof = n == 0;
    return n;
}

static ssize_t write_some(struct echo_conn *conn)
{
    struct io *const io = conn->server->loop.io;
    const struct iovec iov = {.iov_base = conn->held, .iov_len = conn->len};
    const ssize_t n = io->ops->send(io, conn->watch.fd, &iov, 1, false);
    if (n > 0) {
        conn->len -= (size_t)n;
        memmove(conn->held, conn->held + n, conn->len);
    }
    return n;
}

/* Goes on until a call says EAGAIN, as edges demand. */
static void on_conn(struct io_watch *watch, unsigned ready)
{
    (void)ready;
    struct echo_conn *const conn = CONTAINER_OF(watch, struct echo_conn, watch);
    ssize_t n = 1;
    while (n > 0) {
        n = conn->len > 0 ? write_some(conn) : read_some(conn);
    }
    if (n == -EAGAIN) {
        conn->server->agains++;
        return;
    }
    conn->server->resets += n < 0;
    end_conn(conn);
}

static void on_listener(struct io_watch *watch, unsigned ready)
{
    (void)ready;
    struct echo_server *const server = CONTAINER_OF(watch, struct echo_server, listener);
    struct io *const io = server->loop.io;
    const int fd = io->ops->accept(io, watch->fd, NULL, NULL);
    if (fd < 0) {
        server->refused += fd == -EMFILE;
        return;
    }
    struct echo_conn *const conn = mem_zalloc(sizeof(*conn));
    conn->server = server;
    conn->watch = (struct io_watch){.fd = fd, .on_ready = on_conn};
    ck_assert_int_eq(io->ops->watch(io, &conn->watch, IO_STREAM), 0);
    server->newest = conn;
    server->accepted++;
}

/* `shared`: one listener for all loops, else one each. */
static void open_servers(uint64_t seed, const struct sim_options *options, size_t count,
                         bool shared)
{
    sim = sim_new(seed, options);
    memset(servers, 0, sizeof(servers));
    for (size_t i = 0; i < count; i++) {
        struct echo_server *const server = &servers[i];
        struct io *const io = sim_io_new(sim);
        ck_assert_int_eq(loop_init(&server->loop, io), 0);
        sim_attach(sim, &server->loop);
        const int fd = shared && i > 0 ? servers[0].listener.fd : sim_listen(sim);
        server->listener = (struct io_watch){.fd = fd, .on_ready = on_listener};
        const enum io_mode mode = shared ? IO_LISTENER_SHARED : IO_LISTENER;
        ck_assert_int_eq(io->ops->watch(io, &server->listener, mode), 0);
    }
}

static void close_servers(size_t count, bool shared)
{
    for (size_t i = 0; i < count; i++) {
        struct io *const io = servers[i].loop.io;
        io->ops->unwatch(io, &servers[i].listener);
        if (!shared || i + 1 == count) {
            io->ops->close(io, servers[i].listener.fd, false);
        }
        loop_deinit(&servers[i].loop);
    }
    ck_assert_uint_eq(sim_open_fds(sim), 0);
    sim_free(sim);
}

static void settle(void)
{
    ck_assert_int_eq(sim_settle(sim), 0);
}

struct talk {
    struct sim_client *client;
    size_t got;
};

static char said(size_t i)
{
    return (char)(i * 7 + i / 256);
}

static struct talk begin_talk(int listener)
{
    char data[TALK_BYTES];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = said(i);
    }
    const struct talk talk = {.client = sim_connect(sim, listener)};
    sim_send(talk.client, data, sizeof(data));
    sim_shut_write(talk.client);
    return talk;
}

/* Takes some of the echo and compares it; is the talk over? */
static bool go_on(struct talk *talk)
{
    char data[512];
    const size_t size = sim_recv(talk->client, data, 1 + sim_random(sim, sizeof(data)));
    for (size_t i = 0; i < size; i++) {
        ck_assert_int_eq(data[i], said(talk->got + i));
    }
    talk->got += size;
    return sim_end(talk->client) != SIM_OPEN || sim_ended(talk->client);
}

static void talk_to_the_end(struct talk *talks, size_t count)
{
    size_t over = 0;
    for (int rounds = 0; over < count; rounds++) {
        ck_assert_int_lt(rounds, 100000);
        settle();
        over = 0;
        for (size_t i = 0; i < count; i++) {
            over += go_on(&talks[i]);
        }
    }
}

/* The whole life of a rough world: its trace. */
static uint64_t live(uint64_t seed)
{
    struct talk talks[CLIENTS];
    open_servers(seed, &rough, LOOPS_MAX, seed % 2 == 0);
    for (size_t i = 0; i < CLIENTS; i++) {
        talks[i] = begin_talk(servers[sim_random(sim, LOOPS_MAX)].listener.fd);
    }
    talk_to_the_end(talks, CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++) {
        ck_assert_uint_eq(talks[i].got, TALK_BYTES);
        ck_assert_int_eq(sim_end(talks[i].client), SIM_EOF);
    }
    const uint64_t trace = sim_trace_hash(sim);
    close_servers(LOOPS_MAX, seed % 2 == 0);
    return trace;
}

START_TEST(echo_is_true_in_every_rough_world_and_the_same_for_a_seed)
{
    const uint64_t seed = (uint64_t)_i;
    const uint64_t trace = live(seed);
    ck_assert_uint_eq(live(seed), trace);
    ck_assert_uint_ne(live(seed + 1000), trace);
}
END_TEST

START_TEST(rough_world_uses_all_its_dirt)
{
    struct talk talks[CLIENTS];
    const int64_t begin_ns = INT64_C(1000) * NS_PER_SEC;
    open_servers(5, &rough, 1, false);
    for (size_t i = 0; i < CLIENTS; i++) {
        talks[i] = begin_talk(servers[0].listener.fd);
    }
    talk_to_the_end(talks, CLIENTS);
    ck_assert_uint_gt(servers[0].refused, 0);
    ck_assert_uint_gt(servers[0].agains, 10 * CLIENTS);
    ck_assert_int_gt(sim_now_ns(sim), begin_ns + 10 * NS_PER_MS);
    close_servers(1, false);
}
END_TEST

START_TEST(shared_listener_feeds_all_its_loops)
{
    struct talk talks[30];
    open_servers(3, &rough, LOOPS_MAX, true);
    for (size_t i = 0; i < COUNT_OF(talks); i++) {
        talks[i] = begin_talk(servers[0].listener.fd);
    }
    talk_to_the_end(talks, COUNT_OF(talks));
    for (size_t i = 0; i < LOOPS_MAX; i++) {
        ck_assert_uint_gt(servers[i].accepted, 0);
    }
    close_servers(LOOPS_MAX, true);
}
END_TEST

START_TEST(clients_reset_as_often_as_they_are_told_to)
{
    struct talk talks[40];
    struct sim_options options = rough;
    options.resets = 50;
    options.accept_errors = 0;
    open_servers(9, &options, 1, false);
    for (size_t i = 0; i < COUNT_OF(talks); i++) {
        talks[i] = begin_talk(servers[0].listener.fd);
    }
    talk_to_the_end(talks, COUNT_OF(talks));
    settle();
    size_t resets = 0;
    for (size_t i = 0; i < COUNT_OF(talks); i++) {
        resets += sim_ended(talks[i].client);
    }
    ck_assert_uint_ge(resets, 10);
    ck_assert_uint_le(resets, 30);
    ck_assert_uint_gt(servers[0].resets, 0);
    close_servers(1, false);
}
END_TEST

START_TEST(connection_to_a_closed_listener_is_refused)
{
    open_servers(1, NULL, 1, false);
    struct io *const io = servers[0].loop.io;
    const int fd = sim_listen(sim);
    struct sim_client *const waiting = sim_connect(sim, fd);
    struct sim_client *const late = sim_connect(sim, fd);
    io->ops->close(io, fd, false);
    settle();
    ck_assert_int_eq(sim_end(waiting), SIM_RESET);
    ck_assert_int_eq(sim_end(late), SIM_RESET);
    ck_assert(!sim_accepted(late));
    close_servers(1, false);
}
END_TEST

/* A server that answers without reading what it was sent, and closes. */
static void answer_and_close(struct io_watch *watch, unsigned ready)
{
    (void)ready;
    struct echo_server *const server = CONTAINER_OF(watch, struct echo_server, listener);
    struct io *const io = server->loop.io;
    char answer[] = "no";
    const struct iovec iov = {.iov_base = answer, .iov_len = 2};
    const int fd = io->ops->accept(io, watch->fd, NULL, NULL);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(io->ops->send(io, fd, &iov, 1, false), 2);
    io->ops->close(io, fd, false);
}

START_TEST(answer_is_lost_to_the_reset_of_a_close_without_lingering)
{
    for (int late = 0; late < 2; late++) {
        const struct sim_options options = {.latency_ns_min = NS_PER_MS,
                                            .latency_ns_max = NS_PER_MS};
        const char *data = NULL;
        open_servers(1, &options, 1, false);
        servers[0].listener.on_ready = answer_and_close;
        struct sim_client *const client = sim_connect(sim, servers[0].listener.fd);
        if (late == 0) {
            sim_send(client, "a request", 9); /* unread at the close */
        } else {
            ck_assert_int_eq(sim_run(sim, sim_now_ns(sim) + 1500000), 0);
            sim_send(client, "a request", 9); /* arrives after the close */
        }
        settle();
        ck_assert_int_eq(sim_end(client), SIM_RESET);
        ck_assert_uint_eq(sim_unread(client, &data), 0);
        close_servers(1, false);
    }
}
END_TEST

START_TEST(client_that_reads_in_time_has_the_answer)
{
    char data[8];
    open_servers(1, NULL, 1, false);
    servers[0].listener.on_ready = answer_and_close;
    struct sim_client *const client = sim_connect(sim, servers[0].listener.fd);
    settle();
    ck_assert_uint_eq(sim_recv(client, data, sizeof(data)), 2);
    ck_assert_mem_eq(data, "no", 2);
    ck_assert_int_eq(sim_end(client), SIM_EOF);
    close_servers(1, false);
}
END_TEST

START_TEST(vanished_client_is_never_heard_of_again)
{
    const char *data = NULL;
    open_servers(1, NULL, 1, false);
    struct talk talk = begin_talk(servers[0].listener.fd);
    sim_vanish(talk.client);
    struct sim_client *const client = sim_connect(sim, servers[0].listener.fd);
    settle();
    ck_assert(!sim_accepted(talk.client)); /* even its SYN is lost */
    sim_send(client, "x", 1);
    settle();
    ck_assert_uint_eq(sim_unread(client, &data), 1);
    sim_vanish(client);
    sim_send(client, "y", 1);
    sim_close(client);
    ck_assert_int_eq(sim_run(sim, sim_now_ns(sim) + 1000 * NS_PER_SEC), 0);
    ck_assert_uint_eq(sim_open_fds(sim), 2); /* the listener, and a server that waits in vain */
    end_conn(servers[0].newest);
    close_servers(1, false);
}
END_TEST

START_TEST(window_bounds_what_a_client_is_sent)
{
    const char *data = NULL;
    const struct sim_options options = {.window = 100};
    open_servers(1, &options, 1, false);
    struct talk talk = begin_talk(servers[0].listener.fd);
    settle();
    ck_assert_uint_eq(sim_unread(talk.client, &data), 100);
    sim_set_window(talk.client, 250);
    settle();
    ck_assert_uint_eq(sim_unread(talk.client, &data), 250);
    sim_set_window(talk.client, 0);
    char sink[250];
    ck_assert_uint_eq(sim_recv(talk.client, sink, sizeof(sink)), 250);
    settle();
    ck_assert_uint_eq(sim_unread(talk.client, &data), 0);
    sim_reset(talk.client);
    settle();
    close_servers(1, false);
}
END_TEST

static struct timer alarm_clock;
static int64_t rang_ns;

static void ring(struct timer *timer)
{
    ck_assert_ptr_eq(timer, &alarm_clock);
    rang_ns = loop_self()->now_ns;
}

START_TEST(clock_leaps_to_timers_but_not_beyond_what_was_asked)
{
    open_servers(1, NULL, 2, false);
    const int64_t begin_ns = sim_now_ns(sim);
    timer_init(&alarm_clock, ring);
    timer_set(&servers[1].loop.timers, &alarm_clock, begin_ns + 3600 * NS_PER_SEC);
    settle();
    ck_assert_int_eq(sim_now_ns(sim), begin_ns);
    ck_assert_int_eq(sim_run(sim, begin_ns + 1800 * NS_PER_SEC), 0);
    ck_assert_int_eq(sim_now_ns(sim), begin_ns + 1800 * NS_PER_SEC);
    ck_assert_int_eq(rang_ns, 0);
    ck_assert_int_eq(sim_run(sim, INT64_MAX), 0);
    ck_assert_int_ge(rang_ns, begin_ns + 3600 * NS_PER_SEC);
    ck_assert_int_le(rang_ns, begin_ns + 3600 * NS_PER_SEC + 2 * NS_PER_MS);
    close_servers(2, false);
}
END_TEST

static struct job restless_job;

static void run_again(struct job *job)
{
    loop_add(loop_self(), job);
}

START_TEST(loop_that_never_rests_is_found_out)
{
    open_servers(1, NULL, 1, false);
    job_init(&restless_job, run_again);
    loop_add(&servers[0].loop, &restless_job);
    ck_assert_int_eq(sim_run(sim, INT64_MAX), -ELOOP);
    job_cancel(&restless_job);
    close_servers(1, false);
}
END_TEST

START_TEST(wait_for_nothing_at_all_is_a_deadlock)
{
    open_servers(1, NULL, 1, false);
    ck_assert_int_eq(loop_turn(&servers[0].loop, -1), -EDEADLK);
    close_servers(1, false);
}
END_TEST

START_TEST(worlds_memory_is_neither_counted_nor_made_to_fail)
{
    mem_count(true);
    const uint64_t before = mem_allocations();
    struct sim *const other = sim_new(1, &rough);
    const int fd = sim_listen(other);
    struct io *const io = sim_io_new(other);
    sim_send(sim_connect(other, fd), "x", 1);
    ck_assert_uint_eq(mem_allocations(), before);
    mem_count(false);
    io->ops->free(io);
    sim_free(other);
}
END_TEST

Suite *sim_suite(void)
{
    Suite *const suite = suite_create("sim");
    TCase *const tcase = tcase_create("sim");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, echo_is_true_in_every_rough_world_and_the_same_for_a_seed, 0, 20);
    tcase_add_test(tcase, rough_world_uses_all_its_dirt);
    tcase_add_test(tcase, shared_listener_feeds_all_its_loops);
    tcase_add_test(tcase, clients_reset_as_often_as_they_are_told_to);
    tcase_add_test(tcase, connection_to_a_closed_listener_is_refused);
    tcase_add_test(tcase, answer_is_lost_to_the_reset_of_a_close_without_lingering);
    tcase_add_test(tcase, client_that_reads_in_time_has_the_answer);
    tcase_add_test(tcase, vanished_client_is_never_heard_of_again);
    tcase_add_test(tcase, window_bounds_what_a_client_is_sent);
    tcase_add_test(tcase, clock_leaps_to_timers_but_not_beyond_what_was_asked);
    tcase_add_test(tcase, loop_that_never_rests_is_found_out);
    tcase_add_test(tcase, wait_for_nothing_at_all_is_a_deadlock);
    tcase_add_test(tcase, worlds_memory_is_neither_counted_nor_made_to_fail);
    suite_add_tcase(suite, tcase);
    return suite;
}
