/* Children, spawned and offloaded work, what tasks share, and chains with stacks of their own. */
#include "fake.h"

#include "run/stack.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_tasks(void);

#define GET        "GET / HTTP/1.1\nHost: a"
#define WORD(text) ((void *)(uintptr_t)(text))

static int handler(garm_ctx *c)
{
    return fake_handler(c);
}

static void setup(garm_app *app)
{
    garm_route(app, "/{$}", handler);
    garm_route(app, "/deep", handler, .stack_kb = 512);
    garm_route(app, "/deep/late", handler, .stack_kb = 512, .deadline_ms = 50);
}

static char trace[256];

static void note(void *text)
{
    strncat(trace, text, sizeof(trace) - strlen(trace) - 1);
}

static void begin(void)
{
    trace[0] = '\0';
    fake_start(setup);
}

static const struct answer *ask(garm_handler *fn)
{
    fake_handler = fn;
    return fake_ask(GET);
}

/* Time. */

static int nap(garm_ctx *c, void *arg)
{
    (void)arg;
    return garm_sleep(c, GARM_SEC(100));
}

static int wait_without_end(garm_ctx *c)
{
    return garm_with_deadline(c, INT64_MAX, nap, NULL) == 0 ? 204 : -EIO;
}

START_TEST(a_deadline_beyond_what_a_clock_can_tell_never_passes)
{
    ck_assert_uint_eq(ask(wait_without_end)->status, 204);
}
END_TEST

/* Children. */

static int child(garm_ctx *c, void *arg)
{
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    GARM_TRY(garm_defer(c, note, WORD("x")));
    if (garm_text(c, 200, "x") != -ENOTCONN || *garm_path(c) != '\0' || garm_status(c) != 0) {
        return -EIO;
    }
    note(arg);
    return arg == NULL ? -EIO : 0;
}

static int join_children(garm_ctx *c)
{
    garm_tasks *const tasks = garm_tasks_new(c);
    GARM_TRY(garm_tasks_go(tasks, child, WORD("a")));
    GARM_TRY(garm_tasks_go(tasks, child, WORD("b")));
    GARM_TRY(garm_tasks_wait(tasks));
    return garm_text(c, 200, "%s", trace);
}

START_TEST(children_are_joined)
{
    ck_assert_str_eq(ask(join_children)->body, "axbx");
}
END_TEST

static int child_fails(garm_ctx *c, void *arg)
{
    (void)c;
    (void)arg;
    return -EEXIST;
}

static int wait_for_failure(garm_ctx *c)
{
    garm_tasks *const tasks = garm_tasks_new(c);
    GARM_TRY(garm_tasks_go(tasks, child_fails, NULL));
    return garm_tasks_wait(tasks);
}

START_TEST(a_childs_error_is_the_groups)
{
    ck_assert_uint_eq(ask(wait_for_failure)->status, 409);
}
END_TEST

static int endless_child(garm_ctx *c, void *arg)
{
    (void)arg;
    const int rc = garm_sleep(c, GARM_SEC(100000));
    note(rc == -ECANCELED && garm_cancel_reason(c) == GARM_CANCEL_GROUP ? WORD("cancelled")
                                                                        : WORD("bad"));
    return rc;
}

static int leave_children(garm_ctx *c)
{
    garm_tasks *const tasks = garm_tasks_new(c);
    GARM_TRY(garm_tasks_go(tasks, endless_child, NULL));
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    return garm_text(c, 200, "left");
}

START_TEST(children_end_before_the_request_does)
{
    ck_assert_str_eq(ask(leave_children)->body, "left");
    ck_assert_str_eq(trace, "cancelled");
}
END_TEST

static int spawned(garm_ctx *c, void *arg)
{
    GARM_TRY(garm_sleep(c, GARM_MS(5)));
    note(arg);
    return 0;
}

static int spawn(garm_ctx *c)
{
    GARM_TRY(garm_spawn_take(c, spawned, strdup("s"), free));
    note(WORD("r"));
    return garm_text(c, 200, "ok");
}

START_TEST(spawned_work_outlives_the_request)
{
    ck_assert_uint_eq(ask(spawn)->status, 200);
    ck_assert_int_eq(sim_run(fake_sim(), sim_now_ns(fake_sim()) + GARM_SEC(1)), 0);
    ck_assert_str_eq(trace, "rs");
}
END_TEST

static int block(void *arg)
{
    note(arg);
    return -EEXIST;
}

static int offload(garm_ctx *c)
{
    return garm_offload(c, block, WORD("o"));
}

START_TEST(offloaded_calls_give_their_result)
{
    ck_assert_uint_eq(ask(offload)->status, 409);
    ck_assert_str_eq(trace, "o");
}
END_TEST

/* Sharing. */

static garm_mutex *mutex;
static garm_promise *promise;
static garm_hub *hub;
static garm_shared *shared;

static int guarded(garm_ctx *c, void *arg)
{
    GARM_GUARD(c, mutex);
    note(WORD("("));
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    note(arg);
    note(WORD(")"));
    return 0;
}

static int lock(garm_ctx *c)
{
    garm_tasks *const tasks = garm_tasks_new(c);
    mutex = garm_mutex_new();
    GARM_TRY(garm_tasks_go(tasks, guarded, WORD("1")));
    GARM_TRY(garm_tasks_go(tasks, guarded, WORD("2")));
    GARM_TRY(garm_sleep(c, GARM_MS(1) / 2));
    if (garm_lock_until(c, mutex, 1000) != -ETIMEDOUT) {
        return 500;
    }
    GARM_TRY(garm_tasks_wait(tasks));
    garm_mutex_free(mutex);
    return 204;
}

START_TEST(a_guard_holds_until_its_block_ends)
{
    ck_assert_uint_eq(ask(lock)->status, 204);
    ck_assert_str_eq(trace, "(1)(2)");
}
END_TEST

static int keep_promise(garm_ctx *c, void *arg)
{
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    note(garm_promise_set(promise, arg) && !garm_promise_fail(promise, -EIO) ? WORD("set")
                                                                             : WORD("bad"));
    garm_promise_unref(promise);
    return 0;
}

static int await_promise(garm_ctx *c)
{
    void *value = NULL;
    garm_tasks *const tasks = garm_tasks_new(c);
    promise = garm_promise_new();
    garm_promise_ref(promise);
    GARM_TRY(garm_tasks_go(tasks, keep_promise, trace));
    GARM_TRY(garm_promise_wait(c, promise, &value));
    garm_promise_unref(promise);
    return value == trace ? 204 : 500;
}

START_TEST(a_promise_is_kept_once)
{
    ck_assert_uint_eq(ask(await_promise)->status, 204);
    ck_assert_str_eq(trace, "set");
}
END_TEST

static int publish(garm_ctx *c, void *arg)
{
    (void)arg;
    for (int i = 0; i < 4; i++) {
        GARM_TRY(garm_hub_publish(hub, &"abcd"[i], 1));
    }
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    garm_hub_close(hub);
    return 0;
}

static int subscribe(garm_ctx *c)
{
    const void *data = NULL;
    size_t size = 0;
    uint64_t lost = 0;
    garm_tasks *const tasks = garm_tasks_new(c);
    garm_subscription *const subscription = garm_hub_subscribe(c, hub, 2);
    if (garm_hub_next(c, subscription, 1000, &data, &size, &lost) != -ETIMEDOUT) {
        return 500;
    }
    GARM_TRY(garm_tasks_go(tasks, publish, NULL));
    GARM_TRY(garm_tasks_wait(tasks));
    while (garm_hub_next(c, subscription, GARM_NONE, &data, &size, &lost) == 0) {
        garm_write(c, garm_strf(c, "%.*s%d ", (int)size, (const char *)data, (int)lost), 3);
    }
    return 0;
}

static const struct {
    size_t backlog;
    uint16_t status;
} backlogs[] = {{0, 500}, {SIZE_MAX, 503}, {SIZE_MAX / sizeof(void *) + 2, 503}, {1, 204}};
static size_t backlog;

static int subscribe_with_backlog(garm_ctx *c)
{
    return garm_hub_subscribe(c, hub, backlog) != NULL ? 204 : -EIO;
}

START_TEST(a_backlog_must_be_possible)
{
    hub = garm_hub_new();
    backlog = backlogs[_i].backlog;
    ck_assert_uint_eq(ask(subscribe_with_backlog)->status, backlogs[_i].status);
    garm_hub_free(hub);
}
END_TEST

START_TEST(a_hub_loses_the_oldest)
{
    hub = garm_hub_new();
    ck_assert_str_eq(ask(subscribe)->body, "c2 d0 ");
    garm_hub_free(hub);
}
END_TEST

static int read_shared(garm_ctx *c)
{
    const char *const old = garm_shared_get(c, shared);
    GARM_TRY(garm_shared_set_take(shared, strdup("new")));
    const char *const now = garm_shared_get(c, shared);
    return garm_text(c, 200, "%s %s", old, now);
}

START_TEST(readers_keep_the_version_they_got)
{
    shared = garm_shared_new(free);
    ck_assert_int_eq(garm_shared_set_take(shared, strdup("old")), 0);
    ck_assert_str_eq(ask(read_shared)->body, "old new");
    garm_shared_free(shared);
}
END_TEST

/* Stacks of their own. */

static unsigned __attribute__((noinline)) deep(unsigned depth)
{
    volatile char frame[1024];
    frame[depth % 1024] = (char)depth;
    return depth == 0 ? (unsigned)frame[0] : deep(depth - 1) + 1;
}

static int go_deep(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    return garm_text(c, 200, "%u", deep(200));
}

START_TEST(a_chain_may_have_a_larger_stack)
{
    fake_handler = go_deep;
    ck_assert_str_eq(fake_ask("GET /deep HTTP/1.1\nHost: a")->body, "200");
}
END_TEST

static int sleep_forever(garm_ctx *c)
{
    return garm_sleep(c, GARM_SEC(1000000));
}

START_TEST(a_deadline_holds_on_a_larger_stack)
{
    fake_handler = sleep_forever;
    ck_assert_uint_eq(fake_ask("GET /deep/late HTTP/1.1\nHost: a")->status, 504);
}
END_TEST

static int read_then_sleep(garm_ctx *c)
{
    char byte;
    (void)!garm_read(c, &byte, 1);
    note(garm_sleep(c, GARM_SEC(1000000)) == -ECANCELED ? WORD("told") : WORD("bad"));
    return 204;
}

START_TEST(no_stack_is_503)
{
    fake_handler = go_deep;
    struct loop *const loop = fake_loop();
    stack_pool_set_max(loop->stacks, 1);
    ck_assert_uint_eq(fake_ask("GET /deep HTTP/1.1\nHost: a")->status, 503);
}
END_TEST

START_TEST(a_client_that_goes_is_told_on_a_larger_stack)
{
    fake_handler = read_then_sleep;
    const struct fake_client client = {.body = "x", .goes = true};
    fake_ask_as("POST /deep HTTP/1.1\nHost: a\nContent-Length: 1", &client);
    ck_assert_str_eq(trace, "told");
}
END_TEST

Suite *suite_tasks(void)
{
    Suite *const suite = suite_create("app/tasks");
    TCase *const tc = tcase_create("tasks");
    tcase_add_checked_fixture(tc, begin, fake_end);
    tcase_add_test(tc, a_deadline_beyond_what_a_clock_can_tell_never_passes);
    tcase_add_test(tc, children_are_joined);
    tcase_add_test(tc, a_childs_error_is_the_groups);
    tcase_add_test(tc, children_end_before_the_request_does);
    tcase_add_test(tc, spawned_work_outlives_the_request);
    tcase_add_test(tc, offloaded_calls_give_their_result);
    tcase_add_test(tc, a_guard_holds_until_its_block_ends);
    tcase_add_test(tc, a_promise_is_kept_once);
    tcase_add_test(tc, a_hub_loses_the_oldest);
    tcase_add_loop_test(tc, a_backlog_must_be_possible, 0, (int)COUNT_OF(backlogs));
    tcase_add_test(tc, readers_keep_the_version_they_got);
    tcase_add_test(tc, a_chain_may_have_a_larger_stack);
    tcase_add_test(tc, a_deadline_holds_on_a_larger_stack);
    tcase_add_test(tc, no_stack_is_503);
    tcase_add_test(tc, a_client_that_goes_is_told_on_a_larger_stack);
    suite_add_tcase(suite, tc);
    return suite;
}
