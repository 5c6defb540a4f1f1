/* Hosts and ports. */
#include "suites.h"
#include "codec/target.h"

#include "base/compiler.h"

static const char *const valid[] = {
    "a",
    "example.com",
    "example.com.",
    "a_b",
    "A-9.b",
    "a:80",
    "a:",
    "a:0",
    "a:65535",
    "a:0000080",
    "a!$&'()*+;=~",
    "a%20b",
    "%41",
    "192.0.2.1",
    "300.1.2.3", /* a registered name */
    "[::]",
    "[::1]",
    "[::1]:",
    "[::1]:8080",
    "[1::]",
    "[1:2:3:4:5:6:7:8]",
    "[1:2:3:4:5:6:7::]",
    "[::2:3:4:5:6:7:8]",
    "[1:2:3:4::6:7:8]",
    "[ABCD:abcd:0000:0:00:000:1:f]",
    "[::192.0.2.1]",
    "[::ffff:0.0.0.0]",
    "[1:2:3:4:5:6:255.255.255.255]",
    "[v1.a]",
    "[vAF.a:b!~]",
    "[V1.x]",
};

static const char *const invalid[] = {
    "",
    ":",
    ":80",
    "a:b",
    "a:-1",
    "a:65536",
    "a:655350",
    "a:4294967376", /* 2^32 + 80 */
    "a:18446744073709551696",
    "a:80:80",
    "a:80 ",
    " a",
    "a b",
    "a,b",
    "a/b",
    "a?b",
    "a#b",
    "a@b",
    "@",
    "a\\b",
    "a\"b",
    "<a>",
    "\x80",
    "\xc3\xa4",
    "a\x01",
    "a\x7f",
    "a%",
    "a%2",
    "a%zz",
    "a%00",
    "[",
    "]",
    "[]",
    "[]:80",
    "[:]",
    "[:::]",
    "[1]",
    "[1:2]",
    "[1:2:3:4:5:6:7]",
    "[1:2:3:4:5:6:7:8:9]",
    "[1:2:3:4:5:6:7:8::]",
    "[::1:2:3:4:5:6:7:8]",
    "[1::2::3]",
    "[:1:2:3:4:5:6:7]",
    "[1:2:3:4:5:6:7:]",
    "[::12345]",
    "[::g]",
    "[::-1]",
    "[::1",
    "::1",
    "[::1]a",
    "[::1]a:80",
    "[::1]]",
    "[[::1]]",
    "[::1%25eth0]",
    "[::1%eth0]",
    "[1.2.3.4]",
    "[::1.2.3]",
    "[::1.2.3.4.5]",
    "[::1.2.3.256]",
    "[::1.2.3.0004]",
    "[::01.2.3.4]",
    "[::1..2.3]",
    "[::1.2.3.]",
    "[::.1.2.3]",
    "[::a.2.3.4]",
    "[1.2.3.4::]",
    "[::1.2.3.4:1]",
    "[1:2:3:4:5:6:7:1.2.3.4]",
    "[1:2:3:4:5:6:7:8:1.2.3.4]",
    "[v.a]",
    "[v1.]",
    "[v1]",
    "[v]",
    "[vg.a]",
    "[v1.a@b]",
    "[v1.a/b]",
};

START_TEST(hosts_and_ports_that_the_grammar_has_are_valid)
{
    ck_assert_msg(authority_valid(slice_cstr(valid[_i])), "%s", valid[_i]);
}
END_TEST

START_TEST(all_others_are_invalid)
{
    ck_assert_msg(!authority_valid(slice_cstr(invalid[_i])), "%s", invalid[_i]);
}
END_TEST

START_TEST(a_nul_is_in_no_host)
{
    ck_assert(!authority_valid(SLICE("a\0b")));
    ck_assert(!authority_valid(SLICE("a:8\0")));
    ck_assert(!authority_valid(SLICE("[::\0]")));
}
END_TEST

START_TEST(an_authority_falls_into_host_and_port)
{
    static const char *const parts[][3] = {
        {"a:80", "a", "80"},         {"a", "a", ""}, {"a:", "a", ""},      {"[::1]", "[::1]", ""},
        {"[::1]:80", "[::1]", "80"}, {"", "", ""},   {"[::1", "[::1", ""}, {":80", "", "80"},
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        const struct slice authority = slice_cstr(parts[i][0]);
        ck_assert(slice_eq(authority_host(authority), slice_cstr(parts[i][1])));
        ck_assert(slice_eq(authority_port(authority), slice_cstr(parts[i][2])));
    }
}
END_TEST

Suite *authority_suite(void)
{
    Suite *const suite = suite_create("authority");
    TCase *const tests = tcase_create("authority");
    tcase_add_loop_test(tests, hosts_and_ports_that_the_grammar_has_are_valid, 0,
                        (int)COUNT_OF(valid));
    tcase_add_loop_test(tests, all_others_are_invalid, 0, (int)COUNT_OF(invalid));
    tcase_add_test(tests, a_nul_is_in_no_host);
    tcase_add_test(tests, an_authority_falls_into_host_and_port);
    suite_add_tcase(suite, tests);
    return suite;
}
