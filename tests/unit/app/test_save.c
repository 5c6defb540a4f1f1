/* Bodies and parts that become files, in a real directory: what is there afterwards, and that
 * nothing is after any failure. */
#include "fake.h"

#include "base/sys.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MULTIPART "POST / HTTP/1.1\nHost: a\nContent-Type: multipart/form-data; boundary=b"
#define PLAIN     "POST / HTTP/1.1\nHost: a"
#define FILE_HEAD "--b\r\nContent-Disposition: form-data; name=f; filename=\"../x\"\r\n\r\n"

Suite *suite_save(void);

static char dir[64];
static int result; /* of the function under test */
static garm_save_opts opts;
static const char *name;
static uint64_t saved_bytes;
static char large[200000];
static int first_status;

/* The directory. */

static void begin(void)
{
    strcpy(dir, "garm-save-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    opts = (garm_save_opts){.size = sizeof(opts), .where = "here", .ret_bytes = &saved_bytes};
    name = "file";
    result = 0;
    saved_bytes = 0;
    for (size_t i = 0; i < sizeof(large); i++) {
        large[i] = (char)('a' + i % 23);
    }
    fake_start(fake_setup_one);
}

static const char *path_of(const char *file)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    return path;
}

/* How many entries there are, hidden ones too; removes them. */
static unsigned count_and_clear(void)
{
    unsigned count = 0;
    DIR *const entries = opendir(dir);
    ck_assert_ptr_nonnull(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            count++;
            unlink(path_of(entry->d_name));
        }
    }
    closedir(entries);
    return count;
}

static void finish(void)
{
    sys_set_fault(NULL, NULL);
    fake_end();
    count_and_clear();
    rmdir(dir);
}

static void require_file(const char *file, const char *content, size_t size)
{
    char *const data = malloc(size + 1);
    FILE *const in = fopen(path_of(file), "rb");
    ck_assert_ptr_nonnull(in);
    ck_assert_uint_eq(fread(data, 1, size + 1, in), size);
    ck_assert(memcmp(data, content, size) == 0);
    fclose(in);
    free(data);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *const entries = opendir("/proc/self/fd");
    while (readdir(entries) != NULL) {
        count++;
    }
    closedir(entries);
    return count;
}

static void put_file(const char *file, const char *content)
{
    FILE *const out = fopen(path_of(file), "wb");
    ck_assert_ptr_nonnull(out);
    fputs(content, out);
    fclose(out);
}

/* Handlers. */

static int save_body(garm_ctx *c)
{
    result = garm_save_body_with(c, dir, name, &opts);
    return result < 0 ? result : garm_text(c, 201, "kept");
}

/* Each file under "0", "1" and so on. */
static int save_parts(garm_ctx *c)
{
    garm_part part;
    while ((result = garm_form_next(c, &part)) > 0) {
        result = garm_part_save_with(c, dir, garm_strf(c, "%zu", part.index), &opts);
        GARM_TRY(result);
    }
    return result < 0 ? result : garm_text(c, 201, "kept");
}

/* Looks at the first file only, and waits, as if there were more to do. */
static int save_first(garm_ctx *c)
{
    garm_part part;
    result = garm_form_next(c, &part);
    GARM_TRY(result);
    GARM_TRY(garm_part_save(c, dir, "first"));
    GARM_TRY(garm_sleep(c, GARM_SEC(1)));
    return garm_text(c, first_status, "done");
}

static const struct answer *ask(const char *head, garm_handler *handler, const char *body,
                                size_t size)
{
    const struct fake_client client = {.body = body, .body_size = size, .piece = 7777};
    fake_handler = handler;
    return fake_ask_as(head, &client);
}

static const struct answer *ask_body(const char *body)
{
    return ask(PLAIN, save_body, body, strlen(body));
}

/* Saving. */

START_TEST(a_body_becomes_a_file)
{
    const struct answer *const answer = ask(PLAIN, save_body, large, sizeof(large));
    struct stat stat_;
    ck_assert_uint_eq(answer->status, 201);
    ck_assert_uint_eq(saved_bytes, sizeof(large));
    require_file("file", large, sizeof(large));
    ck_assert_int_eq(stat(path_of("file"), &stat_), 0);
    ck_assert_uint_eq(stat_.st_mode & 07777, 0600);
    ck_assert_uint_eq(count_and_clear(), 1);
}
END_TEST

START_TEST(an_empty_body_becomes_an_empty_file)
{
    const struct fake_client client = {0};
    fake_handler = save_body;
    ck_assert_uint_eq(fake_ask_as(PLAIN, &client)->status, 201);
    require_file("file", "", 0);
}
END_TEST

START_TEST(the_mode_is_as_asked_whatever_the_umask)
{
    struct stat stat_;
    const mode_t before = umask(077);
    opts.mode = 0664;
    opts.sync = true;
    ck_assert_uint_eq(ask_body("x")->status, 201);
    umask(before);
    ck_assert_int_eq(stat(path_of("file"), &stat_), 0);
    ck_assert_uint_eq(stat_.st_mode & 07777, 0664);
}
END_TEST

START_TEST(a_name_that_is_taken_stays_as_it_is)
{
    put_file("file", "old");
    ck_assert_uint_eq(ask_body("new")->status, 409);
    ck_assert_int_eq(result, -EEXIST);
    require_file("file", "old", 3);
    ck_assert_uint_eq(count_and_clear(), 1);
}
END_TEST

START_TEST(a_file_is_replaced_when_asked)
{
    put_file("file", "old");
    opts.replace = true;
    ck_assert_uint_eq(ask_body("newer")->status, 201);
    require_file("file", "newer", 5);
    ck_assert_uint_eq(count_and_clear(), 1);
}
END_TEST

START_TEST(a_link_is_replaced_and_never_followed)
{
    put_file("target", "old");
    ck_assert_int_eq(symlink("target", path_of("file")), 0);
    ck_assert_uint_eq(ask_body("new")->status, 409);
    opts.replace = true;
    ck_assert_uint_eq(ask_body("new")->status, 201);
    require_file("target", "old", 3);
    require_file("file", "new", 3);
}
END_TEST

static const char *const bad_names[] = {
    "",
    ".",
    "..",
    ".hidden",
    "a/b",
    "/etc/passwd",
    "../x",
    "a\nb",
    "a\x7f"
    "b",
    "a\\b",
    "a%2Fb",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "01234567890123456789012345678901234567890123456789012345678901234567890",
};

START_TEST(a_name_that_is_more_than_one_is_refused)
{
    name = bad_names[_i];
    ck_assert_uint_eq(ask_body("x")->status, 500);
    ck_assert_int_eq(result, -EINVAL);
    ck_assert_uint_eq(count_and_clear(), 0);
}
END_TEST

START_TEST(a_body_past_its_bound_leaves_nothing)
{
    opts.bytes_max = (int64_t)sizeof(large) - 1;
    ck_assert_uint_eq(ask(PLAIN, save_body, large, sizeof(large))->status, 413);
    ck_assert_int_eq(result, -EMSGSIZE);
    ck_assert_uint_eq(count_and_clear(), 0);
    opts.bytes_max++;
    ck_assert_uint_eq(ask(PLAIN, save_body, large, sizeof(large))->status, 201);
}
END_TEST

START_TEST(a_missing_directory_is_the_servers_fault)
{
    char before[sizeof(dir)];
    strcpy(before, dir);
    strcat(dir, "-none");
    ck_assert_uint_eq(ask_body("x")->status, 500);
    ck_assert_int_eq(result, -EIO);
    ck_assert_ptr_nonnull(strstr(fake_log(), "-none\\\": No such file or directory"));
    strcpy(dir, before);
}
END_TEST

/* Progress. */

static uint64_t reports[8];
static size_t report_count;

static int report(garm_ctx *c, uint64_t bytes, void *arg)
{
    (void)c;
    reports[report_count++] = bytes;
    return bytes >= *(const uint64_t *)arg ? -EPERM : 0;
}

START_TEST(progress_is_told_and_may_end_it)
{
    uint64_t end = UINT64_MAX;
    opts.progress = report;
    opts.progress_arg = &end;
    report_count = 0;
    ck_assert_uint_eq(ask(PLAIN, save_body, large, sizeof(large))->status, 201);
    ck_assert_uint_eq(report_count, 5);
    ck_assert_uint_eq(reports[0], 49152);
    ck_assert_uint_eq(reports[4], sizeof(large));
    ck_assert_uint_eq(count_and_clear(), 1);
    for (size_t i = 0; i < 5; i++) {
        report_count = 0;
        end = reports[i];
        ck_assert_uint_eq(ask(PLAIN, save_body, large, sizeof(large))->status, 403);
        ck_assert_int_eq(result, -EPERM);
        ck_assert_uint_eq(count_and_clear(), 0);
    }
}
END_TEST

/* Parts. */

#define TWO_FILES FILE_HEAD "first\r\n" FILE_HEAD "second\r\n"

START_TEST(each_part_becomes_a_file)
{
    const char *const body = TWO_FILES "--b--\r\n";
    ck_assert_uint_eq(ask(MULTIPART, save_parts, body, strlen(body))->status, 201);
    require_file("0", "first", 5);
    require_file("1", "second", 6);
    ck_assert_uint_eq(count_and_clear(), 2);
}
END_TEST

START_TEST(a_form_that_breaks_later_leaves_nothing)
{
    const char *const body = TWO_FILES "--b--\r\n";
    const size_t end = strlen(body) - 2;
    for (size_t size = 1; size < end; size++) {
        ck_assert_uint_eq(ask(MULTIPART, save_parts, body, size)->status, 400);
        ck_assert_int_eq(result, -EBADMSG);
        ck_assert_uint_eq(count_and_clear(), 0);
    }
    ck_assert_uint_eq(ask(MULTIPART, save_parts, body, end)->status, 201);
}
END_TEST

START_TEST(a_client_that_goes_leaves_nothing)
{
    const char *const body = TWO_FILES "--b--\r\n";
    for (size_t size = 1; size <= strlen(body); size++) {
        const struct fake_client client = {
            .body = body, .body_size = size, .fail_read = -ECONNRESET};
        fake_handler = save_parts;
        ck_assert_uint_ne(fake_ask_as(MULTIPART, &client)->status, 201);
        ck_assert_int_eq(result, -ECONNRESET);
        ck_assert_uint_eq(count_and_clear(), 0);
    }
}
END_TEST

START_TEST(a_replacement_is_taken_back_too)
{
    const char *const body = FILE_HEAD "first\r\n--b\r\nbroken";
    opts.replace = true;
    put_file("0", "old");
    ck_assert_uint_eq(ask(MULTIPART, save_parts, body, strlen(body))->status, 400);
    ck_assert_uint_eq(count_and_clear(), 0);
}
END_TEST

START_TEST(a_form_left_early_keeps_its_files_if_all_went_well)
{
    const char *const body = TWO_FILES "--b--\r\n";
    first_status = 201;
    ck_assert_uint_eq(ask(MULTIPART, save_first, body, strlen(body))->status, 201);
    require_file("first", "first", 5);
    ck_assert_uint_eq(count_and_clear(), 1);
    first_status = 422;
    ck_assert_uint_eq(ask(MULTIPART, save_first, body, strlen(body))->status, 422);
    ck_assert_uint_eq(count_and_clear(), 0);
}
END_TEST

/* Whatever fails. */

struct faults {
    enum sys_kind kind;
    unsigned nth, calls;
    int error;
    const char *name; /* NULL: any */
};

static int fail_nth(void *arg, enum sys_kind kind, const char *called)
{
    struct faults *const f = arg;
    if (kind != f->kind || (f->name != NULL && strcmp(called, f->name) != 0)) {
        return 0;
    }
    return ++f->calls == f->nth ? f->error : 0;
}

static struct faults faults;
static garm_handler *under_faults;

static int arm(garm_ctx *c)
{
    sys_set_fault(fail_nth, &faults);
    return under_faults(c);
}

/* Makes each call in turn fail. Whatever the answer is, either all is there or nothing. */
static void try_all(enum sys_kind kind, int error, garm_handler *handler, const char *head,
                    const char *body, size_t size, unsigned files)
{
    const unsigned before = open_descriptors();
    for (unsigned nth = 1;; nth++) {
        faults = (struct faults){.kind = kind, .nth = nth, .error = error};
        under_faults = handler;
        const unsigned status = ask(head, arm, body, size)->status;
        sys_set_fault(NULL, NULL);
        const unsigned left = count_and_clear();
        ck_assert_msg(status == 201 ? left == files : left == 0, "call %u failed: %u, %u left", nth,
                      status, left);
        ck_assert_uint_eq(open_descriptors(), before);
        if (faults.calls < nth) {
            break;
        }
        ck_assert_uint_lt(nth, 200);
    }
}

START_TEST(the_nth_call_may_fail)
{
    static const int errors[] = {-ENOSPC, -EIO, -ENOMEM, -EMFILE, -EACCES};
    const char *const body = TWO_FILES "--b--\r\n";
    opts.sync = _i % 2 == 0;
    opts.replace = _i % 3 == 0;
    try_all(SYS_CALL, errors[_i], save_body, PLAIN, large, sizeof(large), 1);
    try_all(SYS_CALL, errors[_i], save_parts, MULTIPART, body, strlen(body), 2);
}
END_TEST

START_TEST(the_nth_allocation_may_fail)
{
    const char *const body = TWO_FILES "--b--\r\n";
    try_all(SYS_MEMORY, -ENOMEM, save_body, PLAIN, large, sizeof(large), 1);
    try_all(SYS_MEMORY, -ENOMEM, save_parts, MULTIPART, body, strlen(body), 2);
}
END_TEST

START_TEST(a_full_disk_is_507)
{
    faults = (struct faults){.kind = SYS_CALL, .nth = 3, .error = -ENOSPC, .name = "write"};
    under_faults = save_body;
    ck_assert_uint_eq(ask(PLAIN, arm, large, sizeof(large))->status, 507);
    ck_assert_int_eq(result, -ENOSPC);
    sys_set_fault(NULL, NULL);
    ck_assert_uint_eq(count_and_clear(), 0);
}
END_TEST

/* File systems that have no files without a name, or cannot refuse to replace. */
static int fail_always(void *arg, enum sys_kind kind, const char *called)
{
    (void)kind;
    static bool nameless;
    nameless = strcmp(called, "openat") == 0 ? !nameless : nameless;
    if (strcmp(called, "openat") == 0 && nameless) {
        return -EOPNOTSUPP;
    }
    return arg != NULL && strcmp(called, "renameat2") == 0 ? -EINVAL : 0;
}

START_TEST(poor_file_systems_do_too)
{
    static char no_rename;
    put_file("file", "old");
    sys_set_fault(fail_always, _i == 0 ? NULL : &no_rename);
    ck_assert_uint_eq(ask_body("new")->status, 409);
    ck_assert_uint_eq(count_and_clear(), 1);
    ck_assert_uint_eq(ask_body("new")->status, 201);
    require_file("file", "new", 3);
    ck_assert_uint_eq(count_and_clear(), 1);
    opts.bytes_max = 2;
    ck_assert_uint_eq(ask_body("new")->status, 413);
    ck_assert_uint_eq(count_and_clear(), 0);
}
END_TEST

Suite *suite_save(void)
{
    Suite *const suite = suite_create("app/save");
    TCase *const tests = tcase_create("save");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_test(tests, a_body_becomes_a_file);
    tcase_add_test(tests, an_empty_body_becomes_an_empty_file);
    tcase_add_test(tests, the_mode_is_as_asked_whatever_the_umask);
    tcase_add_test(tests, a_name_that_is_taken_stays_as_it_is);
    tcase_add_test(tests, a_file_is_replaced_when_asked);
    tcase_add_test(tests, a_link_is_replaced_and_never_followed);
    tcase_add_loop_test(tests, a_name_that_is_more_than_one_is_refused, 0,
                        (int)(sizeof(bad_names) / sizeof(bad_names[0])));
    tcase_add_test(tests, a_body_past_its_bound_leaves_nothing);
    tcase_add_test(tests, a_missing_directory_is_the_servers_fault);
    tcase_add_test(tests, progress_is_told_and_may_end_it);
    tcase_add_test(tests, each_part_becomes_a_file);
    tcase_add_test(tests, a_form_that_breaks_later_leaves_nothing);
    tcase_add_test(tests, a_client_that_goes_leaves_nothing);
    tcase_add_test(tests, a_replacement_is_taken_back_too);
    tcase_add_test(tests, a_form_left_early_keeps_its_files_if_all_went_well);
    tcase_add_loop_test(tests, the_nth_call_may_fail, 0, 5);
    tcase_add_test(tests, the_nth_allocation_may_fail);
    tcase_add_test(tests, a_full_disk_is_507);
    tcase_add_loop_test(tests, poor_file_systems_do_too, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
