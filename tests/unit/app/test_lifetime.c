/* Memory, deferred functions, children, waits: what lives how long, and what happens when there
 * is none. */
#include "fake.h"

#include "base/sys.h"
#include "run/stack.h"
#include "run/task.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_lifetime(void);

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

/* Memory. */

static int use_marks(garm_ctx *c)
{
    for (int i = 0; i < 100000; i++) {
        const garm_memory_mark mark = garm_mark(c);
        if (garm_alloc(c, 1000) == NULL) {
            return -EIO;
        }
        garm_release(c, mark);
    }
    return 204;
}

START_TEST(a_released_loop_needs_no_more_memory)
{
    ck_assert_uint_eq(ask(use_marks)->status, 204);
}
END_TEST

static int release_too_much(garm_ctx *c)
{
    const garm_memory_mark mark = garm_mark(c);
    GARM_TRY(garm_set_header(c, "X-A", "kept"));
    garm_release(c, mark);
    memset(garm_alloc(c, 300), 'z', 300);
    return garm_text(c, 200, "%s", garm_res_header(c, "X-A"));
}

START_TEST(a_release_keeps_what_the_reply_holds)
{
    const struct answer *const answer = ask(release_too_much);
    ck_assert_str_eq(answer->body, "kept");
    ck_assert(answer_has(answer, "X-A: kept"));
}
END_TEST

static int exhaust(garm_ctx *c)
{
    size_t total = 0;
    while (garm_alloc(c, 65536) != NULL) {
        total += 65536;
    }
    return total >= (size_t)GARM_MIB(8) && total <= (size_t)GARM_MIB(16) ? 204 : -EIO;
}

START_TEST(the_arena_has_a_bound_that_the_caller_sees)
{
    ck_assert_uint_eq(ask(exhaust)->status, 204);
}
END_TEST

static int poison(garm_ctx *c)
{
    while (garm_alloc(c, 4096) != NULL) {
    }
    while (garm_alloc(c, 16) != NULL) {
    }
    const bool empty = *garm_strf(c, "%d", 7) == '\0' && *garm_dup(c, "x") == '\0';
    if (!empty || garm_text(c, 200, "x") != -ENOMEM || garm_sleep(c, 1) != -ENOMEM ||
        garm_write(c, "x", 1) != -ENOMEM) {
        return 500;
    }
    return garm_set_header(c, "X", "y") == -ENOMEM ? 204 : 500;
}

START_TEST(a_request_without_memory_is_503)
{
    const struct answer *const answer = ask(poison);
    ck_assert_uint_eq(answer->status, 503);
    ck_assert_uint_eq(answer->responds, 1);
}
END_TEST

static unsigned fail_nth;

static int fail_memory(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    (void)name;
    return kind == SYS_MEMORY && fail_nth > 0 && --fail_nth == 0 ? -ENOMEM : 0;
}

static int use_much(garm_ctx *c)
{
    sys_set_fault(fail_memory, NULL);
    GARM_TRY(garm_defer(c, note, WORD("d")));
    for (int i = 0; i < 20; i++) {
        GARM_TRY(garm_add_header(c, "X-A", garm_strf(c, "%0200d", i)));
    }
    GARM_TRY(garm_set(c, trace, trace));
    return garm_json(c, 200, garm_kv("path", garm_path(c)),
                     garm_kv("text", garm_strf(c, "%02000d", 1)));
}

START_TEST(any_allocation_may_fail)
{
    fail_nth = (unsigned)_i;
    const struct answer *const answer = ask(use_much);
    sys_set_fault(NULL, NULL);
    ck_assert_msg(answer->status == 200 || answer->status == 503, "%u", answer->status);
    ck_assert_uint_eq(answer->status == 200, fail_nth > 0);
    ck_assert_str_eq(trace, "d");
}
END_TEST

static int fill_fields(garm_ctx *c)
{
    return garm_bytes(c, 200, "text/plain", "Hello, World!", 13);
}

static int fill_json(garm_ctx *c)
{
    return garm_json(c, 200, garm_kv("message", "Hello, World!"));
}

static int fill_error(garm_ctx *c)
{
    (void)c;
    return 404;
}

START_TEST(a_plain_request_allocates_nothing)
{
    garm_handler *const handlers[] = {fill_fields, fill_json, fill_error};
    ask(handlers[_i]);
    mem_count(true);
    const uint64_t before = mem_allocations();
    const uint16_t status = ask(handlers[_i])->status;
    const uint64_t after = mem_allocations();
    mem_count(false);
    ck_assert_uint_eq(after, before);
    ck_assert_uint_eq(status, _i == 2 ? 404 : 200);
}
END_TEST

/* Deferred functions and waits. */

static bool left_in_time;

static void sleep_in_defer(void *arg)
{
    (void)arg;
    left_in_time = task_sleep(GARM_SEC(1)) == 0;
}

static int cancelled_wait(garm_ctx *c)
{
    char byte;
    GARM_TRY(garm_defer(c, sleep_in_defer, NULL));
    const ssize_t n = garm_read(c, &byte, 1);
    if (n != -ECONNRESET || garm_sleep(c, GARM_SEC(1)) != -ECANCELED || !garm_cancelled(c)) {
        note(WORD("bad"));
    }
    return garm_cancel_reason(c) == GARM_CANCEL_CLIENT_GONE ? -ECANCELED : 204;
}

START_TEST(waits_of_a_cancelled_request_end_and_deferred_ones_do_not)
{
    fake_handler = cancelled_wait;
    const struct answer *const answer =
        fake_ask_as("POST / HTTP/1.1\nHost: a\nContent-Length: 1",
                    &(const struct fake_client){.body = "x", .goes = true});
    ck_assert_uint_eq(answer->status, 0);
    ck_assert_str_eq(trace, "");
    ck_assert(left_in_time);
}
END_TEST

static int sleep_long(garm_ctx *c, void *arg)
{
    (void)arg;
    return garm_sleep(c, GARM_SEC(1000));
}

static int bounded(garm_ctx *c)
{
    if (garm_with_deadline(c, GARM_MS(10), sleep_long, NULL) != -ETIMEDOUT || garm_cancelled(c)) {
        return 500;
    }
    GARM_TRY(garm_sleep(c, GARM_MS(1)));
    return 204;
}

START_TEST(a_deadline_ends_only_what_is_within_it)
{
    ck_assert_uint_eq(ask(bounded)->status, 204);
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
        GARM_TRY(garm_hub_publish(hub, "abcd" + i, 1));
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

Suite *suite_lifetime(void)
{
    Suite *const suite = suite_create("app/lifetime");
    TCase *const tc = tcase_create("lifetime");
    tcase_add_checked_fixture(tc, begin, fake_end);
    tcase_add_test(tc, a_released_loop_needs_no_more_memory);
    tcase_add_test(tc, a_release_keeps_what_the_reply_holds);
    tcase_add_test(tc, the_arena_has_a_bound_that_the_caller_sees);
    tcase_add_test(tc, a_request_without_memory_is_503);
    tcase_add_loop_test(tc, any_allocation_may_fail, 1, 40);
    tcase_add_loop_test(tc, a_plain_request_allocates_nothing, 0, 3);
    tcase_add_test(tc, waits_of_a_cancelled_request_end_and_deferred_ones_do_not);
    tcase_add_test(tc, a_deadline_ends_only_what_is_within_it);
    tcase_add_test(tc, children_are_joined);
    tcase_add_test(tc, a_childs_error_is_the_groups);
    tcase_add_test(tc, children_end_before_the_request_does);
    tcase_add_test(tc, spawned_work_outlives_the_request);
    tcase_add_test(tc, offloaded_calls_give_their_result);
    tcase_add_test(tc, a_guard_holds_until_its_block_ends);
    tcase_add_test(tc, a_promise_is_kept_once);
    tcase_add_test(tc, a_hub_loses_the_oldest);
    tcase_add_test(tc, readers_keep_the_version_they_got);
    tcase_add_test(tc, a_chain_may_have_a_larger_stack);
    tcase_add_test(tc, a_deadline_holds_on_a_larger_stack);
    tcase_add_test(tc, no_stack_is_503);
    tcase_add_test(tc, a_client_that_goes_is_told_on_a_larger_stack);
    suite_add_tcase(suite, tc);
    return suite;
}
