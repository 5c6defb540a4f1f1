/* Which of two patterns is the more specific one. A pattern's requests are a product of sets, one
 * per method and segment, so that the relation of the whole is the sum of the relations of the
 * parts. */
#include "app/pattern.h"

#include "base/text.h"

bool segment_is_int(struct slice text)
{
    int64_t value = 0;
    return text_to_i64(text, &value) == 0;
}

static enum pattern_relation reverse(enum pattern_relation relation)
{
    switch (relation) {
    case PATTERN_NARROWER: return PATTERN_WIDER;
    case PATTERN_WIDER: return PATTERN_NARROWER;
    default: return relation;
    }
}

/* The relation of two products, from those of their factors. */
static enum pattern_relation both(enum pattern_relation a, enum pattern_relation b)
{
    if (a == PATTERN_DISJOINT || b == PATTERN_DISJOINT) {
        return PATTERN_DISJOINT;
    }
    if (a == PATTERN_EQUAL || a == b) {
        return b;
    }
    return b == PATTERN_EQUAL ? a : PATTERN_OVERLAP;
}

/* `literal` is more specific by its kind; what else could match it? */
static enum pattern_relation relate_literal(const struct segment *literal,
                                            const struct segment *other)
{
    switch (other->kind) {
    case SEGMENT_LITERAL:
        return slice_eq(literal->text, other->text) ? PATTERN_EQUAL : PATTERN_DISJOINT;
    case SEGMENT_SLASH: return PATTERN_DISJOINT;
    case SEGMENT_INT: return segment_is_int(literal->text) ? PATTERN_NARROWER : PATTERN_DISJOINT;
    case SEGMENT_STRING: return literal->text.len > 0 ? PATTERN_NARROWER : PATTERN_DISJOINT;
    case SEGMENT_REST: return PATTERN_NARROWER;
    }
    return PATTERN_DISJOINT;
}

static enum pattern_relation relate_segments(const struct segment *a, const struct segment *b)
{
    if (a->kind > b->kind) {
        return reverse(relate_segments(b, a));
    }
    if (a->kind == SEGMENT_LITERAL) {
        return relate_literal(a, b);
    }
    if (a->kind == b->kind) {
        return PATTERN_EQUAL;
    }
    return a->kind == SEGMENT_SLASH && b->kind != SEGMENT_REST ? PATTERN_DISJOINT
                                                               : PATTERN_NARROWER;
}

static bool ends_with_rest(const struct pattern *pattern)
{
    return pattern->segments[pattern->segment_count - 1].kind == SEGMENT_REST;
}

/* A REST stands for all that the longer pattern has beyond it. */
static enum pattern_relation relate_lengths(const struct pattern *a, const struct pattern *b)
{
    if (a->segment_count == b->segment_count) {
        return PATTERN_EQUAL;
    }
    if (a->segment_count < b->segment_count) {
        return ends_with_rest(a) ? PATTERN_WIDER : PATTERN_DISJOINT;
    }
    return ends_with_rest(b) ? PATTERN_NARROWER : PATTERN_DISJOINT;
}

/* Both without CONNECT and TRACE, which no method-less pattern takes. */
static enum pattern_relation relate_to_every(const struct pattern *one)
{
    const bool named_only = one->method == METHOD_CONNECT || one->method == METHOD_TRACE;
    return named_only ? PATTERN_DISJOINT : PATTERN_NARROWER;
}

static enum pattern_relation relate_methods(const struct pattern *a, const struct pattern *b)
{
    if (slice_eq(a->method_text, b->method_text)) {
        return PATTERN_EQUAL;
    }
    if (a->method_text.len == 0) {
        return reverse(relate_to_every(b));
    }
    if (b->method_text.len == 0) {
        return relate_to_every(a);
    }
    if (a->method == METHOD_HEAD && b->method == METHOD_GET) {
        return PATTERN_NARROWER;
    }
    return a->method == METHOD_GET && b->method == METHOD_HEAD ? PATTERN_WIDER : PATTERN_DISJOINT;
}

enum pattern_relation pattern_relate(const struct pattern *a, const struct pattern *b)
{
    enum pattern_relation relation = relate_methods(a, b);
    for (size_t i = 0; i < a->segment_count && i < b->segment_count; i++) {
        if (relation == PATTERN_DISJOINT) {
            return relation;
        }
        relation = both(relation, relate_segments(&a->segments[i], &b->segments[i]));
    }
    return both(relation, relate_lengths(a, b));
}

/* The narrower of the two patterns' i-th segments; NULL beyond both. */
static const struct segment *narrower_segment(const struct pattern *a, const struct pattern *b,
                                              size_t i)
{
    const struct segment *const one = i < a->segment_count ? &a->segments[i] : NULL;
    const struct segment *const two = i < b->segment_count ? &b->segments[i] : NULL;
    if (one == NULL || two == NULL) {
        return one == NULL ? two : one;
    }
    return one->kind <= two->kind ? one : two;
}

static void append_literal(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f || strchr("%/?#\\\"<>{}", c) != NULL) {
            buf_printf(out, "%%%02X", c);
        } else {
            buf_append_byte(out, (char)c);
        }
    }
}

void pattern_example(const struct pattern *a, const struct pattern *b, struct buf *out)
{
    const enum pattern_relation methods = relate_methods(a, b);
    const struct slice method = methods == PATTERN_WIDER ? b->method_text : a->method_text;
    buf_append_slice(out, method.len > 0 ? method : SLICE("GET"));
    buf_append_byte(out, ' ');
    buf_append_slice(out, a->host);
    const struct segment *segment = NULL;
    for (size_t i = 0; (segment = narrower_segment(a, b, i)) != NULL; i++) {
        buf_append_byte(out, '/');
        switch (segment->kind) {
        case SEGMENT_LITERAL: append_literal(out, segment->text); break;
        case SEGMENT_INT: buf_append(out, "1", 1); break;
        case SEGMENT_STRING: append_literal(out, segment->text); break;
        case SEGMENT_SLASH:
        case SEGMENT_REST: break;
        }
    }
}
