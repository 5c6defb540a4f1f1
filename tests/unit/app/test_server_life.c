/* A server that other threads stop, and post to, while it starts: for TSan as much as for
 * itself. */
#include <garm/garm.h>

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* What a server listening on 127.0.0.1 answers to "GET /", up to its end, in `out`. */
static void ask(garm_server *server, char *out, size_t cap)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    const char *const port = strrchr(garm_server_address(server, 0), ':') + 1;
    const struct sockaddr_in addr = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                     .sin_port = htons((uint16_t)atoi(port))};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    ck_assert_int_eq(send(fd, request, sizeof(request) - 1, 0), sizeof(request) - 1);
    size_t len = 0;
    for (ssize_t n = 1; n > 0 && len<cap - 1; len += n> 0 ? (size_t)n : 0) {
        n = recv(fd, out + len, cap - 1 - len, 0);
        ck_assert_int_ge(n, 0);
    }
    out[len] = '\0';
    close(fd);
}

START_TEST(the_name_of_a_server_is_copied)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    char answer[2048];
    char *error = NULL;
    char *const name = strdup("shop/1.2 (test)");
    garm_server *const server = garm_server_new(&entry, &error, .listen = {"127.0.0.1:0"},
                                                .workers = 1, .server_name = name);
    ck_assert_msg(server != NULL, "%s", error);
    memset(name, 'x', strlen(name));
    free(name);
    ck_assert_int_eq(garm_server_start(server), 0);
    ask(server, answer, sizeof(answer));
    ck_assert_ptr_nonnull(strstr(answer, "\r\nServer: shop/1.2 (test)\r\n"));
    garm_server_free(server);
}
END_TEST

START_TEST(a_server_has_no_name_that_is_none)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    static const char *const names[] = {
        "a\r\nSet-Cookie: b",
        "a,b",
        " a",
        "(a)",
        "0123456789012345678901234567890123456789012345678901234567890123x", /* 65 bytes */
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *error = NULL;
        garm_server *const server = garm_server_new(&entry, &error, .listen = {"127.0.0.1:0"},
                                                    .workers = 1, .server_name = names[i]);
        ck_assert_ptr_null(server);
        ck_assert_ptr_nonnull(strstr(error, "server name"));
        ck_assert_ptr_null(strchr(error, '\n'));
        garm_free(error);
    }
}
END_TEST

Suite *suite_server_life(void)
{
    Suite *const suite = suite_create("app/server_life");
    TCase *const tests = tcase_create("server_life");
    tcase_add_test(tests, a_stop_before_the_start_is_not_lost);
    tcase_add_test(tests, posts_may_come_while_a_server_starts_and_stops);
    tcase_add_test(tests, the_name_of_a_server_is_copied);
    tcase_add_test(tests, a_server_has_no_name_that_is_none);
    suite_add_tcase(suite, tests);
    return suite;
}
