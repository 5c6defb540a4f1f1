/* What a JSON pointer names in an answer's body, as text: found in the parsed tree, and written
 * again. */
#include "app/test_reader.h"

#include "app/json_out.h"
#include "codec/json.h"

#include <errno.h>

static void *alloc(void *arg, size_t size)
{
    return arena_alloc(arg, size);
}

void test_json_clear(struct test_json *json)
{
    arena_clear(&json->arena);
    json->root = NULL;
    json->parsed = false;
}

void test_json_deinit(struct test_json *json)
{
    test_json_clear(json);
    json_engine_free(json->engine);
    json->engine = NULL;
}

/* A body that is no JSON has no root. */
static void parse(struct test_json *json, struct slice body)
{
    struct json_error error = {0};
    const struct json_memory memory = {alloc, &json->arena};
    if (json->engine == NULL) {
        json->engine = json_engine_new();
        CHECK(json->engine != NULL);
    }
    arena_init(&json->arena, NULL, 0, SIZE_MAX);
    const int rc = json_parse(json->engine, body, &memory, &json->root, &error);
    CHECK(rc != -ENOMEM);
    json->parsed = true;
}

void test_json_text(struct test_json *json, struct slice body, struct slice pointer,
                    struct buf *out)
{
    struct json writer;
    if (!json->parsed) {
        parse(json, body);
    }
    const struct garm_json_value *const value = json_at(json->root, pointer);
    if (value != NULL) {
        json_init(&writer, out);
        json_tree(&writer, value);
        const int rc = json_finish(&writer);
        CHECK(rc == 0);
    }
}
