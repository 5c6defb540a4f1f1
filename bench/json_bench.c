/* What JSON costs: a body to a tree, by size, as a worker does it (its parser kept up to a bound);
 * a tree to text; and looking members up. Prints the best of several rounds; run it pinned. */
#include "app/json_out.h"
#include "base/sys.h"
#include "codec/json.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 9

static struct json_engine *engine;
static void *blocks[8];
static size_t block_count;

static void *alloc(void *arg, size_t size)
{
    (void)arg;
    CHECK(block_count < COUNT_OF(blocks));
    return blocks[block_count++] = mem_alloc(size);
}

static void free_blocks(void)
{
    while (block_count > 0) {
        mem_free(blocks[--block_count]);
    }
}

/* Records of a list, as an API would send them, until there are `size` bytes. */
static void make_text(struct buf *text, size_t size)
{
    buf_init(text, MIB(32));
    for (int i = 0; text->len < size - 2; i++) {
        struct buf record;
        buf_init(&record, KIB(1));
        buf_printf(&record,
                   "%c{\"id\":%d,\"name\":\"Ada Lovelace\",\"mail\":\"ada%d@example.org\","
                   "\"active\":true,\"score\":%d.25,\"tags\":[\"first\",\"second\"],\"note\":null}",
                   i == 0 ? '[' : ',', i, i, i % 97);
        if (text->len + record.len + 1 > size) {
            buf_deinit(&record);
            break;
        }
        buf_append_slice(text, buf_slice(&record));
        buf_deinit(&record);
    }
    buf_append_byte(text, ']');
}

static const struct garm_json_value *parse(struct slice text)
{
    static const struct json_memory memory = {alloc, NULL};
    const struct garm_json_value *root = NULL;
    struct json_error error = {0};
    const int rc = json_parse(engine, text, &memory, &root, &error);
    CHECK(rc == 0);
    return root;
}

static void write_tree(const struct garm_json_value *root, struct buf *out)
{
    struct json json;
    buf_clear(out);
    json_init(&json, out);
    json_tree(&json, root);
    CHECK(json_finish(&json) == 0);
}

static void report(const char *what, size_t size, double ns)
{
    (void)printf("%-6s %8zu bytes %12.0f ns %8.0f MB/s\n", what, size, ns,
                 (double)size / ns * 1000);
}

static void bench(size_t size)
{
    struct buf text;
    struct buf out;
    make_text(&text, size);
    buf_init(&out, MIB(64));
    const int calls = (int)(MIB(4) / size) + 1;
    double parse_ns = 1e18;
    double write_ns = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t start = sys_monotonic_ns();
        for (int i = 0; i < calls; i++) {
            (void)parse(buf_slice(&text));
            free_blocks();
        }
        const int64_t parsed = sys_monotonic_ns();
        const struct garm_json_value *const root = parse(buf_slice(&text));
        const int64_t begun = sys_monotonic_ns();
        for (int i = 0; i < calls; i++) {
            write_tree(root, &out);
        }
        const double written = (double)(sys_monotonic_ns() - begun) / calls;
        const double taken = (double)(parsed - start) / calls;
        parse_ns = taken < parse_ns ? taken : parse_ns;
        write_ns = written < write_ns ? written : write_ns;
        free_blocks();
    }
    report("parse", text.len, parse_ns);
    report("write", out.len, write_ns);
    buf_deinit(&text);
    buf_deinit(&out);
}

int main(void)
{
    static const size_t sizes[] = {128, KIB(1), KIB(16), KIB(128), MIB(1), MIB(8)};
    engine = json_engine_new();
    CHECK(engine != NULL);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        bench(sizes[i]);
    }
    json_engine_free(engine);
    return EXIT_SUCCESS;
}
