/* TCP listeners on real sockets: what each form accepts, how workers share a port, what is
 * inherited by connections, and a port in use. */
#include "net/listener.h"

#include "suites.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);
    ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void assert_accepts(struct listener *listener, int client)
{
    ck_assert_msg(client >= 0, "%s", strerror(-client));
    close(accept_one(listener->fds[0]));
    close(client);
}

START_TEST(port_zero_becomes_a_real_port_in_the_url)
{
    char url[64];
    struct listener listener = open_text("127.0.0.1:0", 1);
    ck_assert_uint_gt(listener_port(&listener), 0);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", listener_port(&listener));
    ck_assert_str_eq(listener.url, url);
    assert_accepts(&listener, connect_v4(listener_port(&listener)));
    listener_close(&listener);
}
END_TEST

START_TEST(port_alone_accepts_v4_and_v6)
{
    char url[64];
    struct listener listener = open_text(":0", 1);
    (void)snprintf(url, sizeof(url), "http://localhost:%u", listener_port(&listener));
    ck_assert_str_eq(listener.url, url);
    assert_accepts(&listener, connect_v4(listener_port(&listener)));
    if (has_ipv6()) {
        assert_accepts(&listener, connect_v6(listener_port(&listener)));
    }
    listener_close(&listener);
}
END_TEST

START_TEST(bracketed_address_accepts_v6_only)
{
    char url[64];
    if (!has_ipv6()) {
        return;
    }
    struct listener listener = open_text("[::]:0", 1);
    (void)snprintf(url, sizeof(url), "http://[::1]:%u", listener_port(&listener));
    ck_assert_str_eq(listener.url, url);
    assert_accepts(&listener, connect_v6(listener_port(&listener)));
    ck_assert_int_eq(connect_v4(listener_port(&listener)), -ECONNREFUSED);
    listener_close(&listener);
}
END_TEST

START_TEST(v4_wildcard_url_can_be_opened)
{
    struct listener listener = open_text("0.0.0.0:0", 1);
    ck_assert_int_eq(strncmp(listener.url, "http://127.0.0.1:", 17), 0);
    listener_close(&listener);
}
END_TEST

START_TEST(port_alone_falls_back_to_v4_without_ipv6)
{
    static const struct fault faults[] = {
        {.kind = SYS_CALL, .name = "socket", .error = -EAFNOSUPPORT},
        {.kind = SYS_CALL, .name = "bind", .error = -EADDRNOTAVAIL},
    };
    struct fault fault = faults[_i];
    fault_set(&fault);
    struct listener listener = open_text(":0", 2);
    fault_clear();
    ck_assert_int_eq(listener.spec.addr.any.sa_family, AF_INET);
    ck_assert_uint_gt(listener_port(&listener), 0);
    const int client = connect_v4(listener_port(&listener));
    ck_assert_int_ge(client, 0);
    close(client);
    listener_close(&listener);
}
END_TEST

START_TEST(every_worker_has_a_socket_on_the_same_port)
{
    struct listener listener = open_text("127.0.0.1:0", 3);
    ck_assert_uint_eq(listener.fd_count, 3);
    ck_assert(!listener.shared);
    for (size_t i = 0; i < 3; i++) {
        struct sockaddr_in addr;
        socklen_t len = sizeof(addr);
        ck_assert_int_eq(getsockname(listener.fds[i], (struct sockaddr *)&addr, &len), 0);
        ck_assert_uint_eq(ntohs(addr.sin_port), listener_port(&listener));
        ck_assert_int_eq(option_of(listener.fds[i], SOL_SOCKET, SO_ACCEPTCONN), 1);
        ck_assert_int_ne(fcntl(listener.fds[i], F_GETFL) & O_NONBLOCK, 0);
        ck_assert_int_eq(fcntl(listener.fds[i], F_GETFD), FD_CLOEXEC);
    }
    listener_close(&listener);
}
END_TEST

START_TEST(accepted_sockets_inherit_no_delay)
{
    struct listener listener = open_text("127.0.0.1:0", 1);
    const int client = connect_v4(listener_port(&listener));
    const int accepted = accept_one(listener.fds[0]);
    ck_assert_int_eq(option_of(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
    close(accepted);
    close(client);
    listener_close(&listener);
}
END_TEST

START_TEST(close_frees_the_port_and_every_descriptor)
{
    const size_t before = open_descriptors();
    struct listener listener = open_text("127.0.0.1:0", 4);
    const uint16_t port = listener_port(&listener);
    ck_assert_uint_eq(open_descriptors(), before + 4);
    listener_close(&listener);
    ck_assert_uint_eq(open_descriptors(), before);
    ck_assert_int_eq(connect_v4(port), -ECONNREFUSED);
    listener_close(&listener);
}
END_TEST

START_TEST(close_accepts_a_zeroed_listener)
{
    struct listener listener;
    memset(&listener, 0, sizeof(listener));
    listener_close(&listener);
    ck_assert_ptr_null(listener.fds);
}
END_TEST

/* `_i` == 1: the holder had set SO_REUSEPORT, and would have let us in. */
START_TEST(a_port_in_use_is_an_error_that_names_the_holder)
{
    char text[64];
    char part[128];
    const char *error;
    uint16_t port = 0;
    const int holder = listen_v4(_i == 1, &port);
    const size_t before = open_descriptors();
    (void)snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    ck_assert_int_eq(open_failing(text, 2, &error), -EADDRINUSE);
    (void)snprintf(part, sizeof(part),
                   "cannot listen on 127.0.0.1:%u: port %u is in use by this "
                   "very process",
                   port, port);
    assert_contains(error, part);
    assert_contains(error, "--listen 127.0.0.1:0");
    ck_assert_uint_eq(open_descriptors(), before);
    close(holder);
}
END_TEST

START_TEST(a_port_held_by_another_listener_of_ours_is_in_use)
{
    char text[64];
    const char *error;
    struct listener first = open_text("127.0.0.1:0", 2);
    (void)snprintf(text, sizeof(text), ":%u", listener_port(&first));
    ck_assert_int_eq(open_failing(text, 2, &error), -EADDRINUSE);
    assert_contains(error, "this very process");
    listener_close(&first);
}
END_TEST

START_TEST(a_port_whose_last_connection_lingers_can_be_had_again)
{
    char text[64];
    struct listener listener = open_text("127.0.0.1:0", 1);
    const int client = connect_v4(listener_port(&listener));
    close(accept_one(listener.fds[0])); /* our side closes first: TIME_WAIT is ours */
    close(client);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%u", listener_port(&listener));
    listener_close(&listener);
    listener = open_text(text, 2);
    listener_close(&listener);
}
END_TEST

START_TEST(an_address_of_another_machine_is_told_so)
{
    const char *error;
    ck_assert_int_eq(open_failing("192.0.2.7:8000", 1, &error), -EADDRNOTAVAIL);
    ck_assert_str_eq(error, "cannot listen on 192.0.2.7:8000: this machine has no such address; "
                            "`ip address` shows those it has, and ':8000' means all of them");
}
END_TEST

START_TEST(a_privileged_port_is_told_so)
{
    struct fault fault = {.kind = SYS_CALL, .name = "bind", .error = -EACCES};
    const char *error;
    fault_set(&fault);
    ck_assert_int_eq(open_failing("127.0.0.1:80", 1, &error), -EACCES);
    fault_clear();
    assert_contains(error,
                    "cannot listen on 127.0.0.1:80: port 80 needs a privilege; choose a port "
                    "from 1024 up");
    assert_contains(error, "setcap cap_net_bind_service=+ep");
    assert_contains(error, "net.ipv4.ip_unprivileged_port_start");
    assert_contains(error, "fd:N");
}
END_TEST

START_TEST(a_denial_on_a_high_port_is_not_blamed_on_the_port)
{
    struct fault fault = {.kind = SYS_CALL, .name = "bind", .error = -EACCES};
    const char *error;
    fault_set(&fault);
    ck_assert_int_eq(open_failing("127.0.0.1:8080", 1, &error), -EACCES);
    fault_clear();
    ck_assert_str_eq(error, "cannot listen on 127.0.0.1:8080: Permission denied");
}
END_TEST

START_TEST(a_v6_address_without_ipv6_is_told_so)
{
    struct fault fault = {.kind = SYS_CALL, .name = "socket", .error = -EAFNOSUPPORT};
    const char *error;
    fault_set(&fault);
    ck_assert_int_eq(open_failing("[::1]:8000", 1, &error), -EAFNOSUPPORT);
    fault_clear();
    assert_contains(error, "this machine has no IPv6; write '127.0.0.1:8000'");
}
END_TEST

START_TEST(systemd_is_not_one_listener)
{
    const char *error;
    ck_assert_int_eq(open_failing("systemd", 1, &error), -EINVAL);
    assert_contains(error, "cannot listen on systemd: ");
}
END_TEST

Suite *suite_listener(void)
{
    Suite *const suite = suite_create("listener");
    TCase *const tcase = tcase_create("listener");
    tcase_add_test(tcase, port_zero_becomes_a_real_port_in_the_url);
    tcase_add_test(tcase, port_alone_accepts_v4_and_v6);
    tcase_add_test(tcase, bracketed_address_accepts_v6_only);
    tcase_add_test(tcase, v4_wildcard_url_can_be_opened);
    tcase_add_loop_test(tcase, port_alone_falls_back_to_v4_without_ipv6, 0, 2);
    tcase_add_test(tcase, every_worker_has_a_socket_on_the_same_port);
    tcase_add_test(tcase, accepted_sockets_inherit_no_delay);
    tcase_add_test(tcase, close_frees_the_port_and_every_descriptor);
    tcase_add_test(tcase, close_accepts_a_zeroed_listener);
    tcase_add_loop_test(tcase, a_port_in_use_is_an_error_that_names_the_holder, 0, 2);
    tcase_add_test(tcase, a_port_held_by_another_listener_of_ours_is_in_use);
    tcase_add_test(tcase, a_port_whose_last_connection_lingers_can_be_had_again);
    tcase_add_test(tcase, an_address_of_another_machine_is_told_so);
    tcase_add_test(tcase, a_privileged_port_is_told_so);
    tcase_add_test(tcase, a_denial_on_a_high_port_is_not_blamed_on_the_port);
    tcase_add_test(tcase, a_v6_address_without_ipv6_is_told_so);
    tcase_add_test(tcase, systemd_is_not_one_listener);
    suite_add_tcase(suite, tcase);
    return suite;
}
