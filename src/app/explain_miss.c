/* What keeps a pattern from taking a request, part by part. The router decides; this only says why,
 * and tests hold the two together. */
#include "app/explain.h"

#include "base/limits.h"
#include "base/text.h"
#include "codec/target.h"

#include <errno.h>

/* Something else altogether, as opposed to a slip. */
#define DISTANCE_FAR 3

struct miss {
    struct buf text;
    unsigned distance;
};

/* Notes one more reason, and how much it weighs. */
static void note(struct miss *miss, unsigned distance, const char *format, ...) PRINTF_LIKE(3, 4);

static void note(struct miss *miss, unsigned distance, const char *format, ...)
{
    va_list args;
    if (miss->text.len > 0) {
        buf_printf(&miss->text, "; ");
    }
    va_start(args, format);
    buf_vprintf(&miss->text, format, args);
    va_end(args);
    miss->distance += distance;
}

static bool takes_method(const struct pattern *pattern, const struct explained_request *request)
{
    if (pattern->method_text.len == 0) {
        return request->method != METHOD_CONNECT && request->method != METHOD_TRACE;
    }
    return slice_eq(pattern->method_text, request->method_text) ||
           (request->method == METHOD_HEAD && pattern->method == METHOD_GET);
}

static void compare_method(const struct pattern *pattern, const struct explained_request *request,
                           struct miss *miss)
{
    if (takes_method(pattern, request)) {
        return;
    }
    if (pattern->method_text.len == 0) {
        note(miss, 1, "a route without a method does not take %.*s",
             SLICE_ARG(request->method_text));
    } else {
        note(miss, 1, "it takes %.*s", SLICE_ARG(pattern->method_text));
    }
}

static void compare_host(const struct pattern *pattern, const struct explained_request *request,
                         struct miss *miss)
{
    if (pattern->host.len > 0 && !slice_eq(pattern->host, request->host)) {
        note(miss, 1, "it is for the host %.*s", SLICE_ARG(pattern->host));
    }
}

/* Was the literal perhaps meant? */
static bool is_near(struct slice a, struct slice b)
{
    const size_t shorter = a.len < b.len ? a.len : b.len;
    const size_t bound = shorter / 3 > 1 ? shorter / 3 : 1;
    return slice_eq_nocase(a, b) || (shorter > 1 && text_distance(a, b) <= bound);
}

/* Compares the `number`-th segment, from 1, decoded. */
static void compare_segment(const struct segment *segment, struct slice text, size_t number,
                            struct miss *miss)
{
    char shown[64];
    int64_t value = 0;
    text_printable(text, shown, sizeof(shown));
    switch (segment->kind) {
    case SEGMENT_LITERAL:
        if (!slice_eq(text, segment->text)) {
            note(miss, is_near(text, segment->text) ? 1 : DISTANCE_FAR,
                 "segment %zu is \"%s\", not \"%.*s\"", number, shown, SLICE_ARG(segment->text));
        }
        break;
    case SEGMENT_INT:
        if (text_to_i64(text, &value) < 0) {
            note(miss, 1, "segment %zu, \"%s\", is no integer for {%.*s:int}", number, shown,
                 SLICE_ARG(segment->text));
        }
        break;
    case SEGMENT_STRING:
        if (text.len == 0) {
            note(miss, 1, "segment %zu is empty, and {%.*s} is not", number,
                 SLICE_ARG(segment->text));
        }
        break;
    case SEGMENT_SLASH:
    case SEGMENT_REST: break;
    }
}

/* What the path has beyond the pattern. */
static void note_rest(struct slice rest, struct miss *miss)
{
    char shown[64];
    struct slice segment;
    unsigned count = 0;
    if (slice_eq(rest, SLICE("/"))) {
        note(miss, 1, "the path ends with '/', and the pattern does not");
        return;
    }
    struct slice walk = rest;
    while (count < DISTANCE_FAR && path_next(&walk, &segment)) {
        count++;
    }
    note(miss, count, "the path goes on with \"%s\"", text_printable(rest, shown, sizeof(shown)));
}

/* The path is at its end, and the pattern is not: `segment` comes next, `left` with it. */
static void note_end(const struct segment *segment, size_t left, struct miss *miss)
{
    const unsigned distance = left < DISTANCE_FAR ? (unsigned)left : DISTANCE_FAR;
    switch (segment->kind) {
    case SEGMENT_LITERAL:
        note(miss, distance, "the path ends before \"/%.*s\"", SLICE_ARG(segment->text));
        break;
    case SEGMENT_INT:
    case SEGMENT_STRING:
        note(miss, distance, "the path ends before {%.*s}", SLICE_ARG(segment->text));
        break;
    case SEGMENT_SLASH:
    case SEGMENT_REST: note(miss, distance, "the path does not end with '/'"); break;
    }
}

static void compare_path(const struct pattern *pattern, struct slice rest, struct arena *arena,
                         struct miss *miss)
{
    for (size_t i = 0; i < pattern->segment_count; i++) {
        const struct segment *const segment = &pattern->segments[i];
        struct slice raw = {0};
        size_t len = 0;
        if (rest.len == 0) {
            note_end(segment, pattern->segment_count - i, miss);
            return;
        }
        if (segment->kind == SEGMENT_REST) {
            return;
        }
        if (segment->kind == SEGMENT_SLASH) {
            rest = slice_of(rest.ptr + 1, rest.len - 1);
            if (rest.len > 0) {
                note(miss, 1, "the path does not end where {$} stands");
            }
            return;
        }
        path_next(&rest, &raw);
        char *const out = arena_alloc(arena, raw.len + 1);
        if (out == NULL || percent_decode(raw, false, out, &len) < 0) {
            miss->text.error = out == NULL ? -ENOMEM : miss->text.error;
            return;
        }
        compare_segment(segment, slice_of(out, len), i + 1, miss);
    }
    if (rest.len > 0) {
        note_rest(rest, miss);
    }
}

const char *explain_miss(const struct pattern *pattern, const struct explained_request *request,
                         struct arena *arena, unsigned *ret_distance)
{
    struct miss miss = {.distance = 0};
    buf_init(&miss.text, KIB(64));
    compare_host(pattern, request, &miss);
    compare_path(pattern, request->path, arena, &miss);
    compare_method(pattern, request, &miss);
    const char *const text =
        miss.text.error < 0 ? NULL : arena_dup(arena, slice_cstr(buf_cstr(&miss.text)));
    buf_deinit(&miss.text);
    *ret_distance = miss.distance;
    return text;
}
