/* The cache that each worker has of its own. Values are counted: what a request was given stays
 * until it ends, also when the cache has let it go. */
#include "app/ctx.h"

#include "base/list.h"
#include "base/map.h"
#include "base/sys.h"
#include "run/sync.h"

#include <garm/cache.h>

#define ENTRIES_MAX 1024
#define BYTES_MAX   MIB(4)
#define TTL_MS      60000
#define TOP         (INT64_C(1) << 40)
#define MAP_BYTES   48 /* that an entry costs in the map */

/* Of one worker; so its count needs no atomics. */
struct value {
    size_t refs;
    size_t size;
    char data[];
};

struct entry {
    struct list node; /* in the order of use */
    struct value *value;
    int64_t expires_ns;
    size_t key_len;
    char key[];
};

/* A value that somebody is getting, and others wait for. */
struct fill {
    struct promise done;
    struct task *filler;
    struct value *value; /* NULL: there is none */
    int result;          /* 0, or what is passed on to all */
    size_t refs;
    bool again; /* it came to nothing because of the filler's own end */
    bool stale; /* the key was put or removed meanwhile */
    size_t key_len;
    char key[];
};

/* What one worker has. */
struct lane {
    struct map entries, fills;
    struct list order; /* the least recently used first */
    size_t count, bytes;
};

struct garm_cache {
    size_t count_max, bytes_max;
    int64_t ttl_ns;
    struct lane *lanes[LIMIT_WORKERS]; /* made when a worker first asks */
};

/* Values and entries. */

static struct value *new_value(const void *data, size_t size)
{
    struct value *const value = size > SIZE_MAX / 2 ? NULL : mem_alloc(sizeof(*value) + size + 1);
    if (value != NULL) {
        value->refs = 1;
        value->size = size;
        if (size > 0) {
            memcpy(value->data, data, size);
        }
        value->data[size] = '\0';
    }
    return value;
}

static void value_unref(void *arg)
{
    struct value *const value = arg;
    if (value != NULL && --value->refs == 0) {
        mem_free(value);
    }
}

/* Gives it to the request, until it ends. */
static int lend(garm_ctx *c, struct value *value, const void **ret_data, size_t *ret_size)
{
    value->refs++;
    TRY(ctx_after(c, value_unref, value));
    *ret_data = value->data;
    *ret_size = value->size;
    return 0;
}

static size_t cost(const struct entry *entry)
{
    return sizeof(*entry) + entry->key_len + sizeof(*entry->value) + entry->value->size + MAP_BYTES;
}

static void drop(struct lane *lane, struct entry *entry)
{
    (void)!map_remove(&lane->entries, slice_of(entry->key, entry->key_len));
    list_remove(&entry->node);
    lane->count--;
    lane->bytes -= cost(entry);
    value_unref(entry->value);
    mem_free(entry);
}

static struct lane *lane_of(garm_ctx *c, garm_cache *cache)
{
    struct lane **const place = &cache->lanes[c->worker->index];
    ctx_own(c);
    if (UNLIKELY(*place == NULL)) {
        *place = mem_zalloc(sizeof(**place));
        if (*place != NULL) {
            map_init(&(*place)->entries);
            map_init(&(*place)->fills);
            list_init(&(*place)->order);
        }
    }
    return *place;
}

/* The entry, used now; NULL if there is none, or its time is over. */
static struct entry *find(garm_ctx *c, struct lane *lane, struct slice key)
{
    struct entry *const entry = map_get(&lane->entries, key);
    if (entry == NULL) {
        return NULL;
    }
    if (entry->expires_ns <= c->loop->now_ns) {
        drop(lane, entry);
        return NULL;
    }
    list_remove(&entry->node);
    list_push_back(&lane->order, &entry->node);
    return entry;
}

/* Forgets the key, and what is on its way to it. */
static void forget(struct lane *lane, struct slice key)
{
    struct entry *const entry = map_get(&lane->entries, key);
    struct fill *const fill = map_get(&lane->fills, key);
    if (entry != NULL) {
        drop(lane, entry);
    }
    if (fill != NULL) {
        fill->stale = true;
    }
}

static int64_t expiry(const garm_ctx *c, const garm_cache *cache)
{
    const int64_t now_ns = c->loop->now_ns;
    return cache->ttl_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + cache->ttl_ns;
}

/* Adds an entry for a key that is not there; takes the value. */
static int keep_take(garm_ctx *c, garm_cache *cache, struct lane *lane, struct slice key,
                     struct value *value)
{
    struct entry *const entry = mem_alloc(sizeof(*entry) + key.len);
    if (entry == NULL) {
        value_unref(value);
        return -ENOMEM;
    }
    *entry = (struct entry){.value = value, .key_len = key.len, .expires_ns = expiry(c, cache)};
    list_init(&entry->node);
    memcpy(entry->key, key.ptr, key.len);
    int rc = cost(entry) > cache->bytes_max ? -EMSGSIZE : 0;
    while (rc == 0 && !list_empty(&lane->order) &&
           (lane->count >= cache->count_max || lane->bytes + cost(entry) > cache->bytes_max)) {
        drop(lane, CONTAINER_OF(lane->order.next, struct entry, node));
    }
    rc = rc < 0 ? rc : map_set(&lane->entries, slice_of(entry->key, key.len), entry);
    if (rc < 0) {
        value_unref(value);
        mem_free(entry);
        return rc;
    }
    list_push_back(&lane->order, &entry->node);
    lane->count++;
    lane->bytes += cost(entry);
    return 0;
}

bool garm_cache_get(garm_ctx *c, garm_cache *cache, const char *key, const void **ret_data,
                    size_t *ret_size)
{
    struct lane *const lane = lane_of(c, cache);
    const struct entry *const entry = lane == NULL ? NULL : find(c, lane, slice_cstr(key));
    return entry != NULL && lend(c, entry->value, ret_data, ret_size) == 0;
}

int garm_cache_put(garm_ctx *c, garm_cache *cache, const char *key, const void *data, size_t size)
{
    struct lane *const lane = lane_of(c, cache);
    if (lane == NULL) {
        return -ENOMEM;
    }
    struct value *const value = new_value(data, size); /* `data` may be what is forgotten now */
    forget(lane, slice_cstr(key));
    return value == NULL ? -ENOMEM : keep_take(c, cache, lane, slice_cstr(key), value);
}

void garm_cache_remove(garm_ctx *c, garm_cache *cache, const char *key)
{
    struct lane *const lane = lane_of(c, cache);
    if (lane != NULL) {
        forget(lane, slice_cstr(key));
    }
}

/* Filling. */

static void fill_unref(struct fill *fill)
{
    if (--fill->refs == 0) {
        promise_deinit(&fill->done);
        value_unref(fill->value);
        mem_free(fill);
    }
}

/* Says that this task gets the value; NULL without memory. */
static struct fill *begin_fill(struct lane *lane, struct slice key)
{
    struct fill *const fill = mem_zalloc(sizeof(*fill) + key.len);
    if (fill == NULL) {
        return NULL;
    }
    fill->filler = task_self();
    fill->refs = 1;
    fill->key_len = key.len;
    memcpy(fill->key, key.ptr, key.len);
    promise_init(&fill->done);
    if (map_set(&lane->fills, slice_of(fill->key, key.len), fill) < 0) {
        fill_unref(fill);
        return NULL;
    }
    return fill;
}

/* Tells those who wait how it went, and keeps a value that nobody has overtaken. */
static void end_fill(garm_ctx *c, garm_cache *cache, struct lane *lane, struct fill *fill)
{
    const struct slice key = slice_of(fill->key, fill->key_len);
    (void)!map_remove(&lane->fills, key);
    if (fill->value != NULL && !fill->stale) {
        forget(lane, key);
        fill->value->refs++;
        (void)keep_take(c, cache, lane, key, fill->value); /* else it is given, and not kept */
    }
    promise_set(&fill->done, 0, NULL);
}

static int fill_it(garm_ctx *c, garm_cache *cache, struct lane *lane, struct fill *fill,
                   garm_cache_fn *fn, void *arg)
{
    const void *data = NULL;
    size_t size = 0;
    fill->result = fn(c, arg, &data, &size);
    if (fill->result == 0) {
        fill->value = new_value(data, size);
        fill->result = fill->value == NULL ? -ENOMEM : 0;
    }
    fill->again = fill->result < 0 && (garm_cancelled(c) || c->broken != 0);
    end_fill(c, cache, lane, fill);
    return fill->result;
}

/* Waits for another's. *ret_again: that came to nothing, and it is our turn. */
static int await(garm_ctx *c, struct fill *fill, bool *ret_again)
{
    if (fill->filler == task_self()) {
        ctx_log(c, LOG_ERROR,
                "garm_cache_fill: \"%.*s\" is filled by the function that asks for it",
                SLICE_ARG(slice_of(fill->key, fill->key_len)));
        return -EDEADLK;
    }
    TRY(promise_wait(&fill->done, INT64_MAX, NULL));
    *ret_again = fill->again;
    return fill->result;
}

static int fill_or_await(garm_ctx *c, garm_cache *cache, struct lane *lane, struct slice key,
                         garm_cache_fn *fn, void *arg, const void **ret_data, size_t *ret_size,
                         bool *ret_again)
{
    struct fill *const other = map_get(&lane->fills, key);
    struct fill *const fill = other != NULL ? other : begin_fill(lane, key);
    if (fill == NULL) {
        return -ENOMEM;
    }
    fill->refs += other != NULL;
    int rc = other != NULL ? await(c, fill, ret_again) : fill_it(c, cache, lane, fill, fn, arg);
    rc = rc == 0 ? lend(c, fill->value, ret_data, ret_size) : rc;
    fill_unref(fill);
    return rc;
}

int garm_cache_fill(garm_ctx *c, garm_cache *cache, const char *key, garm_cache_fn *fn, void *arg,
                    const void **ret_data, size_t *ret_size)
{
    struct lane *const lane = lane_of(c, cache);
    bool again = lane != NULL;
    int rc = -ENOMEM;
    while (again) {
        again = false;
        TRY(ctx_check(c));
        const struct entry *const entry = find(c, lane, slice_cstr(key));
        rc = entry != NULL ? lend(c, entry->value, ret_data, ret_size)
                           : fill_or_await(c, cache, lane, slice_cstr(key), fn, arg, ret_data,
                                           ret_size, &again);
    }
    return rc;
}

/* Set-up. */

static void free_lane(struct lane *lane)
{
    if (lane == NULL) {
        return;
    }
    while (!list_empty(&lane->order)) {
        drop(lane, CONTAINER_OF(lane->order.next, struct entry, node));
    }
    map_deinit(&lane->entries);
    map_deinit(&lane->fills);
    mem_free(lane);
}

static void end(void *arg)
{
    struct garm_cache *const cache = arg;
    for (size_t i = 0; i < LIMIT_WORKERS; i++) {
        free_lane(cache->lanes[i]);
    }
}

static bool is_within(garm_app *app, const char *where, const char *what, int64_t value,
                      int64_t min)
{
    if (value < min || value > TOP) {
        garm_fail_at(app, where, "garm_cache_new: %s is below %lld or out of reach", what,
                     (long long)min);
        return false;
    }
    return true;
}

garm_cache *garm_cache_new_with(garm_app *app, const garm_cache_opts *opts)
{
    garm_cache_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    known.entries_max = known.entries_max == 0 ? ENTRIES_MAX : known.entries_max;
    known.bytes_max = known.bytes_max == 0 ? (int64_t)BYTES_MAX : known.bytes_max;
    known.ttl_ms = known.ttl_ms == 0 ? TTL_MS : known.ttl_ms == GARM_NONE ? TOP : known.ttl_ms;
    struct garm_cache *const cache = garm_app_alloc(app, sizeof(*cache));
    if (cache == NULL || !is_within(app, known.where, ".entries_max", known.entries_max, 1) ||
        !is_within(app, known.where, ".bytes_max", known.bytes_max, (int64_t)KIB(1)) ||
        !is_within(app, known.where, ".ttl_ms", known.ttl_ms, 1)) {
        return NULL;
    }
    cache->count_max = (size_t)known.entries_max;
    cache->bytes_max = (size_t)known.bytes_max;
    cache->ttl_ns = known.ttl_ms > INT64_MAX / NS_PER_MS ? INT64_MAX : known.ttl_ms * NS_PER_MS;
    garm_app_defer(app, end, cache);
    return cache;
}
