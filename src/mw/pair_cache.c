/* See pair_cache.h. Sets of a few entries each, found by the digest. */
#include "mw/pair_cache.h"

#include "mw/credentials.h"

#include <garm/garm.h>

#include <pthread.h>
#include <string.h>

#define SETS     256
#define WAYS     4
#define KEY_SIZE 32

struct entry {
    unsigned char digest[GARM_SHA256_SIZE];
    int64_t over_ns; /* 0: empty */
    char user[PAIR_USER_SIZE];
};

struct pair_cache {
    pthread_mutex_t lock;
    unsigned char key[KEY_SIZE];
    struct entry sets[SETS][WAYS];
};

static void destroy_lock(void *arg)
{
    pthread_mutex_destroy(arg);
}

struct pair_cache *pair_cache_new(garm_app *app)
{
    struct pair_cache *const cache = garm_app_alloc(app, sizeof(*cache));
    if (cache != NULL) {
        pthread_mutex_init(&cache->lock, NULL);
        garm_random_bytes(cache->key, sizeof(cache->key));
        garm_app_defer(app, destroy_lock, &cache->lock);
    }
    return cache;
}

/* A digest of both digests, so that no other pair has the same bytes in a row. */
static void digest_of(const struct pair_cache *cache, const char *name, const char *password,
                      unsigned char *ret_digest)
{
    unsigned char both[2 * GARM_SHA256_SIZE];
    garm_hmac_sha256(cache->key, KEY_SIZE, name, strlen(name), both);
    garm_hmac_sha256(cache->key, KEY_SIZE, password, strlen(password), both + GARM_SHA256_SIZE);
    garm_hmac_sha256(cache->key, KEY_SIZE, both, sizeof(both), ret_digest);
}

bool pair_cache_find(struct pair_cache *cache, const char *name, const char *password,
                     char ret_user[PAIR_USER_SIZE])
{
    unsigned char digest[GARM_SHA256_SIZE];
    digest_of(cache, name, password, digest);
    const int64_t now_ns = garm_now_ns();
    const struct entry *const set = cache->sets[digest[0] % SETS];
    bool found = false;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].over_ns > now_ns && credentials_same_digest(set[i].digest, digest)) {
            memcpy(ret_user, set[i].user, PAIR_USER_SIZE);
            found = true;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void pair_cache_put(struct pair_cache *cache, const char *name, const char *password,
                    const char *user, int64_t ns)
{
    if (strlen(user) >= PAIR_USER_SIZE) {
        return;
    }
    unsigned char digest[GARM_SHA256_SIZE];
    digest_of(cache, name, password, digest);
    struct entry *const set = cache->sets[digest[0] % SETS];
    pthread_mutex_lock(&cache->lock);
    struct entry *place = &set[0];
    for (size_t i = 0; i < WAYS && !credentials_same_digest(place->digest, digest); i++) {
        if (credentials_same_digest(set[i].digest, digest) || set[i].over_ns < place->over_ns) {
            place = &set[i];
        }
    }
    memcpy(place->digest, digest, sizeof(digest));
    memcpy(place->user, user, strlen(user) + 1);
    place->over_ns = garm_now_ns() + ns;
    pthread_mutex_unlock(&cache->lock);
}
