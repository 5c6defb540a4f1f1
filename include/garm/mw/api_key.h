/* API keys: long random texts that programs send with each request. */
#ifndef GARM_MW_API_KEY_H
#define GARM_MW_API_KEY_H

#include <garm/base.h>

#define GARM_API_KEYS_MAX 64

/* Is the key good? 0: yes, and garm_set_user has said whose it is; -EACCES: no (401). Anything else
 * becomes the answer as if a handler had returned it. May suspend. */
typedef int garm_api_key_check_fn(garm_ctx *c, const char *key, void *arg);

/* Needs .keys or .check. With both, a key that .keys lacks is for .check. */
typedef struct garm_api_key_opts {
    size_t size;
    const char *where;
    const char *realm GARM_UNSET_;  /* default "restricted" */
    const char *header GARM_UNSET_; /* the field to look at; default "X-API-Key"; "": none */
    /* the query parameter to look at where there is no field; default none. Prefer the field:
     * a key in a query ends up in access logs, proxies' logs and histories */
    const char *query GARM_UNSET_;
    /* "NAME:DIGEST", the key's SHA-256 in 64 hexadecimal digits; several may have one name */
    const char *keys[GARM_API_KEYS_MAX] GARM_UNSET_;
    garm_api_key_check_fn *check GARM_UNSET_;
    void *arg GARM_UNSET_;     /* of .check; borrowed */
    bool optional GARM_UNSET_; /* requests without a key pass, and garm_user is "" */
} garm_api_key_opts;

GARM_BEGIN

/** Lets those requests to the application or group pass that have a key, whose name is then
 *  garm_user. Others get 401 with the challenge `ApiKey realm="..."`. Digests are compared in the
 *  same time for all keys; they protect keys made at random (`openssl rand -hex 32`), not ones that
 *  people choose. Answers get `Vary` with the field. See garm_api_key. */
GARM_EXPORT void garm_api_key_with(garm_app *app, const garm_api_key_opts *opts);
/* garm_api_key(app, .keys = {"ci:9f86d081..."}); garm_api_key(app, .check = find_key) */
#define garm_api_key(...)                                                                          \
    garm_api_key_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_api_key_opts, __VA_ARGS__))

GARM_END

#endif
