/* Options that cannot be: each one stops the start, with its line and what is wrong. */
#include "fake.h"

#include <garm/keys.h>
#include <garm/metrics.h>
#include <garm/session.h>
#include <garm/static.h>

#include <check.h>
#include <string.h>

Suite *suite_options(void);

#define SECRET "01234567890123456789012345678901"

static int ok(garm_ctx *c)
{
    return garm_text(c, 200, "ok");
}

static int deny(garm_ctx *c)
{
    (void)c;
    return 403;
}

/* Lists with a gap. */

static void gap_in_route_use(garm_app *app)
{
    garm_route(app, "/", ok, .use = {NULL, deny});
}

static void gap_in_group_use(garm_app *app)
{
    garm_group(app, "/g", .use = {deny, NULL, NULL, deny});
}

static void gap_in_secrets(garm_app *app)
{
    garm_keys_new(app, .secrets = {NULL, SECRET});
}

static void gap_in_labels(garm_app *app)
{
    garm_counter(app, "x_total", "Help.", .labels = {"a", NULL, "b"});
}

static void gap_in_buckets(garm_app *app)
{
    garm_histogram(app, "x", "Help.", .buckets = {1, 0, 2});
}

/* Values that cannot be. */

static void sessions_with_a_prefix(garm_app *app)
{
    garm_sessions(app, .cookie = "__Host-id");
}

static void sessions_with_a_small_prefix(garm_app *app)
{
    garm_sessions(app, .cookie = "__secure-id");
}

static void sessions_twice(garm_app *app)
{
    garm_sessions(app);
    garm_sessions(app);
}

static void index_that_is_the_directory(garm_app *app)
{
    garm_static(app, "/", "/", .index = ".");
}

static void index_above(garm_app *app)
{
    garm_static(app, "/", "/", .index = "..");
}

static void mounted(garm_app *app)
{
    garm_route(app, "/", ok);
}

static int job(garm_ctx *c, void *arg)
{
    (void)c;
    (void)arg;
    return 0;
}

static int hook(garm_worker *worker)
{
    (void)worker;
    return 0;
}

static void mount_of_nothing(garm_app *app)
{
    garm_mount(app, "/m", NULL);
}

static void mount_below_a_blank(garm_app *app)
{
    garm_mount(app, "/a b", mounted);
}

static void job_without_a_period(garm_app *app)
{
    garm_every(app, 0, job, NULL);
}

static void job_of_nothing(garm_app *app)
{
    garm_every(app, GARM_SEC(1), NULL, NULL);
}

static void hook_of_nothing(garm_app *app)
{
    garm_on(app, GARM_START, NULL);
}

static void hook_at_no_event(garm_app *app)
{
    garm_on(app, (enum garm_event)9, hook);
}

static void flag_without_a_default(garm_app *app)
{
    garm_flag(app, "mode", NULL, "Help.");
}

static void flag_of_two_defaults(garm_app *app)
{
    garm_flag(app, "mode", "a", "Help.");
    garm_flag(app, "mode", "b", "Help.");
}

static void flag_of_no_name(garm_app *app)
{
    garm_flag(app, "data_dir", "", "Help.");
}

static void endless_stack(garm_app *app)
{
    garm_limits(app, .stack_kb = GARM_NONE);
}

static void negative_idle(garm_app *app)
{
    garm_limits(app, .idle_ms = -2);
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {gap_in_route_use, ".use[0] is empty"},
    {gap_in_group_use, ".use[1] is empty"},
    {gap_in_secrets, "garm_keys_new: .secrets[0] is empty"},
    {gap_in_labels, ".labels[1] is empty"},
    {gap_in_buckets, ".buckets[1] is empty"},
    {sessions_with_a_prefix, ".cookie gets its prefix by itself"},
    {sessions_with_a_small_prefix, ".cookie gets its prefix by itself"},
    {sessions_twice, "garm_sessions: there are sessions here already"},
    {index_that_is_the_directory, "garm_static: the index is the name of a file"},
    {mount_of_nothing, "garm_mount needs"},
    {mount_below_a_blank, "has a blank in it"},
    {job_without_a_period, "garm_every needs"},
    {job_of_nothing, "garm_every needs"},
    {hook_of_nothing, "garm_on: no function"},
    {hook_at_no_event, "garm_on: there is no such hook"},
    {flag_without_a_default, "garm_flag: \"mode\" needs a default"},
    {flag_of_two_defaults, "garm_flag: \"mode\" has another default"},
    {flag_of_no_name, "garm_flag: \"data_dir\" cannot be a flag"},
    {endless_stack, ".stack_kb is negative: a stack is always bounded"},
    {negative_idle, ".idle_ms is negative; GARM_NONE lifts a bound"},
    {index_above, "garm_static: the index is the name of a file"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = fake_refusal(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_options.c:") != NULL, "%s", line);
}
END_TEST

static void full_lists(garm_app *app)
{
    garm_route(app, "/", ok, .use = {ok, ok, ok, ok, ok, ok, ok, deny});
    garm_flag(app, "mode", "a", "The same flag may be asked for twice.");
    garm_flag(app, "mode", "a", "The same flag may be asked for twice.");
}

START_TEST(a_full_list_is_no_list_with_a_gap)
{
    const garm_app_entry entry = GARM_ENTRY(full_lists);
    char *error = NULL;
    garm_server *const server = garm_server_new(&entry, &error, .listen = {"127.0.0.1:0"});
    ck_assert_msg(server != NULL, "%s", error);
    garm_server_free(server);
}
END_TEST

START_TEST(a_gap_in_the_addresses_is_refused)
{
    const garm_app_entry entry = GARM_ENTRY(full_lists);
    char *error = NULL;
    ck_assert_ptr_null(garm_server_new(&entry, &error, .listen = {NULL, "127.0.0.1:0"}));
    ck_assert_msg(strstr(error, ".listen[0] is empty") != NULL, "%s", error);
    ck_assert_msg(strstr(error, "test_options.c:") != NULL, "%s", error);
    garm_free(error);
}
END_TEST

Suite *suite_options(void)
{
    Suite *const suite = suite_create("app/options");
    TCase *const tc = tcase_create("options");
    tcase_add_loop_test(tc, an_impossible_option_stops_the_start, 0, (int)COUNT_OF(impossible));
    tcase_add_test(tc, a_full_list_is_no_list_with_a_gap);
    tcase_add_test(tc, a_gap_in_the_addresses_is_refused);
    suite_add_tcase(suite, tc);
    return suite;
}
