/* Keys, and cookies that only their holder could have made: signed ones, which the client can read
 * but not change, and sealed ones, which it cannot read either. */
#ifndef GARM_KEYS_H
#define GARM_KEYS_H

#include <garm/base.h>
#include <garm/reply.h>

#define GARM_KEYS_MAX 8
/* Bytes that a secret has at least. */
#define GARM_SECRET_SIZE_MIN 32

/* The secrets of an application, newest first. */
typedef struct garm_keys garm_keys;

typedef struct garm_keys_opts {
    size_t size;
    const char *where;
    /* of at least 32 bytes each, from a generator: `openssl rand -base64 32`. The first one signs
     * and seals; all of them verify and open, so that a new one can be put before the old */
    const char *secrets[GARM_KEYS_MAX] GARM_UNSET_;
    /* in their place: a file with a secret per line, newest first; blank lines and those that begin
     * with '#' are skipped. It is read again when it has changed */
    const char *file GARM_UNSET_;
    /* for development over plain http: cookies have neither a prefix nor Secure. Logs a warning at
     * the start */
    bool insecure GARM_UNSET_;
} garm_keys_opts;

GARM_BEGIN

/** Keys for cookies and sessions; live as long as the application. No secret, one of less than 32
 *  bytes, both options at once, and a file that cannot be read stop the start; then NULL. A file
 *  that changes is taken within 4 s, if all of it is sound; else the old keys stay, with a line in
 *  the log. See garm_keys_new. */
GARM_EXPORT garm_keys *garm_keys_new_with(garm_app *app, const garm_keys_opts *opts);
/* garm_keys *keys = garm_keys_new(app, .file = "secrets.txt"); */
#define garm_keys_new(...)                                                                         \
    garm_keys_new_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_keys_opts, __VA_ARGS__))

/** Sets a cookie whose value (any text) the client can read and not change: HMAC-SHA-256 over its
 *  name, its value, the time, and how long it is valid: .max_age_s, or 400 days without it. The
 *  client holds it as "__Host-" and its name, with Secure; as "__Secure-" and its name if there is
 *  a .domain or a .path. What garm_cookie gives for that is not the value. 0; or as
 *  garm_set_cookie, which refuses more than 4096 bytes: the value has a third more, and 71, there.
 *  See garm_set_signed_cookie. */
GARM_EXPORT int garm_set_signed_cookie_with(garm_ctx *c, garm_keys *keys, const char *name,
                                            const char *value, const garm_cookie_opts *opts);
/* garm_set_signed_cookie(c, keys, "cart", "17,4", .max_age_s = 86400) */
#define garm_set_signed_cookie(c, keys, name, ...)                                                 \
    garm_set_signed_cookie_with((c), (keys), (name), GARM_HEAD_(__VA_ARGS__, ),                    \
                                GARM_OPTS_(garm_cookie_opts, __VA_ARGS__))
/** The value of such a cookie, if it was set by this application under this name, is still valid,
 *  and was set at most `max_age_s` ago (0: no matter when). "" for any other, and if there is
 *  none. */
GARM_EXPORT const char *garm_signed_cookie(garm_ctx *c, garm_keys *keys, const char *name,
                                           int64_t max_age_s);

/** As garm_set_signed_cookie, and the client cannot read it: AES-256-GCM under a key of its own.
 *  Its length can be seen. See garm_set_sealed_cookie. */
GARM_EXPORT int garm_set_sealed_cookie_with(garm_ctx *c, garm_keys *keys, const char *name,
                                            const char *value, const garm_cookie_opts *opts);
/* garm_set_sealed_cookie(c, keys, "state", text, .max_age_s = 600) */
#define garm_set_sealed_cookie(c, keys, name, ...)                                                 \
    garm_set_sealed_cookie_with((c), (keys), (name), GARM_HEAD_(__VA_ARGS__, ),                    \
                                GARM_OPTS_(garm_cookie_opts, __VA_ARGS__))
/** As garm_signed_cookie. */
GARM_EXPORT const char *garm_sealed_cookie(garm_ctx *c, garm_keys *keys, const char *name,
                                           int64_t max_age_s);

GARM_END

#endif
