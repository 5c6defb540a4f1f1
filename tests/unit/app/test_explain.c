/* Explanations: they must tell what the dispatch does, and why each route that it does not take is
 * not taken. The model is the server itself. */
#include "app/ctx.h"
#include "app/explain.h"
#include "fake.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_explain(void);

static int reply_pattern(garm_ctx *c)
{
    return garm_text(c, 200, "%s", c->route->pattern);
}

static int pass(garm_ctx *c)
{
    return garm_next(c);
}

static const char *const patterns[] = {
    "GET /{$}",
    "GET /users/{id:int}",
    "GET /users/{name}",
    "POST /users/{id:int}",
    "GET /users/me",
    "HEAD /users/me",
    "/any/{rest...}",
    "GET /dir/{$}",
    "GET /a/b/c",
    "/a/{x}/c",
    "PUT /a%20b/{x}",
    "GET example.com/users/{name}",
    "DELETE example.com/",
    "BREW /pot",
    "TRACE /loop",
    "OPTIONS /opts",
};

static void set_up(garm_app *app)
{
    garm_use(app, pass);
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        garm_route(app, patterns[i], reply_pattern);
    }
    garm_app *const group = garm_group(app, "/group");
    garm_use(group, pass);
    garm_route(group, "POST /in", reply_pattern);
}

static struct arena arena;
static char url[512];

static struct explanation ask(const char *method, const char *host, const char *target)
{
    struct explanation e;
    snprintf(url, sizeof(url), "%s%s%s", host != NULL ? "http://" : "", host != NULL ? host : "",
             target);
    const struct application *const application = &fake_server()->application;
    arena_clear(&arena);
    ck_assert_int_eq(explain(application, slice_cstr(method), slice_cstr(url), &arena, &e), 0);
    return e;
}

static const struct answer *serve(const char *method, const char *host, const char *target)
{
    char head[1024];
    if (host == NULL) {
        snprintf(head, sizeof(head), "%s %s HTTP/1.0", method, target);
    } else {
        snprintf(head, sizeof(head), "%s %s HTTP/1.1\nHost: %s", method, target, host);
    }
    return fake_ask(head);
}

/* The verdict on each route, given to a router that has this route alone. */
static void check_alone(const struct explanation *e, const struct explained_route *other)
{
    struct router *router = NULL;
    struct router_match match;
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_int_eq(router_new(&router), 0);
    const struct endpoint *const endpoint = other->endpoint;
    ck_assert_int_eq(router_add(router, endpoint->pattern, "", (void *)(uintptr_t)1, &error), 0);
    router_match(router, method_lookup(e->method), e->method, e->host, e->path,
                 slice_find(e->path, '%') == e->path.len, &match);
    ck_assert_msg((match.status == 0) == (other->distance == 0), "%.*s %s: %s: %s (%u)",
                  SLICE_ARG(e->method), url, endpoint->pattern, other->why, other->distance);
    ck_assert(other->why[0] != '\0');
    router_free(router);
    buf_deinit(&error);
}

static void check_request(const char *method, const char *host, const char *target)
{
    const struct explanation e = ask(method, host, target);
    const struct answer *const answer = serve(method, host, target);
    const bool found = e.status == 0;
    ck_assert_msg(answer->status == (found ? 200 : e.status), "%s %s: %u, not %u", method, url,
                  e.status, answer->status);
    ck_assert_int_eq(found, e.why[0] == '\0');
    if (found && strcmp(method, "HEAD") != 0) {
        ck_assert_msg(strcmp(answer->body, e.endpoint->pattern) == 0, "%s %s: %s, not %s", method,
                      url, e.endpoint->pattern, answer->body);
    }
    if (e.allow[0] != '\0') {
        char line[300];
        snprintf(line, sizeof(line), "Allow: %s", e.allow);
        ck_assert_msg(answer_has(answer, line), "%s %s: %s, not %s", method, url, line,
                      answer->head);
    }
    for (size_t i = 0; i < e.other_count; i++) {
        check_alone(&e, &e.others[i]);
        ck_assert(i == 0 || e.others[i - 1].distance <= e.others[i].distance);
    }
}

static const char *const methods[] = {"GET",  "HEAD",  "POST",    "PUT",  "DELETE",
                                      "BREW", "TRACE", "OPTIONS", "MAKE", "get"};
static const char *const hosts[] = {NULL, "example.com", "EXAMPLE.com:80", "other"};

START_TEST(an_explanation_tells_what_the_server_does)
{
    static const char *const targets[] = {
        "/",           "/users/7",  "/users/x",       "/users/me", "/users/",
        "/users",      "/users/7/", "/any",           "/any/",     "/any/x/y?q=1",
        "/dir",        "/dir/",     "/dir/x",         "/a/b/c",    "/a/z/c",
        "/a/b/../b/c", "/a%20b/1",  "/users/%37",     "/pot",      "/loop",
        "/opts",       "/group/in", "/group/nothing", "/users//",  "/users/9223372036854775808",
    };
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            for (size_t h = 0; h < COUNT_OF(hosts); h++) {
                check_request(methods[m], hosts[h], targets[i]);
            }
        }
    }
}
END_TEST

START_TEST(explanations_and_server_agree_on_random_requests)
{
    static const char *const segments[] = {"a",  "b", "c",     "users", "me",    "7",
                                           "-3", "",  "a%20b", "..",    "group", "any"};
    uint64_t seed = 7;
    for (int round = 0; round < 3000; round++) {
        char target[128] = "";
        size_t len = 0;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = seed >> 16;
        for (uint64_t left = 1 + bits % 4; left > 0; left--) {
            bits /= 4;
            len += (size_t)snprintf(target + len, sizeof(target) - len, "/%s",
                                    segments[bits % COUNT_OF(segments)]);
            bits /= COUNT_OF(segments);
        }
        check_request(methods[bits % COUNT_OF(methods)], hosts[bits / 16 % COUNT_OF(hosts)],
                      target);
    }
}
END_TEST

static const char *why_of(const struct explanation *e, const char *pattern)
{
    for (size_t i = 0; i < e->other_count; i++) {
        if (strcmp(e->others[i].endpoint->pattern, pattern) == 0) {
            return e->others[i].why;
        }
    }
    return "absent";
}

START_TEST(each_route_that_was_not_taken_has_its_reason)
{
    struct explanation e = ask("GET", NULL, "/users/me");
    ck_assert_str_eq(e.endpoint->pattern, "GET /users/me");
    ck_assert_str_eq(why_of(&e, "GET /users/me"), "absent");
    ck_assert_str_eq(why_of(&e, "GET /users/{name}"),
                     "it matches too, and \"GET /users/me\" is more specific");
    ck_assert_str_eq(why_of(&e, "GET /users/{id:int}"),
                     "segment 2, \"me\", is no integer for {id:int}");
    ck_assert_str_eq(why_of(&e, "HEAD /users/me"), "it takes HEAD");
    ck_assert_str_eq(why_of(&e, "GET example.com/users/{name}"), "it is for the host example.com");
    ck_assert_str_eq(why_of(&e, "GET /a/b/c"),
                     "segment 1 is \"users\", not \"a\"; segment 2 is \"me\", not \"b\"; the path "
                     "ends before \"/c\"");
    e = ask("GET", "example.com", "/users/me");
    ck_assert_str_eq(why_of(&e, "GET /users/me"),
                     "it matches too, and \"GET example.com/users/{name}\" is more specific: it "
                     "names the host");
    e = ask("TRACE", NULL, "/any/x");
    ck_assert_str_eq(why_of(&e, "/any/{rest...}"), "a route without a method does not take TRACE");
    e = ask("GET", NULL, "/dir");
    ck_assert_str_eq(why_of(&e, "GET /dir/{$}"), "the path does not end with '/'");
}
END_TEST

START_TEST(what_is_no_request_is_refused_with_the_parsers_reason)
{
    struct explanation e = ask("GET", NULL, "/%zz");
    ck_assert_uint_eq(e.status, 400);
    ck_assert_str_eq(e.why, "bad escape in the path");
    ck_assert_ptr_null(e.endpoint);
    e = ask("GET", NULL, "/ HTTP/1.1\r\nHost: x\r\n\r\nGET /");
    ck_assert_uint_eq(e.status, 400);
    e = ask("G T", NULL, "/");
    ck_assert_uint_eq(e.status, 400);
    e = ask("GET", "user@example.com", "/");
    ck_assert_uint_eq(e.status, 400);
    e = ask("GET", "", "/");
    ck_assert_uint_eq(e.status, 400);
    e = ask("", NULL, "/");
    ck_assert_uint_eq(e.status, 400);
}
END_TEST

START_TEST(a_fragment_and_a_missing_path_are_what_a_client_makes_of_them)
{
    struct explanation e = ask("GET", "example.com", "#top");
    ck_assert(slice_eq(e.path, SLICE("/")));
    ck_assert_uint_eq(e.status, 0);
    e = ask("GET", "example.com", "?q");
    ck_assert(slice_eq(e.path, SLICE("/")));
    e = ask("GET", NULL, "/users/7#x");
    ck_assert_uint_eq(e.match.param_count, 1);
    ck_assert_int_eq(e.match.params[0].value, 7);
    ck_assert(!e.path_changed);
    e = ask("GET", NULL, "/x/../users/7");
    ck_assert(e.path_changed);
}
END_TEST

START_TEST(targets_without_a_path_are_answered_by_the_server)
{
    struct explanation e = ask("OPTIONS", NULL, "*");
    ck_assert_uint_eq(e.status, 204);
    ck_assert_uint_eq(e.other_count, 0);
    ck_assert_str_eq(e.allow, fake_server()->application.allow);
    e = ask("CONNECT", NULL, "example.com:443");
    ck_assert_uint_eq(e.status, 405);
}
END_TEST

START_TEST(an_answer_without_a_route_has_the_middleware_of_its_group)
{
    ck_assert_uint_eq(ask("GET", NULL, "/nothing").endpoint->chain_count, 2);
    ck_assert_uint_eq(ask("GET", NULL, "/group/nothing").endpoint->chain_count, 3);
}
END_TEST

static void begin(void)
{
    arena_init(&arena, NULL, 0, MIB(16));
    fake_start(set_up);
}

static void finish(void)
{
    arena_clear(&arena);
    fake_end();
}

Suite *suite_explain(void)
{
    Suite *const suite = suite_create("explain");
    TCase *const tests = tcase_create("explain");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_test(tests, an_explanation_tells_what_the_server_does);
    tcase_add_test(tests, explanations_and_server_agree_on_random_requests);
    tcase_add_test(tests, each_route_that_was_not_taken_has_its_reason);
    tcase_add_test(tests, what_is_no_request_is_refused_with_the_parsers_reason);
    tcase_add_test(tests, a_fragment_and_a_missing_path_are_what_a_client_makes_of_them);
    tcase_add_test(tests, targets_without_a_path_are_answered_by_the_server);
    tcase_add_test(tests, an_answer_without_a_route_has_the_middleware_of_its_group);
    suite_add_tcase(suite, tests);
    return suite;
}
