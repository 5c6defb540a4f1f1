/* Random numbers. */
#include "suites.h"
#include "base/random.h"

START_TEST(the_generator_is_xoshiro256_starstar)
{
    /* State 1, 2, 3, 4: the first numbers follow from the paper's definition by hand. */
    struct random random = {{1, 2, 3, 4}};
    ck_assert_uint_eq(random_u64(&random), 11520);
    ck_assert_uint_eq(random_u64(&random), 0);
    ck_assert_uint_eq(random_u64(&random), 1509978240);
}
END_TEST

START_TEST(equal_seeds_give_equal_sequences)
{
    struct random a;
    struct random b;
    struct random other;
    random_seed(&a, 7);
    random_seed(&b, 7);
    random_seed(&other, 8);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        const uint64_t number = random_u64(&a);
        ck_assert_uint_eq(number, random_u64(&b));
        same += number == random_u64(&other);
    }
    ck_assert_int_eq(same, 0);
}
END_TEST

START_TEST(a_seed_of_zero_is_as_good_as_any)
{
    struct random random;
    random_seed(&random, 0);
    ck_assert_uint_ne(random_u64(&random), random_u64(&random));
}
END_TEST

START_TEST(below_reaches_every_number_about_equally)
{
    struct random random;
    random_seed(&random, 3);
    for (uint64_t bound = 1; bound <= 20; bound++) {
        int counts[20] = {0};
        for (uint64_t i = 0; i < bound * 1000; i++) {
            const uint64_t number = random_below(&random, bound);
            ck_assert_uint_lt(number, bound);
            counts[number]++;
        }
        for (uint64_t i = 0; i < bound; i++) {
            ck_assert_int_gt(counts[i], 800);
            ck_assert_int_lt(counts[i], 1200);
        }
    }
}
END_TEST

START_TEST(below_takes_the_largest_bounds)
{
    struct random random;
    random_seed(&random, 4);
    const uint64_t half = UINT64_C(1) << 63;
    bool high = false;
    for (int i = 0; i < 1000; i++) {
        ck_assert_uint_lt(random_below(&random, UINT64_MAX), UINT64_MAX);
        const uint64_t number = random_below(&random, half + 1);
        ck_assert_uint_le(number, half);
        high = high || number > half / 2;
    }
    ck_assert(high);
}
END_TEST

START_TEST(percent_is_true_that_often)
{
    struct random random;
    random_seed(&random, 5);
    int never = 0;
    int sometimes = 0;
    int always = 0;
    for (int i = 0; i < 10000; i++) {
        never += random_percent(&random, 0);
        sometimes += random_percent(&random, 30);
        always += random_percent(&random, 100);
    }
    ck_assert_int_eq(never, 0);
    ck_assert_int_gt(sometimes, 2700);
    ck_assert_int_lt(sometimes, 3300);
    ck_assert_int_eq(always, 10000);
}
END_TEST

Suite *random_suite(void)
{
    Suite *const suite = suite_create("random");
    TCase *const tests = tcase_create("random");
    tcase_add_test(tests, the_generator_is_xoshiro256_starstar);
    tcase_add_test(tests, equal_seeds_give_equal_sequences);
    tcase_add_test(tests, a_seed_of_zero_is_as_good_as_any);
    tcase_add_test(tests, below_reaches_every_number_about_equally);
    tcase_add_test(tests, below_takes_the_largest_bounds);
    tcase_add_test(tests, percent_is_true_that_often);
    suite_add_tcase(suite, tests);
    return suite;
}
