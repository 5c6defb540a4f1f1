/* Form bodies: every split gives the same parts, content and end. The first byte chooses: behind a
 * 'u' they are urlencoded, else all of it is a multipart body with the boundary "b". */
#include "fuzz.h"
#include "codec/multipart.h"
#include "codec/urlencoded.h"

#define HEAD_BYTES 300

static const struct form_limits limits = {50, 5000, HEAD_BYTES};

struct outcome {
    enum form_event result;
    struct form_error error;
    char *text; /* names and contents, each behind a byte that tells which */
    size_t len;
};

struct reading {
    bool multipart;
    union {
        struct multipart multipart;
        struct urlencoded urlencoded;
    } of;
    struct form_reader *reader;
    char head[HEAD_BYTES];
};

static void begin(struct reading *r, bool multipart)
{
    const char *reason = NULL;
    r->multipart = multipart;
    if (multipart) {
        CHECK(multipart_init(&r->of.multipart, &limits, r->head,
                             SLICE("multipart/form-data; boundary=b"), &reason) == 0);
        r->reader = &r->of.multipart.reader;
    } else {
        urlencoded_init(&r->of.urlencoded, &limits, r->head);
        r->reader = &r->of.urlencoded.reader;
    }
}

static void add(struct outcome *o, char kind, struct slice s)
{
    if (kind != '\0') {
        o->text[o->len++] = kind;
    }
    if (s.len > 0) {
        memcpy(o->text + o->len, s.ptr, s.len);
        o->len += s.len;
    }
}

static void note(struct outcome *o, const struct reading *r, enum form_event event,
                 struct slice run)
{
    if (event == FORM_PART) {
        const struct form_head *const head = &r->reader->head;
        CHECK(memchr(head->name.ptr, '\0', head->name.len) == NULL);
        CHECK(head->name.len + head->filename.len + head->type.len <= HEAD_BYTES);
        add(o, 'n', head->name);
        add(o, head->has_filename ? 'f' : '-', head->filename);
        add(o, 't', head->type);
        add(o, ':', SLICE(""));
    } else if (event == FORM_DATA) {
        CHECK(run.len > 0);
        add(o, '\0', run);
    } else if (event == FORM_PART_END) {
        add(o, '.', SLICE(""));
    }
}

static void read_piece(struct reading *r, struct slice piece, struct outcome *o)
{
    char *const copy = fuzz_copy(piece.ptr, piece.len);
    size_t at = 0;
    do {
        size_t consumed = 0;
        struct slice run = {NULL, 0};
        char *const data = copy + at;
        const size_t len = piece.len - at;
        o->result = r->multipart ? multipart_read(&r->of.multipart, data, len, &consumed, &run)
                                 : urlencoded_read(&r->of.urlencoded, data, len, &consumed, &run);
        CHECK(consumed <= len);
        at += consumed;
        note(o, r, o->result, run);
    } while (o->result != FORM_MORE && o->result != FORM_BAD);
    CHECK(o->result == FORM_BAD || at == piece.len);
    free(copy);
}

static void read_end(struct reading *r, struct outcome *o)
{
    while (o->result != FORM_BAD && o->result != FORM_END) {
        struct slice run = {NULL, 0};
        o->result = r->multipart ? multipart_end(&r->of.multipart)
                                 : urlencoded_end(&r->of.urlencoded, &run);
        note(o, r, o->result, run);
    }
}

/* Feeds the first `first` bytes, then `step` at a time. The text is to be freed. */
static struct outcome read_body(bool multipart, struct slice body, size_t first, size_t step)
{
    struct reading r;
    struct outcome o = {.result = FORM_MORE, .text = fuzz_alloc(5 * body.len + 16)};
    size_t size = first;
    begin(&r, multipart);
    for (size_t at = 0; at < body.len && o.result == FORM_MORE; at += size, size = step) {
        size = size < body.len - at ? size : body.len - at;
        read_piece(&r, slice_of(body.ptr + at, size), &o);
    }
    read_end(&r, &o);
    o.error = r.reader->error;
    CHECK(o.result != FORM_BAD || (o.error.offset <= body.len && o.error.reason != NULL));
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bool multipart = size == 0 || data[0] != 'u';
    const size_t skip = multipart ? 0 : 1;
    const struct slice body = slice_of((const char *)data + skip, size - skip);
    const size_t hash = fuzz_hash(data, size);
    const struct outcome whole = read_body(multipart, body, body.len + 1, 1);
    const struct outcome split =
        read_body(multipart, body, 1 + hash % (body.len + 1), 1 + hash % 13);
    CHECK(split.result == whole.result && split.error.reason == whole.error.reason);
    CHECK(whole.result == FORM_BAD ||
          slice_eq(slice_of(split.text, split.len), slice_of(whole.text, whole.len)));
    free(split.text);
    free(whole.text);
    return 0;
}
