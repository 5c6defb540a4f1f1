/* A server that other threads stop, and post to, while it starts: for TSan as much as for
 * itself. */
#include <garm/garm.h>

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

Suite *suite_server_life(void);

static void setup(garm_app *app)
{
    (void)app;
}

static garm_server *make(void)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    char *error = NULL;
    garm_server *const server =
        garm_server_new(&entry, &error, .listen = {"127.0.0.1:0"}, .workers = 2);
    ck_assert_msg(server != NULL, "%s", error);
    return server;
}

START_TEST(a_stop_before_the_start_is_not_lost)
{
    garm_server *const server = make();
    garm_server_stop(server, 0);
    ck_assert_int_eq(garm_server_start(server), -ECANCELED);
    garm_server_wait(server);
    garm_server_free(server);
}
END_TEST

#define UNDER_WAY_MAX 100

static _Atomic int posted, ran, ended;

static int count(garm_ctx *c, void *arg)
{
    (void)c;
    (void)arg;
    atomic_fetch_add(&ran, 1);
    return 0;
}

/* Posts until one is taken, and then until none is any more; not faster than they run. */
static void *post_on(void *server)
{
    while (garm_post(server, count, NULL) < 0) {
    }
    atomic_store(&posted, 1);
    while (garm_post(server, count, NULL) == 0) {
        atomic_fetch_add(&posted, 1);
        while (atomic_load(&posted) - atomic_load(&ran) > UNDER_WAY_MAX && !atomic_load(&ended)) {
        }
    }
    return NULL;
}

START_TEST(posts_may_come_while_a_server_starts_and_stops)
{
    garm_server *const server = make();
    pthread_t thread;
    atomic_store(&posted, 0);
    atomic_store(&ran, 0);
    atomic_store(&ended, 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, post_on, server), 0);
    ck_assert_int_eq(garm_server_start(server), 0);
    while (atomic_load(&posted) == 0) {
    }
    garm_server_stop(server, 0);
    garm_server_wait(server);
    atomic_store(&ended, 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(posted, ran);
    garm_server_free(server);
}
END_TEST

Suite *suite_server_life(void)
{
    Suite *const suite = suite_create("app/server_life");
    TCase *const tests = tcase_create("server_life");
    tcase_add_test(tests, a_stop_before_the_start_is_not_lost);
    tcase_add_test(tests, posts_may_come_while_a_server_starts_and_stops);
    suite_add_tcase(suite, tests);
    return suite;
}
