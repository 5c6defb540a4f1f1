/* Sessions as handlers see them, and the middleware that saves them just before the head is sealed.
 * Where they are kept is a session_place's business. */
#include "app/session.h"

#include "app/base64url.h"
#include "base/sys.h"
#include "codec/field.h"

#include <garm/app.h>
#include <garm/middleware.h>
#include <garm/request.h>
#include <garm/task.h>

#include <stdio.h>

#define IDLE_S     1800
#define ABSOLUTE_S 43200
#define BYTES_MAX  KIB(16)
#define BYTES_TOP  MIB(1)

static const char key; /* its address names the request's session */

int64_t session_now_s(void)
{
    return garm_wall_ns() / NS_PER_SEC;
}

int64_t session_ttl_s(const struct session *session)
{
    const int64_t rest_s = session->created_s + session->config->absolute_s - session_now_s();
    const int64_t ttl_s = rest_s < session->config->idle_s ? rest_s : session->config->idle_s;
    return ttl_s > 0 ? ttl_s : 1;
}

int session_set_cookie(garm_ctx *c, const struct session *session, const char *value)
{
    return garm_set_cookie_with(c, session->config->wire, value, &session->config->cookie);
}

/* Using one. */

static struct session *broken(garm_ctx *c, const char *what, int rc)
{
    if (rc != -ECANCELED && rc != -ENOMEM) {
        ctx_log(c, LOG_ERROR, "the session cannot be %s: %s", what, sys_error_text(rc));
    }
    ctx_poison(c);
    return NULL;
}

static int load(garm_ctx *c, struct session *session)
{
    session_clear(session);
    const int rc = session->config->place->load(c, session);
    TRY(rc);
    session->loaded = true;
    session->found = rc == 1;
    if (!session->found) {
        session_clear(session);
        session->created_s = session_now_s();
        session->saved_s = 0;
    }
    return 0;
}

bool session_used(garm_ctx *c)
{
    const struct session *const session = garm_get(c, &key);
    return session != NULL && session->loaded;
}

struct session *session_of(garm_ctx *c)
{
    struct session *const session = garm_get(c, &key);
    if (session == NULL) {
        ctx_bug(c, "no garm_sessions is around this route");
        return NULL;
    }
    if (LIKELY(session->loaded)) {
        return session;
    }
    if (c->broken != 0) {
        return NULL;
    }
    const int rc = load(c, session);
    return rc < 0 ? broken(c, "loaded", rc) : session;
}

int session_open(garm_ctx *c, struct session **ret_session)
{
    struct session *const session = session_of(c);
    TRY(ctx_check(c));
    if (session == NULL || session->sealed) {
        return -EALREADY;
    }
    *ret_session = session;
    return 0;
}

static bool is_name(const char *name)
{
    const char *at = name;
    while ((unsigned char)*at >= 0x20 && *at != 0x7f) {
        at++;
    }
    return at > name && *at == '\0';
}

const char *garm_session_get(garm_ctx *c, const char *name)
{
    const struct session *const session = session_of(c);
    const struct session_entry *const entry =
        session == NULL || !is_name(name) ? NULL : session_find(session, name);
    return entry != NULL ? entry->value : "";
}

int garm_session_set(garm_ctx *c, const char *name, const char *value)
{
    struct session *session = NULL;
    TRY(session_open(c, &session));
    if (!is_name(name)) {
        ctx_log(c, LOG_ERROR, "garm_session_set: a name that is empty or has control bytes");
        return -EINVAL;
    }
    const struct session_entry *const entry = session_find(session, name);
    if (entry != NULL && strcmp(entry->value, value) == 0) {
        return 0;
    }
    const int rc =
        session_put(c, session, ctx_dup(c, slice_cstr(name)), ctx_dup(c, slice_cstr(value)));
    if (rc == -EMSGSIZE) {
        ctx_log(c, LOG_ERROR,
                "garm_session_set: \"%.100s\" with %zu bytes does not fit: the session has %zu, of "
                "at most %zu",
                name, strlen(value), session->size, session->config->bytes_max);
    }
    TRY(rc);
    session->changed = true;
    return ctx_check(c);
}

int garm_session_remove(garm_ctx *c, const char *name)
{
    struct session *session = NULL;
    TRY(session_open(c, &session));
    if (!is_name(name) || session_find(session, name) == NULL) {
        return 0;
    }
    session->changed = true;
    return session_put(c, session, ctx_dup(c, slice_cstr(name)), NULL);
}

int garm_session_renew(garm_ctx *c)
{
    struct session *session = NULL;
    TRY(session_open(c, &session));
    session->renew = true;
    session->created_s = session_now_s();
    return 0;
}

int garm_session_end(garm_ctx *c)
{
    struct session *session = NULL;
    TRY(session_open(c, &session));
    const int rc = session->found ? session->config->place->remove(c, session) : 0;
    if (rc < 0) {
        (void)broken(c, "ended", rc);
        return rc;
    }
    session_clear(session);
    session->found = false;
    session->changed = false;
    session->renew = false;
    session->key_is_old = false;
    session->ended = true;
    session->created_s = session_now_s();
    return 0;
}

/* Saving. */

static bool needs_saving(const struct session *session)
{
    if (!session->found) {
        return session->changed && session->size > SESSION_HEAD_SIZE;
    }
    const int64_t step_s = session->config->idle_s / 10;
    const int64_t age_s = session_now_s() - session->saved_s;
    return session->changed || session->renew || session->key_is_old ||
           (age_s > 0 && age_s >= step_s);
}

static int delete_cookie(garm_ctx *c, const struct session *session)
{
    garm_cookie_opts opts = session->config->cookie;
    opts.max_age_s = GARM_NONE;
    return garm_set_cookie_with(c, session->config->wire, "", &opts);
}

static int settle(garm_ctx *c, struct session *session)
{
    TRY(garm_add_header(c, "Vary", "Cookie"));
    if (garm_res_header(c, "Cache-Control")[0] == '\0') {
        TRY(garm_set_header(c, "Cache-Control", "private, no-cache"));
    }
    if (needs_saving(session)) {
        session->saved_s = session_now_s();
        return session->config->place->save(c, session);
    }
    return session->ended && session->presented ? delete_cookie(c, session) : 0;
}

static void seal(garm_ctx *c, void *arg)
{
    struct session *const session = arg;
    const bool used = session->loaded && c->broken == 0;
    const int rc = used ? settle(c, session) : 0;
    session->sealed = true;
    if (rc == -ENOENT) {
        ctx_log(c, LOG_INFO, "the session was ended meanwhile; what this request set is dropped");
    } else if (rc < 0) {
        (void)broken(c, "saved", rc);
    }
}

static int lend_session(garm_ctx *c)
{
    struct session *const session = ctx_alloc(c, sizeof(*session));
    if (session == NULL) {
        return -ENOMEM;
    }
    *session = (struct session){.config = garm_arg(c)};
    TRY(garm_set(c, &key, session));
    TRY(garm_before_head(c, seal, session));
    return garm_next(c);
}

/* Setting up. */

static bool check(garm_app *app, const garm_sessions_opts *opts)
{
    const char *wrong = NULL;
    if (opts->in_cookie && opts->store != NULL) {
        wrong = ".in_cookie and .store exclude each other";
    } else if ((opts->in_cookie || opts->store != NULL) && opts->keys == NULL) {
        wrong = ".keys are needed: what is kept outlives the process";
    } else if (opts->store != NULL && (opts->store->load == NULL || opts->store->save == NULL ||
                                       opts->store->remove == NULL)) {
        wrong = ".store lacks a function";
    } else if (opts->idle_s < GARM_NONE || opts->absolute_s < GARM_NONE) {
        wrong = ".idle_s or .absolute_s is negative";
    } else if (opts->bytes_max < 0 || opts->bytes_max > (int64_t)BYTES_TOP) {
        wrong = ".bytes_max is below 0 or above 1 MiB";
    } else if (opts->cookie != NULL &&
               (!field_name_valid(slice_cstr(opts->cookie)) || strlen(opts->cookie) > 100)) {
        wrong = ".cookie is no token of at most 100 bytes";
    } else if (opts->cookie != NULL && (strncasecmp(opts->cookie, "__Host-", 7) == 0 ||
                                        strncasecmp(opts->cookie, "__Secure-", 9) == 0)) {
        wrong = ".cookie gets its prefix by itself: leave out __Host- and __Secure-";
    } else if (opts->domain != NULL &&
               (strlen(opts->domain) > 255 || strpbrk(opts->domain, "; ,"))) {
        wrong = ".domain is no host name";
    } else if (opts->same_site > GARM_SAME_SITE_UNSET) {
        wrong = "there is no such .same_site";
    } else if (opts->same_site == GARM_SAME_SITE_NONE &&
               (opts->insecure || (opts->keys != NULL && keys_insecure(opts->keys)))) {
        wrong = ".same_site GARM_SAME_SITE_NONE cannot be .insecure";
    }
    for (const struct middleware *use = app->uses; use != NULL; use = use->next) {
        wrong = use->link.fn == lend_session ? "there are sessions here already" : wrong;
    }
    if (wrong != NULL) {
        garm_fail_at(app, opts->where, "garm_sessions: %s", wrong);
    }
    return wrong == NULL;
}

static int64_t seconds(int64_t given, int64_t def)
{
    const int64_t value = given == 0 ? def : given;
    return value == GARM_NONE || value > COOKIE_AGE_MAX_S ? COOKIE_AGE_MAX_S : value;
}

static const char *wire_name(garm_app *app, const garm_sessions_opts *opts, bool insecure)
{
    const char *const name = opts->cookie != NULL ? opts->cookie : "session";
    const garm_cookie_opts cookie = {.domain = opts->domain};
    const char *const prefix = insecure ? "" : cookie_prefix(&cookie);
    const size_t size = strlen(prefix) + strlen(name) + 1;
    char *const wire = garm_app_alloc(app, size);
    if (wire != NULL) {
        snprintf(wire, size, "%s%s", prefix, name);
    }
    return wire;
}

/* What of a session fits a cookie beside its name and attributes. */
static size_t room_in_cookie(const struct sessions *self)
{
    static const char longest[] =
        "=; Max-Age=34560000; Path=/; Domain=; Secure; HttpOnly; SameSite=Strict";
    const size_t domain = self->cookie.domain != NULL ? strlen(self->cookie.domain) : 0;
    const size_t text = COOKIE_BYTES_MAX - sizeof(longest) - strlen(self->wire) - domain;
    return base64url_size(text) - TOKEN_OVERHEAD;
}

static void set_bounds(garm_app *app, struct sessions *self, const garm_sessions_opts *opts)
{
    self->bytes_max = opts->bytes_max > 0 ? (size_t)opts->bytes_max : BYTES_MAX;
    if (opts->in_cookie) {
        const size_t room = room_in_cookie(self);
        if (opts->bytes_max > (int64_t)room) {
            garm_fail_at(app, opts->where,
                         "garm_sessions: .bytes_max is more than the %zu bytes that fit a cookie",
                         room);
        }
        self->bytes_max = opts->bytes_max > 0 ? self->bytes_max : room;
    }
}

static void set_cookie_options(garm_app *app, struct sessions *self, const garm_sessions_opts *opts,
                               bool insecure)
{
    self->cookie = (garm_cookie_opts){
        .size = sizeof(self->cookie),
        .where = opts->where,
        .max_age_s = opts->persistent ? self->idle_s : 0,
        .domain = opts->domain != NULL ? garm_app_dup(app, opts->domain) : NULL,
        .secure = !insecure,
        .same_site = opts->same_site,
    };
    self->wire = wire_name(app, opts, insecure);
}

/* Where they are kept; false if the start is refused. */
static bool set_place(garm_app *app, struct sessions *self, const garm_sessions_opts *opts)
{
    const garm_session_store *const store =
        opts->in_cookie || opts->store != NULL ? opts->store : garm_session_memory_new(app);
    if (store != NULL) {
        memcpy(&self->store, store,
               store->size < sizeof(self->store) ? store->size : sizeof(self->store));
    }
    self->place = opts->in_cookie ? &session_in_cookie : &session_in_store;
    self->keys = opts->keys != NULL ? opts->keys : keys_new_random(app);
    return self->keys != NULL && (store != NULL || opts->in_cookie);
}

void garm_sessions_with(garm_app *app, const garm_sessions_opts *opts)
{
    garm_sessions_opts known = {0};
    memcpy(&known, opts, opts->size < sizeof(known) ? opts->size : sizeof(known));
    struct sessions *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL || !check(app, &known) || !set_place(app, self, &known)) {
        return;
    }
    const bool insecure = known.insecure || keys_insecure(self->keys);
    if (known.insecure) {
        log_write(&app->application->logger, LOG_WARN,
                  "%s: .insecure sessions: their cookies go over plain http, for development only",
                  known.where);
    }
    self->where = known.where;
    self->idle_s = seconds(known.idle_s, IDLE_S);
    self->absolute_s = seconds(known.absolute_s, ABSOLUTE_S);
    set_cookie_options(app, self, &known, insecure);
    if (self->wire == NULL) {
        return;
    }
    set_bounds(app, self, &known);
    garm_use(app, lend_session, .arg = self, .name = "sessions");
}
