/* Names of files that clients chose, and removing by them, in a real directory beside another. */
#include "fake.h"

#include "base/sys.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *suite_remove(void);

static char root[64], dir[80]; /* dir is in root, and what is beside it must stay */
static const char *where, *name;
static int result;

static const char *path_of(const char *file)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    return path;
}

static void put_file(const char *file)
{
    FILE *const out = fopen(path_of(file), "wb");
    ck_assert_ptr_nonnull(out);
    fclose(out);
}

static bool is_there(const char *file)
{
    struct stat stat;
    return lstat(path_of(file), &stat) == 0;
}

static void begin(void)
{
    strcpy(root, "garm-remove-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(dir, sizeof(dir), "%s/dir", root);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    ck_assert_int_eq(mkdir(path_of("sub"), 0700), 0);
    put_file("../outside");
    put_file("sub/inner");
    put_file(".hidden");
    where = dir;
    fake_start(fake_setup_one);
}

static void finish(void)
{
    sys_set_fault(NULL, NULL);
    fake_end();
    unlink(path_of("../outside"));
    unlink(path_of("sub/inner"));
    unlink(path_of(".hidden"));
    rmdir(path_of("sub"));
    ck_assert_int_eq(rmdir(dir), 0);
    rmdir(root);
}

static int remove_it(garm_ctx *c)
{
    result = garm_remove_file(c, where, name);
    return result < 0 ? result : 204;
}

static unsigned ask_to_remove(const char *file)
{
    name = file;
    fake_handler = remove_it;
    return fake_ask("GET / HTTP/1.1\nHost: a")->status;
}

/* Names. */

static const char *const good_names[] = {
    "a",    "a.b", "a..b",      "a b",  "%", "%2",  "%2g",
    "100%", "C:",  "größe.txt", "\xff", "~", "-rf", "a.",
};

START_TEST(a_plain_name_is_valid)
{
    ck_assert(garm_file_name_valid(good_names[_i]));
}
END_TEST

static const char *const bad_names[] = {
    "",          ".",          "..",    ".a",  "/",    "/a",   "a/",   "a/b",
    "sub/inner", "../outside", "a\\",   "\\a", "..\\", "a\nb", "\x01", "\x1f",
    "a\x7f",     "a%2fb",      "a%2Fb", "%5c", "%5C",  "\t.a", "a\r",
};

START_TEST(a_name_that_leads_elsewhere_is_not)
{
    ck_assert(!garm_file_name_valid(bad_names[_i]));
    ck_assert_uint_eq(ask_to_remove(bad_names[_i]), 404);
    ck_assert_int_eq(result, -ENOENT);
    ck_assert(is_there("../outside") && is_there("sub/inner") && is_there(".hidden"));
}
END_TEST

START_TEST(a_name_has_at_most_255_bytes)
{
    char text[257];
    memset(text, 'x', sizeof(text) - 1);
    text[256] = '\0';
    ck_assert(!garm_file_name_valid(text));
    text[255] = '\0';
    ck_assert(garm_file_name_valid(text));
    put_file(text);
    ck_assert_uint_eq(ask_to_remove(text), 204);
    ck_assert(!is_there(text));
}
END_TEST

/* Removing. */

START_TEST(a_file_is_removed_once)
{
    put_file("a b");
    put_file("b");
    ck_assert_uint_eq(ask_to_remove("a b"), 204);
    ck_assert(!is_there("a b") && is_there("b"));
    ck_assert_uint_eq(ask_to_remove("a b"), 404);
    ck_assert_int_eq(result, -ENOENT);
    ck_assert_uint_eq(ask_to_remove("b"), 204);
    ck_assert_str_eq(fake_log(), "");
}
END_TEST

START_TEST(a_link_goes_itself)
{
    ck_assert_int_eq(symlink("../outside", path_of("link")), 0);
    ck_assert_int_eq(symlink("sub", path_of("link_to_sub")), 0);
    ck_assert_uint_eq(ask_to_remove("link"), 204);
    ck_assert_uint_eq(ask_to_remove("link_to_sub"), 204);
    ck_assert(!is_there("link") && !is_there("link_to_sub"));
    ck_assert(is_there("../outside") && is_there("sub/inner"));
}
END_TEST

START_TEST(a_directory_is_no_file)
{
    ck_assert_uint_eq(ask_to_remove("sub"), 404);
    ck_assert(is_there("sub/inner"));
    ck_assert_str_eq(fake_log(), "");
}
END_TEST

START_TEST(a_missing_directory_is_the_servers_fault)
{
    where = "garm-remove-none";
    ck_assert_uint_eq(ask_to_remove("a"), 500);
    ck_assert_int_eq(result, -EIO);
    ck_assert_ptr_nonnull(strstr(fake_log(), "-none\\\": No such file or directory"));
}
END_TEST

static const char *failing;
static int error;

static int fault(void *arg, enum sys_kind kind, const char *called)
{
    (void)arg;
    return kind == SYS_CALL && strcmp(called, failing) == 0 ? error : 0;
}

START_TEST(what_the_file_system_refuses_is_told_apart)
{
    static const struct {
        const char *call;
        int error, result;
        unsigned status;
    } cases[] = {
        {"unlinkat", -EROFS, -EIO, 500},     {"unlinkat", -EACCES, -EIO, 500},
        {"unlinkat", -EPERM, -EIO, 500},     {"unlinkat", -ENOENT, -ENOENT, 404},
        {"unlinkat", -EISDIR, -ENOENT, 404}, {"open", -ENOENT, -EIO, 500},
        {"open", -EACCES, -EIO, 500},        {"open", -EMFILE, -EMFILE, 503},
        {"open", -ENOMEM, -ENOMEM, 503},
    };
    put_file("a");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        failing = cases[i].call;
        error = cases[i].error;
        sys_set_fault(fault, NULL);
        const unsigned status = ask_to_remove("a");
        sys_set_fault(NULL, NULL);
        ck_assert_uint_eq(status, cases[i].status);
        ck_assert_int_eq(result, cases[i].result);
        ck_assert(is_there("a"));
    }
    ck_assert_uint_eq(ask_to_remove("a"), 204);
}
END_TEST

Suite *suite_remove(void)
{
    Suite *const suite = suite_create("app/remove");
    TCase *const tests = tcase_create("remove");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_loop_test(tests, a_plain_name_is_valid, 0,
                        (int)(sizeof(good_names) / sizeof(good_names[0])));
    tcase_add_loop_test(tests, a_name_that_leads_elsewhere_is_not, 0,
                        (int)(sizeof(bad_names) / sizeof(bad_names[0])));
    tcase_add_test(tests, a_name_has_at_most_255_bytes);
    tcase_add_test(tests, a_file_is_removed_once);
    tcase_add_test(tests, a_link_goes_itself);
    tcase_add_test(tests, a_directory_is_no_file);
    tcase_add_test(tests, a_missing_directory_is_the_servers_fault);
    tcase_add_test(tests, what_the_file_system_refuses_is_told_apart);
    suite_add_tcase(suite, tests);
    return suite;
}
