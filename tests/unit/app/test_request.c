/* What the client asked: strings, parameters, query, fields, body. */
#include "fake.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *suite_request(void);

static int handler(garm_ctx *c)
{
    return fake_handler(c);
}

static void setup(garm_app *app)
{
    garm_route(app, "/{rest...}", handler);
    garm_app *const group = garm_group(app, "/u/{id:int}");
    garm_route(group, "/f/{name}", handler);
    garm_route(group, "/r/{path...}", handler);
}

static void begin(void)
{
    fake_start(setup);
}

static const struct answer *ask(garm_handler *fn, const char *head)
{
    fake_handler = fn;
    return fake_ask(head);
}

/* Asks for everything, twice and in changing order: the answers must not depend on what was
 * asked before. */
static int tell_all(garm_ctx *c)
{
    const char *const path = garm_path(c);
    const char *const method = garm_method(c);
    const char *const target = garm_target(c);
    const char *const host = garm_host(c);
    return garm_text(c, 200, "%s|%s|%s|%s|%s|%s|%s|%s", method, target, path, host, garm_method(c),
                     garm_target(c), garm_path(c), garm_pattern(c));
}

static const struct {
    const char *head;
    const char *told; /* the first four */
} heads[] = {
    {"GET / HTTP/1.1\nHost: a", "GET|/|/|a"},
    {"GET /b/c HTTP/1.1\nHost:\ta:80 \t", "GET|/b/c|/b/c|a:80"},
    {"GET /b?c=d HTTP/1.1\nHost: a", "GET|/b?c=d|/b|a"},
    {"GET /b? HTTP/1.1\nHost: a", "GET|/b?|/b|a"},
    {"GET /b/../c%20/./d HTTP/1.1\nHost: a", "GET|/b/../c%20/./d|/c%20/d|a"},
    {"GET /%2e%2e/c HTTP/1.1\nHost: a", "GET|/%2e%2e/c|/c|a"},
    {"GET /b%2Fc HTTP/1.1\nHost: a", "GET|/b%2Fc|/b%2Fc|a"},
    {"GET http://h:8/x?y HTTP/1.1\nHost: a", "GET|http://h:8/x?y|/x|h:8"},
    {"GET http://h HTTP/1.1\nHost: a", "GET|http://h|/|h"},
    {"GET http://h?x HTTP/1.1\nHost: a", "GET|http://h?x|/|h"},
    {"BREW /x HTTP/1.0", "BREW|/x|/x|"},
};

START_TEST(the_head_is_told_as_it_is)
{
    const struct answer *const answer = ask(tell_all, heads[_i].head);
    const size_t len = strlen(heads[_i].told);
    ck_assert_msg(strncmp(answer->body, heads[_i].told, len) == 0 && answer->body[len] == '|', "%s",
                  answer->body);
}
END_TEST

START_TEST(strings_stay_the_same_when_asked_again)
{
    const struct answer *const answer = ask(tell_all, "GET /b?c=d HTTP/1.1\nHost: a");
    ck_assert_str_eq(answer->body, "GET|/b?c=d|/b|a|GET|/b?c=d|/b|/{rest...}");
}
END_TEST

static int tell_params(garm_ctx *c)
{
    return garm_text(c, 200, "%lld %s %s", (long long)garm_param_int(c, "id"), garm_param(c, "id"),
                     garm_param(c, "name"));
}

START_TEST(parameters_are_decoded_once)
{
    ck_assert_str_eq(ask(tell_params, "GET /u/-42/f/a%20b%2Fc%2525+d HTTP/1.1\nHost: a")->body,
                     "-42 -42 a b/c%25+d");
}
END_TEST

static int tell_rest(garm_ctx *c)
{
    return garm_text(c, 200, "[%s] %s %s", garm_param(c, "path"), garm_param(c, "path"),
                     garm_pattern(c));
}

START_TEST(the_rest_may_be_empty)
{
    ck_assert_str_eq(ask(tell_rest, "GET /u/1/r/ HTTP/1.1\nHost: a")->body,
                     "[]  /u/{id:int}/r/{path...}");
    ck_assert_str_eq(ask(tell_rest, "GET /u/1/r/x/y?z HTTP/1.1\nHost: a")->body,
                     "[x/y] x/y /u/{id:int}/r/{path...}");
}
END_TEST

static const struct {
    const char *sent;
    const char *value;
} rests[] = {
    {"x%2fy", "x%2fy"},   {"x%2Fy/z", "x%2Fy/z"}, {"x%5cy", "x%5cy"},   {"x%5Cy", "x%5Cy"},
    {"x%252fy", "x%2fy"}, {"x%25/y", "x%/y"},     {"%41/%42", "A/B"},   {"a%20b/c+d", "a b/c+d"},
    {"x%255cy", "x%5cy"}, {"%2f", "%2f"},         {"%2e%2fx", ".%2fx"},
};

START_TEST(an_encoded_separator_stays_encoded_in_the_rest)
{
    char head[100];
    snprintf(head, sizeof(head), "GET /u/1/r/%s HTTP/1.1\nHost: a", rests[_i].sent);
    const char *const body = ask(tell_rest, head)->body;
    const size_t len = strlen(rests[_i].value);
    ck_assert_msg(strncmp(body + 1, rests[_i].value, len) == 0 && body[1 + len] == ']', "%s", body);
}
END_TEST

static int misspell(garm_ctx *c)
{
    const char *const value = garm_param(c, "nmae");
    return garm_text(c, 200, "%s", value) == -EINVAL && *value == '\0' ? 204 : -EIO;
}

static int wrong_type(garm_ctx *c)
{
    return garm_param_int(c, "name") == 0 ? 204 : -EIO;
}

START_TEST(a_misspelt_parameter_is_a_bug)
{
    ck_assert_uint_eq(
        ask(_i == 0 ? misspell : wrong_type, "GET /u/1/f/x HTTP/1.1\nHost: a")->status, 500);
    ck_assert_ptr_nonnull(strstr(fake_log(), _i == 0 ? "{nmae}" : "{name:int}"));
}
END_TEST

static int tell_query(garm_ctx *c)
{
    int64_t n = 0;
    const int rc = garm_query_int(c, "n", -5, 5, 3, &n);
    return garm_text(c, 200, "%s|%d%d|%s|%d %lld", garm_query(c, "a"), garm_has_query(c, "a"),
                     garm_has_query(c, "b"), garm_query(c, "c d"), rc, (long long)n);
}

static const struct {
    const char *target;
    const char *told;
} queries[] = {
    {"/", "|00||0 3"},
    {"/?a=1+2%21&a=3", "1 2!|10||0 3"},
    {"/?b&c%20d=%C3%A9&n=-5", "|01|\xc3\xa9|0 -5"},
    {"/?n=6", "|00||-34 0"},
    {"/?n=x", "|00||-74 0"},
    {"/?n=", "|00||-74 0"},
};

START_TEST(the_query_is_decoded)
{
    char head[200];
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\nHost: a", queries[_i].target);
    ck_assert_str_eq(ask(tell_query, head)->body, queries[_i].told);
}
END_TEST

static int need_query(garm_ctx *c)
{
    int64_t n = 0;
    GARM_TRY(garm_query_int(c, "n", -5, 5, 3, &n));
    return 204;
}

START_TEST(a_bad_number_in_the_query_is_400_by_itself)
{
    ck_assert_uint_eq(ask(need_query, "GET /?n=5 HTTP/1.1\nHost: a")->status, 204);
    const struct answer *const answer =
        ask(need_query, _i == 0 ? "GET /?n=6 HTTP/1.1\nHost: a" : "GET /?n=x HTTP/1.1\nHost: a");
    ck_assert_uint_eq(answer->status, 400);
    ck_assert_ptr_nonnull(strstr(answer->body, "the query parameter \\\"n\\\" must be a whole "
                                               "number from -5 to 5"));
    ck_assert_str_eq(fake_log(), "");
}
END_TEST

/* Takes a bad number for none, and makes a mistake of its own. */
static int go_on(garm_ctx *c)
{
    int64_t n = 0;
    ck_assert_int_lt(garm_query_int(c, "n", -5, 5, 3, &n), 0);
    return garm_set_header(c, "not a name", "x");
}

START_TEST(a_mistake_after_a_bad_number_is_500)
{
    ck_assert_uint_eq(ask(go_on, "GET /?n=x HTTP/1.1\nHost: a")->status, 500);
}
END_TEST

static int tell_fields(garm_ctx *c)
{
    const char *list = "";
    const char *name = NULL;
    for (size_t i = 0; (void)garm_header_at(c, i, &name), *name != '\0'; i++) {
        list = garm_strf(c, "%s%s=%s;", list, name, garm_header_at(c, i, &name));
    }
    return garm_text(c, 200, "%s|%s|%s|%s|%d%d|%s|%s|%s", garm_header(c, "ACCEPT"),
                     garm_header(c, "x-a"), garm_header(c, "X-None"), garm_header(c, "Cookie"),
                     garm_has_header(c, "X-A"), garm_has_header(c, "X-B"), garm_cookie(c, "b"),
                     garm_cookie(c, "z"), list);
}

START_TEST(fields_are_found_and_joined)
{
    ck_assert_str_eq(
        ask(tell_fields, "GET / HTTP/1.1\nHost: a\nAccept: x\nX-A: 1 \nCookie: a=1\nX-a:2\nCookie: "
                         "b=\"q\"\naccept: y")
            ->body,
        "x, y|1, 2||a=1; "
        "b=\"q\"|10|q||Host=a;Accept=x;X-A=1;Cookie=a=1;X-a=2;Cookie=b=\"q\";accept=y;");
}
END_TEST

/* What an accessor by index gives, in order: "name=value;" each. */
static const char *list_of(garm_ctx *c, const char *(*at)(garm_ctx *, size_t, const char **))
{
    const char *list = "";
    const char *name = "";
    const char *value = at(c, 0, &name);
    for (size_t i = 1; *name != '\0' || *value != '\0'; i++) {
        list = garm_strf(c, "%s%s=%s;", list, name, value);
        value = at(c, i, &name);
    }
    return list;
}

static int tell_pairs(garm_ctx *c)
{
    return garm_text(c, 200, "%s|%s|%s|%s", list_of(c, garm_query_at), list_of(c, garm_cookie_at),
                     list_of(c, garm_trailer_at), garm_http_version(c));
}

static const struct {
    const char *head;
    const char *told;
} pairs[] = {
    {"GET / HTTP/1.1\nHost: a", "|||1.1"},
    {"GET /?a=1&b&&=&=f&a=%C3%A9+%26&d%3D=e= HTTP/1.0", "a=1;b=;=f;a=\xc3\xa9 &;d==e=;|||1.0"},
    {"GET /?& HTTP/1.1\nHost: a\nCookie: x=1; y=\"2\";; z\nCookie: x=3;", "|x=1;y=2;x=3;||1.1"},
};

START_TEST(parameters_and_cookies_are_walked_in_order)
{
    ck_assert_str_eq(ask(tell_pairs, pairs[_i].head)->body, pairs[_i].told);
}
END_TEST

static int tell_peer(garm_ctx *c)
{
    return garm_text(c, 200, "%s", garm_client_ip(c));
}

START_TEST(the_client_has_an_address)
{
    ck_assert_str_eq(ask(tell_peer, "GET / HTTP/1.1\nHost: a")->body, "192.0.2.7");
}
END_TEST

/* Bodies. */

static size_t body_max;

static int tell_body(garm_ctx *c)
{
    const void *data = NULL;
    const void *again = NULL;
    size_t size = 0;
    GARM_TRY(garm_body(c, body_max, &data, &size));
    GARM_TRY(garm_body(c, body_max, &again, &size));
    if (again != data || ((const char *)data)[size] != '\0') {
        return -EIO;
    }
    return garm_text(c, 200, "%zu %d", size, size > 0 ? ((const char *)data)[size - 1] : -1);
}

static const struct answer *post(size_t size, size_t piece, bool chunked)
{
    static char body[200000];
    char head[100];
    memset(body, 'b', sizeof(body));
    body[size > 0 ? size - 1 : 0] = 'e';
    if (chunked) {
        snprintf(head, sizeof(head), "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked");
    } else {
        snprintf(head, sizeof(head), "POST / HTTP/1.1\nHost: a\nContent-Length: %zu", size);
    }
    fake_handler = tell_body;
    return fake_ask_as(head, &(const struct fake_client){.body = size > 0 ? body : NULL,
                                                         .body_size = size,
                                                         .piece = piece});
}

static const size_t sizes[] = {0, 1, 100, 16383, 16384, 16385, 32768, 65537, 200000};

START_TEST(a_body_is_read_whole)
{
    char told[40];
    body_max = 200000;
    const size_t size = sizes[_i];
    snprintf(told, sizeof(told), "%zu %d", size, size > 0 ? 'e' : -1);
    ck_assert_str_eq(post(size, 0, false)->body, told);
    ck_assert_str_eq(post(size, 1000, false)->body, told);
    ck_assert_str_eq(post(size, 0, true)->body, told);
    ck_assert_str_eq(post(size, 777, true)->body, told);
}
END_TEST

START_TEST(a_body_beyond_the_callers_bound_is_413)
{
    const size_t size = sizes[_i];
    body_max = size;
    ck_assert_uint_eq(post(size, 0, true)->status, 200);
    body_max = size - 1;
    ck_assert_uint_eq(post(size, 0, false)->status, 413);
    const struct answer *const answer = post(size, 100, true);
    ck_assert_uint_eq(answer->status, 413);
    ck_assert(answer->close);
}
END_TEST

START_TEST(a_secret_equals_only_itself)
{
    ck_assert(garm_secret_equal("abc", "abc"));
    ck_assert(!garm_secret_equal("abc", "abd"));
    ck_assert(!garm_secret_equal("abc", "ab"));
    ck_assert(!garm_secret_equal("ab", "abc"));
    ck_assert(!garm_secret_equal("", ""));
    ck_assert(!garm_secret_equal("", "a"));
    ck_assert(!garm_secret_equal("a", ""));
}
END_TEST

static int keys[2];

static int set_and_get(garm_ctx *c)
{
    GARM_TRY(garm_set(c, &keys[0], &keys[1]));
    GARM_TRY(garm_set(c, &keys[0], &keys[0]));
    return garm_get(c, &keys[0]) == &keys[0] && garm_get(c, &keys[1]) == NULL ? 204 : -EIO;
}

START_TEST(data_is_kept_by_key)
{
    ck_assert_uint_eq(ask(set_and_get, "GET / HTTP/1.1\nHost: a")->status, 204);
}
END_TEST

Suite *suite_request(void)
{
    Suite *const suite = suite_create("app/request");
    TCase *const tc = tcase_create("request");
    tcase_add_checked_fixture(tc, begin, fake_end);
    tcase_add_loop_test(tc, the_head_is_told_as_it_is, 0, (int)COUNT_OF(heads));
    tcase_add_test(tc, strings_stay_the_same_when_asked_again);
    tcase_add_test(tc, parameters_are_decoded_once);
    tcase_add_test(tc, the_rest_may_be_empty);
    tcase_add_loop_test(tc, an_encoded_separator_stays_encoded_in_the_rest, 0,
                        (int)COUNT_OF(rests));
    tcase_add_loop_test(tc, a_misspelt_parameter_is_a_bug, 0, 2);
    tcase_add_loop_test(tc, the_query_is_decoded, 0, (int)COUNT_OF(queries));
    tcase_add_loop_test(tc, a_bad_number_in_the_query_is_400_by_itself, 0, 2);
    tcase_add_test(tc, a_mistake_after_a_bad_number_is_500);
    tcase_add_test(tc, fields_are_found_and_joined);
    tcase_add_loop_test(tc, parameters_and_cookies_are_walked_in_order, 0, (int)COUNT_OF(pairs));
    tcase_add_test(tc, the_client_has_an_address);
    tcase_add_loop_test(tc, a_body_is_read_whole, 0, (int)COUNT_OF(sizes));
    tcase_add_loop_test(tc, a_body_beyond_the_callers_bound_is_413, 1, (int)COUNT_OF(sizes));
    tcase_add_test(tc, a_secret_equals_only_itself);
    tcase_add_test(tc, data_is_kept_by_key);
    suite_add_tcase(suite, tc);
    return suite;
}
