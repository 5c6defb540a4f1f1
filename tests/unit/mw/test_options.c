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
};

START_TEST(an_impossible_option_stops_the_start)
{
    const char *const line = refusal_of(impossible[_i].setup);
    ck_assert_msg(strstr(line, impossible[_i].says) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_options.c:") != NULL, "%s", line);
}
END_TEST

Suite *suite_options(void)
{
    Suite *const suite = suite_create("mw/options");
    TCase *const tc = tcase_create("options");
    tcase_add_loop_test(tc, an_impossible_option_stops_the_start, 0,
                        (int)(sizeof(impossible) / sizeof(impossible[0])));
    suite_add_tcase(suite, tc);
    return suite;
}
