/* Sessions: what a server remembers of one visitor from request to request. The visitor holds a
 * random name of it in a cookie; the content is in a store, or sealed in the cookie itself. Nothing
 * is loaded before a session function is called, and nothing saved that has not changed. */
#ifndef GARM_SESSION_H
#define GARM_SESSION_H

#include <garm/base.h>
#include <garm/keys.h>
#include <garm/reply.h>

/* Where sessions are kept. The functions get `arg`, may suspend, and are called from every worker.
 * A key is 43 letters, digits, '-' and '_': a hash, from which nobody can tell the cookie.
 *
 * Versions keep two requests of one session from undoing each other's changes: load tells the
 * version of what it gives, and save is refused if there is another one by then. A store that
 * cannot compare gives any version, ignores it in save, and the last one to save wins; there an
 * end that falls into the last calls of a renewal ends only the old name.
 *
 * A session that is ended or renewed is saved over, for five minutes, with at most 45 bytes that
 * say so: requests that have loaded it before learn what became of it. */
typedef struct garm_session_store {
    size_t size; /* of this struct */
    void *arg;
    /** Gives the data kept under `key`, in memory that lives as long as the request (garm_alloc),
     *  and its version (> 0). 0; -ENOENT; any other negative errno: the answer is 503. */
    int (*load)(garm_ctx *c, void *arg, const char *key, const void **ret_data, size_t *ret_size,
                uint64_t *ret_version);
    /** Keeps a copy of the data for `ttl_s` seconds. version 0: nothing is kept under this key yet.
     *  0; -EEXIST there is another version; -ENOENT there is none, though version is not 0 (the
     *  session was ended: it must not come back); any other negative errno: the answer is 503. */
    int (*save)(garm_ctx *c, void *arg, const char *key, const void *data, size_t size,
                uint64_t version, int64_t ttl_s);
    /** Forgets it. 0, also if there was none, or a negative errno. */
    int (*remove)(garm_ctx *c, void *arg, const char *key);
} garm_session_store;

typedef struct garm_session_memory_opts {
    size_t size;
    const char *where;
    int64_t entries_max GARM_UNSET_; /* sessions; default 100,000 */
    int64_t bytes_max GARM_UNSET_;   /* of all of them together; default 64 MiB */
} garm_session_memory_opts;

typedef struct garm_sessions_opts {
    size_t size;
    const char *where;
    /* for the names in the store, or what is in the cookie. Default: a secret of this process,
     * which does for a store in memory; with another store, and .in_cookie, they are needed */
    garm_keys *keys GARM_UNSET_;
    const garm_session_store *store GARM_UNSET_; /* copied; default: memory */
    bool in_cookie GARM_UNSET_;     /* no store: all of it sealed in the cookie, at most 4 KiB */
    const char *cookie GARM_UNSET_; /* its name, without a prefix; default "session" */
    int64_t idle_s GARM_UNSET_;     /* without use for so long: over. Default 30 min */
    int64_t absolute_s GARM_UNSET_; /* so long after it began, in any case. Default 12 h */
    int64_t bytes_max GARM_UNSET_;  /* of one session; default 16 KiB, in a cookie what fits */
    bool persistent GARM_UNSET_;    /* outlives the browser: the cookie has a Max-Age of .idle_s */
    const char *domain GARM_UNSET_; /* for the hosts below it too; default: this host only */
    enum garm_same_site same_site GARM_UNSET_;
    bool insecure GARM_UNSET_; /* without .keys of your own: as their .insecure */
} garm_sessions_opts;

GARM_BEGIN

/** A store in this process's memory, which all workers share. What goes beyond its bounds drives
 *  out the sessions that no client has come back with, down to an eighth of the room, and then
 *  those that were not used for the longest time. It is empty after a restart. NULL if the start is
 *  refused. See garm_session_memory_new. */
GARM_EXPORT const garm_session_store *
garm_session_memory_new_with(garm_app *app, const garm_session_memory_opts *opts);
/* garm_session_memory_new(app, .entries_max = 10000) */
#define garm_session_memory_new(...)                                                               \
    garm_session_memory_new_with(GARM_HEAD_(__VA_ARGS__, ),                                        \
                                 GARM_OPTS_(garm_session_memory_opts, __VA_ARGS__))

/** Gives the requests of the application or group sessions. The cookie is "__Host-" and its name,
 *  Secure, HttpOnly, SameSite=Lax. A name that we did not give out is never adopted. An answer that
 *  used its session has "Vary: Cookie", and "Cache-Control: private, no-cache" unless it has
 *  another. idle_s and absolute_s: GARM_NONE means 400 days; use is noted once in a tenth of
 *  idle_s. What cannot be loaded or saved is answered with 503. See garm_sessions. */
GARM_EXPORT void garm_sessions_with(garm_app *app, const garm_sessions_opts *opts);
/* garm_sessions(app); garm_sessions(app, .keys = keys, .in_cookie = true) */
#define garm_sessions(...)                                                                         \
    garm_sessions_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_sessions_opts, __VA_ARGS__))

/* Each of these may suspend; outside of garm_sessions each is a bug, and the answer is 500. Those
 * that change something are -EALREADY once the head is sent. Changes are saved just before it is:
 * requests of one session that run at the same time change different names without harm; of the
 * same name the last one to answer wins. A request that is broken (out of memory) saves nothing. */

/** The value kept under `name`; "" if there is none. Once the head is sent it still reads, but the
 *  answer lacks the Vary and Cache-Control of one that depends on a session: call it before. */
GARM_EXPORT const char *garm_session_get(garm_ctx *c, const char *name);
/** Keeps a copy of both. The first one begins the session. 0; -EINVAL, and a log line, for a name
 *  that is empty or has control bytes; -EMSGSIZE, and a log line, past .bytes_max. */
GARM_EXPORT int garm_session_set(garm_ctx *c, const char *name, const char *value);
/** Forgets the name. */
GARM_EXPORT int garm_session_remove(garm_ctx *c, const char *name);
/** Gives the session a new name, and lets it begin now. Call it when somebody logs in: whoever
 *  knew the name before shall not know it after. What other requests save under the old one
 *  meanwhile is lost; of two renewals at once one is, with what its request set; and if the session
 *  is ended meanwhile, so is this. With .in_cookie there is no name, and what was copied before
 *  stays good. */
GARM_EXPORT int garm_session_renew(garm_ctx *c);
/** Ends it (a logout), at once and for all: requests that still run with it save nothing, and the
 *  name that a renewal gives it while this request runs, for five minutes, is ended too, if the
 *  store can compare. A set after it begins another one. With .in_cookie only this cookie is
 *  removed; a copy of it stays good for .idle_s. */
GARM_EXPORT int garm_session_end(garm_ctx *c);

/** Leaves a message for the next page: `kind` ("error", "info") is for its looks. As
 *  garm_session_set. */
GARM_EXPORT int garm_flash(garm_ctx *c, const char *kind, const char *text);
/** Takes the next message, in the order they were left, its kind to *ret_kind (may be NULL). ""
 *  when there is none. */
GARM_EXPORT const char *garm_flash_next(garm_ctx *c, const char **ret_kind);

GARM_END

#endif
