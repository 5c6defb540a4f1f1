/* The files that a worker keeps: open, or in memory. Only its own thread touches them, so there
 * are no locks; what an answer still sends stays until it is sent. */
#include "app/static_site.h"

#include "base/sys.h"

struct static_cache {
    struct list order; /* of use, the latest first */
    struct map *maps;  /* one per site, of paths */
    size_t map_count;
    size_t count;
    uint64_t bytes;
};

static uint64_t bytes_of(const struct static_entry *entry)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < CODING_COUNT_; i++) {
        bytes += entry->files[i].data != NULL ? entry->files[i].size : 0;
    }
    return bytes;
}

static size_t count_of(const struct static_entry *entry)
{
    size_t count = 0;
    for (size_t i = 0; i < CODING_COUNT_; i++) {
        count += entry->files[i].there;
    }
    return count;
}

static struct slice key_of(const struct static_entry *entry)
{
    return slice_of(entry->key, entry->key_len);
}

void static_entry_unref(void *arg)
{
    struct static_entry *const entry = arg;
    if (--entry->refs > 0) {
        return;
    }
    for (size_t i = 0; i < CODING_COUNT_; i++) {
        file_deinit(&entry->files[i]);
    }
    mem_free(entry);
}

static void remove_entry(struct static_cache *cache, struct static_entry *entry)
{
    (void)!map_remove(&cache->maps[entry->site->index], key_of(entry));
    list_remove(&entry->node);
    entry->home = NULL;
    cache->count -= count_of(entry);
    cache->bytes -= bytes_of(entry);
    static_entry_unref(entry);
}

static struct static_entry *find(const struct static_cache *cache, const struct static_site *site,
                                 struct slice path)
{
    return cache == NULL || site->index >= cache->map_count
               ? NULL
               : map_get(&cache->maps[site->index], path);
}

struct static_entry *static_cache_get(garm_ctx *c, const struct static_site *site,
                                      struct slice path, struct static_entry **ret_stale)
{
    struct static_cache *const cache = c->worker->files;
    struct static_entry *const entry = find(cache, site, path);
    *ret_stale = entry;
    if (entry == NULL || c->loop->now_ns - entry->checked_ns >= LIMIT_FILE_CHECK_MS * NS_PER_MS) {
        return NULL;
    }
    if (cache->order.next != &entry->node) {
        list_remove(&entry->node);
        list_push_front(&cache->order, &entry->node);
    }
    entry->refs++;
    return entry;
}

/* The cache, with a map for the site; NULL without memory. */
static struct static_cache *cache_for(struct garm_worker *worker, const struct static_site *site)
{
    struct static_cache *cache = worker->files;
    if (cache == NULL) {
        cache = mem_zalloc(sizeof(*cache));
        if (cache == NULL) {
            return NULL;
        }
        list_init(&cache->order);
        worker->files = cache;
    }
    if (site->index >= cache->map_count) {
        const size_t count = (size_t)site->index + 1;
        struct map *const maps = mem_realloc(cache->maps, count * sizeof(*maps));
        if (maps == NULL) {
            return NULL;
        }
        for (size_t i = cache->map_count; i < count; i++) {
            map_init(&maps[i]);
        }
        cache->maps = maps;
        cache->map_count = count;
    }
    return cache;
}

static bool fits(const struct static_cache *cache, const struct static_entry *entry)
{
    return cache->count + count_of(entry) <= LIMIT_FILE_CACHE_COUNT &&
           cache->bytes + bytes_of(entry) <= LIMIT_FILE_CACHE_BYTES;
}

void static_cache_keep(garm_ctx *c, struct static_entry *entry)
{
    struct static_cache *const cache = cache_for(c->worker, entry->site);
    if (cache == NULL || entry->home != NULL) {
        return;
    }
    static_cache_drop(c, entry->site, key_of(entry));
    while (!fits(cache, entry) && !list_empty(&cache->order)) {
        remove_entry(cache, CONTAINER_OF(cache->order.prev, struct static_entry, node));
    }
    if (!fits(cache, entry) ||
        map_set(&cache->maps[entry->site->index], key_of(entry), entry) < 0) {
        return;
    }
    entry->refs++;
    entry->home = &cache->order;
    list_push_front(&cache->order, &entry->node);
    cache->count += count_of(entry);
    cache->bytes += bytes_of(entry);
}

void static_cache_grew(garm_ctx *c, struct static_entry *entry, uint64_t bytes)
{
    struct static_cache *const cache = c->worker->files;
    if (cache == NULL || entry->home != &cache->order) {
        return;
    }
    list_remove(&entry->node);
    list_push_front(&cache->order, &entry->node);
    cache->count++;
    cache->bytes += bytes;
    while ((cache->count > LIMIT_FILE_CACHE_COUNT || cache->bytes > LIMIT_FILE_CACHE_BYTES) &&
           !list_empty(&cache->order)) {
        remove_entry(cache, CONTAINER_OF(cache->order.prev, struct static_entry, node));
    }
}

void static_cache_drop(garm_ctx *c, const struct static_site *site, struct slice path)
{
    struct static_entry *const entry = find(c->worker->files, site, path);
    if (entry != NULL) {
        remove_entry(c->worker->files, entry);
    }
}

void static_cache_clear(garm_ctx *c)
{
    static_cache_free(c->worker->files);
    c->worker->files = NULL;
}

void static_cache_free(struct static_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    while (!list_empty(&cache->order)) {
        remove_entry(cache, CONTAINER_OF(cache->order.next, struct static_entry, node));
    }
    for (size_t i = 0; i < cache->map_count; i++) {
        map_deinit(&cache->maps[i]);
    }
    mem_free(cache->maps);
    mem_free(cache);
}
