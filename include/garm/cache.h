/* A cache per worker: what was expensive to get is kept for a while. Each worker has its own, so
 * nothing is locked, and each asks for itself: what one has removed the others may keep until its
 * time is over. */
#ifndef GARM_CACHE_H
#define GARM_CACHE_H

#include <garm/base.h>

typedef struct garm_cache garm_cache;

typedef struct garm_cache_opts {
    size_t size;
    const char *where;
    int64_t entries_max GARM_UNSET_; /* of each worker; default 1024 */
    int64_t bytes_max GARM_UNSET_;   /* of each worker, with keys; default 4 MiB */
    int64_t ttl_ms GARM_UNSET_;      /* after which one is gone; default 60 s; GARM_NONE: never */
} garm_cache_opts;

/* Gets what is not in the cache: *ret_data points to *ret_size bytes, which are copied; they may be
 * the request's memory. 0; a negative errno; or a positive number (a status, say): there is
 * nothing to keep, and it is passed on. May suspend. */
typedef int garm_cache_fn(garm_ctx *c, void *arg, const void **ret_data, size_t *ret_size);

GARM_BEGIN

/** A cache that lives as long as the application; NULL if the start is refused. What goes beyond
 *  its bounds drives out what was not used for the longest time. See garm_cache_new. */
GARM_EXPORT garm_cache *garm_cache_new_with(garm_app *app, const garm_cache_opts *opts);
/* garm_cache *prices = garm_cache_new(app, .entries_max = 500, .ttl_ms = 5000) */
#define garm_cache_new(...)                                                                        \
    garm_cache_new_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_cache_opts, __VA_ARGS__))

/** Finds what is kept under `key`: its bytes, with a NUL behind them. They are not copied, and stay
 *  valid until the request, child or job ends, whatever happens to the cache: garm_bytes_view may
 *  send them. False if it is not there, or memory ran out (the answer is 503 then). */
GARM_EXPORT bool garm_cache_get(garm_ctx *c, garm_cache *cache, const char *key,
                                const void **ret_data, size_t *ret_size);
/** Keeps a copy of `size` bytes in the place of what was there. 0; -EMSGSIZE more than .bytes_max;
 *  -ENOMEM. After an error nothing is kept under the key. */
GARM_EXPORT int garm_cache_put(garm_ctx *c, garm_cache *cache, const char *key, const void *data,
                               size_t size);
/** Forgets it, on this worker. What a garm_cache_fill is about to get is not kept then. */
GARM_EXPORT void garm_cache_remove(garm_ctx *c, garm_cache *cache, const char *key);

/** Finds it as garm_cache_get does, or gets it by fn(c, arg) and keeps it. Of requests that ask for
 *  the same key at the same time one calls its fn; the others of this worker wait, and have its
 *  result, whatever it is. If that request itself is ended (its client has gone, its deadline has
 *  passed), the next one calls its own. What is too large to be kept is still given to all of
 *  them. 0; what fn returned if it is not 0, and then nothing is kept; -ECANCELED; -EDEADLK, and a
 *  log line, from within the fn of the same key; -ENOMEM. May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_cache_fill(garm_ctx *c, garm_cache *cache, const char *key,
                                                 garm_cache_fn *fn, void *arg,
                                                 const void **ret_data, size_t *ret_size);

GARM_END

#endif
