/* See json_support.h. */
#include "json_support.h"

#include "base/limits.h"
#include "base/sys.h"
#include "spec/guard.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#define BLOCKS_MAX 256

static void *blocks[BLOCKS_MAX];
static size_t block_count;

static void *alloc(void *arg, size_t size)
{
    (void)arg;
    ck_assert_uint_lt(block_count, BLOCKS_MAX);
    void *const block = mem_alloc(size);
    blocks[block_count++] = block;
    return block;
}

const struct json_memory json_test_memory = {alloc, NULL};

void json_test_free(void)
{
    while (block_count > 0) {
        mem_free(blocks[--block_count]);
    }
}

struct json_engine *json_test_engine(void)
{
    static struct json_engine *engine;
    if (engine == NULL) {
        engine = json_engine_new();
        ck_assert_ptr_nonnull(engine);
    }
    return engine;
}

int json_test_parse(struct slice text, const struct garm_json_value **ret_root,
                    struct json_error *ret_error)
{
    struct json_error parsed = {0};
    struct json_error checked = {0};
    const struct slice guarded = text.len <= KIB(64) ? slice_of(guard_copy(text), text.len) : text;
    const int rc = json_parse(json_test_engine(), guarded, &json_test_memory, ret_root, &parsed);
    ck_assert_int_eq(json_check(guarded, &checked), rc);
    ck_assert_uint_eq(parsed.offset, checked.offset);
    ck_assert(rc == 0 || (parsed.reason == checked.reason && parsed.reason != NULL));
    if (ret_error != NULL) {
        *ret_error = parsed;
    }
    return rc;
}

const struct garm_json_value *json_test_tree(const char *text)
{
    const struct garm_json_value *root = NULL;
    ck_assert_int_eq(json_test_parse(slice_cstr(text), &root, NULL), 0);
    return root;
}
