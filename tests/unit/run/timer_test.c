/* The timer wheel, against a model that looks at every timer. */
#include "suites.h"

#include "base/limits.h"
#include "base/random.h"
#include "run/timer.h"

#define MS    NS_PER_MS
#define COUNT 100

struct probe {
    struct timer timer;
    int64_t due_ns; /* the model's; INT64_MAX: not set */
    int64_t tick;   /* at which it may be called: of due_ns, or the next one if that has passed */
    unsigned calls;
};

static struct timer_wheel wheel;
static struct probe probes[COUNT];
static int64_t now_ns;
static int64_t last_tick;
static struct random dice;

static int64_t tick_of(int64_t ns)
{
    return (ns + MS - 1) / MS;
}

static void on_probe(struct timer *timer)
{
    struct probe *const probe = CONTAINER_OF(timer, struct probe, timer);
    ck_assert_int_le(probe->due_ns, now_ns);
    ck_assert_int_ge(probe->tick, last_tick);
    ck_assert_int_eq(timer->due_ns, INT64_MAX);
    last_tick = probe->tick;
    probe->due_ns = INT64_MAX;
    probe->calls++;
}

static void setup(void)
{
    now_ns = 123456789 * MS + 17;
    timer_wheel_init(&wheel, now_ns);
    for (size_t i = 0; i < COUNT; i++) {
        probes[i] = (struct probe){.due_ns = INT64_MAX};
        timer_init(&probes[i].timer, on_probe);
    }
}

static void set(struct probe *probe, int64_t due_ns)
{
    timer_set(&wheel, &probe->timer, due_ns);
    probe->due_ns = due_ns;
    probe->tick = tick_of(due_ns) > now_ns / MS ? tick_of(due_ns) : now_ns / MS + 1;
}

/* All that is due is called; what is not due must not be (see on_probe). */
static void advance(int64_t ns)
{
    now_ns += ns;
    last_tick = INT64_MIN;
    timer_wheel_advance(&wheel, now_ns);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert(probes[i].due_ns == INT64_MAX || probes[i].tick > now_ns / MS);
    }
}

/* Spans from a fraction of a tick to far beyond the wheel's range, each magnitude as likely. */
static int64_t any_span(void)
{
    return (int64_t)random_below(&dice, UINT64_C(1) << (10 + random_below(&dice, 42)));
}

static void do_something(void)
{
    struct probe *const probe = &probes[random_below(&dice, COUNT)];
    const uint64_t what = random_below(&dice, 10);
    if (what < 6) {
        set(probe, now_ns + any_span());
    } else if (what < 7) {
        set(probe, now_ns - (int64_t)random_below(&dice, 5 * MS));
    } else if (what < 8) {
        timer_stop(&wheel, &probe->timer);
        probe->due_ns = INT64_MAX;
    } else if (what < 9) {
        advance(any_span() / 16);
    } else if (timer_wheel_next(&wheel) != INT64_MAX) {
        const int64_t next_ns = timer_wheel_next(&wheel);
        advance(next_ns > now_ns ? next_ns - now_ns : 0);
    }
}

/* The wheel asks for its next turn in the future, and not after the first timer. */
static void check_next(void)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < COUNT; i++) {
        if (probes[i].due_ns != INT64_MAX && probes[i].tick < first) {
            first = probes[i].tick;
        }
    }
    const int64_t next_ns = timer_wheel_next(&wheel);
    ck_assert_int_gt(next_ns, now_ns / MS * MS);
    ck_assert(first == INT64_MAX || next_ns <= first * MS);
}

START_TEST(random_workload_agrees_with_the_model)
{
    setup();
    random_seed(&dice, (uint64_t)_i);
    for (int step = 0; step < 2000; step++) {
        do_something();
        check_next();
    }
    advance(INT64_C(1) << 60);
    advance(MS);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(probes[i].due_ns, INT64_MAX);
    }
    ck_assert_int_eq(timer_wheel_next(&wheel), INT64_MAX);
}
END_TEST

START_TEST(timer_is_called_once_and_not_before_its_time)
{
    setup();
    set(&probes[0], now_ns + 5 * MS);
    for (int i = 0; i < 50; i++) {
        advance(MS / 10);
    }
    ck_assert_uint_eq(probes[0].calls, 0);
    advance(MS);
    ck_assert_uint_eq(probes[0].calls, 1);
    advance(1000 * MS);
    ck_assert_uint_eq(probes[0].calls, 1);
}
END_TEST

START_TEST(timer_moved_to_later_is_called_at_the_later_time)
{
    setup();
    set(&probes[0], now_ns + 10 * MS);
    set(&probes[0], now_ns + 500 * MS);
    advance(499 * MS);
    ck_assert_uint_eq(probes[0].calls, 0);
    advance(2 * MS);
    ck_assert_uint_eq(probes[0].calls, 1);
}
END_TEST

START_TEST(timer_moved_to_earlier_is_called_at_the_earlier_time)
{
    setup();
    set(&probes[0], now_ns + 5000 * MS);
    set(&probes[0], now_ns + 20 * MS);
    advance(21 * MS);
    ck_assert_uint_eq(probes[0].calls, 1);
}
END_TEST

START_TEST(timer_set_to_never_is_stopped)
{
    setup();
    set(&probes[0], now_ns + MS);
    timer_set(&wheel, &probes[0].timer, INT64_MAX);
    probes[0].due_ns = INT64_MAX;
    ck_assert_int_eq(timer_wheel_next(&wheel), INT64_MAX);
    advance(100 * MS);
    ck_assert_uint_eq(probes[0].calls, 0);
}
END_TEST

START_TEST(stopping_a_timer_that_is_not_set_does_nothing)
{
    setup();
    timer_stop(&wheel, &probes[0].timer);
    set(&probes[1], now_ns + MS);
    timer_stop(&wheel, &probes[0].timer);
    advance(3 * MS);
    ck_assert_uint_eq(probes[1].calls, 1);
}
END_TEST

START_TEST(timer_beyond_the_range_is_called_in_time)
{
    setup();
    const int64_t day_ns = 86400 * NS_PER_SEC;
    set(&probes[0], now_ns + 40 * day_ns);
    set(&probes[1], now_ns + 13 * day_ns);
    advance(13 * day_ns - MS);
    ck_assert_uint_eq(probes[1].calls, 0);
    advance(3 * MS);
    ck_assert_uint_eq(probes[1].calls, 1);
    advance(27 * day_ns - 4 * MS);
    ck_assert_uint_eq(probes[0].calls, 0);
    advance(5 * MS);
    ck_assert_uint_eq(probes[0].calls, 1);
}
END_TEST

static void stop_the_next(struct timer *timer)
{
    struct probe *const probe = CONTAINER_OF(timer, struct probe, timer);
    probe->calls++;
    probe->due_ns = INT64_MAX;
    timer_stop(&wheel, &probes[1].timer);
    probes[1].due_ns = INT64_MAX;
    set(&probes[2], now_ns + 50 * MS);
}

START_TEST(callback_may_stop_and_move_timers_that_are_due_too)
{
    setup();
    for (size_t i = 0; i < 4; i++) {
        set(&probes[i], now_ns + 2 * MS);
    }
    probes[0].timer.on_due = stop_the_next;
    advance(10 * MS);
    ck_assert_uint_eq(probes[0].calls, 1);
    ck_assert_uint_eq(probes[1].calls, 0);
    ck_assert_uint_eq(probes[2].calls, 0);
    ck_assert_uint_eq(probes[3].calls, 1);
    advance(52 * MS);
    ck_assert_uint_eq(probes[2].calls, 1);
}
END_TEST

static void set_itself_to_the_past(struct timer *timer)
{
    struct probe *const probe = CONTAINER_OF(timer, struct probe, timer);
    probe->calls++;
    set(probe, now_ns - MS);
}

START_TEST(timer_that_sets_itself_to_the_past_is_called_once_per_advance)
{
    setup();
    set(&probes[0], now_ns + MS);
    probes[0].timer.on_due = set_itself_to_the_past;
    advance(1000 * MS);
    ck_assert_uint_eq(probes[0].calls, 1);
    advance(1000 * MS);
    ck_assert_uint_eq(probes[0].calls, 2);
}
END_TEST

Suite *timer_suite(void)
{
    Suite *const suite = suite_create("timer");
    TCase *const tcase = tcase_create("timer");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, random_workload_agrees_with_the_model, 0, 8);
    tcase_add_test(tcase, timer_is_called_once_and_not_before_its_time);
    tcase_add_test(tcase, timer_moved_to_later_is_called_at_the_later_time);
    tcase_add_test(tcase, timer_moved_to_earlier_is_called_at_the_earlier_time);
    tcase_add_test(tcase, timer_set_to_never_is_stopped);
    tcase_add_test(tcase, stopping_a_timer_that_is_not_set_does_nothing);
    tcase_add_test(tcase, timer_beyond_the_range_is_called_in_time);
    tcase_add_test(tcase, callback_may_stop_and_move_timers_that_are_due_too);
    tcase_add_test(tcase, timer_that_sets_itself_to_the_past_is_called_once_per_advance);
    suite_add_tcase(suite, tcase);
    return suite;
}
