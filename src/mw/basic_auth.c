/* Basic authentication: users with hashed passwords, or a check of the application's. RFC 7617 */
#include <garm/garm.h>

#include "mw/credentials.h"
#include "mw/pair_cache.h"
#include "mw/valid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_S       300
#define CACHE_S_MAX   86400
#define USER_NAME_MAX 256

struct user {
    const char *name, *hash;
};

struct basic_auth {
    struct user users[GARM_BASIC_USERS_MAX];
    size_t user_count;
    const char *costliest; /* hash of them */
    garm_basic_check_fn *check;
    void *arg;
    struct pair_cache *cache; /* NULL: nothing is remembered */
    int64_t cache_ns;
    const char *challenge;
    bool optional;
};

struct pair {
    const char *user, *password;
};

/* 0; -EINVAL: the token is no pair; -ENOMEM. */
static int read_pair(garm_ctx *c, const char *token, struct pair *ret_pair)
{
    size_t size = 0;
    void *data = NULL;
    GARM_TRY(garm_base64_decode_as(c, GARM_BASE64, token, strlen(token), &data, &size));
    char *const text = data;
    char *const colon = valid_printable(text, size) ? strchr(text, ':') : NULL;
    if (colon == NULL) {
        return -EINVAL;
    }
    *colon = '\0';
    *ret_pair = (struct pair){text, colon + 1};
    return 0;
}

static const struct user *find_user(const struct basic_auth *self, const char *name)
{
    for (size_t i = 0; i < self->user_count; i++) {
        if (strcmp(self->users[i].name, name) == 0) {
            return &self->users[i];
        }
    }
    return NULL;
}

/* Who does not exist costs what the costliest user does. */
static int look(garm_ctx *c, const struct basic_auth *self, const struct pair *pair)
{
    const struct user *const user = find_user(self, pair->user);
    if (user != NULL) {
        return garm_password_verify(c, user->hash, pair->password);
    }
    if (self->check != NULL) {
        return self->check(c, pair->user, pair->password, self->arg);
    }
    const int rc = garm_password_verify(c, self->costliest, pair->password);
    return rc == 0 ? -EACCES : rc;
}

/* 0: it is the user, whom garm_user names from now on, unless .check has named another. */
static int verify(garm_ctx *c, const struct basic_auth *self, const struct pair *pair)
{
    char known[PAIR_USER_SIZE];
    const char *const before = garm_user(c);
    if (self->cache != NULL && pair_cache_find(self->cache, pair->user, pair->password, known)) {
        return garm_set_user(c, known);
    }
    GARM_TRY(garm_set_user(c, pair->user));
    const int rc = look(c, self, pair);
    if (rc != 0) {
        GARM_TRY(garm_set_user(c, before));
    } else if (self->cache != NULL) {
        pair_cache_put(self->cache, pair->user, pair->password, garm_user(c), self->cache_ns);
    }
    return rc;
}

static int authenticate(garm_ctx *c)
{
    const struct basic_auth *const self = garm_arg(c);
    struct pair pair = {"", ""};
    const char *token = NULL;
    if (self->optional) {
        GARM_TRY(credentials_vary(c, "Authorization"));
    }
    const enum credentials given = credentials_find(c, "Basic", &token);
    if (given == CREDENTIALS_NONE) {
        return self->optional ? garm_next(c)
                              : credentials_refuse(c, 401, self->challenge,
                                                   "A name and a password are needed.");
    }
    int rc = given == CREDENTIALS_GIVEN ? read_pair(c, token, &pair) : -EINVAL;
    if (rc == -EINVAL) {
        return garm_problem(c, 400, "The credentials in Authorization cannot be read.");
    }
    rc = rc < 0 ? rc : verify(c, self, &pair);
    if (rc == -EACCES) {
        return credentials_refuse(c, 401, self->challenge, "The name or the password is wrong.");
    }
    return rc != 0 ? rc : garm_next(c);
}

/* Setting up. */

static void take_user(garm_app *app, const char *where, struct basic_auth *self, const char *text)
{
    const char *const colon = strchr(text, ':');
    const size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    if (len == 0 || len > USER_NAME_MAX || !valid_printable(text, len)) {
        garm_fail_at(app, where,
                     "garm_basic_auth: each of .users is \"NAME:HASH\", and one is not");
        return;
    }
    char *const name = garm_app_alloc(app, len + 1);
    if (name == NULL) {
        return;
    }
    memcpy(name, text, len);
    if (find_user(self, name) != NULL) {
        garm_fail_at(app, where, "garm_basic_auth: the user \"%s\" is there twice", name);
    }
    /* What stands there may be the password itself: it is not repeated. */
    if (!garm_password_hash_valid(colon + 1)) {
        garm_fail_at(app, where,
                     "garm_basic_auth: what the user \"%s\" has is no argon2id hash; make one with "
                     "garm_password_hash, or: printf %%s PASSWORD | argon2 $(openssl rand -hex 8) "
                     "-id -m 16 -t 2 -p 1 -e",
                     name);
    }
    self->users[self->user_count++] = (struct user){name, garm_app_dup(app, colon + 1)};
}

static uint64_t number_at(const char *text)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 9 && text[i] >= '0' && text[i] <= '9'; i++) {
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    return number;
}

/* What a hash takes: memory by passes, of "$argon2id$v=19$m=65536,t=2,p=1$...". */
static uint64_t cost_of(const char *hash)
{
    const char *const memory = strstr(hash, "$m=");
    const char *const passes = strstr(hash, ",t=");
    return memory == NULL || passes == NULL ? 0 : number_at(memory + 3) * number_at(passes + 3);
}

static const char *find_costliest(const struct basic_auth *self)
{
    const char *costliest = self->user_count > 0 ? self->users[0].hash : NULL;
    for (size_t i = 1; i < self->user_count; i++) {
        if (cost_of(self->users[i].hash) > cost_of(costliest)) {
            costliest = self->users[i].hash;
        }
    }
    return costliest;
}

static void take_cache(garm_app *app, struct basic_auth *self, const garm_basic_auth_opts *opts)
{
    const int64_t usual_s = opts->check == NULL ? CACHE_S : GARM_NONE;
    const int64_t seconds = opts->cache_s != 0 ? opts->cache_s : usual_s;
    if (seconds < GARM_NONE || seconds > CACHE_S_MAX) {
        garm_fail_at(app, opts->where,
                     "garm_basic_auth: .cache_s is from 1 to %d seconds, or GARM_NONE",
                     CACHE_S_MAX);
    } else if (seconds != GARM_NONE) {
        self->cache_ns = GARM_SEC(seconds);
        self->cache = pair_cache_new(app);
    }
}

void garm_basic_auth_with(garm_app *app, const garm_basic_auth_opts *opts)
{
    garm_basic_auth_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    (void)VALID_LIST(app, known.where, "garm_basic_auth: .users", known.users);
    struct basic_auth *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    self->check = known.check;
    self->arg = known.arg;
    self->optional = known.optional;
    self->challenge = challenge_new(app, known.where, "garm_basic_auth", "Basic", known.realm,
                                    ", charset=\"UTF-8\"");
    for (size_t i = 0; i < GARM_BASIC_USERS_MAX && known.users[i] != NULL; i++) {
        take_user(app, known.where, self, known.users[i]);
    }
    if (self->user_count == 0 && self->check == NULL) {
        garm_fail_at(app, known.where, "garm_basic_auth: .users or .check is needed");
    }
    self->costliest = find_costliest(self);
    take_cache(app, self, &known);
    garm_use(app, authenticate, .arg = self, .name = "basic_auth");
}
