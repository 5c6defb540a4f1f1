/* The four forms of a target. */
#include "suites.h"
#include "codec/target.h"

#include <errno.h>

struct forms_case {
    const char *method; /* "G", "C"onnect or "O"ptions */
    const char *raw;
    enum target_form form;
    const char *path;
    const char *query; /* NULL: none */
    const char *authority;
    bool plain;
};

static const struct forms_case sound[] = {
    {"G", "/", TARGET_ORIGIN, "/", NULL, "", true},
    {"G", "/a/b?c=d", TARGET_ORIGIN, "/a/b", "c=d", "", true},
    {"G", "/?", TARGET_ORIGIN, "/", "", "", true},
    {"G", "/a??b?", TARGET_ORIGIN, "/a", "?b?", "", true},
    {"G", "/%41", TARGET_ORIGIN, "/%41", NULL, "", false},
    {"G", "/a?%41", TARGET_ORIGIN, "/a", "%41", "", true},
    {"G", "/.", TARGET_ORIGIN, "/.", NULL, "", false},
    {"G", "/./a", TARGET_ORIGIN, "/./a", NULL, "", false},
    {"G", "/..", TARGET_ORIGIN, "/..", NULL, "", false},
    {"G", "/a/../b", TARGET_ORIGIN, "/a/../b", NULL, "", false},
    {"G", "/a/..?b", TARGET_ORIGIN, "/a/..", "b", "", false},
    {"G", "/a/.?", TARGET_ORIGIN, "/a/.", "", "", false},
    {"G", "/.a/..b/...", TARGET_ORIGIN, "/.a/..b/...", NULL, "", true},
    {"G", "/a./b../c", TARGET_ORIGIN, "/a./b../c", NULL, "", true},
    {"G", "/.a/../b", TARGET_ORIGIN, "/.a/../b", NULL, "", false},
    {"G", "/a?/../", TARGET_ORIGIN, "/a", "/../", "", true},
    {"G", "//b/c", TARGET_ORIGIN, "//b/c", NULL, "", true},
    {"G", "http://b", TARGET_ABSOLUTE, "", NULL, "b", true},
    {"G", "http://b?c", TARGET_ABSOLUTE, "", "c", "b", true},
    {"G", "http://b/", TARGET_ABSOLUTE, "/", NULL, "b", true},
    {"G", "HtTp://b:80/c?d", TARGET_ABSOLUTE, "/c", "d", "b:80", true},
    {"G", "http://[::1]:1/..", TARGET_ABSOLUTE, "/..", NULL, "[::1]:1", false},
    {"O", "http://b", TARGET_ABSOLUTE, "", NULL, "b", true},
    {"O", "*", TARGET_ASTERISK, "", NULL, "", true},
    {"O", "/", TARGET_ORIGIN, "/", NULL, "", true},
    {"C", "b:443", TARGET_AUTHORITY, "", NULL, "b:443", true},
    {"C", "[::1]:443", TARGET_AUTHORITY, "", NULL, "[::1]:443", true},
};

static int parse(const char *method, struct slice raw, bool eight_bit, struct target *ret_target)
{
    const char *reason = NULL;
    const int rc =
        target_parse(raw, method[0] == 'C', method[0] == 'O', eight_bit, ret_target, &reason);
    ck_assert_int_eq(rc < 0, reason != NULL);
    return rc;
}

START_TEST(sound_targets_fall_into_their_parts)
{
    const struct forms_case *const c = &sound[_i];
    struct target target;
    ck_assert_int_eq(parse(c->method, slice_cstr(c->raw), false, &target), 0);
    ck_assert_uint_eq(target.form, c->form);
    ck_assert(slice_eq(target.path, slice_cstr(c->path)));
    ck_assert_int_eq(target.has_query, c->query != NULL);
    ck_assert(slice_eq(target.query, slice_cstr(c->query)));
    ck_assert(slice_eq(target.authority, slice_cstr(c->authority)));
    ck_assert_int_eq(target.path_plain, c->plain);
}
END_TEST

/* Spans are made of these pointers. */
START_TEST(every_part_lies_in_the_target)
{
    const struct slice raw = slice_cstr(sound[_i].raw);
    struct target target;
    ck_assert_int_eq(parse(sound[_i].method, raw, false, &target), 0);
    const struct slice parts[] = {target.path, target.query, target.authority};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        ck_assert(parts[i].ptr >= raw.ptr);
        ck_assert(parts[i].ptr + parts[i].len <= raw.ptr + raw.len);
    }
}
END_TEST

static const struct {
    const char *method;
    const char *raw;
} refused[] = {
    {"G", ""},
    {"G", "a"},
    {"G", "*"},
    {"G", "?a"},
    {"G", "b:80"},
    {"G", "http:"},
    {"G", "http:/b"},
    {"G", "http://"},
    {"G", "http:///a"},
    {"G", "http://u@b/"},
    {"G", "http://b:c"},
    {"G", "httpss://b/"},
    {"G", "ftp://b/"},
    {"G", "/#"},
    {"G", "/a#b"},
    {"G", "/?#"},
    {"G", "/<"},
    {"G", "/?>"},
    {"G", "/\""},
    {"G", "/\\"},
    {"G", "/^"},
    {"G", "/`"},
    {"G", "/{"},
    {"G", "/}"},
    {"G", "/%"},
    {"G", "/%4"},
    {"G", "/%4g"},
    {"G", "/%00"},
    {"G", "/?%"},
    {"G", "/?%00"},
    {"G", "/\xe4"},
    {"G", "/?\xe4"},
    {"O", "**"},
    {"O", "*/"},
    {"O", ""},
    {"C", ""},
    {"C", "/"},
    {"C", "*"},
    {"C", "b"},
    {"C", "b:"},
    {"C", "b:0"},
    {"C", "b:00"},
    {"C", ":443"},
    {"C", "b:65536"},
    {"C", "u@b:443"},
    {"C", "b:443/"},
    {"C", "http://b:443"},
};

START_TEST(others_are_refused)
{
    struct target target;
    ck_assert_int_eq(parse(refused[_i].method, slice_cstr(refused[_i].raw), false, &target),
                     -EINVAL);
}
END_TEST

START_TEST(control_bytes_are_refused)
{
    struct target target;
    for (int byte = 0; byte <= 0x20; byte++) {
        const char raw[] = {'/', (char)byte, '?', (char)byte};
        ck_assert_int_lt(parse("G", slice_of(raw, 2), true, &target), 0);
        ck_assert_int_lt(parse("G", slice_of(raw, 4), true, &target), 0);
    }
    ck_assert_int_lt(parse("G", SLICE("/\x7f"), true, &target), 0);
    ck_assert_int_lt(parse("G", SLICE("/?\x7f"), true, &target), 0);
}
END_TEST

START_TEST(eight_bit_bytes_pass_where_they_are_let)
{
    struct target target;
    ck_assert_int_eq(parse("G", SLICE("/\x80\xff?\xe4"), true, &target), 0);
    ck_assert(slice_eq(target.path, SLICE("/\x80\xff")));
    ck_assert(slice_eq(target.query, SLICE("\xe4")));
    ck_assert_int_lt(parse("G", SLICE("http://\xe4/"), true, &target), 0);
    ck_assert_int_lt(parse("C", SLICE("\xe4:1"), true, &target), 0);
}
END_TEST

Suite *target_suite(void)
{
    Suite *const suite = suite_create("target");
    TCase *const tests = tcase_create("target");
    tcase_add_loop_test(tests, sound_targets_fall_into_their_parts, 0, (int)COUNT_OF(sound));
    tcase_add_loop_test(tests, every_part_lies_in_the_target, 0, (int)COUNT_OF(sound));
    tcase_add_loop_test(tests, others_are_refused, 0, (int)COUNT_OF(refused));
    tcase_add_test(tests, control_bytes_are_refused);
    tcase_add_test(tests, eight_bit_bytes_pass_where_they_are_let);
    suite_add_tcase(suite, tests);
    return suite;
}
