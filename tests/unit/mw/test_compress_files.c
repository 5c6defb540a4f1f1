/* Files that garm_static compresses: whole and right, or not at all, when memory ends. */
#include "decoded.h"

#include <check.h>
#include <garm/garm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *suite_compress_files(void);

#define TEXT_SIZE 100000U

static char expected[TEXT_SIZE];
static garm_test *test;

static const char *const names[] = {"br", "zstd", "gzip"};

static void make_text(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < TEXT_SIZE; i++) {
        state = state * 1664525U + 1013904223U;
        expected[i] = "etaoin shrdlu\n{}"[state >> 28];
    }
}

static const garm_response *ask(const char *target, const char *accept)
{
    char field[200];
    snprintf(field, sizeof(field), "Accept-Encoding: %s", accept);
    return garm_test_do(test, "GET", target, .headers = {field});
}

static void require_text(const garm_response *res)
{
    size_t found = 0;
    const char *const coding = garm_test_header(test, "Content-Encoding");
    const char *const text = decoded(coding, res->body, res->body_size, &found);
    ck_assert_uint_eq(found, TEXT_SIZE);
    ck_assert(memcmp(text, expected, TEXT_SIZE) == 0);
}

static char directory[] = "garm-compress-XXXXXX";
static char file_path[64];

static void remove_directory(void)
{
    unlink(file_path);
    rmdir(directory);
}

static void make_directory(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(file_path, sizeof(file_path), "%s/a.txt", directory);
    FILE *const file = fopen(file_path, "wb");
    ck_assert_ptr_nonnull(file);
    make_text();
    ck_assert_uint_eq(fwrite(expected, 1, TEXT_SIZE, file), TEXT_SIZE);
    fclose(file);
}

static void setup_files(garm_app *app)
{
    garm_static(app, "/", directory, .compress = true);
}

START_TEST(without_memory_no_file_is_wrong)
{
    static const garm_app_entry files = GARM_ENTRY(setup_files);
    make_directory();
    unsigned nth = 1;
    for (int coded = 0; coded < 3 && nth < 3000; nth++) {
        test = garm_test_new(&files, NULL);
        /* A file that has just changed stays as it is, until its time says so. */
        do {
            garm_test_advance(test, GARM_SEC(1));
            ask("/a.txt", "identity");
        } while (garm_test_header(test, "ETag")[0] == 'W');
        garm_test_fail_alloc(test, nth);
        const garm_response *const res = ask("/a.txt", names[_i]);
        garm_test_fail_alloc(test, 0);
        const bool is_coded = garm_test_header(test, "Content-Encoding")[0] != '\0';
        coded = is_coded ? coded + 1 : 0;
        if (res->status == 200 && res->complete) {
            require_text(res);
        }
        ck_assert(res->status == 200 || res->status == 503 || !res->complete);
        garm_test_free(test);
    }
    remove_directory();
    ck_assert_uint_lt(nth, 3000);
}
END_TEST

Suite *suite_compress_files(void)
{
    Suite *const suite = suite_create("mw/compress_files");
    TCase *const tc = tcase_create("compress_files");
    tcase_set_timeout(tc, 60);
    if (getenv("GARM_UNDER_VALGRIND") == NULL) { /* which lacks openat2 */
        tcase_add_loop_test(tc, without_memory_no_file_is_wrong, 0, 3);
    }
    suite_add_tcase(suite, tc);
    return suite;
}
