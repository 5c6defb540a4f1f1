/* Memory, deferred functions, children, waits: what lives how long, and what happens when there
 * is none. */
#include "fake.h"

#include "base/sys.h"
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
    suite_add_tcase(suite, tc);
    return suite;
}
