/* The contract of the I/O seam: every test runs over epoll and in two simulated worlds. */
#include "suites.h"

#include "seam.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#define BIG MIB(4)

START_TEST(accept_is_eagain_when_nobody_waits)
{
    open_world(_i);
    ck_assert_int_eq(io->ops->accept(io, listener, NULL, NULL), -EAGAIN);
    close_world();
}
END_TEST

START_TEST(accept_tells_the_peers_address)
{
    struct end end;
    struct sockaddr_storage addr = {0};
    uint32_t len = sizeof(addr);
    open_world(_i);
    watch(&end, listener, IO_LISTENER);
    const struct peer peer = peer_connect();
    await(&end, IO_READABLE);
    const int fd = io->ops->accept(io, listener, (struct sockaddr *)&addr, &len);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(addr.ss_family, AF_INET);
    ck_assert_uint_eq(len, sizeof(struct sockaddr_in));
    io->ops->close(io, fd, false);
    peer_close(&peer);
    io->ops->unwatch(io, &end.watch);
    close_world();
}
END_TEST

START_TEST(listener_is_told_as_long_as_somebody_waits)
{
    struct end end;
    open_world(_i);
    watch(&end, listener, _i == EPOLL ? IO_LISTENER_SHARED : IO_LISTENER);
    const struct peer first = peer_connect();
    const struct peer second = peer_connect();
    int fds[2];
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        end.told = 0;
        await(&end, IO_READABLE);
        fds[i] = io->ops->accept(io, listener, NULL, NULL);
        ck_assert_int_ge(fds[i], 0);
    }
    end.told = 0;
    poll_for(0);
    ck_assert_uint_eq(end.told, 0);
    io->ops->unwatch(io, &end.watch);
    for (size_t i = 0; i < COUNT_OF(fds); i++) {
        io->ops->close(io, fds[i], false);
    }
    peer_close(&first);
    peer_close(&second);
    close_world();
}
END_TEST

START_TEST(fresh_stream_is_writable_and_not_readable)
{
    struct end end;
    char byte;
    open_world(_i);
    const struct peer peer = connect_to(&end);
    await(&end, IO_WRITABLE);
    ck_assert_uint_eq(end.told, IO_WRITABLE);
    ck_assert_int_eq(io->ops->recv(io, end.watch.fd, &byte, 1), -EAGAIN);
    end_close(&end, false);
    peer_close(&peer);
    close_world();
}
END_TEST

START_TEST(bytes_raise_one_edge)
{
    struct end end;
    char buf[16];
    open_world(_i);
    const struct peer peer = connect_to(&end);
    await(&end, IO_WRITABLE);
    for (int round = 0; round < 3; round++) {
        peer_send(&peer, "hello");
        await(&end, IO_READABLE);
        recv_exactly(&end, buf, 5);
        ck_assert_mem_eq(buf, "hello", 5);
        poll_for(world == EPOLL ? 0
                                : 10 * NS_PER_MS); /* the edges of a rough world's short reads */
        end.told = 0;
        poll_for(0);
        ck_assert_uint_eq(end.told, 0);
    }
    end_close(&end, false);
    peer_close(&peer);
    close_world();
}
END_TEST

START_TEST(bytes_that_were_there_before_the_watch_are_told)
{
    struct end end;
    char buf[16];
    open_world(_i);
    const struct peer peer = peer_connect();
    peer_send(&peer, "early");
    const int fd = accept_next();
    watch(&end, fd, IO_STREAM);
    recv_exactly(&end, buf, 5);
    ck_assert_mem_eq(buf, "early", 5);
    end_close(&end, false);
    peer_close(&peer);
    close_world();
}
END_TEST

START_TEST(fin_is_told_and_read_after_the_bytes_before_it)
{
    struct end end;
    char buf[16];
    open_world(_i);
    const struct peer peer = connect_to(&end);
    peer_send(&peer, "last");
    peer_shut(&peer);
    await(&end, IO_READABLE | IO_PEER_SHUT);
    ck_assert_uint_eq(end.told & IO_GONE, 0);
    recv_exactly(&end, buf, 4);
    ck_assert_mem_eq(buf, "last", 4);
    ck_assert_int_eq(recv_at_end(&end), 0);
    ck_assert_int_gt(send_text(&end, "still open"), 0);
    end_close(&end, false);
    peer_close(&peer);
    close_world();
}
END_TEST

START_TEST(reset_is_told_and_is_an_error_once)
{
    struct end end;
    open_world(_i);
    const struct peer peer = connect_to(&end);
    peer_reset(&peer);
    await(&end, IO_GONE);
    ck_assert_int_eq(recv_at_end(&end), -ECONNRESET);
    ck_assert_int_eq(recv_at_end(&end), 0);
    ck_assert_int_eq(send_text(&end, "x"), -EPIPE);
    end_close(&end, false);
    close_world();
}
END_TEST

START_TEST(send_after_a_reset_is_an_error)
{
    struct end end;
    open_world(_i);
    const struct peer peer = connect_to(&end);
    peer_reset(&peer);
    await(&end, IO_GONE);
    ck_assert_int_eq(send_text(&end, "x"), -ECONNRESET);
    ck_assert_int_eq(send_text(&end, "x"), -EPIPE);
    end_close(&end, false);
    close_world();
}
END_TEST

START_TEST(both_directions_shut_is_gone)
{
    struct end end;
    open_world(_i);
    const struct peer peer = connect_to(&end);
    peer_shut(&peer);
    await(&end, IO_PEER_SHUT);
    ck_assert_uint_eq(end.told & IO_GONE, 0);
    ck_assert_int_eq(io->ops->shut_write(io, end.watch.fd), 0);
    await(&end, IO_GONE);
    ck_assert_int_eq(send_text(&end, "x"), -EPIPE);
    ck_assert_int_eq(peer_end(&peer), SIM_EOF);
    end_close(&end, false);
    peer_close(&peer);
    close_world();
}
END_TEST

static char pattern(size_t i)
{
    return (char)(i * 31 + i / 251);
}

/* Sends until the connection takes no more: how much it took. */
static size_t fill(struct end *end, const char *data, size_t size)
{
    size_t sent = 0;
    unsigned refused = 0;
    while (refused < 5) { /* of which a rough world means some in jest */
        struct iovec iov = {.iov_base = (void *)(uintptr_t)(data + sent), .iov_len = size - sent};
        const ssize_t n = io->ops->send(io, end->watch.fd, &iov, 1, false);
        ck_assert(n > 0 || n == -EAGAIN);
        refused = n > 0 ? 0 : refused + 1;
        sent += n > 0 ? (size_t)n : 0;
        ck_assert_uint_lt(sent, size);
        poll_for(world == EPOLL ? 0 : 5 * NS_PER_MS);
    }
    return sent;
}

START_TEST(full_stream_is_eagain_and_told_when_there_is_room)
{
    struct end end;
    open_world(_i);
    const size_t size = world == ROUGH ? KIB(16) : BIG * 4;
    char *const data = malloc(size);
    char *const back = malloc(size);
    for (size_t i = 0; i < size; i++) {
        data[i] = pattern(i);
    }
    const struct peer peer = connect_to(&end);
    const size_t sent = fill(&end, data, size);
    end.told = 0;
    poll_for(0);
    ck_assert_uint_eq(end.told & IO_WRITABLE, 0);
    enum sim_end how = SIM_OPEN;
    ck_assert_uint_eq(peer_recv_all(&peer, back, sent, &how), sent);
    await(&end, IO_WRITABLE);
    send_exactly(&end, data + sent, 100);
    ck_assert_uint_eq(peer_recv_all(&peer, back + sent, 100, &how), 100);
    ck_assert_mem_eq(data, back, sent + 100);
    end_close(&end, false);
    peer_close(&peer);
    free(data);
    free(back);
    close_world();
}
END_TEST

START_TEST(shut_write_ends_one_direction)
{
    struct end end;
    char buf[16];
    open_world(_i);
    const struct peer peer = connect_to(&end);
    send_exactly(&end, "bye", 3);
    ck_assert_int_eq(io->ops->shut_write(io, end.watch.fd), 0);
    enum sim_end how = SIM_OPEN;
    ck_assert_uint_eq(peer_recv_all(&peer, buf, sizeof(buf), &how), 3);
    ck_assert_int_eq(how, SIM_EOF);
    ck_assert_int_eq(send_text(&end, "x"), -EPIPE);
    peer_send(&peer, "more");
    recv_exactly(&end, buf, 4);
    ck_assert_mem_eq(buf, "more", 4);
    end_close(&end, false);
    peer_close(&peer);
    close_world();
}
END_TEST

START_TEST(close_is_a_fin_or_if_asked_a_reset)
{
    for (int reset = 0; reset < 2; reset++) {
        struct end end;
        open_world(_i);
        const struct peer peer = connect_to(&end);
        end_close(&end, reset == 1);
        ck_assert_int_eq(peer_end(&peer), reset == 1 ? SIM_RESET : SIM_EOF);
        peer_close(&peer);
        close_world();
    }
}
END_TEST

START_TEST(close_with_bytes_unread_is_a_reset)
{
    struct end end;
    open_world(_i);
    const struct peer peer = connect_to(&end);
    peer_send(&peer, "unread");
    await(&end, IO_READABLE);
    end_close(&end, false);
    ck_assert_int_eq(peer_end(&peer), SIM_RESET);
    peer_close(&peer);
    close_world();
}
END_TEST

START_TEST(bytes_for_a_closed_side_are_answered_by_a_reset)
{
    struct end end;
    open_world(_i);
    const struct peer peer = connect_to(&end);
    end_close(&end, false);
    ck_assert_int_eq(peer_end(&peer), SIM_EOF);
    peer_send(&peer, "too late");
    ck_assert(peer_is_reset(&peer));
    peer_close(&peer);
    close_world();
}
END_TEST

static struct end *rivals[2];

static void silence_the_rival(struct end *end)
{
    struct end *const rival = end == rivals[0] ? rivals[1] : rivals[0];
    if (rival->watch.on_ready != NULL) {
        io->ops->unwatch(io, &rival->watch);
        rival->watch.on_ready = NULL; /* a call would crash */
    }
}

START_TEST(stream_unwatched_in_the_same_poll_is_not_told)
{
    struct end ends[2];
    open_world(_i);
    const struct peer first = connect_to(&ends[0]);
    const struct peer second = connect_to(&ends[1]);
    await(&ends[0], IO_WRITABLE);
    await(&ends[1], IO_WRITABLE);
    rivals[0] = &ends[0];
    rivals[1] = &ends[1];
    peer_send(&first, "x");
    peer_send(&second, "x");
    ends[0].then = silence_the_rival;
    ends[1].then = silence_the_rival;
    for (int i = 0; i < 5; i++) {
        poll_for(NS_PER_MS);
    }
    ck_assert((ends[0].watch.on_ready == NULL) != (ends[1].watch.on_ready == NULL));
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        if (ends[i].watch.on_ready != NULL) {
            io->ops->unwatch(io, &ends[i].watch);
        }
        io->ops->close(io, ends[i].watch.fd, false);
    }
    peer_close(&first);
    peer_close(&second);
    close_world();
}
END_TEST

START_TEST(send_gathers_its_pieces)
{
    struct end end;
    char buf[16];
    char a[] = "one ";
    char b[] = "two ";
    char c[] = "three";
    open_world(_i == ROUGH ? PERFECT : _i);
    const struct peer peer = connect_to(&end);
    const struct iovec iov[] = {{a, 4}, {NULL, 0}, {b, 4}, {c, 5}};
    ck_assert_int_eq(io->ops->send(io, end.watch.fd, iov, COUNT_OF(iov), true), 13);
    end_close(&end, false);
    enum sim_end how = SIM_OPEN;
    ck_assert_uint_eq(peer_recv_all(&peer, buf, sizeof(buf), &how), 13);
    ck_assert_mem_eq(buf, "one two three", 13);
    peer_close(&peer);
    close_world();
}
END_TEST

static int make_file(size_t size)
{
    FILE *const file = tmpfile();
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < size; i++) {
        fputc(pattern(i), file);
    }
    fflush(file);
    const int fd = dup(fileno(file));
    fclose(file);
    return fd;
}

START_TEST(file_is_sent_from_its_offset_to_its_end)
{
    enum { SIZE = 10000, SKIP = 100 };
    struct end end;
    static char back[SIZE];
    const int file_fd = make_file(SIZE);
    int64_t offset = SKIP;
    open_world(_i);
    const struct peer peer = connect_to(&end);
    size_t got = 0;
    enum sim_end how = SIM_OPEN;
    for (ssize_t n = 1; n != 0;) {
        n = io->ops->send_file(io, end.watch.fd, file_fd, &offset, SIZE, false);
        ck_assert(n >= 0 || n == -EAGAIN);
        got += peer_recv(&peer, back + got, sizeof(back) - got, &how);
    }
    ck_assert_int_eq(offset, SIZE);
    end_close(&end, false);
    got += peer_recv_all(&peer, back + got, sizeof(back) - got, &how);
    ck_assert_uint_eq(got, SIZE - SKIP);
    for (size_t i = 0; i < got; i++) {
        ck_assert_int_eq(back[i], pattern(i + SKIP));
    }
    peer_close(&peer);
    close(file_fd);
    close_world();
}
END_TEST

START_TEST(poll_waits_as_long_as_it_is_told)
{
    open_world(_i);
    const int64_t begin_ns = io->ops->now_ns(io);
    const int64_t end_ns = poll_for(3 * NS_PER_MS);
    ck_assert_int_ge(end_ns - begin_ns, 3 * NS_PER_MS);
    const int64_t again_ns = poll_for(0);
    ck_assert_int_ge(again_ns, end_ns);
    close_world();
}
END_TEST

START_TEST(wake_before_the_poll_ends_its_wait)
{
    open_world(_i);
    io->ops->wake(io);
    io->ops->wake(io);
    const int64_t begin_ns = io->ops->now_ns(io);
    const int64_t end_ns = poll_for(3600 * NS_PER_SEC);
    ck_assert_int_lt(end_ns - begin_ns, 60 * NS_PER_SEC);
    close_world();
}
END_TEST

START_TEST(poll_counts_its_calls)
{
    struct end end;
    int64_t now_ns = 0;
    open_world(_i);
    const struct peer peer = connect_to(&end);
    ck_assert_int_eq(io->ops->poll(io, 0, &now_ns), 1);
    ck_assert_uint_eq(end.calls, 1);
    ck_assert_int_eq(io->ops->poll(io, 0, &now_ns), 0);
    end_close(&end, false);
    peer_close(&peer);
    close_world();
}
END_TEST

Suite *io_contract_suite(void)
{
    Suite *const suite = suite_create("io_contract");
    TCase *const tcase = tcase_create("io_contract");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, accept_is_eagain_when_nobody_waits, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, accept_tells_the_peers_address, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, listener_is_told_as_long_as_somebody_waits, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, fresh_stream_is_writable_and_not_readable, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, bytes_raise_one_edge, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, bytes_that_were_there_before_the_watch_are_told, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, fin_is_told_and_read_after_the_bytes_before_it, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, reset_is_told_and_is_an_error_once, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, send_after_a_reset_is_an_error, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, both_directions_shut_is_gone, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, full_stream_is_eagain_and_told_when_there_is_room, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, shut_write_ends_one_direction, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, close_is_a_fin_or_if_asked_a_reset, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, close_with_bytes_unread_is_a_reset, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, bytes_for_a_closed_side_are_answered_by_a_reset, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, stream_unwatched_in_the_same_poll_is_not_told, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, send_gathers_its_pieces, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, file_is_sent_from_its_offset_to_its_end, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, poll_waits_as_long_as_it_is_told, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, wake_before_the_poll_ends_its_wait, 0, WORLD_COUNT);
    tcase_add_loop_test(tcase, poll_counts_its_calls, 0, WORLD_COUNT);
    suite_add_tcase(suite, tcase);
    return suite;
}
