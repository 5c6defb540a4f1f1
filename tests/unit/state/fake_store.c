/* See fake_store.h. */
#include "fake_store.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const garm_session_store *memory;
struct fake_store store;

static int load(garm_ctx *c, void *arg, const char *key, const void **ret_data, size_t *ret_size,
                uint64_t *ret_version)
{
    (void)arg;
    store.loads++;
    snprintf(store.key, sizeof(store.key), "%s", key);
    return store.load_error != 0
               ? store.load_error
               : memory->load(c, memory->arg, key, ret_data, ret_size, ret_version);
}

/* What another request does meanwhile: sets "other" to "1". */
static void meddle(garm_ctx *c, const char *key)
{
    const void *data = NULL;
    size_t size = 0;
    uint64_t version = 0;
    char record[1024];
    if (memory->load(c, memory->arg, key, &data, &size, &version) < 0) {
        return;
    }
    memcpy(record, data, size);
    memcpy(record + size,
           "other\0"
           "1",
           8);
    ck_assert_int_eq(memory->save(c, memory->arg, key, record, size + 8, version, 60), 0);
}

static int save(garm_ctx *c, void *arg, const char *key, const void *data, size_t size,
                uint64_t version, int64_t ttl_s)
{
    (void)arg;
    store.saves++;
    snprintf(store.key, sizeof(store.key), "%s", key);
    if (store.meddlers > 0) {
        store.meddlers--;
        meddle(c, key);
    }
    if (store.ended) {
        ck_assert_int_eq(memory->remove(c, memory->arg, key), 0);
    }
    return store.save_error != 0 ? store.save_error
                                 : memory->save(c, memory->arg, key, data, size, version, ttl_s);
}

static int forget(garm_ctx *c, void *arg, const char *key)
{
    (void)arg;
    return store.remove_error != 0 ? store.remove_error : memory->remove(c, memory->arg, key);
}

garm_session_store fake_store_new(garm_app *app)
{
    memset(&store, 0, sizeof(store));
    memory = garm_session_memory_new(app);
    return (garm_session_store){sizeof(garm_session_store), NULL, load, save, forget};
}
