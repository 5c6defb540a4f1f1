/* Request heads and trailer sections: whatever the bytes, every way to feed them gives the same,
 * and what is reported lies in the bytes and is valid. */
#include "fuzz.h"
#include "codec/h1.h"
#include "codec/scan.h"

struct outcome {
    enum h1_result result;
    struct h1_error error;
    struct h1_head head;
};

/* Feeds the first `first` bytes, then `step` at a time, each time in memory of its own. */
static void parse(struct slice text, bool trailers, size_t first, size_t step,
                  struct outcome *ret_outcome)
{
    struct h1_parser parser;
    struct outcome *const o = ret_outcome;
    if (trailers) {
        h1_parser_init_trailers(&parser, &h1_limits_default, &o->head);
    } else {
        h1_parser_init(&parser, &h1_limits_default, &o->head);
    }
    o->result = H1_MORE;
    for (size_t len = first; o->result == H1_MORE; len += step) {
        len = len < text.len ? len : text.len;
        char *const copy = fuzz_copy(text.ptr, len);
        const uint32_t pos_before = parser.pos;
        o->result = h1_head_parse(&parser, copy, len);
        CHECK(parser.pos >= pos_before && parser.pos <= len);
        free(copy);
        if (len == text.len) {
            break;
        }
    }
    o->error = parser.error;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    CHECK(a->result == b->result);
    if (a->result == H1_BAD) {
        CHECK(a->error.status == b->error.status && a->error.offset == b->error.offset);
        CHECK(strcmp(a->error.reason, b->error.reason) == 0);
    } else if (a->result == H1_DONE) {
        const size_t used =
            offsetof(struct h1_head, fields) + a->head.field_count * sizeof(a->head.fields[0]);
        CHECK(memcmp(&a->head, &b->head, used) == 0);
    }
}

static void check_span(const struct h1_head *head, size_t offset, size_t len)
{
    CHECK(offset <= head->size && len <= head->size - offset);
}

static void check_fields(const struct h1_head *head, const char *data)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct h1_field *const field = &head->fields[i];
        check_span(head, field->name_offset, field->name_len);
        check_span(head, field->value_offset, field->value_len);
        const struct slice name = slice_of(data + field->name_offset, field->name_len);
        CHECK(field_name_valid(name) && field_lookup(name) == (enum field_id)field->id);
        CHECK(field_value_valid(slice_of(data + field->value_offset, field->value_len)));
    }
}

static void check_head(const struct h1_head *head, const char *data)
{
    check_span(head, head->method_text.offset, head->method_text.len);
    check_span(head, head->target.offset, head->target.len);
    check_span(head, head->path.offset, head->path.len);
    check_span(head, head->query.offset, head->query.len);
    check_span(head, head->authority.offset, head->authority.len);
    CHECK(head->method == method_lookup(h1_span_slice(head->method_text, data)));
    CHECK(head->authority.len > 0 || head->minor == 0);
    CHECK(head->authority.len == 0 || authority_valid(h1_span_slice(head->authority, data)));
    CHECK(!head->chunked || (head->minor == 1 && head->content_length == -1));
}

static void try_all(struct slice text, bool trailers, size_t hash)
{
    static struct outcome whole;
    static struct outcome other;
    parse(text, trailers, text.len, 1, &whole);
    parse(text, trailers, hash % (text.len + 1), 1 + hash % 13, &other);
    check_same(&other, &whole);
    const struct scan_ops *const chosen = scan;
    for (const struct scan_ops *const *ops = scan_all(); *ops != NULL; ops++) {
        scan = *ops;
        parse(text, trailers, text.len, 1, &other);
        check_same(&other, &whole);
    }
    scan = chosen;
    if (whole.result == H1_DONE) {
        CHECK(whole.head.size <= text.len);
        check_fields(&whole.head, text.ptr);
        if (!trailers) {
            check_head(&whole.head, text.ptr);
        }
    } else if (whole.result == H1_BAD) {
        CHECK(whole.error.status >= 400 && whole.error.offset <= text.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice text = slice_of((const char *)data, size);
    const size_t hash = fuzz_hash(data, size);
    try_all(text, false, hash);
    try_all(text, true, hash);
    return 0;
}
