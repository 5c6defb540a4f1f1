/* What a handler's return value becomes. */
#include "fake.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_returns(void);

static int result;
static bool replies;

static int return_result(garm_ctx *c)
{
    return replies && garm_text(c, 200, "fine") < 0 ? -EIO : result;
}

static const struct answer *ask_returning(int value)
{
    fake_handler = return_result;
    result = value;
    return fake_ask("GET / HTTP/1.1\nHost: a");
}

static void begin(void)
{
    replies = false;
    fake_start(fake_setup_one);
}

static const struct {
    int result;
    uint16_t status;
} results[] = {
    {204, 204},         {304, 304},           {404, 404},        {422, 422},
    {503, 503},         {-ENOENT, 404},       {-EACCES, 403},    {-EPERM, 403},
    {-EEXIST, 409},     {-ENOMEM, 503},       {-EAGAIN, 503},    {-ECONNREFUSED, 502},
    {-ECONNRESET, 502}, {-EPROTO, 502},       {-ETIMEDOUT, 504}, {-EMFILE, 503},
    {-ENFILE, 503},     {-EIO, 500},          {-EINVAL, 500},    {-ECANCELED, 500},
    {1, 500},           {100, 500},           {101, 500},        {200, 500},
    {302, 500},         {499, 500},           {600, 500},        {1555, 500},
    {INT32_MAX, 500},   {INT32_MIN + 1, 500},
};

START_TEST(a_return_value_becomes_its_status)
{
    const struct answer *const answer = ask_returning(results[_i].result);
    ck_assert_uint_eq(answer->status, results[_i].status);
    ck_assert_uint_eq(answer->responds, 1);
    ck_assert_uint_eq(answer->aborts, 0);
    ck_assert(!answer->close);
}
END_TEST

START_TEST(zero_without_a_reply_is_a_bug_that_names_the_route)
{
    ck_assert_uint_eq(ask_returning(0)->status, 500);
    ck_assert_ptr_nonnull(strstr(fake_log(), "one"));
    ck_assert_ptr_nonnull(strstr(fake_log(), "without a reply"));
}
END_TEST

START_TEST(a_stray_positive_value_is_logged_with_its_route)
{
    ck_assert_uint_eq(ask_returning(19)->status, 500);
    ck_assert_ptr_nonnull(strstr(fake_log(), "returned 19"));
    ck_assert_ptr_nonnull(strstr(fake_log(), "fake.c:"));
}
END_TEST

START_TEST(a_log_line_leaves_the_query_out)
{
    fake_handler = return_result;
    result = 19;
    fake_ask("GET /?key=secret HTTP/1.1\nHost: a");
    ck_assert_ptr_nonnull(strstr(fake_log(), "GET / (route "));
    ck_assert_ptr_null(strstr(fake_log(), "secret"));
}
END_TEST

START_TEST(a_held_reply_is_sent_whole)
{
    replies = true;
    const struct answer *const answer = ask_returning(0);
    ck_assert_uint_eq(answer->status, 200);
    ck_assert_uint_eq(answer->length, 4);
    ck_assert_str_eq(answer->body, "fine");
    ck_assert(answer_has(answer, "Content-Type: text/plain; charset=utf-8"));
}
END_TEST

START_TEST(an_error_after_a_held_reply_takes_its_place)
{
    replies = true;
    const struct answer *const answer = ask_returning(-EEXIST);
    ck_assert_uint_eq(answer->status, 409);
    ck_assert_ptr_null(strstr(answer->body, "fine"));
}
END_TEST

START_TEST(a_204_and_a_304_have_no_content)
{
    ck_assert_uint_eq(ask_returning(204)->body_size, 0);
    ck_assert_str_eq(ask_returning(304)->head, "");
}
END_TEST

static int write_then_fail(garm_ctx *c)
{
    const int rc = garm_write(c, "half", 4);
    return rc < 0 ? rc : result;
}

START_TEST(an_error_after_the_head_cuts_the_answer)
{
    const int errors[] = {-EIO, 500, 3};
    fake_handler = write_then_fail;
    result = errors[_i];
    const struct answer *const answer = fake_ask("GET / HTTP/1.1\nHost: a");
    ck_assert_uint_eq(answer->status, 200);
    ck_assert_uint_eq(answer->aborts, 1);
    ck_assert_uint_eq(answer->finishes, 0);
}
END_TEST

static int read_some(garm_ctx *c)
{
    char buf[16];
    const ssize_t n = garm_read(c, buf, sizeof(buf));
    return n < 0 ? (int)n : 500;
}

START_TEST(a_client_that_is_gone_gets_nothing)
{
    fake_handler = read_some;
    const struct answer *const answer =
        fake_ask_as("POST / HTTP/1.1\nHost: a\nContent-Length: 3",
                    &(const struct fake_client){.body = "abc", .goes = true});
    ck_assert_uint_eq(answer->status, 0);
    ck_assert_uint_eq(answer->responds, 0);
    ck_assert_str_eq(fake_log(), "");
}
END_TEST

static int ignore_read_errors(garm_ctx *c)
{
    char buf[16];
    while (garm_read(c, buf, sizeof(buf)) > 0) {
    }
    return garm_text(c, 200, "all is well");
}

START_TEST(a_broken_body_overrides_the_reply_and_closes)
{
    const uint16_t faults[] = {400, 408, 413, 431};
    fake_handler = ignore_read_errors;
    const struct answer *const answer = fake_ask_as(
        "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked",
        &(const struct fake_client){.body = "abc", .fail_read = -EBADMSG, .fault = faults[_i]});
    ck_assert_uint_eq(answer->status, faults[_i]);
    ck_assert(answer->close);
    ck_assert_ptr_nonnull(strstr(answer->body, "as the test wants it"));
    ck_assert_ptr_null(strstr(answer->body, "all is well"));
}
END_TEST

static int wait_long(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_SEC(100)));
    return garm_text(c, 200, "late");
}

static void setup_deadline(garm_app *app)
{
    garm_route(app, "/{$}", wait_long, .deadline_ms = 50);
    garm_route(app, "/short", wait_long, .deadline_ms = GARM_NONE);
}

START_TEST(a_deadline_that_passed_is_504)
{
    fake_end();
    fake_start(setup_deadline);
    const int64_t begin_ns = sim_now_ns(fake_sim());
    ck_assert_uint_eq(fake_ask("GET / HTTP/1.1\nHost: a")->status, 504);
    ck_assert_int_lt(sim_now_ns(fake_sim()) - begin_ns, GARM_SEC(1));
}
END_TEST

START_TEST(without_a_deadline_it_waits)
{
    fake_end();
    fake_start(setup_deadline);
    ck_assert_str_eq(fake_ask("GET /short HTTP/1.1\nHost: a")->body, "late");
}
END_TEST

START_TEST(a_reply_that_cannot_be_sent_aborts)
{
    replies = true;
    fake_handler = return_result;
    result = 0;
    const struct answer *const answer = fake_ask_as(
        "GET / HTTP/1.1\nHost: a", &(const struct fake_client){.fail_send = -ECONNRESET});
    ck_assert_uint_eq(answer->aborts, 1);
}
END_TEST

Suite *suite_returns(void)
{
    Suite *const suite = suite_create("app/returns");
    TCase *const tc = tcase_create("returns");
    tcase_add_checked_fixture(tc, begin, fake_end);
    tcase_add_loop_test(tc, a_return_value_becomes_its_status, 0, (int)COUNT_OF(results));
    tcase_add_test(tc, zero_without_a_reply_is_a_bug_that_names_the_route);
    tcase_add_test(tc, a_stray_positive_value_is_logged_with_its_route);
    tcase_add_test(tc, a_log_line_leaves_the_query_out);
    tcase_add_test(tc, a_held_reply_is_sent_whole);
    tcase_add_test(tc, an_error_after_a_held_reply_takes_its_place);
    tcase_add_test(tc, a_204_and_a_304_have_no_content);
    tcase_add_loop_test(tc, an_error_after_the_head_cuts_the_answer, 0, 3);
    tcase_add_test(tc, a_client_that_is_gone_gets_nothing);
    tcase_add_loop_test(tc, a_broken_body_overrides_the_reply_and_closes, 0, 4);
    tcase_add_test(tc, a_deadline_that_passed_is_504);
    tcase_add_test(tc, without_a_deadline_it_waits);
    tcase_add_test(tc, a_reply_that_cannot_be_sent_aborts);
    suite_add_tcase(suite, tc);
    return suite;
}
