/* JSON texts: the engine and our own scan judge alike; what was taken, written again, reads as the
 * same tree. */
#include "fuzz.h"

#include "app/json_out.h"
#include "codec/json.h"

#include <errno.h>

static void *alloc(void *arg, size_t size)
{
    void **const next = arg;
    void **const block = (void *)fuzz_alloc(size + 16);
    block[0] = *next;
    *next = block;
    return block + 2;
}

static void free_all(void **block)
{
    while (block != NULL) {
        void **const next = (void **)block[0];
        free(block);
        block = next;
    }
}

static int parse(struct slice text, void **blocks, const struct garm_json_value **ret_root,
                 struct json_error *ret_error)
{
    static struct json_engine *engine;
    const struct json_memory memory = {alloc, blocks};
    if (engine == NULL) {
        engine = json_engine_new();
        CHECK(engine != NULL);
    }
    return json_parse(engine, text, &memory, ret_root, ret_error);
}

static void write_tree(const struct garm_json_value *root, struct buf *out)
{
    struct json json;
    buf_init(out, MIB(64));
    json_init(&json, out);
    json_tree(&json, root);
    CHECK(json_finish(&json) == 0);
}

/* Each child is found under its name, or a later one of that name is. */
static void check_lookups(const struct garm_json_value *value)
{
    struct slice name = {0};
    for (size_t i = 0; json_item(value, i, &name) != NULL; i++) {
        const struct garm_json_value *const child = json_item(value, i, &name);
        CHECK(value->type == JSON_ARRAY || json_member(value, name) >= child);
        check_lookups(child);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *blocks = NULL;
    const struct garm_json_value *root = NULL;
    const struct garm_json_value *again = NULL;
    struct json_error parsed = {0};
    struct json_error checked = {0};
    char *const copy = fuzz_copy((const char *)data, size);
    const struct slice text = slice_of(copy, size);
    const int rc = parse(text, &blocks, &root, &parsed);
    CHECK(json_check(text, &checked) == rc);
    CHECK(rc == 0 || (rc == -EBADMSG && parsed.offset == checked.offset));
    if (rc == 0) {
        struct buf first;
        struct buf second;
        check_lookups(root);
        write_tree(root, &first);
        CHECK(parse(buf_slice(&first), &blocks, &again, &parsed) == 0);
        write_tree(again, &second);
        CHECK(slice_eq(buf_slice(&first), buf_slice(&second)));
        buf_deinit(&first);
        buf_deinit(&second);
    }
    free_all((void **)blocks);
    free(copy);
    return 0;
}
