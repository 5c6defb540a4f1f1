/* See jwt_site.h. */
#include "jwt_site.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int show(garm_ctx *c)
{
    const char *scope = "";
    const garm_json_value *const claims = garm_jwt_claims(c);
    (void)(garm_json_string_at(NULL, claims, "/scope", &scope) == 0);
    return garm_text(c, 200, "%s/%s/%s", garm_user(c), scope, claims != NULL ? "claims" : "none");
}

static int now(garm_ctx *c)
{
    return garm_text(c, 200, "%lld", (long long)(garm_wall_ns() / GARM_SEC(1)));
}

static garm_app *group(garm_app *app, const char *prefix)
{
    garm_app *const sub = garm_group(app, prefix);
    garm_route(sub, "GET /{$}", show);
    return sub;
}

/* A group within asks for "write", too. */
static void add_more(garm_app *app)
{
    garm_jwt_scope(group(app, "/more"), "write");
}

static void setup_scopes(garm_app *app)
{
    const garm_jwt_key key = {GARM_JWT_HS256, .secret = TOKEN_SECRET};
    garm_app *const reading = group(app, "/read");
    garm_jwt(reading, .keys = {key}, .realm = "scoped", .scope = "read");
    add_more(reading);
    garm_jwt(group(app, "/write"), .keys = {key}, .realm = "scoped", .scope = "write");
    garm_jwt(group(app, "/both"), .keys = {key}, .realm = "scoped", .scope = "read write");
    garm_app *const optional = group(app, "/optional");
    garm_jwt(optional, .keys = {key}, .realm = "scoped", .scope = "read", .optional = true);
    add_more(optional);
    garm_jwt_scope(group(app, "/alone"), "read");
}

static void setup(garm_app *app)
{
    setup_scopes(garm_group(app, "/scope"));
    garm_route(app, "GET /now", now);
    garm_jwt(group(app, "/hs"), .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}});
    garm_jwt(group(app, "/rs"),
             .keys = {{GARM_JWT_RS256, .pem = token_pem(GARM_JWT_RS256), .kid = "r"}},
             .realm = "the api");
    garm_jwt(group(app, "/all"),
             .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET, .kid = "h"},
                      {GARM_JWT_HS256, .secret = OTHER_SECRET, .secret_size = 32, .kid = "h2"},
                      {GARM_JWT_RS256, .pem = token_pem(GARM_JWT_RS256), .kid = "r"},
                      {GARM_JWT_ES256, .pem = token_pem(GARM_JWT_ES256), .kid = "e"},
                      {GARM_JWT_EDDSA, .pem = token_pem(GARM_JWT_EDDSA), .kid = "d"}},
             .audience = "*", .leeway_s = GARM_NONE, .exp_optional = true);
    garm_jwt(group(app, "/strict"), .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}},
             .issuer = "joe", .audience = "api", .type = "at+jwt", .leeway_s = 5);
    garm_jwt(group(app, "/optional"), .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}},
             .optional = true);
    garm_jwt(group(app, "/cookie"), .keys = {{GARM_JWT_HS256, .secret = TOKEN_SECRET}},
             .cookie = "session");
}

static const garm_app_entry jwt_entry = GARM_ENTRY(setup);
garm_test *test;
static long long now_s;

void jwt_begin(void)
{
    test = garm_test_new(&jwt_entry, NULL);
    now_s = atoll(garm_test_do(test, "GET", "/now")->body);
}

void jwt_end(void)
{
    garm_test_free(test);
}

const garm_response *get(const char *path, const char *token)
{
    static char field[20000];
    snprintf(field, sizeof(field), "Authorization: Bearer %s", token);
    return garm_test_do(test, "GET", path, .headers = {field});
}

void expect(const char *name, const char *value)
{
    ck_assert_str_eq(garm_test_header(test, name), value);
}

const char *at_now(const char *format)
{
    static char out[8192];
    size_t len = 0;
    for (const char *at = format; *at != '\0';) {
        if (strncmp(at, "NOW", 3) == 0) {
            char *rest = NULL;
            const long long offset = strtoll(at + 3, &rest, 10);
            len += (size_t)snprintf(out + len, sizeof(out) - len, "%lld", now_s + offset);
            at = rest == at + 3 ? at + 3 : rest;
        } else {
            out[len++] = *at++;
        }
    }
    out[len] = '\0';
    return out;
}

const char *hs_token(const char *claims)
{
    return token_of(GARM_JWT_HS256, "{\"alg\":\"HS256\"}", at_now(claims));
}

void expect_refused(const garm_response *res, const char *why)
{
    ck_assert_msg(res->status == 401, "%d %s", res->status, res->body);
    const char *const challenge = garm_test_header(test, "WWW-Authenticate");
    ck_assert_msg(strstr(challenge, "error=\"invalid_token\"") != NULL, "%s", challenge);
    ck_assert_msg(strstr(challenge, why) != NULL, "%s", challenge);
    ck_assert_msg(strstr(res->body, why) != NULL, "%s", res->body);
}
