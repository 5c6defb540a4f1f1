/* A connection without a socket: head, body, trailers, next head, for as long as there are
 * bytes. */
#include "spec/events.h"

#include "codec/h1.h"
#include "spec/guard.h"
#include "spec/require.h"

#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define EVENTS_MAX    1000
#define LOG_BYTES_MAX ((size_t)8 << 20)

enum phase {
    PHASE_HEAD,
    PHASE_LENGTH,
    PHASE_CHUNKS,
    PHASE_TRAILERS,
    PHASE_END, /* closed, or refused */
};

struct feed {
    struct event_log *log;
    enum phase phase;
    struct slice stream; /* all of it */
    size_t at;           /* where the element being parsed begins */
    const char *data;    /* the bytes at hand from there on, at the end of readable memory */
    struct buf body;
    uint64_t left; /* of a body with a length */
    bool keep_alive;
    struct h1_parser parser;
    struct h1_chunked chunked;
};

static struct h1_head head;
static struct h1_head trailers;

void event_log_init(struct event_log *log)
{
    arena_init(&log->arena, NULL, 0, LOG_BYTES_MAX);
    log->count = 0;
    log->items = arena_alloc(&log->arena, EVENTS_MAX * sizeof(*log->items));
    ck_assert_ptr_nonnull(log->items);
    log->empty = arena_mark(&log->arena);
}

void event_log_clear(struct event_log *log)
{
    arena_release(&log->arena, log->empty);
    log->count = 0;
}

void event_log_deinit(struct event_log *log)
{
    arena_deinit(&log->arena);
}

static void add(struct feed *f, const char *kind, struct slice value)
{
    struct event_log *const log = f->log;
    REQUIRE(log->count < EVENTS_MAX);
    char *const copy = arena_dup(&log->arena, value);
    REQUIRE(copy != NULL);
    log->items[log->count++] = (struct spec_event){slice_cstr(kind), slice_of(copy, value.len)};
}

static void add_text(struct feed *f, const char *kind, const char *value)
{
    add(f, kind, slice_cstr(value));
}

static void add_number(struct feed *f, const char *kind, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRId64, value);
    add_text(f, kind, text);
}

static void add_fields(struct feed *f, const char *kind, const struct h1_head *h, const char *data)
{
    for (size_t i = 0; i < h->field_count; i++) {
        const struct h1_field *const field = &h->fields[i];
        size_t len;
        const char *const line = arena_printf(&f->log->arena, &len, "%.*s: %.*s",
                                              (int)field->name_len, data + field->name_offset,
                                              (int)field->value_len, data + field->value_offset);
        REQUIRE(line != NULL);
        add(f, kind, slice_of(line, len));
    }
}

static void add_head(struct feed *f, const char *data)
{
    static const char *const forms[] = {"origin", "absolute", "authority", "asterisk"};
    add(f, "method", h1_span_slice(head.method_text, data));
    add(f, "target", h1_span_slice(head.target, data));
    add_text(f, "form", forms[head.form]);
    add(f, "path", h1_span_slice(head.path, data));
    add_text(f, "plain", head.path_plain ? "yes" : "no");
    if (head.has_query) {
        add(f, "query", h1_span_slice(head.query, data));
    }
    add(f, "authority", h1_span_slice(head.authority, data));
    add_text(f, "version", head.minor == 0 ? "1.0" : "1.1");
    add_fields(f, "field", &head, data);
    if (head.content_length >= 0) {
        add_number(f, "length", head.content_length);
    }
    add_text(f, "chunked", head.chunked ? "yes" : "no");
    add_text(f, "connection", head.keep_alive ? "keep" : "close");
    add_text(f, "expect", head.expect_continue ? "continue" : "no");
    add_text(f, "upgrade", head.upgrade ? "yes" : "no");
}

static void refuse(struct feed *f, const struct h1_error *error)
{
    add_text(f, "reason", error->reason);
    add_number(f, "at", error->offset);
    add_number(f, "error", error->status);
    f->phase = PHASE_END;
}

static void begin_head(struct feed *f)
{
    h1_parser_init(&f->parser, &h1_limits_default, &head);
    f->phase = PHASE_HEAD;
}

static void end_body(struct feed *f)
{
    if (f->body.len > 0) {
        add(f, "body", buf_slice(&f->body));
        buf_clear(&f->body);
    }
}

static void end_message(struct feed *f)
{
    add_text(f, "done", "");
    if (f->keep_alive) {
        begin_head(f);
    } else {
        f->phase = PHASE_END;
    }
}

/* One call of the head parser with `len` bytes. True when a head or section is complete. */
static bool parse_head(struct feed *f, size_t len)
{
    const uint32_t pos_before = f->parser.pos;
    const enum h1_result result = h1_head_parse(&f->parser, f->data, len);
    REQUIRE(f->parser.pos >= pos_before);
    REQUIRE(f->parser.pos <= len);
    if (result == H1_BAD) {
        REQUIRE(f->parser.error.offset <= len);
        refuse(f, &f->parser.error);
    } else if (result == H1_MORE) {
        REQUIRE(f->parser.pos == len);
    }
    return result == H1_DONE;
}

static void consume(struct feed *f, size_t size)
{
    f->at += size;
    f->data += size;
}

static void begin_body(struct feed *f)
{
    f->keep_alive = head.keep_alive;
    if (head.chunked) {
        h1_chunked_init(&f->chunked, &h1_limits_default);
        f->phase = PHASE_CHUNKS;
    } else if (head.content_length > 0) {
        f->left = (uint64_t)head.content_length;
        f->phase = PHASE_LENGTH;
    } else {
        end_message(f);
    }
}

/* Each of these uses up some of the `len` bytes at f->data; true if it is worth going on. */

static bool feed_head(struct feed *f, size_t len)
{
    if (!parse_head(f, len)) {
        return false;
    }
    add_head(f, f->data);
    consume(f, head.size);
    begin_body(f);
    return true;
}

static bool feed_length(struct feed *f, size_t len)
{
    const size_t size = len < f->left ? len : (size_t)f->left;
    REQUIRE(buf_append(&f->body, f->data, size) == 0);
    consume(f, size);
    f->left -= size;
    if (f->left > 0) {
        return false;
    }
    end_body(f);
    end_message(f);
    return true;
}

static bool feed_chunks(struct feed *f, size_t len)
{
    size_t consumed = 0;
    struct slice run;
    const enum h1_chunk result = h1_chunked_read(&f->chunked, f->data, len, &consumed, &run);
    REQUIRE(consumed <= len);
    switch (result) {
    case H1_CHUNK_DATA:
        REQUIRE(run.len > 0);
        REQUIRE(run.ptr + run.len == f->data + consumed);
        REQUIRE(buf_append_slice(&f->body, run) == 0);
        break;
    case H1_CHUNK_MORE: REQUIRE(consumed == len); break;
    case H1_CHUNK_TRAILERS:
        end_body(f);
        h1_parser_init_trailers(&f->parser, &h1_limits_default, &trailers);
        f->phase = PHASE_TRAILERS;
        break;
    case H1_CHUNK_BAD: refuse(f, &f->chunked.error); break;
    }
    consume(f, consumed);
    return result == H1_CHUNK_DATA || result == H1_CHUNK_TRAILERS;
}

static bool feed_trailers(struct feed *f, size_t len)
{
    if (!parse_head(f, len)) {
        return false;
    }
    add_fields(f, "trailer", &trailers, f->data);
    consume(f, trailers.size);
    end_message(f);
    return true;
}

/* Gives the codec all bytes up to `fed`. */
static void feed_up_to(struct feed *f, size_t fed)
{
    static bool (*const phases[])(struct feed * f, size_t len) = {
        [PHASE_HEAD] = feed_head,
        [PHASE_LENGTH] = feed_length,
        [PHASE_CHUNKS] = feed_chunks,
        [PHASE_TRAILERS] = feed_trailers,
    };
    f->data = guard_copy(slice_of(f->stream.ptr + f->at, fed - f->at));
    while (f->phase != PHASE_END && f->at < fed && phases[f->phase](f, fed - f->at)) {
    }
}

void event_log_feed(struct event_log *log, struct slice stream, size_t first, size_t step)
{
    struct feed f = {.log = log, .stream = stream};
    buf_init(&f.body, LOG_BYTES_MAX);
    begin_head(&f);
    for (size_t fed = first; f.phase != PHASE_END; fed += step) {
        feed_up_to(&f, fed < stream.len ? fed : stream.len);
        if (fed >= stream.len) {
            break;
        }
    }
    if (f.phase != PHASE_END && (f.phase != PHASE_HEAD || f.at < stream.len)) {
        add_text(&f, "more", "");
    }
    buf_deinit(&f.body);
}
