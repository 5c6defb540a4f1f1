/* Chunked bodies: every split gives the same data and the same end, all bytes are accounted for,
 * and what was read, written as chunks again, reads the same. */
#include "fuzz.h"
#include "codec/h1.h"

struct outcome {
    enum h1_chunk result;
    size_t consumed;
    struct h1_error error;
    char *data; /* as large as the input */
    size_t data_len;
};

static void read_piece(struct h1_chunked *chunked, struct slice piece, struct outcome *o)
{
    char *const copy = fuzz_copy(piece.ptr, piece.len);
    size_t at = 0;
    do {
        size_t consumed = 0;
        struct slice run = {NULL, 0};
        o->result = h1_chunked_read(chunked, copy + at, piece.len - at, &consumed, &run);
        CHECK(consumed <= piece.len - at);
        at += consumed;
        if (o->result == H1_CHUNK_DATA) {
            CHECK(run.len > 0 && run.ptr >= copy && run.ptr + run.len == copy + at);
            memcpy(o->data + o->data_len, run.ptr, run.len);
            o->data_len += run.len;
        }
    } while (o->result == H1_CHUNK_DATA);
    CHECK(o->result != H1_CHUNK_MORE || at == piece.len);
    o->consumed += at;
    o->error = chunked->error;
    free(copy);
}

/* Feeds the first `first` bytes, then `step` at a time. The data is to be freed. */
static struct outcome read_body(struct slice text, size_t first, size_t step)
{
    struct h1_chunked chunked;
    struct outcome o = {.result = H1_CHUNK_MORE, .data = fuzz_alloc(text.len)};
    h1_chunked_init(&chunked, &h1_limits_default);
    size_t size = first;
    for (size_t at = 0; at < text.len && o.result == H1_CHUNK_MORE; at += size, size = step) {
        size = size < text.len - at ? size : text.len - at;
        read_piece(&chunked, slice_of(text.ptr + at, size), &o);
    }
    CHECK(chunked.seen == o.consumed);
    return o;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    CHECK(a->result == b->result && a->consumed == b->consumed);
    CHECK(slice_eq(slice_of(a->data, a->data_len), slice_of(b->data, b->data_len)));
    CHECK(a->error.status == b->error.status && a->error.offset == b->error.offset);
    CHECK(a->error.reason == b->error.reason);
}

/* Writes the data as chunks of `step` bytes and reads it back. */
static void check_round_trip(const struct outcome *o, size_t step)
{
    char *const text = fuzz_alloc(o->data_len * (H1_CHUNK_LINE_MAX + 3) + 8);
    size_t len = 0;
    for (size_t at = 0; at < o->data_len; at += step) {
        const size_t size = step < o->data_len - at ? step : o->data_len - at;
        len += h1_chunk_line(size, text + len);
        memcpy(text + len, o->data + at, size);
        memcpy(text + len + size, "\r\n", 2);
        len += size + 2;
    }
    memcpy(text + len, "0\r\n", 3);
    const struct outcome back = read_body(slice_of(text, len + 3), len + 3, 1);
    CHECK(back.result == H1_CHUNK_TRAILERS && back.consumed == len + 3);
    CHECK(slice_eq(slice_of(back.data, back.data_len), slice_of(o->data, o->data_len)));
    free(back.data);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice text = slice_of((const char *)data, size);
    const size_t hash = fuzz_hash(data, size);
    const struct outcome whole = read_body(text, size, 1);
    const struct outcome split = read_body(text, 1 + hash % (size + 1), 1 + hash % 13);
    check_same(&split, &whole);
    if (whole.result == H1_CHUNK_BAD) {
        CHECK(whole.error.status == 400 && whole.error.offset == whole.consumed);
    }
    check_round_trip(&whole, 1 + hash % 100);
    free(split.data);
    free(whole.data);
    return 0;
}
