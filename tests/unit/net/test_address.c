/* Addresses from the kernel's form to text. */
#include "net/address.h"

#include "suites.h"

#include <arpa/inet.h>

static struct address v4(const char *host, uint16_t port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct address address;
    ck_assert_int_eq(inet_pton(AF_INET, host, &addr.sin_addr), 1);
    address_from_sockaddr((const struct sockaddr *)&addr, &address);
    return address;
}

static struct address v6(const char *host, uint16_t port)
{
    struct sockaddr_in6 addr = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct address address;
    ck_assert_int_eq(inet_pton(AF_INET6, host, &addr.sin6_addr), 1);
    address_from_sockaddr((const struct sockaddr *)&addr, &address);
    return address;
}

static void assert_texts(struct address address, const char *whole, const char *host)
{
    char out[ADDRESS_TEXT_SIZE];
    ck_assert_str_eq(address_text(&address, out), whole);
    ck_assert_str_eq(address_host_text(&address, out), host);
}

START_TEST(v4_is_printed_as_host_and_port)
{
    assert_texts(v4("127.0.0.1", 80), "127.0.0.1:80", "127.0.0.1");
    assert_texts(v4("255.255.255.255", 65535), "255.255.255.255:65535", "255.255.255.255");
    const struct address address = v4("10.0.0.1", 8080);
    ck_assert_uint_eq(address_port(&address), 8080);
}
END_TEST

START_TEST(v6_is_printed_in_brackets)
{
    assert_texts(v6("::1", 80), "[::1]:80", "::1");
    assert_texts(v6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535),
                 "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
                 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    const struct address address = v6("::1", 443);
    ck_assert_uint_eq(address_port(&address), 443);
}
END_TEST

START_TEST(v4_mapped_into_v6_becomes_v4)
{
    assert_texts(v6("::ffff:192.0.2.7", 1234), "192.0.2.7:1234", "192.0.2.7");
    const struct address address = v6("::ffff:192.0.2.7", 1234);
    ck_assert_int_eq(address.family, AF_INET);
}
END_TEST

START_TEST(v4_compatible_v6_stays_v6)
{
    const struct address address = v6("::192.0.2.7", 1);
    ck_assert_int_eq(address.family, AF_INET6);
}
END_TEST

START_TEST(a_unix_peer_has_neither_name_nor_port)
{
    const struct sockaddr addr = {.sa_family = AF_UNIX};
    struct address address;
    address_from_sockaddr(&addr, &address);
    assert_texts(address, "unix:", "unix");
    ck_assert_uint_eq(address_port(&address), 0);
}
END_TEST

START_TEST(an_unknown_family_becomes_unix)
{
    const struct sockaddr addr = {.sa_family = AF_PACKET};
    struct address address;
    address_from_sockaddr(&addr, &address);
    assert_texts(address, "unix:", "unix");
}
END_TEST

Suite *suite_address(void)
{
    Suite *const suite = suite_create("address");
    TCase *const tcase = tcase_create("address");
    tcase_add_test(tcase, v4_is_printed_as_host_and_port);
    tcase_add_test(tcase, v6_is_printed_in_brackets);
    tcase_add_test(tcase, v4_mapped_into_v6_becomes_v4);
    tcase_add_test(tcase, v4_compatible_v6_stays_v6);
    tcase_add_test(tcase, a_unix_peer_has_neither_name_nor_port);
    tcase_add_test(tcase, an_unknown_family_becomes_unix);
    suite_add_tcase(suite, tcase);
    return suite;
}
