/* Requests of one session that run at once, in every order that their calls of the store can have:
 * what was ended stays ended, also under a name that a renewal gives it meanwhile. */
#include "app/session.h"
#include "jar.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Suite *suite_session_race(void);

#define OLD_SECRET "0123456789abcdef0123456789abcdef1"
#define NEW_SECRET "0123456789abcdef0123456789abcdef2"
#define WIRE       "__Host-session"
#define TASKS_MAX  3
#define STEPS_MAX  100
#define KEYS_MAX   16
#define SAMPLES    400

/* The order. Before each of its calls of the store a task waits until it is chosen; one is chosen
 * when all that still run wait. */

enum work { NONE, RENEWS, CHANGES, ENDS };

struct task {
    enum work work;
    garm_ctx *c;
    bool runs, waits;
    struct session session;
};
static struct task tasks[TASKS_MAX];
static struct task *chosen;

static struct {
    unsigned depth; /* of the run */
    unsigned count; /* given, for the next run */
    unsigned choice[STEPS_MAX], options[STEPS_MAX];
} order;
static uint32_t dice; /* 0: the order is as given, and all of them are gone through */

static unsigned roll(unsigned options)
{
    dice = dice * 1664525U + 1013904223U;
    return (dice >> 16) % options;
}

static unsigned next_choice(unsigned options)
{
    ck_assert_uint_lt(order.depth, STEPS_MAX);
    const unsigned at = order.depth++;
    if (at >= order.count) {
        order.choice[at] = dice != 0 ? roll(options) : 0;
    }
    order.options[at] = options;
    return order.choice[at];
}

static bool next_order(void)
{
    order.count = order.depth;
    order.depth = 0;
    while (order.count > 0 && order.choice[order.count - 1] + 1 == order.options[order.count - 1]) {
        order.count--;
    }
    if (order.count > 0) {
        order.choice[order.count - 1]++;
    }
    return order.count > 0;
}

static void choose(void)
{
    struct task *waiting[TASKS_MAX];
    unsigned count = 0;
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].runs && !tasks[i].waits) {
            return;
        }
        if (tasks[i].runs) {
            waiting[count++] = &tasks[i];
        }
    }
    chosen = waiting[next_choice(count)];
}

static void wait_for_turn(const garm_ctx *c)
{
    struct task *task = tasks;
    while (task < tasks + TASKS_MAX && task->c != c) {
        task++;
    }
    if (task == tasks + TASKS_MAX) {
        return;
    }
    task->waits = true;
    for (;;) {
        if (chosen == NULL) {
            choose();
        }
        if (chosen == task) {
            break;
        }
        ck_assert_int_eq(garm_sleep(task->c, 1), 0);
    }
    task->waits = false;
    chosen = NULL;
}

/* The store: that in memory, and which keys it has been given. */

static const garm_session_store *memory;
static char keys[KEYS_MAX][SESSION_ID_LEN + 1];
static size_t key_count;

static int load(garm_ctx *c, void *arg, const char *key, const void **ret_data, size_t *ret_size,
                uint64_t *ret_version)
{
    wait_for_turn(c);
    return memory->load(c, arg, key, ret_data, ret_size, ret_version);
}

static int save(garm_ctx *c, void *arg, const char *key, const void *data, size_t size,
                uint64_t version, int64_t ttl_s)
{
    wait_for_turn(c);
    ck_assert_uint_lt(key_count, KEYS_MAX);
    snprintf(keys[key_count++], sizeof(keys[0]), "%s", key);
    return memory->save(c, arg, key, data, size, version, ttl_s);
}

static int forget(garm_ctx *c, void *arg, const char *key)
{
    wait_for_turn(c);
    return memory->remove(c, arg, key);
}

/* The application. */

static struct sessions config;

static int count_live(garm_ctx *c)
{
    int count = 0;
    for (size_t i = 0; i < key_count; i++) {
        const void *data = NULL;
        size_t size = 0;
        uint64_t version = 0;
        struct session session = {.config = &config};
        session_clear(&session);
        if (memory->load(c, memory->arg, keys[i], &data, &size, &version) == 0 &&
            session_read(c, &session, slice_of(data, size)) == 1) {
            count++;
            memory->remove(c, memory->arg, keys[i]); /* a key may be there twice */
        }
    }
    return count;
}

static int begin(garm_ctx *c)
{
    key_count = 0;
    GARM_TRY(garm_session_set(c, "a", "one"));
    return garm_text(c, 200, "begun");
}

/* What a child saves is all in the store; that it can set no cookie does not matter. */
static int work(garm_ctx *c, void *arg)
{
    struct task *const task = arg;
    task->c = c;
    if (task->work == ENDS) {
        ck_assert_int_eq(session_in_store.remove(c, &task->session), 0);
    } else {
        (void)session_in_store.save(c, &task->session);
    }
    task->c = NULL;
    task->runs = false;
    return 0;
}

/* All have looked at the session before one of them goes on. */
static int race(garm_ctx *c)
{
    garm_tasks *const group = garm_tasks_new(c);
    ck_assert_ptr_nonnull(group);
    for (size_t i = 0; i < TASKS_MAX; i++) {
        struct session *const session = &tasks[i].session;
        *session = (struct session){.config = &config, .renew = tasks[i].work == RENEWS};
        session_clear(session);
        ck_assert_int_eq(session_in_store.load(c, session), 1);
        session->found = true;
        tasks[i].runs = tasks[i].work != NONE;
    }
    for (size_t i = 0; i < TASKS_MAX; i++) {
        if (tasks[i].runs) {
            ck_assert_int_eq(garm_tasks_go(group, work, &tasks[i]), 0);
        }
    }
    ck_assert_int_eq(garm_tasks_wait(group), 0);
    struct session old = {.config = &config};
    session_clear(&old);
    const bool old_loads = session_in_store.load(c, &old) == 1;
    const int live = count_live(c);
    return garm_text(c, 200, "%d live%s", live, old_loads ? ", with the old name" : "");
}

static void setup(garm_app *app)
{
    memory = garm_session_memory_new(app);
    const garm_session_store store = {sizeof(store), memory->arg, load, save, forget};
    garm_keys *const before = garm_keys_new(app, .secrets = {OLD_SECRET});
    garm_keys *const rotated = garm_keys_new(app, .secrets = {NEW_SECRET, OLD_SECRET});
    garm_app *const plain = garm_group(app, "/plain");
    garm_app *const moving = garm_group(app, "/moving");
    garm_sessions(plain, .keys = rotated, .store = &store);
    garm_sessions(moving, .keys = before, .store = &store);
    garm_route(plain, "GET /begin", begin);
    garm_route(moving, "GET /begin", begin);
    garm_route(app, "GET /race", race);
    config = (struct sessions){.place = &session_in_store,
                               .keys = rotated,
                               .store = store,
                               .wire = WIRE,
                               .idle_s = 600,
                               .absolute_s = 3600,
                               .bytes_max = 1000};
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;

static void start(enum work first, enum work second, enum work third)
{
    tasks[0].work = first;
    tasks[1].work = second;
    tasks[2].work = third;
    memset(&order, 0, sizeof(order));
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
    test = NULL;
}

/* One run; `place` 1: while the session moves to the key of a new secret. */
static void run(int place, const char *outcome)
{
    struct jar jar = {""};
    jar_body(test, &jar, place == 0 ? "/plain/begin" : "/moving/begin");
    const char *const body = jar_body(test, &jar, "/race");
    if (strcmp(body, outcome) != 0) {
        char steps[STEPS_MAX + 1] = "";
        for (unsigned i = 0; i < order.depth; i++) {
            steps[i] = (char)('0' + order.choice[i]);
        }
        ck_abort_msg("order %s: %s", steps, body);
    }
}

static void run_all(int place, const char *outcome)
{
    unsigned count = 0;
    do {
        run(place, outcome);
        count++;
    } while (next_order());
    ck_assert_uint_gt(count, 2);
}

static void run_some(int place, const char *outcome)
{
    dice = 1;
    for (int i = 0; i < SAMPLES; i++) {
        order.count = order.depth = 0;
        run(place, outcome);
    }
    dice = 0;
}

START_TEST(an_end_during_a_renewal_ends_both_names)
{
    start(RENEWS, ENDS, NONE);
    run_all(_i, "0 live");
}
END_TEST

START_TEST(an_end_during_a_change_ends_it)
{
    start(CHANGES, ENDS, NONE);
    run_all(_i, "0 live");
}
END_TEST

START_TEST(two_ends_during_a_renewal_end_both_names)
{
    start(RENEWS, ENDS, ENDS);
    run_some(_i, "0 live");
}
END_TEST

START_TEST(an_end_during_two_renewals_ends_all_names)
{
    start(RENEWS, ENDS, RENEWS);
    run_some(_i, "0 live");
}
END_TEST

START_TEST(an_end_during_a_renewal_and_a_change_ends_both_names)
{
    start(RENEWS, ENDS, CHANGES);
    run_some(_i, "0 live");
}
END_TEST

START_TEST(of_two_renewals_one_is_kept)
{
    start(RENEWS, RENEWS, NONE);
    run_all(_i, "1 live");
}
END_TEST

START_TEST(a_renewal_during_a_change_leaves_the_new_name)
{
    start(RENEWS, CHANGES, NONE);
    run_all(_i, "1 live");
}
END_TEST

Suite *suite_session_race(void)
{
    Suite *const suite = suite_create("state/session_race");
    TCase *const tc = tcase_create("race");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, NULL, end);
    tcase_add_loop_test(tc, an_end_during_a_renewal_ends_both_names, 0, 2);
    tcase_add_loop_test(tc, an_end_during_a_change_ends_it, 0, 2);
    tcase_add_loop_test(tc, two_ends_during_a_renewal_end_both_names, 0, 2);
    tcase_add_loop_test(tc, an_end_during_two_renewals_ends_all_names, 0, 2);
    tcase_add_loop_test(tc, an_end_during_a_renewal_and_a_change_ends_both_names, 0, 2);
    tcase_add_loop_test(tc, of_two_renewals_one_is_kept, 0, 2);
    tcase_add_loop_test(tc, a_renewal_during_a_change_leaves_the_new_name, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}
