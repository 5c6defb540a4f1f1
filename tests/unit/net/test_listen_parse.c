/* The texts of --listen: what each form means, and what a wrong one is told. */
#include "net/listener.h"

#include "base/random.h"
#include "base/sys.h"
#include "suites.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

START_TEST(good_texts_come_back_as_they_were_written)
{
    static const char *const texts[] = {
        ":8000",
        ":0",
        ":65535",
        "127.0.0.1:8000",
        "0.0.0.0:0",
        "[::1]:8000",
        "[::]:443",
        "[2001:db8::1]:80",
        "unix:/run/app.sock",
        "unix:relative.sock",
        "unix:@abstract",
        "fd:0",
        "fd:3",
        "fd:2147483647",
        "systemd",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char out[LISTEN_TEXT_SIZE];
        const struct listen_spec spec = spec_of(texts[i]);
        ck_assert_str_eq(listen_spec_text(&spec, out), texts[i]);
    }
}
END_TEST

START_TEST(port_alone_means_all_addresses_of_both_families)
{
    const struct listen_spec spec = spec_of(":8000");
    ck_assert_int_eq(spec.kind, LISTEN_TCP);
    ck_assert(spec.dual);
    ck_assert_int_eq(spec.addr.any.sa_family, AF_INET6);
    ck_assert_uint_eq(spec.len, sizeof(struct sockaddr_in6));
    ck_assert_uint_eq(ntohs(spec.addr.v6.sin6_port), 8000);
    ck_assert(IN6_IS_ADDR_UNSPECIFIED(&spec.addr.v6.sin6_addr));
}
END_TEST

START_TEST(bracketed_address_is_v6_only)
{
    const struct listen_spec spec = spec_of("[::]:8000");
    ck_assert(!spec.dual);
    ck_assert_int_eq(spec.addr.any.sa_family, AF_INET6);
}
END_TEST

START_TEST(v4_address_and_port_are_in_network_order)
{
    const struct listen_spec spec = spec_of("192.0.2.7:258");
    ck_assert_int_eq(spec.kind, LISTEN_TCP);
    ck_assert_uint_eq(spec.len, sizeof(struct sockaddr_in));
    ck_assert_uint_eq(spec.addr.v4.sin_port, htons(258));
    ck_assert_uint_eq(spec.addr.v4.sin_addr.s_addr, htonl(0xC0000207));
}
END_TEST

START_TEST(localhost_is_the_v4_loopback)
{
    char out[LISTEN_TEXT_SIZE];
    const struct listen_spec spec = spec_of("LocalHost:80");
    ck_assert_str_eq(listen_spec_text(&spec, out), "127.0.0.1:80");
}
END_TEST

START_TEST(v4_mapped_address_is_v4)
{
    char out[LISTEN_TEXT_SIZE];
    const struct listen_spec spec = spec_of("[::ffff:127.0.0.1]:80");
    ck_assert_int_eq(spec.addr.any.sa_family, AF_INET);
    ck_assert_str_eq(listen_spec_text(&spec, out), "127.0.0.1:80");
}
END_TEST

START_TEST(abstract_name_begins_with_nul_and_ends_with_the_address)
{
    const struct listen_spec spec = spec_of("unix:@name");
    ck_assert_int_eq(spec.kind, LISTEN_UNIX);
    ck_assert_uint_eq(spec.len, offsetof(struct sockaddr_un, sun_path) + 5);
    ck_assert_int_eq(memcmp(spec.addr.local.sun_path, "\0name", 5), 0);
}
END_TEST

/* What listen_parse says of `text`, which must be wrong. */
static const char *complaint(struct slice text)
{
    static char sentence[4096];
    struct listen_spec spec;
    struct buf error;
    memset(&spec, 0x55, sizeof(spec));
    const struct listen_spec before = spec;
    buf_init(&error, sizeof(sentence) - 1);
    ck_assert_int_eq(listen_parse(text, &spec, &error), -EINVAL);
    ck_assert_int_eq(memcmp(&spec, &before, sizeof(spec)), 0);
    (void)snprintf(sentence, sizeof(sentence), "%s", buf_cstr(&error));
    buf_deinit(&error);
    return sentence;
}

static const struct {
    const char *text;
    const char *sentence;
} refusals[] = {
    {"8000", "--listen '8000': no port separator; write ':8000' for all addresses or "
             "'127.0.0.1:8000' for this machine only"},
    {"", "--listen '': nothing to listen on; write ':8000' for all addresses or "
         "'127.0.0.1:8000' for this machine only"},
    {"foo", "--listen 'foo': not an address, and names are not looked up; write ':8000' for all "
            "addresses or '127.0.0.1:8000' for this machine only"},
    {"localhost", "--listen 'localhost': no port; write 'localhost:8000'"},
    {"127.0.0.1", "--listen '127.0.0.1': no port; write '127.0.0.1:8000'"},
    {":", "--listen ':': no port after ':'; write ':8000', or ':0' for any free port"},
    {":http", "--listen ':http': 'http' is not a port number; write ':8000', or ':0' for any "
              "free port"},
    {":-1", "--listen ':-1': '-1' is not a port number; write ':8000', or ':0' for any free "
            "port"},
    {":65536", "--listen ':65536': port 65536 is out of range; write one from 1 to 65535, or 0 "
               "for any free port"},
    {":99999999999999999999", "--listen ':99999999999999999999': port 99999999999999999999 is "
                              "out of range; write one from 1 to 65535, or 0 for any free port"},
    {"*:80", "--listen '*:80': '*' is not an address; write ':80' for all addresses"},
    {"example.org:80",
     "--listen 'example.org:80': 'example.org' is not an IP address, and names are not looked "
     "up; write '127.0.0.1:80' for this machine only or ':80' for all addresses"},
    {"127.0.0.256:80",
     "--listen '127.0.0.256:80': '127.0.0.256' is not an IP address, and names are not looked "
     "up; write '127.0.0.1:80' for this machine only or ':80' for all addresses"},
    {"::1:80", "--listen '::1:80': an IPv6 address wants brackets; write '[::1]:80'"},
    {"::1", "--listen '::1': an IPv6 address wants brackets and a port; write '[::1]:8000'"},
    {"[::1]", "--listen '[::1]': no port after ']'; write '[::1]:8000'"},
    {"[::1]8000", "--listen '[::1]8000': no port after ']'; write '[::1]:8000'"},
    {"[::1", "--listen '[::1': no ']' after the address; write '[::1]:8000'"},
    {"[]:80", "--listen '[]:80': '' is not an IPv6 address; write one such as '[::1]:8000'"},
    {"[127.0.0.1]:80", "--listen '[127.0.0.1]:80': '127.0.0.1' is not an IPv6 address; write "
                       "one such as '[::1]:8000'"},
    {"[fe80::1%eth0]:80", "--listen '[fe80::1%eth0]:80': an address with a zone ('%') cannot "
                          "be listened on; write '[::]:8000' for all addresses"},
    {"[::1]:", "--listen '[::1]:': no port after ':'; write ':8000', or ':0' for any free port"},
    {"/run/app.sock", "--listen '/run/app.sock': a path needs 'unix:' before it; write "
                      "'unix:/run/app.sock'"},
    {"/run/a:1", "--listen '/run/a:1': a path needs 'unix:' before it; write 'unix:/run/a:1'"},
    {"run/app.sock", "--listen 'run/app.sock': a path needs 'unix:' before it; write "
                     "'unix:run/app.sock'"},
    {"http://127.0.0.1:80", "--listen 'http://127.0.0.1:80': an address is wanted here, not a "
                            "URL; write '127.0.0.1:8000'"},
    {"unix:", "--listen 'unix:': no path after 'unix:'; write 'unix:/run/app.sock'"},
    {"unix:@", "--listen 'unix:@': no name after 'unix:@'; write 'unix:/run/app.sock'"},
    {"fd:", "--listen 'fd:': '' is not a descriptor's number; write 'fd:3' for the first one "
            "that is passed on"},
    {"fd:-1", "--listen 'fd:-1': '-1' is not a descriptor's number; write 'fd:3' for the first "
              "one that is passed on"},
    {"fd:2147483648", "--listen 'fd:2147483648': '2147483648' is not a descriptor's number; "
                      "write 'fd:3' for the first one that is passed on"},
    {"systemd:", "--listen 'systemd:': no port after ':'; write ':8000', or ':0' for any free "
                 "port"},
    {" :80", "--listen ' :80': ' ' is not an IP address, and names are not looked up; write "
             "'127.0.0.1:80' for this machine only or ':80' for all addresses"},
    {":80\n", "--listen ':80\\x0a': '80\\x0a' is not a port number; write ':8000', or ':0' for "
              "any free port"},
};

START_TEST(bad_texts_are_told_what_to_write)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        ck_assert_str_eq(complaint(slice_cstr(refusals[i].text)), refusals[i].sentence);
    }
}
END_TEST

START_TEST(unix_path_may_be_as_long_as_the_kernel_takes_and_no_longer)
{
    char text[5 + 108 + 1] = "unix:";
    memset(text + 5, 'p', 107);
    const struct listen_spec spec = spec_of(text);
    ck_assert_uint_eq(strlen(spec.addr.local.sun_path), 107);
    text[5 + 107] = 'p';
    assert_contains(complaint(slice_cstr(text)), "a path of 108 bytes is too long for a unix "
                                                 "socket; write one of at most 107 bytes");
}
END_TEST

START_TEST(nul_bytes_are_refused_everywhere)
{
    (void)complaint(SLICE("unix:/run/a\0b"));
    (void)complaint(SLICE("unix:@a\0b"));
    (void)complaint(SLICE("127.0.0.1\0:80"));
    (void)complaint(SLICE("127.0.0.1:80\0"));
    (void)complaint(SLICE("[::1\0]:80"));
    (void)complaint(SLICE("fd:3\0"));
    (void)complaint(SLICE("systemd\0"));
}
END_TEST

START_TEST(a_long_text_is_shown_cut)
{
    char text[1000];
    memset(text, 'x', sizeof(text));
    const char *const sentence = complaint(slice_of(text, sizeof(text)));
    assert_contains(sentence, "...");
    ck_assert_uint_lt(strlen(sentence), 400);
}
END_TEST

/* One line of printable ASCII that begins as all of them do, and has a remedy. */
static bool is_sentence(const char *sentence)
{
    for (const char *c = sentence; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            return false;
        }
    }
    return strncmp(sentence, "--listen '", 10) == 0 && strstr(sentence, "write ") != NULL;
}

/* Parses an exact heap copy, so that ASan sees a read beyond it. Asserts only what is wrong: Check
 * notes each assertion in a file. */
static void parse_exactly(struct slice text)
{
    struct listen_spec spec;
    struct buf error;
    char out[LISTEN_TEXT_SIZE];
    char *const copy = mem_alloc(text.len == 0 ? 1 : text.len);
    if (copy == NULL) {
        ck_abort_msg("out of memory");
    }
    memcpy(copy, text.ptr, text.len);
    buf_init(&error, 4096);
    const int rc = listen_parse(slice_of(copy, text.len), &spec, &error);
    if (rc == 0 ? listen_spec_text(&spec, out)[0] == '\0' : !is_sentence(buf_cstr(&error))) {
        ck_abort_msg("\"%.*s\": %d, \"%s\"", SLICE_ARG(text), rc, buf_cstr(&error));
    }
    buf_deinit(&error);
    mem_free(copy);
}

START_TEST(random_texts_are_parsed_or_told_off_in_one_line)
{
    static const char *const parts[] = {
        ":",     "::", "[",       "]",          "127.0.0.1", "8000",    "0",    "65535",
        "unix:", "@",  "fd:",     "/",          "%",         "%s",      "%n",   "localhost",
        "*",     ".",  "-1",      "ffff",       "x",         "systemd", "\xff", " ",
        "\n",    "'",  "http://", "9999999999", "[::1]",     ":80",
    };
    struct random random;
    random_seed(&random, 7);
    for (int round = 0; round < 20000; round++) {
        char text[256];
        size_t len = 0;
        const uint64_t count = random_below(&random, 8);
        for (uint64_t i = 0; i < count; i++) {
            const char *const part = parts[random_below(&random, COUNT_OF(parts))];
            memcpy(text + len, part, strlen(part));
            len += strlen(part);
        }
        if (len > 0 && random_percent(&random, 30)) {
            text[random_below(&random, len)] = (char)random_u64(&random);
        }
        parse_exactly(slice_of(text, len));
    }
}
END_TEST

START_TEST(every_prefix_of_a_good_text_is_parsed_or_told_off)
{
    static const char *const texts[] = {"127.0.0.1:8000", "[2001:db8::1]:8000",
                                        "localhost:80",   "unix:/run/app.sock",
                                        "unix:@name",     "fd:12",
                                        "systemd"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            parse_exactly(slice_of(texts[i], len));
        }
    }
}
END_TEST

Suite *suite_listen_parse(void)
{
    Suite *const suite = suite_create("listen_parse");
    TCase *const tcase = tcase_create("listen_parse");
    tcase_add_test(tcase, good_texts_come_back_as_they_were_written);
    tcase_add_test(tcase, port_alone_means_all_addresses_of_both_families);
    tcase_add_test(tcase, bracketed_address_is_v6_only);
    tcase_add_test(tcase, v4_address_and_port_are_in_network_order);
    tcase_add_test(tcase, localhost_is_the_v4_loopback);
    tcase_add_test(tcase, v4_mapped_address_is_v4);
    tcase_add_test(tcase, abstract_name_begins_with_nul_and_ends_with_the_address);
    tcase_add_test(tcase, bad_texts_are_told_what_to_write);
    tcase_add_test(tcase, unix_path_may_be_as_long_as_the_kernel_takes_and_no_longer);
    tcase_add_test(tcase, nul_bytes_are_refused_everywhere);
    tcase_add_test(tcase, a_long_text_is_shown_cut);
    tcase_add_test(tcase, random_texts_are_parsed_or_told_off_in_one_line);
    tcase_add_test(tcase, every_prefix_of_a_good_text_is_parsed_or_told_off);
    suite_add_tcase(suite, tcase);
    return suite;
}
