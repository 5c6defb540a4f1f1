/* Chaos by the seed: those that once found a bug, and some hundred more. tools/sim runs many. */
#include "chaos.h"
#include "suites.h"

#define SEEDS_PER_TEST 50
#define TESTS          8

static void check_seed(uint64_t seed)
{
    struct chaos_report report = {0};
    const char *const wrong = chaos_run(seed, &report);
    ck_assert_msg(wrong == NULL, "%s", wrong);
}

START_TEST(a_seed_that_once_failed_stays_clean)
{
    static const uint64_t seeds[] = {30, 2542, 3560, 7005, 15177};
    check_seed(seeds[_i]);
}
END_TEST

START_TEST(no_answer_is_lost_crossed_repeated_or_invented)
{
    for (uint64_t i = 0; i < SEEDS_PER_TEST; i++) {
        check_seed(1 + (uint64_t)_i * SEEDS_PER_TEST + i);
    }
}
END_TEST

START_TEST(a_seed_replays_exactly)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct chaos_report first = {0};
        struct chaos_report second = {0};
        ck_assert_ptr_null(chaos_run(seed, &first));
        ck_assert_ptr_null(chaos_run(seed, &second));
        ck_assert_uint_eq(first.trace, second.trace);
    }
}
END_TEST

START_TEST(the_seeds_reach_their_cases)
{
    struct chaos_report sum = {0};
    for (uint64_t seed = 1; seed <= 100; seed++) {
        ck_assert_ptr_null(chaos_run(seed, &sum));
    }
    ck_assert_uint_gt(sum.clients, 200);
    ck_assert_uint_gt(sum.answered, 1000);
    ck_assert_uint_gt(sum.refused, 10);
    ck_assert_uint_gt(sum.cut, 10);
}
END_TEST

Suite *chaos_suite(void)
{
    Suite *const suite = suite_create("chaos");
    TCase *const tests = tcase_create("seeds");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_seed_that_once_failed_stays_clean, 0, 5);
    tcase_add_loop_test(tests, no_answer_is_lost_crossed_repeated_or_invented, 0, TESTS);
    tcase_add_test(tests, a_seed_replays_exactly);
    tcase_add_test(tests, the_seeds_reach_their_cases);
    suite_add_tcase(suite, tests);
    return suite;
}
