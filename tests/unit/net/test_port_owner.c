/* Who holds a port, asked of the real /proc. */
#include "net/port_owner.h"

#include "suites.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool find(const char *host, uint16_t port, struct port_owner *ret_owner)
{
    char text[64];
    const int len = snprintf(text, sizeof(text), "%s:%u", host, port);
    ck_assert_int_gt(len, 0);
    const struct listen_spec spec = spec_of(text);
    return port_owner_find(&spec.addr.any, spec.dual, ret_owner);
}

START_TEST(every_overlapping_address_finds_the_holder)
{
    struct port_owner owner;
    uint16_t port = 0;
    const int fd = listen_v4(false, &port);
    ck_assert(find("127.0.0.1", port, &owner));
    ck_assert_int_eq(owner.pid, getpid());
    ck_assert(find("0.0.0.0", port, &owner));
    ck_assert(find("", port, &owner));
    ck_assert(!find("127.0.0.2", port, &owner));
    ck_assert(!find("[::1]", port, &owner));
    close(fd);
    ck_assert(!find("127.0.0.1", port, &owner));
}
END_TEST

START_TEST(a_dual_stack_holder_is_found_by_v4_and_v6)
{
    struct port_owner owner;
    struct listener listener = open_text(":0", 1);
    ck_assert(find("127.0.0.1", listener_port(&listener), &owner));
    ck_assert_int_eq(owner.pid, getpid());
    if (has_ipv6()) {
        ck_assert(find("[::1]", listener_port(&listener), &owner));
        ck_assert_int_eq(owner.pid, getpid());
    }
    listener_close(&listener);
}
END_TEST

START_TEST(a_connected_port_is_not_a_listening_one)
{
    struct port_owner owner;
    struct sockaddr_in local;
    socklen_t len = sizeof(local);
    uint16_t port = 0;
    const int fd = listen_v4(false, &port);
    const int client = connect_v4(port);
    ck_assert_int_ge(client, 0);
    ck_assert_int_eq(getsockname(client, (struct sockaddr *)&local, &len), 0);
    ck_assert(!find("127.0.0.1", ntohs(local.sin_port), &owner));
    close(client);
    close(fd);
}
END_TEST

/* A child that holds a port under a name of its own until its peer closes. */
START_TEST(another_process_is_named_in_the_error)
{
    char text[64];
    char part[128];
    const char *error;
    uint16_t port = 0;
    int ends[2];
    char byte = 0;
    const int fd = listen_v4(true, &port);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        (void)prctl(PR_SET_NAME, "gatehound");
        _exit(write(ends[0], "x", 1) == 1 && read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ends[0]);
    close(fd); /* the child's copy is the only one now */
    ck_assert_int_eq(read(ends[1], &byte, 1), 1);
    (void)snprintf(text, sizeof(text), "127.0.0.1:%u", port);
    (void)snprintf(part, sizeof(part), "port %u is in use by process %d (gatehound); stop that, ",
                   port, (int)child);
    ck_assert_int_eq(open_failing(text, 1, &error), -EADDRINUSE);
    assert_contains(error, part);
    assert_contains(error, "choose another port, or --listen 127.0.0.1:0 for a free one");
    close(ends[1]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(the_name_is_that_of_the_process)
{
    struct port_owner owner;
    uint16_t port = 0;
    const int fd = listen_v4(false, &port);
    ck_assert_int_eq(prctl(PR_SET_NAME, "gate hound)"), 0);
    ck_assert(find("127.0.0.1", port, &owner));
    ck_assert_str_eq(owner.name, "gate hound)");
    close(fd);
}
END_TEST

Suite *suite_port_owner(void)
{
    Suite *const suite = suite_create("port_owner");
    TCase *const tcase = tcase_create("port_owner");
    tcase_add_test(tcase, every_overlapping_address_finds_the_holder);
    tcase_add_test(tcase, a_dual_stack_holder_is_found_by_v4_and_v6);
    tcase_add_test(tcase, a_connected_port_is_not_a_listening_one);
    tcase_add_test(tcase, another_process_is_named_in_the_error);
    tcase_add_test(tcase, the_name_is_that_of_the_process);
    suite_add_tcase(suite, tcase);
    return suite;
}
