/* JSON Web Tokens in the Authorization field, or in a cookie. What a token is looked at for stands
 * in jwt_token.c. */
#include <garm/garm.h>

#include "mw/credentials.h"
#include "mw/jwt_scope.h"
#include "mw/jwt_token.h"
#include "mw/valid.h"

#include <errno.h>
#include <string.h>

#define LEEWAY_S     30
#define LEEWAY_S_MAX 600

struct jwt {
    struct jwt_rules rules;
    const char *cookie; /* NULL: none */
    const char *challenge, *broken;
    bool optional;
};

/* What a scope is asked of later on. */
struct visit {
    const struct jwt *jwt;
    const garm_json_value *claims; /* NULL: there is no token */
};

struct scope {
    const char *text;
    bool optional;
};

static const char visit_key; /* its address names the request's visit */

static int refuse_token(garm_ctx *c, const struct jwt *self, const char *fault)
{
    const char *const challenge = garm_strf(
        c, "%s, error=\"invalid_token\", error_description=\"%s\"", self->challenge, fault);
    return credentials_refuse(c, 401, challenge, garm_strf(c, "%s.", fault));
}

static int ask_for_token(garm_ctx *c, const struct jwt *self)
{
    return credentials_refuse(c, 401, self->challenge, "A token is needed.");
}

/* Where a request may have its token. */
static enum credentials find_token(garm_ctx *c, const struct jwt *self, const char **ret_token)
{
    const enum credentials given = credentials_find(c, "Bearer", ret_token);
    if (given != CREDENTIALS_NONE || self->cookie == NULL || garm_has_header(c, "Authorization")) {
        return given;
    }
    *ret_token = garm_cookie(c, self->cookie);
    return (*ret_token)[0] != '\0' ? CREDENTIALS_GIVEN : CREDENTIALS_NONE;
}

static int go_on(garm_ctx *c, const struct jwt *self, const garm_json_value *claims)
{
    struct visit *const visit = garm_alloc(c, sizeof(*visit));
    if (visit == NULL) {
        return -ENOMEM;
    }
    *visit = (struct visit){self, claims};
    GARM_TRY(garm_set(c, &visit_key, visit));
    return garm_next(c);
}

static int admit(garm_ctx *c, const struct jwt *self, const garm_json_value *claims)
{
    const char *subject = "";
    (void)(garm_json_string_at(NULL, claims, "/sub", &subject) == 0);
    const int rc = garm_set_user(c, subject);
    if (rc < 0) {
        return rc == -EINVAL ? refuse_token(c, self, "The token's subject has control bytes") : rc;
    }
    return go_on(c, self, claims);
}

static int authenticate(garm_ctx *c)
{
    const struct jwt *const self = garm_arg(c);
    const garm_json_value *claims = NULL;
    const char *token = NULL;
    const char *fault = NULL;
    if (self->cookie != NULL) {
        GARM_TRY(credentials_vary(c, "Cookie"));
    }
    if (self->optional) {
        GARM_TRY(credentials_vary(c, "Authorization"));
    }
    switch (find_token(c, self, &token)) {
    case CREDENTIALS_NONE: return self->optional ? go_on(c, self, NULL) : ask_for_token(c, self);
    case CREDENTIALS_BROKEN:
        return credentials_refuse(c, 400, self->broken,
                                  "The token in Authorization cannot be read.");
    case CREDENTIALS_GIVEN:
    default: break;
    }
    const int rc = jwt_read(c, &self->rules, token, &claims, &fault);
    if (rc == -EACCES) {
        return refuse_token(c, self, fault);
    }
    return rc < 0 ? rc : admit(c, self, claims);
}

const garm_json_value *garm_jwt_claims(garm_ctx *c)
{
    const struct visit *const visit = garm_get(c, &visit_key);
    return visit != NULL ? visit->claims : NULL;
}

/* Scopes. */

/* RFC 6750 section 3.1. */
static int refuse_scope(garm_ctx *c, const struct jwt *jwt, const char *scope)
{
    const char *const challenge =
        garm_strf(c, "%s, error=\"insufficient_scope\", scope=\"%s\"", jwt->challenge, scope);
    return credentials_refuse(c, 403, challenge,
                              garm_strf(c, "The token does not grant \"%s\".", scope));
}

static int check_scope(garm_ctx *c)
{
    const struct scope *const self = garm_arg(c);
    const struct visit *const visit = garm_get(c, &visit_key);
    if (visit == NULL) {
        garm_log(c, GARM_LOG_ERROR, "garm_jwt_scope: no garm_jwt is around it");
        return -EINVAL;
    }
    if (visit->claims == NULL) {
        return self->optional ? garm_next(c) : ask_for_token(c, visit->jwt);
    }
    return jwt_scope_granted(visit->claims, self->text) ? garm_next(c)
                                                        : refuse_scope(c, visit->jwt, self->text);
}

static void need_scope(garm_app *app, const char *where, const char *scope, bool optional)
{
    struct scope *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    if (scope == NULL || !jwt_scope_valid(scope)) {
        garm_fail_at(app, where,
                     "garm_jwt: a scope is words with a space between them, without '\"' and '\\'");
        return;
    }
    self->text = garm_app_dup(app, scope);
    self->optional = optional;
    garm_use(app, check_scope, .arg = self, .name = "jwt_scope");
}

void garm_jwt_scope_at(garm_app *app, const char *where, const char *scope)
{
    need_scope(app, where, scope, false);
}

/* Setting up. */

static void free_verifier(void *arg)
{
    garm_verifier_free(arg);
}

/* What the options of a key say that cannot be; NULL: nothing. */
static const char *objection_to(const garm_jwt_key *key)
{
    const bool secret = key->algorithm == GARM_JWT_HS256;
    if (key->algorithm < GARM_JWT_HS256 || key->algorithm > GARM_JWT_EDDSA) {
        return ".algorithm is needed";
    }
    if (secret && (key->secret == NULL || key->pem != NULL)) {
        return "GARM_JWT_HS256 takes a .secret, and no .pem";
    }
    return !secret && (key->pem == NULL || key->secret != NULL)
               ? "this .algorithm takes a public key in .pem, and no .secret"
               : NULL;
}

static garm_verifier *make_verifier(const garm_jwt_key *key, const char **ret_reason)
{
    if (key->pem != NULL) {
        return garm_verifier_new(key->algorithm, key->pem, strlen(key->pem), ret_reason);
    }
    const size_t size = key->secret_size != 0 ? key->secret_size : strlen(key->secret);
    return garm_verifier_new(key->algorithm, key->secret, size, ret_reason);
}

static void take_key(garm_app *app, const char *where, struct jwt_rules *rules,
                     const garm_jwt_key *key)
{
    const char *reason = objection_to(key);
    garm_verifier *const verifier = reason == NULL ? make_verifier(key, &reason) : NULL;
    if (verifier == NULL) {
        garm_fail_at(app, where, "garm_jwt: .keys[%zu]%s%s%s: %s", rules->key_count,
                     key->kid != NULL ? " (\"" : "", key->kid != NULL ? key->kid : "",
                     key->kid != NULL ? "\")" : "", reason);
    } else {
        garm_app_defer(app, free_verifier, verifier);
    }
    const char *const kid = key->kid != NULL ? garm_app_dup(app, key->kid) : NULL;
    rules->keys[rules->key_count++] = (struct jwt_key){key->algorithm, kid, verifier};
}

static bool is_key(const garm_jwt_key *key)
{
    return key->algorithm != 0 || key->pem != NULL || key->secret != NULL || key->kid != NULL;
}

static const char *copy(garm_app *app, const char *text)
{
    return text != NULL ? garm_app_dup(app, text) : NULL;
}

static void take_rules(garm_app *app, struct jwt_rules *rules, const garm_jwt_opts *opts)
{
    for (size_t i = 0; i < GARM_JWT_KEYS_MAX && is_key(&opts->keys[i]); i++) {
        take_key(app, opts->where, rules, &opts->keys[i]);
    }
    for (size_t i = rules->key_count; i < GARM_JWT_KEYS_MAX; i++) {
        if (is_key(&opts->keys[i])) {
            garm_fail_at(app, opts->where,
                         "garm_jwt: .keys[%zu] is empty, and what stands behind it would be "
                         "ignored: leave no gap",
                         rules->key_count);
        }
    }
    if (rules->key_count == 0) {
        garm_fail_at(app, opts->where, "garm_jwt: .keys is needed");
    }
    if (opts->leeway_s < GARM_NONE || opts->leeway_s > LEEWAY_S_MAX) {
        garm_fail_at(app, opts->where, "garm_jwt: .leeway_s is from 1 to %d seconds, or GARM_NONE",
                     LEEWAY_S_MAX);
    }
    rules->leeway_s = opts->leeway_s == 0           ? LEEWAY_S
                      : opts->leeway_s == GARM_NONE ? 0
                                                    : opts->leeway_s;
    rules->issuer = copy(app, opts->issuer);
    rules->audience = copy(app, opts->audience);
    rules->type = copy(app, opts->type);
    rules->exp_optional = opts->exp_optional;
}

void garm_jwt_with(garm_app *app, const garm_jwt_opts *opts)
{
    garm_jwt_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct jwt *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    take_rules(app, &self->rules, &known);
    self->cookie = copy(app, known.cookie);
    if (self->cookie != NULL && !valid_token(self->cookie)) {
        garm_fail_at(app, known.where, "garm_jwt: .cookie: \"%s\" is no name of a cookie",
                     self->cookie);
    }
    self->optional = known.optional;
    self->challenge = challenge_new(app, known.where, "garm_jwt", "Bearer", known.realm, "");
    self->broken = challenge_new(app, known.where, "garm_jwt", "Bearer", known.realm,
                                 ", error=\"invalid_request\"");
    garm_use(app, authenticate, .arg = self, .name = "jwt");
    if (known.scope != NULL) {
        need_scope(app, known.where, known.scope, known.optional);
    }
}
