/* Setting an application up: what is refused, and how the refusal reads; options, hooks and
 * flags. */
#include "fake.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_setup(void);

static int ok(garm_ctx *c)
{
    return garm_text(c, 200, "%s", garm_pattern(c));
}

static int line; /* near which the mistake stands */

static void conflict(garm_app *app)
{
    line = __LINE__ + 1;
    garm_route(app, "GET /a/{x}", ok);
    garm_route(app, "GET /a/{y}", ok);
}

START_TEST(a_conflict_names_both_places)
{
    char first[80];
    char second[80];
    const char *const text = fake_refusal(conflict);
    snprintf(first, sizeof(first), "test_setup.c:%d", line);
    snprintf(second, sizeof(second), "test_setup.c:%d", line + 1);
    ck_assert_msg(strstr(text, first) != NULL && strstr(text, second) != NULL, "%s", text);
    ck_assert_ptr_null(strchr(text, '\n'));
}
END_TEST

static void bad_pattern(garm_app *app)
{
    line = __LINE__ + 1;
    garm_route(app, "GET a/{", ok);
}

static void no_handler(garm_app *app)
{
    line = __LINE__ + 1;
    garm_route(app, "GET /", NULL);
}

static void two_hosts(garm_app *app)
{
    garm_app *const group = garm_group(app, "a.example");
    line = __LINE__ + 1;
    garm_route(group, "GET b.example/", ok);
}

static void bad_prefix(garm_app *app)
{
    line = __LINE__ + 1;
    garm_group(app, "GET /x");
}

static void bad_group(garm_app *app)
{
    line = __LINE__ + 1;
    garm_group(app, "/{x");
}

static void negative_option(garm_app *app)
{
    line = __LINE__ + 1;
    garm_route(app, "GET /", ok, .deadline_ms = -2);
}

static void large_stack(garm_app *app)
{
    line = __LINE__ + 1;
    garm_route(app, "GET /", ok, .stack_kb = 4096);
}

static void own_reason(garm_app *app)
{
    line = __LINE__ + 1;
    garm_fail(app, "no such %s", "thing");
    garm_fail(app, "and another one");
}

static void (*const mistakes[])(garm_app *app) = {
    bad_pattern, no_handler,      two_hosts,   bad_prefix,
    bad_group,   negative_option, large_stack, own_reason,
};

START_TEST(a_mistake_names_its_line)
{
    char place[80];
    const char *const text = fake_refusal(mistakes[_i]);
    snprintf(place, sizeof(place), "test_setup.c:%d", line);
    ck_assert_msg(strstr(text, place) != NULL, "%s", text);
    ck_assert_ptr_null(strchr(text, '\n'));
}
END_TEST

static void mounted(garm_app *app)
{
    garm_route(app, "GET /", ok);
    garm_route(app, "GET /x", ok);
    garm_route(app, "POST ", ok);
}

static void setup_prefixes(garm_app *app)
{
    garm_mount(app, "/m/", mounted);
    garm_app *const deep = garm_group(garm_group(app, "/a"), "/b");
    garm_route(deep, "GET /{$}", ok);
    garm_app *const host = garm_group(app, "h.example");
    garm_route(host, "GET /m/x", ok);
    garm_app *const inside = garm_group(deep, "i.example/c");
    garm_route(inside, "GET /d", ok);
    garm_app *const plain = garm_group(app, "");
    garm_route(plain, "GET /plain", ok);
}

static const struct {
    const char *request;
    const char *pattern;
} prefixes[] = {
    {"GET /m/ HTTP/1.1\nHost: a", "GET /m/"},
    {"GET /m/x HTTP/1.1\nHost: a", "GET /m/x"},
    {"GET /m/x HTTP/1.1\nHost: h.example:80", "GET h.example/m/x"},
    {"POST /m HTTP/1.1\nHost: a", "POST /m"},
    {"GET /a/b/ HTTP/1.1\nHost: a", "GET /a/b/{$}"},
    {"GET /a/b/c/d HTTP/1.1\nHost: i.example", "GET i.example/a/b/c/d"},
    {"GET /plain HTTP/1.1\nHost: a", "GET /plain"},
};

START_TEST(prefixes_are_joined)
{
    fake_start(setup_prefixes);
    ck_assert_str_eq(fake_ask(prefixes[_i].request)->body, prefixes[_i].pattern);
    fake_end();
}
END_TEST

/* Options. */

static int read_all(garm_ctx *c)
{
    const void *data = NULL;
    size_t size = 0;
    GARM_TRY(garm_body(c, SIZE_MAX, &data, &size));
    return garm_text(c, 200, "%zu", size);
}

static void setup_options(garm_app *app)
{
    garm_app *const small = garm_group(app, "/s", .body_bytes_max = 5);
    garm_route(small, "/inherited", read_all);
    garm_route(small, "/own", read_all, .body_bytes_max = 10);
    garm_route(small, "/none", read_all, .body_bytes_max = GARM_NONE);
    garm_route(garm_group(small, "/deeper"), "/x", read_all);
    garm_limits(app, .body_bytes_max = 20);
    garm_route(app, "/all", read_all);
    garm_app *const large = garm_group(app, "/l", .body_bytes_max = 5);
    garm_limits(large, .body_bytes_max = 30, .deadline_ms = 1000);
    garm_limits(large, .deadline_ms = 2000);
    garm_route(large, "/x", read_all);
}

static const struct {
    const char *path;
    size_t size;
    uint16_t status;
} bodies[] = {
    {"/s/inherited", 5, 200}, {"/s/inherited", 6, 413}, {"/s/own", 10, 200},
    {"/s/own", 11, 413},      {"/s/none", 5000, 200},   {"/s/deeper/x", 5, 200},
    {"/s/deeper/x", 6, 413},  {"/all", 20, 200},        {"/all", 21, 413},
    {"/l/x", 30, 200},        {"/l/x", 31, 413},
};

START_TEST(options_are_inherited)
{
    static char body[5000];
    char head[100];
    memset(body, 'b', sizeof(body));
    fake_start(setup_options);
    for (int chunked = 0; chunked < 2; chunked++) {
        if (chunked) {
            snprintf(head, sizeof(head), "POST %s HTTP/1.1\nHost: a\nTransfer-Encoding: chunked",
                     bodies[_i].path);
        } else {
            snprintf(head, sizeof(head), "POST %s HTTP/1.1\nHost: a\nContent-Length: %zu",
                     bodies[_i].path, bodies[_i].size);
        }
        const struct fake_client client = {.body = body, .body_size = bodies[_i].size};
        ck_assert_uint_eq(fake_ask_as(head, &client)->status, bodies[_i].status);
    }
    fake_end();
}
END_TEST

/* Error handlers. */

static int plain_errors(garm_ctx *c, int status, int cause)
{
    return garm_text(c, status, "plain %d %d", status, cause);
}

static int useless_errors(garm_ctx *c, int status, int cause)
{
    (void)status;
    (void)cause;
    garm_set_header(c, "Content-Type", "a/b");
    return -EIO;
}

static int fail_io(garm_ctx *c)
{
    (void)c;
    return -EIO;
}

static void setup_errors(garm_app *app)
{
    garm_on_error(app, plain_errors);
    garm_route(app, "/x", fail_io);
    garm_route(garm_group(app, "/g"), "/x", fail_io);
    garm_app *const useless = garm_group(app, "/u");
    garm_on_error(useless, useless_errors);
    garm_route(useless, "/x", fail_io);
}

START_TEST(the_nearest_error_handler_renders)
{
    fake_start(setup_errors);
    ck_assert_str_eq(fake_ask("GET /x HTTP/1.1\nHost: a")->body, "plain 500 -5");
    ck_assert_str_eq(fake_ask("GET /g/x HTTP/1.1\nHost: a")->body, "plain 500 -5");
    ck_assert_str_eq(fake_ask("GET /nope HTTP/1.1\nHost: a")->body, "plain 404 0");
    ck_assert(answer_has(fake_ask("GET /u/x HTTP/1.1\nHost: a"),
                         "Content-Type: application/problem+json"));
    fake_end();
}
END_TEST

static void setup_plain(garm_app *app)
{
    garm_route(app, "/x", fail_io);
}

START_TEST(errors_come_as_the_client_likes_them)
{
    fake_start(setup_plain);
    ck_assert(
        answer_has(fake_ask("GET /x HTTP/1.1\nHost: a"), "Content-Type: application/problem+json"));
    ck_assert(answer_has(fake_ask("GET /x HTTP/1.1\nHost: a\nAccept: text/html,*/*;q=0.1"),
                         "Content-Type: text/html; charset=utf-8"));
    ck_assert(answer_has(fake_ask("GET /x HTTP/1.1\nHost: a\nAccept: image/png"),
                         "Content-Type: application/problem+json"));
    fake_end();
}
END_TEST

/* Flags. */

static const char *flag_values[2];

static void setup_flags(garm_app *app)
{
    flag_values[0] = garm_flag(app, "data", "/var", "Where data is.");
    flag_values[1] = garm_flag(app, "mode", "fast", "How.");
}

START_TEST(flags_are_the_embedders)
{
    const char *const flags[] = {"--data=/srv", NULL};
    fake_start_with(setup_flags, flags);
    ck_assert_str_eq(flag_values[0], "/srv");
    ck_assert_str_eq(flag_values[1], "fast");
    fake_end();
}
END_TEST

#define FLAGS_MANY 500

START_TEST(flags_may_be_many)
{
    static const char *flags[FLAGS_MANY + 1];
    for (size_t i = 0; i < FLAGS_MANY; i++) {
        flags[i] = i + 1 < FLAGS_MANY ? "--data=/srv" : "--mode=slow";
    }
    fake_start_with(setup_flags, flags);
    ck_assert_str_eq(flag_values[0], "/srv");
    ck_assert_str_eq(flag_values[1], "slow");
    fake_end();
}
END_TEST

static const char *const flags_refused[] = {"data_dir", "", "-x", "Data", "listen", "help"};
static size_t flag_refused;

static void setup_bad_flag(garm_app *app)
{
    ck_assert_str_eq(garm_flag(app, flags_refused[flag_refused], "def", "No."), "def");
}

START_TEST(a_name_that_cannot_be_a_flags_is_refused)
{
    flag_refused = (size_t)_i;
    const char *const text = fake_refusal(setup_bad_flag);
    ck_assert_msg(strstr(text, "garm_flag") != NULL && strstr(text, flags_refused[_i]) != NULL,
                  "%s", text);
}
END_TEST

START_TEST(unknown_flags_are_refused)
{
    const char *const flags[] = {"--dta=/srv", NULL};
    const garm_app_entry entry = GARM_ENTRY(setup_flags);
    char *error = NULL;
    ck_assert_ptr_null(garm_server_new(&entry, &error, .listen = {"127.0.0.1:0"}, .flags = flags));
    ck_assert_ptr_nonnull(strstr(error, "--data"));
    garm_free(error);
}
END_TEST

START_TEST(another_abi_is_refused)
{
    const garm_app_entry entry = {GARM_ABI + 1, "other.c", setup_flags};
    char *error = NULL;
    ck_assert_ptr_null(garm_server_new(&entry, &error));
    ck_assert_ptr_nonnull(strstr(error, "other.c"));
    garm_free(error);
}
END_TEST

START_TEST(a_log_level_beyond_the_last_is_refused)
{
    const garm_app_entry entry = GARM_ENTRY(setup_flags);
    const int levels[] = {-1, GARM_LOG_OFF + 1};
    for (size_t i = 0; i < COUNT_OF(levels); i++) {
        char *error = NULL;
        ck_assert_ptr_null(garm_server_new(&entry, &error, .listen = {"127.0.0.1:0"},
                                           .log_level = (enum garm_log_level)levels[i]));
        ck_assert_ptr_nonnull(strstr(error, "log level"));
        garm_free(error);
    }
}
END_TEST

/* Hooks. */

static char trace[256];
static int fail_at;

static int hook(garm_worker *worker, const char *name)
{
    const size_t len = strlen(trace);
    snprintf(trace + len, sizeof(trace) - len, "%s%d ", name, garm_worker_index(worker));
    return fail_at > 0 && --fail_at == 0 ? -EIO : 0;
}

static int start_1(garm_worker *worker)
{
    garm_worker_set_app_data(worker, trace);
    return hook(worker, "s1:");
}

static int start_2(garm_worker *worker)
{
    return garm_worker_app_data(worker) == trace ? hook(worker, "s2:") : -EINVAL;
}

static int on_worker_begin(garm_worker *worker)
{
    garm_set_worker_data(worker, trace);
    return hook(worker, "ws:");
}

static int on_worker_begin_2(garm_worker *worker)
{
    return hook(worker, "wt:");
}

static int on_worker_end(garm_worker *worker)
{
    return garm_worker_own_data(worker) == trace ? hook(worker, "we:") : -EINVAL;
}

static int stop_1(garm_worker *worker)
{
    return hook(worker, "e1:");
}

static int stop_2(garm_worker *worker)
{
    return hook(worker, "e2:");
}

static void setup_hooks(garm_app *app)
{
    garm_on(app, GARM_START, start_1);
    garm_on(app, GARM_STOP, stop_1);
    garm_on(app, GARM_START, start_2);
    garm_on(app, GARM_STOP, stop_2);
    garm_on(app, GARM_WORKER_START, on_worker_begin);
    garm_on(app, GARM_WORKER_STOP, on_worker_end);
    garm_on(app, GARM_WORKER_START, on_worker_begin_2);
}

static const struct {
    int fail_at;
    const char *trace;
    const char *log;
} hook_runs[] = {
    {0, "s1:-1 s2:-1 ws:0 wt:0 we:0 e2:-1 e1:-1 ", ""},
    {1, "s1:-1 ", "a START hook failed: Input/output error"},
    {2, "s1:-1 s2:-1 e1:-1 ", "a START hook failed: Input/output error"},
    {3, "s1:-1 s2:-1 ws:0 e2:-1 e1:-1 ", "a WORKER_START hook failed: Input/output error"},
    {4, "s1:-1 s2:-1 ws:0 wt:0 we:0 e2:-1 e1:-1 ",
     "a WORKER_START hook failed: Input/output error"},
};

static void keep_line(void *arg, enum garm_log_level level, const char *text, size_t size)
{
    (void)level;
    snprintf(arg, 256, "%.*s", (int)size, text);
}

START_TEST(hooks_run_in_order_and_back)
{
    char log[256] = "";
    const garm_app_entry entry = GARM_ENTRY(setup_hooks);
    garm_server *const server = garm_server_new(&entry, NULL, .listen = {"127.0.0.1:0"},
                                                .workers = 1, .log_level = GARM_LOG_ERROR);
    ck_assert_ptr_nonnull(server);
    ck_assert_int_eq(garm_set_log_sink(server, keep_line, log), 0);
    fail_at = hook_runs[_i].fail_at;
    ck_assert_int_eq(garm_server_start(server), (hook_runs[_i].fail_at == 0 ? 0 : -EIO));
    ck_assert_msg(strstr(log, hook_runs[_i].log) != NULL, "%s", log);
    garm_server_stop(server, 0);
    garm_server_wait(server);
    ck_assert_str_eq(trace, hook_runs[_i].trace);
    garm_server_free(server);
    ck_assert_str_eq(trace, hook_runs[_i].trace);
}
END_TEST

Suite *suite_setup(void)
{
    Suite *const suite = suite_create("app/setup");
    TCase *const tc = tcase_create("setup");
    tcase_add_test(tc, a_conflict_names_both_places);
    tcase_add_loop_test(tc, a_mistake_names_its_line, 0, (int)COUNT_OF(mistakes));
    tcase_add_loop_test(tc, prefixes_are_joined, 0, (int)COUNT_OF(prefixes));
    tcase_add_loop_test(tc, options_are_inherited, 0, (int)COUNT_OF(bodies));
    tcase_add_test(tc, the_nearest_error_handler_renders);
    tcase_add_test(tc, errors_come_as_the_client_likes_them);
    tcase_add_test(tc, flags_are_the_embedders);
    tcase_add_test(tc, unknown_flags_are_refused);
    tcase_add_test(tc, flags_may_be_many);
    tcase_add_loop_test(tc, a_name_that_cannot_be_a_flags_is_refused, 0,
                        (int)COUNT_OF(flags_refused));
    tcase_add_test(tc, another_abi_is_refused);
    tcase_add_test(tc, a_log_level_beyond_the_last_is_refused);
    tcase_add_loop_test(tc, hooks_run_in_order_and_back, 0, (int)COUNT_OF(hook_runs));
    suite_add_tcase(suite, tc);
    return suite;
}
