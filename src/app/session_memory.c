/* Sessions in memory, for all workers: shards, each with a lock that is held for the moment in
 * which one is found, copied or put, and never across a suspension. When there is no room, those
 * that no client has come back with go first: visitors without cookies can begin as many as they
 * like, and drive out each other. */
#include "app/session.h"

#include "base/list.h"
#include "base/map.h"
#include "base/sys.h"

#include <garm/memory.h>
#include <garm/task.h>

#include <pthread.h>
#include <stdalign.h>

#define ENTRIES_MAX 100000
#define BYTES_MAX   MIB(64)
#define BYTES_TOP   (INT64_C(1) << 40)
#define SHARDS      16
/* Fewer than this are kept in one shard, whose order of use is exact, and in which the largest
 * session has its place. */
#define ENTRIES_TO_SHARD 1024
#define BYTES_TO_SHARD   MIB(32)
/* The part of the room, by count and by bytes, in which new ones are left alone: one that begins in
 * a full store has some time to be asked for. */
#define FRESH_PART  8
#define SWEEP_NS    GARM_SEC(1)
#define SWEEP_COUNT 256 /* that are thrown away in one go, per shard */
#define MAP_BYTES   48  /* that one costs in the map */

struct record {
    struct list node; /* in its order */
    bool known;       /* it was loaded, so some client has its cookie */
    int64_t expires_ns;
    uint64_t version;
    size_t size;
    char key[SESSION_ID_LEN + 1];
    char data[];
};

struct order {
    struct list list; /* the least recently used first */
    size_t count, bytes;
};

struct shard {
    alignas(64) pthread_mutex_t lock;
    struct map map;
    struct order fresh, known;
};

struct memory {
    garm_session_store store;
    size_t shard_count;
    size_t count_max, bytes_max; /* of a shard */
    struct shard *shards;
};

static size_t cost(const struct record *record)
{
    return sizeof(*record) + record->size + MAP_BYTES;
}

/* Keys are hashes already: any of their digits tells a shard. */
static struct shard *shard_of(struct memory *memory, const char *name)
{
    return &memory->shards[((unsigned char)name[0] * 7U + (unsigned char)name[1]) %
                           memory->shard_count];
}

static struct order *order_of(struct shard *shard, const struct record *record)
{
    return record->known ? &shard->known : &shard->fresh;
}

static void leave_order(struct shard *shard, struct record *record)
{
    struct order *const order = order_of(shard, record);
    list_remove(&record->node);
    order->count--;
    order->bytes -= cost(record);
}

static void join_order(struct shard *shard, struct record *record)
{
    struct order *const order = order_of(shard, record);
    list_push_back(&order->list, &record->node);
    order->count++;
    order->bytes += cost(record);
}

/* Takes a record out, for the caller to free without the lock. */
static void take_out(struct shard *shard, struct record *record, struct list *dead)
{
    (void)!map_remove(&shard->map, slice_cstr(record->key));
    leave_order(shard, record);
    list_push_back(dead, &record->node);
}

static void bury(struct list *dead)
{
    for (struct list *node = list_pop_front(dead); node != NULL; node = list_pop_front(dead)) {
        mem_free(CONTAINER_OF(node, struct record, node));
    }
}

/* The record, unless its time is over. */
static struct record *find(struct shard *shard, const char *name, int64_t now_ns, struct list *dead)
{
    struct record *const record = map_get(&shard->map, slice_cstr(name));
    if (record != NULL && record->expires_ns <= now_ns) {
        take_out(shard, record, dead);
        return NULL;
    }
    return record;
}

static int load(garm_ctx *c, void *arg, const char *name, const void **ret_data, size_t *ret_size,
                uint64_t *ret_version)
{
    struct list dead;
    struct shard *const shard = shard_of(arg, name);
    const int64_t now_ns = garm_now_ns();
    char *copy = NULL;
    list_init(&dead);
    pthread_mutex_lock(&shard->lock);
    struct record *const record = find(shard, name, now_ns, &dead);
    if (record != NULL) {
        leave_order(shard, record);
        record->known = true;
        join_order(shard, record);
        copy = garm_alloc(c, record->size);
        *ret_size = record->size;
        *ret_version = record->version;
    }
    if (copy != NULL) {
        memcpy(copy, record->data, record->size);
    }
    pthread_mutex_unlock(&shard->lock);
    bury(&dead);
    *ret_data = copy;
    return record == NULL ? -ENOENT : copy == NULL ? -ENOMEM : 0;
}

static bool fits(const struct memory *memory, const struct shard *shard,
                 const struct record *record)
{
    const size_t count = shard->fresh.count + shard->known.count;
    const size_t bytes = shard->fresh.bytes + shard->known.bytes;
    return count < memory->count_max && bytes + cost(record) <= memory->bytes_max;
}

/* The one that goes when there is no room. */
static struct record *least(const struct memory *memory, const struct shard *shard)
{
    const bool fresh = shard->known.count == 0 ||
                       shard->fresh.count > memory->count_max / FRESH_PART ||
                       shard->fresh.bytes > memory->bytes_max / FRESH_PART;
    const struct order *const order = fresh ? &shard->fresh : &shard->known;
    return CONTAINER_OF(order->list.next, struct record, node);
}

/* Puts the record in the place of the one with this version. The map does not grow when it replaces
 * one, so that a failure loses nothing. */
static int put(struct memory *memory, struct shard *shard, struct record *record, uint64_t version,
               struct list *dead)
{
    struct record *const old = find(shard, record->key, garm_now_ns(), dead);
    if (old == NULL && version != 0) {
        return -ENOENT;
    }
    if (old != NULL && old->version != version) {
        return -EEXIST;
    }
    if (old != NULL) {
        record->known = old->known;
        take_out(shard, old, dead);
    }
    while (!fits(memory, shard, record)) {
        take_out(shard, least(memory, shard), dead);
    }
    TRY(map_set(&shard->map, slice_cstr(record->key), record));
    join_order(shard, record);
    return 0;
}

static struct record *new_record(const char *name, const void *data, size_t size, uint64_t version,
                                 int64_t ttl_s)
{
    struct record *const record = mem_alloc(sizeof(*record) + size);
    if (record != NULL) {
        record->expires_ns = garm_now_ns() + GARM_SEC(ttl_s);
        record->version = version;
        record->known = false;
        record->size = size;
        list_init(&record->node);
        memcpy(record->key, name, sizeof(record->key));
        memcpy(record->data, data, size);
    }
    return record;
}

static int save(garm_ctx *c, void *arg, const char *name, const void *data, size_t size,
                uint64_t version, int64_t ttl_s)
{
    struct list dead;
    struct memory *const memory = arg;
    struct shard *const shard = shard_of(memory, name);
    (void)c;
    struct record *const record = new_record(name, data, size, version + 1, ttl_s);
    if (record == NULL) {
        return -ENOMEM;
    }
    list_init(&dead);
    pthread_mutex_lock(&shard->lock);
    const int rc =
        cost(record) > memory->bytes_max ? -EMSGSIZE : put(memory, shard, record, version, &dead);
    pthread_mutex_unlock(&shard->lock);
    bury(&dead);
    if (rc < 0) {
        mem_free(record);
    }
    return rc;
}

static int forget(garm_ctx *c, void *arg, const char *name)
{
    struct list dead;
    struct shard *const shard = shard_of(arg, name);
    (void)c;
    list_init(&dead);
    pthread_mutex_lock(&shard->lock);
    struct record *const record = map_get(&shard->map, slice_cstr(name));
    if (record != NULL) {
        take_out(shard, record, &dead);
    }
    pthread_mutex_unlock(&shard->lock);
    bury(&dead);
    return 0;
}

static void sweep_order(struct shard *shard, const struct order *order, int64_t now_ns,
                        struct list *dead)
{
    for (int n = 0; n < SWEEP_COUNT && !list_empty(&order->list); n++) {
        struct record *const oldest = CONTAINER_OF(order->list.next, struct record, node);
        if (oldest->expires_ns > now_ns) {
            break;
        }
        take_out(shard, oldest, dead);
    }
}

/* Gives back the memory of those that nobody asks for any more: they are at the heads of the
 * orders. */
static int sweep(garm_ctx *c, void *arg)
{
    struct memory *const memory = arg;
    (void)c;
    for (size_t i = 0; i < memory->shard_count; i++) {
        struct list dead;
        struct shard *const shard = &memory->shards[i];
        const int64_t now_ns = garm_now_ns();
        list_init(&dead);
        pthread_mutex_lock(&shard->lock);
        sweep_order(shard, &shard->fresh, now_ns, &dead);
        sweep_order(shard, &shard->known, now_ns, &dead);
        pthread_mutex_unlock(&shard->lock);
        bury(&dead);
    }
    return 0;
}

/* Set-up. */

static void end(void *arg)
{
    struct memory *const memory = arg;
    for (size_t i = 0; i < memory->shard_count; i++) {
        struct shard *const shard = &memory->shards[i];
        bury(&shard->fresh.list);
        bury(&shard->known.list);
        map_deinit(&shard->map);
        pthread_mutex_destroy(&shard->lock);
    }
}

static struct memory *new_memory(garm_app *app, int64_t entries_max, int64_t bytes_max)
{
    const bool small = entries_max < ENTRIES_TO_SHARD || bytes_max < (int64_t)BYTES_TO_SHARD;
    const size_t count = small ? 1 : SHARDS;
    struct memory *const memory = garm_app_alloc(app, sizeof(*memory));
    char *const room = garm_app_alloc(app, (count + 1) * sizeof(struct shard));
    if (memory == NULL || room == NULL) {
        return NULL;
    }
    const uintptr_t past = (uintptr_t)room % alignof(struct shard);
    memory->shards = (struct shard *)(void *)(room + (alignof(struct shard) - past));
    memory->shard_count = count;
    memory->count_max = (size_t)entries_max / count;
    memory->bytes_max = (size_t)bytes_max / count;
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_init(&memory->shards[i].lock, NULL);
        map_init(&memory->shards[i].map);
        list_init(&memory->shards[i].fresh.list);
        list_init(&memory->shards[i].known.list);
    }
    memory->store = (garm_session_store){sizeof(memory->store), memory, load, save, forget};
    garm_app_defer(app, end, memory);
    garm_every(app, SWEEP_NS, sweep, memory);
    return memory;
}

const garm_session_store *garm_session_memory_new_with(garm_app *app,
                                                       const garm_session_memory_opts *opts)
{
    garm_session_memory_opts known = {0};
    memcpy(&known, opts, opts->size < sizeof(known) ? opts->size : sizeof(known));
    const int64_t entries_max = known.entries_max == 0 ? ENTRIES_MAX : known.entries_max;
    const int64_t bytes_max = known.bytes_max == 0 ? (int64_t)BYTES_MAX : known.bytes_max;
    if (entries_max < 1 || entries_max > BYTES_TOP / 256) {
        garm_fail_at(app, known.where,
                     "garm_session_memory_new: .entries_max is below 1 or out of reach");
        return NULL;
    }
    if (bytes_max < (int64_t)KIB(4) || bytes_max > BYTES_TOP) {
        garm_fail_at(app, known.where,
                     "garm_session_memory_new: .bytes_max is below 4 KiB or above 1 TiB");
        return NULL;
    }
    const struct memory *const memory = new_memory(app, entries_max, bytes_max);
    return memory != NULL ? &memory->store : NULL;
}
