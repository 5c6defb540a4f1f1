/* Every implementation of the scans against the scalar one. */
#include "suites.h"
#include "codec/scan.h"

#include "base/random.h"
#include "spec/guard.h"

#include <string.h>

#define LEN_MAX    200
#define ALIGNMENTS 64

typedef size_t scan_fn(const char *p, size_t len);

/* Both must find the same end of p[0..len). */
static void require_same(scan_fn *got, scan_fn *want, const char *p, size_t len, const char *name)
{
    if (got(p, len) != want(p, len)) {
        ck_abort_msg("%s: %zu instead of %zu of %zu bytes", name, got(p, len), want(p, len), len);
    }
}

static void compare(const struct scan_ops *ops, const char *p, size_t len)
{
    const struct scan_ops *const scalar = scan_all()[0];
    require_same(ops->value, scalar->value, p, len, ops->name);
    require_same(ops->target, scalar->target, p, len, ops->name);
}

/* Mostly bytes that all classes have, so that runs are long. */
static void fill(struct random *random, char *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const uint64_t r = random_u64(random);
        out[i] = (char)(r % 64 == 0 ? r >> 8 : 'a' + (r >> 8) % 26);
    }
}

START_TEST(random_bytes_of_all_lengths_and_alignments_end_where_the_scalar_scan_says)
{
    static char room[ALIGNMENTS + LEN_MAX];
    struct random random;
    random_seed(&random, 7);
    for (const struct scan_ops *const *ops = scan_all(); *ops != NULL; ops++) {
        for (size_t len = 0; len <= LEN_MAX; len++) {
            for (size_t align = 0; align < ALIGNMENTS; align++) {
                fill(&random, room, sizeof(room));
                compare(*ops, room + align, len);
            }
        }
    }
}
END_TEST

START_TEST(every_byte_at_every_place_is_judged_as_by_the_scalar_scan)
{
    char text[70];
    for (const struct scan_ops *const *ops = scan_all(); *ops != NULL; ops++) {
        for (size_t at = 0; at < sizeof(text); at++) {
            for (int byte = 0; byte < 256; byte++) {
                memset(text, 'a', sizeof(text));
                text[at] = (char)byte;
                compare(*ops, text, sizeof(text));
                compare(*ops, text, at + 1);
            }
        }
    }
}
END_TEST

START_TEST(nothing_is_read_beyond_the_end)
{
    char text[LEN_MAX];
    memset(text, 'a', sizeof(text));
    for (const struct scan_ops *const *ops = scan_all(); *ops != NULL; ops++) {
        for (size_t len = 0; len <= LEN_MAX; len++) {
            const char *const p = guard_copy(slice_of(text, len));
            ck_assert_uint_eq((*ops)->value(p, len), len);
            ck_assert_uint_eq((*ops)->target(p, len), len);
        }
    }
}
END_TEST

START_TEST(a_bad_byte_behind_the_end_is_not_seen)
{
    char text[LEN_MAX];
    memset(text, 'a', sizeof(text));
    for (const struct scan_ops *const *ops = scan_all(); *ops != NULL; ops++) {
        for (size_t len = 0; len < LEN_MAX; len++) {
            text[len] = '\r';
            ck_assert_uint_eq((*ops)->value(text, len), len);
            ck_assert_uint_eq((*ops)->target(text, len), len);
            text[len] = 'a';
        }
    }
}
END_TEST

START_TEST(the_chosen_implementation_is_the_last_of_all)
{
    const struct scan_ops *const *ops = scan_all();
    ck_assert_str_eq(ops[0]->name, "scalar");
    while (ops[1] != NULL) {
        ops++;
    }
    ck_assert_ptr_eq(*ops, scan);
}
END_TEST

Suite *scan_suite(void)
{
    Suite *const suite = suite_create("scan");
    TCase *const tests = tcase_create("scan");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests,
                   random_bytes_of_all_lengths_and_alignments_end_where_the_scalar_scan_says);
    tcase_add_test(tests, every_byte_at_every_place_is_judged_as_by_the_scalar_scan);
    tcase_add_test(tests, nothing_is_read_beyond_the_end);
    tcase_add_test(tests, a_bad_byte_behind_the_end_is_not_seen);
    tcase_add_test(tests, the_chosen_implementation_is_the_last_of_all);
    suite_add_tcase(suite, tests);
    return suite;
}
