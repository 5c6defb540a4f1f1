/* The law of the overload control, on a model of a worker: turns in virtual time, whose requests
 * come by a schedule, cost what they cost, and are of no use to clients that have given up. */
#include "app/overload.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "base/random.h"

#include <check.h>
#include <math.h>

Suite *suite_overload(void);

#define DELAY_NS     (75 * NS_PER_MS)
#define PATIENCE_NS  (500 * NS_PER_MS)
#define REFUSAL_NS   INT64_C(10000)
#define PER_TURN_MAX 256
#define WAITING_MAX  65536
#define US           INT64_C(1000)

/* A worker and its clients. */
struct model {
    struct overload overload;
    struct random random;
    int64_t now_ns, slept_ns, next_ns; /* next_ns: when the next request comes */
    uint64_t turn;
    int64_t service_ns, between_ns; /* the mean time between two requests; 0: none come */
    int64_t waiting[WAITING_MAX];   /* when they came, a ring */
    size_t first, count;
    /* What became of them. */
    unsigned useful, useless, refused;
    int64_t waited_ns_max;
};

static void start(struct model *model, int64_t delay_ns, int64_t service_ns, int64_t between_ns)
{
    *model = (struct model){.service_ns = service_ns, .between_ns = between_ns};
    overload_init(&model->overload, delay_ns);
    random_seed(&model->random, 7);
}

static void arrive(struct model *model, int64_t at_ns)
{
    ck_assert_uint_lt(model->count, WAITING_MAX);
    model->waiting[(model->first + model->count++) % WAITING_MAX] = at_ns;
}

/* Poisson's process, up to now. */
static void let_arrive(struct model *model)
{
    while (model->between_ns > 0 && model->next_ns <= model->now_ns) {
        arrive(model, model->next_ns);
        const double chance = (double)(random_below(&model->random, 1000000) + 1) / 1e6;
        model->next_ns += (int64_t)(-log(chance) * (double)model->between_ns);
    }
}

static void serve(struct model *model, int64_t came_ns)
{
    model->now_ns += model->service_ns;
    const int64_t waited_ns = model->now_ns - came_ns;
    if (waited_ns <= PATIENCE_NS) {
        model->useful++;
    } else {
        model->useless++;
    }
    model->waited_ns_max = waited_ns > model->waited_ns_max ? waited_ns : model->waited_ns_max;
}

static void take_one(struct model *model, int64_t turn_ns)
{
    const int64_t came_ns = model->waiting[model->first];
    model->first = (model->first + 1) % WAITING_MAX;
    model->count--;
    bool refused = false;
    if (--model->overload.credit < 0 && model->overload.delay_ns > 0) {
        const struct overload_moment moment = {model->now_ns, turn_ns, model->slept_ns,
                                               model->turn};
        refused = overload_decide(&model->overload, &moment);
    }
    if (refused) {
        model->now_ns += REFUSAL_NS;
        model->refused++;
    } else {
        serve(model, came_ns);
    }
}

static void turn(struct model *model)
{
    let_arrive(model);
    model->slept_ns = 0;
    if (model->count == 0) {
        const int64_t until_ns =
            model->between_ns > 0 ? model->next_ns : model->now_ns + NS_PER_SEC;
        model->slept_ns = until_ns - model->now_ns;
        model->now_ns = until_ns;
        let_arrive(model);
    }
    model->turn++;
    const int64_t turn_ns = model->now_ns;
    for (size_t left = model->count < PER_TURN_MAX ? model->count : PER_TURN_MAX; left > 0;
         left--) {
        take_one(model, turn_ns);
    }
}

static void run(struct model *model, int64_t for_ns)
{
    const int64_t end_ns = model->now_ns + for_ns;
    while (model->now_ns < end_ns) {
        turn(model);
    }
}

static void forget(struct model *model)
{
    model->useful = model->useless = model->refused = 0;
    model->waited_ns_max = 0;
}

static struct model model;

/* 500 a second are what a worker can do; overloads from just above that to 20 times as much. */
static const int64_t overloads_us[] = {1900, 1500, 1000, 667, 200, 100};

START_TEST(an_overloaded_worker_does_at_least_nine_tenths_of_its_best_and_answers_soon)
{
    start(&model, DELAY_NS, 2 * NS_PER_MS, overloads_us[_i] * US);
    run(&model, 2 * NS_PER_SEC);
    forget(&model);
    run(&model, 20 * NS_PER_SEC);
    ck_assert_uint_eq(model.useless, 0);
    ck_assert_uint_ge(model.useful, 20 * 500 * 90 / 100);
    ck_assert_uint_gt(model.refused, 0);
    ck_assert_int_le(model.waited_ns_max, 200 * NS_PER_MS);
}
END_TEST

START_TEST(three_times_the_load_makes_nobody_wait_for_fifty_milliseconds)
{
    start(&model, DELAY_NS, 2 * NS_PER_MS, 667 * US);
    run(&model, NS_PER_SEC);
    ck_assert_int_le(model.waited_ns_max, 200 * NS_PER_MS);
    forget(&model);
    run(&model, 20 * NS_PER_SEC);
    ck_assert_int_le(model.waited_ns_max, 50 * NS_PER_MS);
}
END_TEST

START_TEST(without_the_control_the_same_load_is_a_collapse)
{
    start(&model, 0, 2 * NS_PER_MS, 1000 * US);
    run(&model, 5 * NS_PER_SEC);
    forget(&model);
    run(&model, 20 * NS_PER_SEC);
    ck_assert_uint_eq(model.refused, 0);
    ck_assert_uint_lt(model.useful, 20 * 500 / 10);
}
END_TEST

START_TEST(a_worker_that_is_busy_for_four_fifths_of_its_time_refuses_nobody)
{
    start(&model, DELAY_NS, 2 * NS_PER_MS, 2500 * US);
    run(&model, 600 * NS_PER_SEC);
    ck_assert_uint_gt(model.useful, 600 * 390);
    ck_assert_uint_eq(model.refused + model.useless, 0);
}
END_TEST

START_TEST(a_worker_that_is_nearly_saturated_refuses_next_to_nobody)
{
    start(&model, DELAY_NS, 2 * NS_PER_MS, 2105 * US); /* 95% */
    run(&model, 600 * NS_PER_SEC);
    ck_assert_uint_eq(model.useless, 0);
    ck_assert_uint_lt(model.refused, model.useful / 50);
}
END_TEST

START_TEST(thousands_of_quick_requests_at_once_are_all_served)
{
    start(&model, DELAY_NS, 20 * US, 0);
    for (int i = 0; i < 10; i++) {
        for (int k = 0; k < 5000; k++) {
            arrive(&model, model.now_ns);
        }
        run(&model, NS_PER_SEC);
    }
    ck_assert_uint_eq(model.useful, 50000);
}
END_TEST

START_TEST(a_saturated_worker_with_quick_handlers_refuses_nobody)
{
    start(&model, DELAY_NS, 100 * US, 100 * US);
    for (int i = 0; i < 3000; i++) {
        arrive(&model, 0);
    }
    run(&model, 10 * NS_PER_SEC);
    ck_assert_uint_eq(model.refused, 0);
}
END_TEST

/* All of them are found by one poll; when they are done the worker rests, and nothing stands. */
START_TEST(a_burst_that_an_idle_worker_answers_in_a_second_is_no_overload)
{
    start(&model, DELAY_NS, 10 * NS_PER_MS, 0);
    for (int i = 0; i < 10; i++) {
        for (int k = 0; k < 100; k++) {
            arrive(&model, model.now_ns);
        }
        run(&model, 2 * NS_PER_SEC);
    }
    ck_assert_uint_eq(model.refused, 0);
    ck_assert_uint_eq(model.useful + model.useless, 1000);
}
END_TEST

/* Its second turn has stood for as long as the first took. */
START_TEST(a_burst_behind_a_burst_is_refused)
{
    start(&model, DELAY_NS, 10 * NS_PER_MS, 0);
    for (int k = 0; k < 100; k++) {
        arrive(&model, model.now_ns);
    }
    turn(&model);
    ck_assert_uint_eq(model.refused, 0);
    for (int k = 0; k < 100; k++) {
        arrive(&model, model.now_ns);
    }
    turn(&model);
    ck_assert_uint_gt(model.refused, 90);
}
END_TEST

START_TEST(a_process_that_was_stopped_refuses_nobody)
{
    start(&model, DELAY_NS, 50 * US, 200 * US);
    for (int i = 0; i < 5; i++) {
        run(&model, NS_PER_SEC);
        for (int k = 0; k < 40; k++) {
            arrive(&model, model.now_ns);
        }
        /* Stopped behind the tenth request of a turn, whose others find that they are late. */
        const int64_t turn_ns = model.now_ns;
        model.turn++;
        for (int k = 0; k < 10; k++) {
            take_one(&model, turn_ns);
        }
        model.now_ns += 20 * NS_PER_SEC;
        while (model.count > 0) {
            take_one(&model, turn_ns);
        }
        model.next_ns = model.now_ns;
    }
    ck_assert_uint_eq(model.refused, 0);
}
END_TEST

START_TEST(a_few_slow_requests_now_and_then_are_no_overload)
{
    start(&model, DELAY_NS, 60 * NS_PER_MS, 0);
    for (int i = 0; i < 100; i++) {
        arrive(&model, model.now_ns);
        arrive(&model, model.now_ns);
        arrive(&model, model.now_ns);
        turn(&model);
        model.turn++;
        model.now_ns += 5 * NS_PER_MS;
        model.slept_ns = 5 * NS_PER_MS;
    }
    ck_assert_uint_eq(model.useful, 300);
}
END_TEST

START_TEST(an_overload_is_forgotten_soon_after_its_end)
{
    start(&model, DELAY_NS, 2 * NS_PER_MS, 500 * US);
    run(&model, 5 * NS_PER_SEC);
    ck_assert_uint_gt(model.refused, 0);
    model.between_ns = 4 * NS_PER_MS;
    run(&model, 300 * NS_PER_MS);
    ck_assert_uint_eq(counter_get(&model.overload.refusing), 0);
    forget(&model);
    run(&model, 60 * NS_PER_SEC);
    ck_assert_uint_eq(model.refused, 0);
}
END_TEST

START_TEST(every_turn_serves_its_first_request)
{
    start(&model, DELAY_NS, 300 * NS_PER_MS, 50 * NS_PER_MS);
    run(&model, 60 * NS_PER_SEC);
    ck_assert_uint_gt(model.refused, 500);
    ck_assert_uint_ge(model.useful + model.useless, 195);
}
END_TEST

START_TEST(quick_requests_are_looked_at_one_time_in_sixteen)
{
    start(&model, DELAY_NS, 2 * US, 10 * US);
    unsigned looks = 0;
    for (int i = 0; i < 1600; i++) {
        arrive(&model, model.now_ns);
        const int32_t credit = model.overload.credit;
        take_one(&model, model.now_ns);
        looks += model.overload.credit > credit ? 1 : 0;
    }
    ck_assert_uint_eq(looks, 100);
}
END_TEST

Suite *suite_overload(void)
{
    Suite *const suite = suite_create("app/overload");
    TCase *const tc = tcase_create("overload");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc,
                        an_overloaded_worker_does_at_least_nine_tenths_of_its_best_and_answers_soon,
                        0, (int)COUNT_OF(overloads_us));
    tcase_add_test(tc, three_times_the_load_makes_nobody_wait_for_fifty_milliseconds);
    tcase_add_test(tc, without_the_control_the_same_load_is_a_collapse);
    tcase_add_test(tc, a_worker_that_is_busy_for_four_fifths_of_its_time_refuses_nobody);
    tcase_add_test(tc, a_worker_that_is_nearly_saturated_refuses_next_to_nobody);
    tcase_add_test(tc, thousands_of_quick_requests_at_once_are_all_served);
    tcase_add_test(tc, a_saturated_worker_with_quick_handlers_refuses_nobody);
    tcase_add_test(tc, a_burst_that_an_idle_worker_answers_in_a_second_is_no_overload);
    tcase_add_test(tc, a_burst_behind_a_burst_is_refused);
    tcase_add_test(tc, a_process_that_was_stopped_refuses_nobody);
    tcase_add_test(tc, a_few_slow_requests_now_and_then_are_no_overload);
    tcase_add_test(tc, an_overload_is_forgotten_soon_after_its_end);
    tcase_add_test(tc, every_turn_serves_its_first_request);
    tcase_add_test(tc, quick_requests_are_looked_at_one_time_in_sixteen);
    suite_add_tcase(suite, tc);
    return suite;
}
