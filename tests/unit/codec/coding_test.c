/* Accept-Encoding (RFC 9110 section 12.5.3). */
#include "suites.h"
#include "codec/coding.h"

static const struct {
    const char *field;
    int want[CODING_COUNT_]; /* br, zstd, gzip, identity */
} cases[] = {
    {"", {0, 0, 0, 1}},
    {"gzip", {0, 0, 1000, 1}},
    {"gzip, deflate, br, zstd", {1000, 1000, 1000, 1}},
    {"GZIP", {0, 0, 1000, 1}},
    {"x-gzip", {0, 0, 1000, 1}},
    {"br;q=0.5, gzip;q=1.0", {500, 0, 1000, 1}},
    {"br;q=0", {0, 0, 0, 1}},
    {"br ; Q=0.123", {123, 0, 0, 1}},
    {"br;q=0.1234", {0, 0, 0, 1}},
    {"br;q=2", {0, 0, 0, 1}},
    {"br;q=", {0, 0, 0, 1}},
    {"br;x=1", {0, 0, 0, 1}},
    {"*", {1000, 1000, 1000, 1000}},
    {"*;q=0", {0, 0, 0, 0}},
    {"*;q=0, br", {1000, 0, 0, 0}},
    {"gzip;q=0, *;q=0.2", {200, 200, 0, 200}},
    {"identity;q=0", {0, 0, 0, 0}},
    {"identity", {0, 0, 0, 1000}},
    {",,gzip,", {0, 0, 1000, 1}},
    {"brotli, zst, gzipped", {0, 0, 0, 1}},
};

START_TEST(each_coding_has_its_quality)
{
    int got[CODING_COUNT_];
    coding_qualities(slice_cstr(cases[_i].field), got);
    for (int i = 0; i < CODING_COUNT_; i++) {
        ck_assert_msg(got[i] == cases[_i].want[i], "%s: coding %d: wanted %d, got %d",
                      cases[_i].field, i, cases[_i].want[i], got[i]);
    }
}
END_TEST

Suite *coding_suite(void)
{
    Suite *const suite = suite_create("coding");
    TCase *const tests = tcase_create("coding");
    tcase_add_loop_test(tests, each_coding_has_its_quality, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
