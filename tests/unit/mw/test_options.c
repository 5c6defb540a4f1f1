/* Options of the middleware in the box that cannot be: each one stops the start, with its line and
 * what is wrong. */
#include "refusal.h"

#include <check.h>
#include <string.h>

Suite *suite_options(void);

#define SECRET "01234567890123456789012345678901"
#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

/* Lists with a gap. */

static void gap_in_trusted(garm_app *app)
{
    garm_real_ip(app, .trusted = {"loopback", NULL, "10.0.0.0/8"});
}

static void gap_in_codings(garm_app *app)
{
    garm_compress(app, .codings = {GARM_IDENTITY, GARM_GZIP});
}

static void gap_in_types(garm_app *app)
{
    garm_compress(app, .types = {NULL, "text/"});
}

static void gap_in_trusted_origins(garm_app *app)
{
    garm_csrf(app, .trusted_origins = {NULL, "https://a.example"});
}

static void gap_in_users(garm_app *app)
{
    garm_basic_auth(app, .users = {NULL, "ada:x"});
}

static void gap_in_api_keys(garm_app *app)
{
    garm_api_key(app, .keys = {"a:" DIGEST, NULL, "b:" DIGEST});
}

static void gap_in_jwt_keys(garm_app *app)
{
    garm_jwt(app, .keys = {{.algorithm = GARM_JWT_HS256, .secret = SECRET},
                           {.kid = NULL},
                           {.algorithm = GARM_JWT_HS256, .secret = SECRET}});
}

static void gap_in_origins(garm_app *app)
{
    garm_cors(app, .origins = {NULL, "https://a.example"});
}

static void gap_in_methods(garm_app *app)
{
    garm_cors(app, .origins = {"*"}, .methods = {NULL, "GET"});
}

static void gap_in_headers(garm_app *app)
{
    garm_cors(app, .origins = {"*"}, .headers = {NULL, "X-Token"});
}

static void gap_in_expose(garm_app *app)
{
    garm_cors(app, .origins = {"*"}, .expose = {NULL, "X-Total"});
}

/* Values that cannot be. */

static void id_without_a_name(garm_app *app)
{
    garm_request_id(app, .header = "");
}

static void id_in_two_words(garm_app *app)
{
    garm_request_id(app, .header = "a b");
}

static void id_as_a_length(garm_app *app)
{
    garm_request_id(app, .header = "content-length");
}

static void id_as_a_cookie(garm_app *app)
{
    garm_request_id(app, .header = "Set-Cookie");
}

static void all_and_one_more(garm_app *app)
{
    garm_cors(app, .origins = {"*", "https://a.example"});
}

static void one_more_and_all(garm_app *app)
{
    garm_cors(app, .origins = {"https://a.example", "*"});
}

static void port_of_https(garm_app *app)
{
    garm_cors(app, .origins = {"https://a.example:443"});
}

static void port_of_http(garm_app *app)
{
    garm_cors(app, .origins = {"http://[::1]:80"});
}

static void port_in_csrf(garm_app *app)
{
    garm_csrf(app, .trusted_origins = {"https://a.example:443"});
}

static void negative_age(garm_app *app)
{
    garm_cors(app, .origins = {"*"}, .max_age_s = -3);
}

static void cookie_in_two_words(garm_app *app)
{
    garm_jwt(app, .keys = {{.algorithm = GARM_JWT_HS256, .secret = SECRET}}, .cookie = "a b");
}

static void negative_hsts(garm_app *app)
{
    garm_security_headers(app, .hsts_s = -1);
}

static void endless_hsts(garm_app *app)
{
    garm_security_headers(app, .hsts_s = INT64_MAX);
}

static void frames_of_another_kind(garm_app *app)
{
    garm_security_headers(app, .frame_options = "ALLOWALL");
}

static void host_bits(garm_app *app)
{
    garm_real_ip(app, .trusted = {"10.0.0.1/8"});
}

static void host_bits_of_ipv6(garm_app *app)
{
    garm_real_ip(app, .trusted = {"unix", "2001:db8::ff/121"});
}

static void two_limits_without_names(garm_app *app)
{
    garm_rate_limit(app, .per_second = 1);
    garm_rate_limit(app, .per_second = 2);
}

static const struct {
    void (*setup)(garm_app *app);
    const char *says;
} impossible[] = {
    {gap_in_trusted, "garm_real_ip: .trusted[1] is empty"},
    {gap_in_codings, "garm_compress: .codings[0] is empty"},
    {gap_in_types, "garm_compress: .types[0] is empty"},
    {gap_in_trusted_origins, "garm_csrf: .trusted_origins[0] is empty"},
    {gap_in_users, "garm_basic_auth: .users[0] is empty"},
    {gap_in_api_keys, "garm_api_key: .keys[1] is empty"},
    {gap_in_jwt_keys, "garm_jwt: .keys[1] is empty"},
    {gap_in_origins, "garm_cors: .origins[0] is empty"},
    {gap_in_methods, "garm_cors: .methods[0] is empty"},
    {gap_in_headers, "garm_cors: .headers[0] is empty"},
    {gap_in_expose, "garm_cors: .expose[0] is empty"},
    {id_without_a_name, "garm_request_id: .header: \"\" is no name"},
    {id_in_two_words, "\"a b\" is no name of a field"},
    {id_as_a_length, "content-length has a meaning of its own"},
    {id_as_a_cookie, "Set-Cookie has a meaning of its own"},
    {all_and_one_more, "stands alone"},
    {one_more_and_all, "stands alone"},
    {port_of_https, "leave the scheme's own port out"},
    {port_of_http, "leave the scheme's own port out"},
    {port_in_csrf, "garm_csrf: \"https://a.example:443\" matches nothing"},
    {negative_age, ".max_age_s is negative; GARM_NONE"},
    {cookie_in_two_words, "\"a b\" is no name of a cookie"},
    {negative_hsts, ".hsts_s is from 0"},
    {endless_hsts, ".hsts_s is from 0"},
    {frames_of_another_kind, "browsers ignore \"ALLOWALL\""},
    {host_bits, "the network is \"10.0.0.0/8\""},
    {host_bits_of_ipv6, "the network is \"2001:db8::80/121\""},
    {two_limits_without_names, "there is a limit called \"default\" here already"},
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_options.c:") != NULL, "%s", line);
}
END_TEST

static void possible(garm_app *app)
{
    garm_request_id(app, .header = "X-Correlation-Id");
    garm_real_ip(app, .trusted = {"0.0.0.0/0", "::/0", "10.0.0.1", "10.0.0.1/32", "10.128.0.0/9"});
    garm_cors(app, .origins = {"https://a.example:80", "http://a.example:8080"},
              .max_age_s = GARM_NONE);
    garm_security_headers(app, .hsts_s = INT64_C(3153600000), .frame_options = "sameorigin");
    garm_jwt(app, .keys = {{.algorithm = GARM_JWT_HS256, .secret = SECRET}}, .cookie = "token");
    garm_rate_limit(app, .per_second = 1);
    garm_rate_limit(app, .per_second = 1, .name = "two");
    garm_rate_limit(garm_group(app, "/g"), .per_second = 1);
}

START_TEST(options_at_their_bounds_are_taken)
{
    const garm_app_entry entry = GARM_ENTRY(possible);
    char *error = NULL;
    garm_server *const server = garm_server_new(&entry, &error, .listen = {"127.0.0.1:0"});
    ck_assert_msg(server != NULL, "%s", error);
    garm_server_free(server);
}
END_TEST

Suite *suite_options(void)
{
    Suite *const suite = suite_create("mw/options");
    TCase *const tc = tcase_create("options");
    tcase_add_loop_test(tc, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    tcase_add_test(tc, options_at_their_bounds_are_taken);
    suite_add_tcase(suite, tc);
    return suite;
}
