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
