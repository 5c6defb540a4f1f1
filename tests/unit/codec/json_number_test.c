/* Numbers: doubles written and read back, and the bounds of what is taken. */
#include "suites.h"

#include "base/compiler.h"
#include "base/random.h"
#include "json_support.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double read_back(struct slice text)
{
    const struct garm_json_value *root = NULL;
    ck_assert_int_eq(json_test_parse(text, &root, NULL), 0);
    const double value = root->type == JSON_INT    ? (double)root->as.integer
                         : root->type == JSON_UINT ? (double)root->as.natural
                                                   : root->as.number;
    json_test_free();
    return value;
}

static void check_round_trip(double value)
{
    char text[JSON_DOUBLE_MAX];
    const size_t size = json_double_text(value, text);
    ck_assert_uint_le(size, JSON_DOUBLE_MAX);
    const double back = read_back(slice_of(text, size));
    ck_assert_mem_eq(&back, &value, sizeof(value));
}

START_TEST(doubles_of_any_bits_read_back_the_same)
{
    struct random random;
    random_seed(&random, 17);
    for (int i = 0; i < 20000; i++) {
        const uint64_t bits = random_u64(&random);
        double value = 0;
        memcpy(&value, &bits, sizeof(value));
        if (isfinite(value)) {
            check_round_trip(value);
        }
    }
}
END_TEST

START_TEST(doubles_at_the_edges_read_back_the_same)
{
    static const double values[] = {0.0,      -0.0,
                                    DBL_MIN,  DBL_MAX,
                                    -DBL_MAX, 5e-324,
                                    0.1,      1.0 / 3,
                                    1e22,     1e23,
                                    1e21,     123456789.0,
                                    1e-5,     1e15,
                                    1e16,     9007199254740993.0,
                                    4.35,     2.2250738585072011e-308};
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        check_round_trip(values[i]);
    }
    for (int exponent = -1074; exponent < 1024; exponent++) {
        check_round_trip(ldexp(1, exponent));
        check_round_trip(nextafter(ldexp(1, exponent), 0));
    }
}
END_TEST

/* The largest double is 2^1024 - 2^971; from 2^1024 - 2^970 on it rounds to infinity. */
#define LARGEST                                                                                    \
    "17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797" \
    "75872070963302864166928879109465555478519404026306574886715058206819089020007083836762738548" \
    "45817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711" \
    "559699508093042880177904174497792"

static const struct {
    const char *text;
    bool overflows;
} bounds[] = {
    {"1e308", false},
    {"1e309", true},
    {"1.7976931348623157e308", false},
    {"1.7976931348623158e308", false},
    {"1.7976931348623159e308", true},
    {"17976931348623158e292", false},
    {"17976931348623159e292", true},
    {"0.00017976931348623158e312", false},
    {"0.00017976931348623159e312", true},
    {LARGEST ".0", true},
    {LARGEST "e0", true},
    {LARGEST ".00000000001", true},
    {"0.0000000" LARGEST "e316", true},
    {"0.0000000" LARGEST "e315", false},
    {"9e307", false},
    {"-1e309", true},
    {"-1.7976931348623157e308", false},
    {"0e999999999999999999999999", false},
    {"0.000e999999999999999999999999", false},
    {"1e999999999999999999999999", true},
    {"1e-999999999999999999999999", false},
    {"1E+0000000000000000000000308", false},
    {"100000e303", false},
    {"100000e304", true},
};

START_TEST(what_no_double_holds_overflows)
{
    const struct garm_json_value *root = NULL;
    const struct slice text = slice_cstr(bounds[_i].text);
    ck_assert(json_number_overflows(text) == bounds[_i].overflows);
    ck_assert_int_eq(json_test_parse(text, &root, NULL), bounds[_i].overflows ? -EBADMSG : 0);
}
END_TEST

/* One below the bound, in its last digit, still is the largest double. */
START_TEST(the_bound_of_doubles_is_exact)
{
    char text[] = LARGEST ".0";
    const size_t last = strlen(LARGEST) - 1;
    ck_assert_int_gt(text[last], '0');
    text[last]--;
    ck_assert(read_back(slice_cstr(text)) == DBL_MAX);
}
END_TEST

Suite *json_number_suite(void)
{
    Suite *const suite = suite_create("json_number");
    TCase *const tc = tcase_create("numbers");
    tcase_add_checked_fixture(tc, NULL, json_test_free);
    tcase_add_test(tc, doubles_of_any_bits_read_back_the_same);
    tcase_add_test(tc, doubles_at_the_edges_read_back_the_same);
    tcase_add_loop_test(tc, what_no_double_holds_overflows, 0, COUNT_OF(bounds));
    tcase_add_test(tc, the_bound_of_doubles_is_exact);
    suite_add_tcase(suite, tc);
    return suite;
}
