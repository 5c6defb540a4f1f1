/* Middleware: hooks, filters, and the rendering of errors around it. */
#include "fake.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_middleware(void);

/* A literal as an argument that nobody writes to. */
#define WORD(text) ((void *)(uintptr_t)(text))

static char trace[512];

static void note(const char *text)
{
    strncat(trace, text, sizeof(trace) - strlen(trace) - 1);
}

static int handler(garm_ctx *c)
{
    note(" h ");
    return fake_handler != NULL ? fake_handler(c) : garm_text(c, 200, "hello");
}

/* One middleware that a test chooses, around one handler. */

static garm_handler *around;

static int chosen(garm_ctx *c)
{
    return around(c);
}

static void setup_chosen(garm_app *app)
{
    garm_use(app, chosen);
    garm_route(app, "/{$}", handler, .body_bytes_max = 10);
}

static const struct answer *ask_around(garm_handler *middleware, garm_handler *within)
{
    around = middleware;
    fake_handler = within;
    return fake_ask("GET / HTTP/1.1\nHost: a");
}

static void begin(void)
{
    trace[0] = '\0';
    fake_start(setup_chosen);
}

static int fail_with_fields(garm_ctx *c)
{
    garm_set_header(c, "ETag", "\"1\"");
    garm_set_header(c, "Content-Language", "en");
    garm_set_header(c, "Last-Modified", "x");
    garm_set_header(c, "Cache-Control", "x");
    garm_set_header(c, "X-Stays", "1");
    return -EEXIST;
}

static int look_at_error(garm_ctx *c)
{
    const int rc = garm_next(c);
    garm_set_headerf(c, "X-Seen", "%d %d %d %s", rc, garm_status(c), garm_error(c) == -EEXIST,
                     garm_res_header(c, "Content-Type"));
    return rc;
}

START_TEST(an_error_is_rendered_before_next_returns)
{
    const struct answer *const answer = ask_around(look_at_error, fail_with_fields);
    ck_assert_uint_eq(answer->status, 409);
    ck_assert_str_eq(answer->head, "X-Stays: 1\nContent-Type: application/problem+json\n"
                                   "X-Seen: 0 409 1 application/problem+json\n");
}
END_TEST

static int deny(garm_ctx *c)
{
    (void)c;
    return 403;
}

START_TEST(a_middleware_may_answer_alone)
{
    ck_assert_uint_eq(ask_around(deny, NULL)->status, 403);
    ck_assert_str_eq(trace, "");
}
END_TEST

static int retry(garm_ctx *c)
{
    GARM_TRY(garm_next(c));
    GARM_TRY(garm_reply_reset(c));
    return garm_next(c);
}

START_TEST(a_middleware_may_run_the_rest_again)
{
    ck_assert_str_eq(ask_around(retry, NULL)->body, "hello");
    ck_assert_str_eq(trace, " h  h ");
}
END_TEST

static int call_next(garm_ctx *c)
{
    return garm_next(c);
}

START_TEST(a_handler_has_no_next)
{
    ck_assert_uint_eq(ask_around(call_next, call_next)->status, 500);
    ck_assert_ptr_nonnull(strstr(fake_log(), "nothing behind it"));
}
END_TEST

START_TEST(a_declared_body_beyond_the_limit_is_refused_at_once)
{
    around = call_next;
    fake_handler = NULL;
    const struct answer *const answer =
        fake_ask_as("POST / HTTP/1.1\nHost: a\nContent-Length: 11",
                    &(const struct fake_client){.body = "12345678901"});
    ck_assert_uint_eq(answer->status, 413);
    ck_assert(answer->close);
    ck_assert_str_eq(trace, "");
}
END_TEST

START_TEST(a_declared_body_at_the_limit_is_taken)
{
    around = call_next;
    fake_handler = NULL;
    const struct answer *const answer =
        fake_ask_as("POST / HTTP/1.1\nHost: a\nContent-Length: 10",
                    &(const struct fake_client){.body = "1234567890"});
    ck_assert_uint_eq(answer->status, 200);
    ck_assert(!answer->close);
}
END_TEST

/* Hooks. */

static void set_field(garm_ctx *c, void *arg)
{
    garm_add_header(c, "X-Hook", arg);
    note(arg);
}

static void note_outcome(garm_ctx *c, const garm_outcome *outcome, void *arg)
{
    (void)c;
    note(arg);
    note(outcome->status == 200 && outcome->error == 0 && outcome->bytes_out == 5 ? "+" : "-");
}

static void note_defer(void *arg)
{
    note(arg);
}

static int hang_in_handler(garm_ctx *c)
{
    GARM_TRY(garm_before_head(c, set_field, WORD("H1")));
    GARM_TRY(garm_before_head(c, set_field, WORD("H2")));
    GARM_TRY(garm_on_finish(c, note_outcome, WORD("F")));
    GARM_TRY(garm_defer(c, note_defer, WORD("D1")));
    GARM_TRY(garm_defer(c, note_defer, WORD("D2")));
    return garm_text(c, 200, "hello");
}

static int hang_around(garm_ctx *c)
{
    GARM_TRY(garm_before_head(c, set_field, WORD("B")));
    GARM_TRY(garm_next(c));
    return garm_before_head(c, set_field, WORD("A"));
}

START_TEST(hooks_of_inner_functions_come_first)
{
    const struct answer *const answer = ask_around(hang_around, hang_in_handler);
    ck_assert_str_eq(trace, " h H1H2BAF+D2D1");
    ck_assert_str_eq(answer->head,
                     "Content-Type: text/plain; charset=utf-8\nX-Hook: H1\nX-Hook: H2\n"
                     "X-Hook: B\nX-Hook: A\n");
}
END_TEST

static int hang_then_stream(garm_ctx *c)
{
    GARM_TRY(garm_before_head(c, set_field, WORD("H")));
    GARM_TRY(garm_write(c, "hel", 3));
    note("|");
    GARM_TRY(garm_before_head(c, set_field, WORD("late")) == -EALREADY ? 0 : -EIO);
    GARM_TRY(garm_on_finish(c, note_outcome, WORD("F")));
    return garm_write(c, "lo", 2);
}

START_TEST(a_stream_calls_its_hooks_at_the_first_byte)
{
    const struct answer *const answer = ask_around(call_next, hang_then_stream);
    ck_assert_str_eq(trace, " h H|F+");
    ck_assert_str_eq(answer->head, "X-Hook: H\nContent-Type: application/octet-stream\n");
}
END_TEST

static void note_failure(garm_ctx *c, const garm_outcome *outcome, void *arg)
{
    (void)c;
    (void)arg;
    note(outcome->error < 0 ? "failed" : "fine");
}

static int stream_then_fail(garm_ctx *c)
{
    GARM_TRY(garm_on_finish(c, note_failure, NULL));
    GARM_TRY(garm_write(c, "x", 1));
    return -EIO;
}

START_TEST(the_outcome_tells_of_a_cut_answer)
{
    ck_assert_uint_eq(ask_around(call_next, stream_then_fail)->aborts, 1);
    ck_assert_str_eq(trace, " h failed");
}
END_TEST

/* Filters. */

static int upper_data(garm_ctx *c, void *arg, const void *data, size_t size, garm_filter_out *out)
{
    (void)c;
    (void)arg;
    for (size_t i = 0; i < size; i++) {
        char byte = ((const char *)data)[i];
        byte = byte >= 'a' && byte <= 'z' ? (char)(byte - 32) : byte;
        GARM_TRY(garm_filter_write(out, &byte, 1));
    }
    return 0;
}

static int bracket_begin(garm_ctx *c, void *arg)
{
    return garm_add_header(c, "X-Filter", arg);
}

static int bracket_data(garm_ctx *c, void *arg, const void *data, size_t size, garm_filter_out *out)
{
    (void)c;
    GARM_TRY(garm_filter_write(out, arg, 1));
    return garm_filter_write(out, data, size);
}

static int bracket_end(garm_ctx *c, void *arg, garm_filter_out *out)
{
    (void)arg;
    garm_set_header(c, "X-End", "held");
    return garm_filter_write(out, "]z", 2);
}

static int stay_out(garm_ctx *c, void *arg)
{
    (void)c;
    (void)arg;
    return 1;
}

static const garm_filter_ops upper = {.data = upper_data};
static const garm_filter_ops bracket = {bracket_begin, bracket_data, bracket_end, NULL};
static const garm_filter_ops out_of_it = {.begin = stay_out};

static int filter_around(garm_ctx *c)
{
    GARM_TRY(garm_filter(c, &upper, NULL));
    GARM_TRY(garm_filter(c, &out_of_it, NULL));
    GARM_TRY(garm_next(c));
    return 0;
}

static int filter_within(garm_ctx *c)
{
    GARM_TRY(garm_filter(c, &bracket, WORD("[")));
    return garm_text(c, 200, "hello");
}

START_TEST(a_held_body_is_filtered_to_a_known_length)
{
    const struct answer *const answer = ask_around(filter_around, filter_within);
    ck_assert_str_eq(answer->body, "[HELLO]Z");
    ck_assert_uint_eq(answer->length, 8);
    ck_assert(answer_has(answer, "X-Filter: ["));
    ck_assert(answer_has(answer, "X-End: held"));
}
END_TEST

static int fail_to_begin(garm_ctx *c, void *arg)
{
    (void)c;
    (void)arg;
    return -EIO;
}

static const garm_filter_ops unwilling = {.begin = fail_to_begin};

static void note_hook(garm_ctx *c, void *arg)
{
    (void)c;
    note(arg);
}

static int fail_before_the_head(garm_ctx *c)
{
    GARM_TRY(garm_before_head(c, note_hook, WORD("H")));
    GARM_TRY(garm_filter(c, &unwilling, NULL));
    return garm_write(c, "x", 1);
}

START_TEST(a_hook_runs_once_though_its_head_is_not_sent)
{
    ck_assert_uint_eq(ask_around(call_next, fail_before_the_head)->status, 500);
    ck_assert_str_eq(trace, " h H");
}
END_TEST

static int stream_filtered(garm_ctx *c)
{
    GARM_TRY(garm_filter(c, &bracket, WORD("[")));
    GARM_TRY(garm_set_header(c, "Content-Length", "4"));
    GARM_TRY(garm_write(c, "ab", 2));
    return garm_write(c, "cd", 2);
}

START_TEST(a_filtered_stream_has_no_length)
{
    const struct answer *const answer = ask_around(filter_around, stream_filtered);
    ck_assert_str_eq(answer->body, "[AB[CD]Z");
    ck_assert_uint_eq(answer->length, EXCHANGE_LENGTH_UNKNOWN);
    ck_assert_ptr_null(strstr(answer->head, "X-End"));
    ck_assert_uint_eq(answer->finishes, 1);
}
END_TEST

static int fail_data(garm_ctx *c, void *arg, const void *data, size_t size, garm_filter_out *out)
{
    (void)c;
    (void)arg;
    (void)data;
    (void)size;
    (void)out;
    return -EIO;
}

static const garm_filter_ops failing = {.data = fail_data};

static int filter_badly(garm_ctx *c)
{
    GARM_TRY(garm_filter(c, &failing, NULL));
    return garm_next(c);
}

START_TEST(a_failing_filter_of_a_held_body_is_500)
{
    const struct answer *const answer = ask_around(filter_badly, NULL);
    ck_assert_uint_eq(answer->status, 500);
    ck_assert_uint_eq(answer->aborts, 0);
}
END_TEST

static int stream_one(garm_ctx *c)
{
    return garm_write(c, "x", 1);
}

START_TEST(a_failing_filter_of_a_stream_cuts_it)
{
    ck_assert_uint_eq(ask_around(filter_badly, stream_one)->aborts, 1);
}
END_TEST

Suite *suite_middleware(void)
{
    Suite *const suite = suite_create("app/middleware");
    TCase *const tc = tcase_create("middleware");
    tcase_add_checked_fixture(tc, begin, fake_end);
    tcase_add_test(tc, an_error_is_rendered_before_next_returns);
    tcase_add_test(tc, a_middleware_may_answer_alone);
    tcase_add_test(tc, a_middleware_may_run_the_rest_again);
    tcase_add_test(tc, a_handler_has_no_next);
    tcase_add_test(tc, a_declared_body_beyond_the_limit_is_refused_at_once);
    tcase_add_test(tc, a_declared_body_at_the_limit_is_taken);
    tcase_add_test(tc, hooks_of_inner_functions_come_first);
    tcase_add_test(tc, a_stream_calls_its_hooks_at_the_first_byte);
    tcase_add_test(tc, a_hook_runs_once_though_its_head_is_not_sent);
    tcase_add_test(tc, the_outcome_tells_of_a_cut_answer);
    tcase_add_test(tc, a_held_body_is_filtered_to_a_known_length);
    tcase_add_test(tc, a_filtered_stream_has_no_length);
    tcase_add_test(tc, a_failing_filter_of_a_held_body_is_500);
    tcase_add_test(tc, a_failing_filter_of_a_stream_cuts_it);
    suite_add_tcase(suite, tc);
    return suite;
}
