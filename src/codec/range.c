/* The Range field (RFC 9110 section 14.2). */
#include "codec/range.h"

#include "base/text.h"

/* As the field has them: positions that 64 bits cannot hold are UINT64_MAX. */
struct spec {
    bool suffix;    /* the last `first` bytes */
    bool open;      /* up to the end */
    uint64_t first; /* or the suffix's length */
    uint64_t last;
};

/* 1*DIGIT off the front of `s`; false without one. */
static bool take_number(struct slice *s, uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t len = 0;
    for (; len < s->len && text_is_digit(s->ptr[len]); len++) {
        const uint64_t digit = (uint64_t)(s->ptr[len] - '0');
        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *s = slice_of(s->ptr + len, s->len - len);
    *ret_value = value;
    return len > 0;
}

/* "first-last", "first-" or "-length". */
static bool parse_spec(struct slice text, struct spec *ret_spec)
{
    struct spec spec = {0};
    spec.suffix = !take_number(&text, &spec.first);
    if (text.len == 0 || text.ptr[0] != '-') {
        return false;
    }
    text = slice_of(text.ptr + 1, text.len - 1);
    spec.open = !take_number(&text, &spec.last);
    if (text.len > 0 || (spec.suffix && spec.open) ||
        (!spec.suffix && !spec.open && spec.last < spec.first)) {
        return false;
    }
    if (spec.suffix) {
        spec.first = spec.last;
    }
    *ret_spec = spec;
    return true;
}

/* What it is of `size` bytes; size 0: nothing. */
static struct range resolve(const struct spec *spec, uint64_t size)
{
    if (spec->suffix) {
        const uint64_t count = spec->first < size ? spec->first : size;
        return (struct range){size - count, count};
    }
    if (spec->first >= size) {
        return (struct range){0};
    }
    const uint64_t last = spec->open || spec->last >= size ? size - 1 : spec->last;
    return (struct range){spec->first, last - spec->first + 1};
}

static bool touch(const struct range *a, const struct range *b)
{
    return a->offset <= b->offset + b->size && b->offset <= a->offset + a->size;
}

static struct range join(const struct range *a, const struct range *b)
{
    const uint64_t end_a = a->offset + a->size;
    const uint64_t end_b = b->offset + b->size;
    const uint64_t offset = a->offset < b->offset ? a->offset : b->offset;
    return (struct range){offset, (end_a > end_b ? end_a : end_b) - offset};
}

static void remove_at(struct ranges *ranges, size_t index)
{
    ranges->count--;
    for (size_t i = index; i < ranges->count; i++) {
        ranges->parts[i] = ranges->parts[i + 1];
    }
}

/* Adds the range, made one with those that it overlaps or touches, at the place of the first of
 * these. False when there is no room for it. */
static bool add(struct ranges *ranges, struct range range)
{
    size_t place = ranges->count;
    for (size_t i = ranges->count; i-- > 0;) {
        if (touch(&ranges->parts[i], &range)) {
            range = join(&ranges->parts[i], &range);
            remove_at(ranges, i);
            /* It has grown: it may touch what was passed. */
            place = i < place ? i : place;
            i = ranges->count;
        }
    }
    if (ranges->count == RANGE_PARTS_MAX) {
        return false;
    }
    place = place < ranges->count ? place : ranges->count;
    for (size_t i = ranges->count; i > place; i--) {
        ranges->parts[i] = ranges->parts[i - 1];
    }
    ranges->parts[place] = range;
    ranges->count++;
    return true;
}

/* "bytes=" off the front, in any case. */
static bool take_unit(struct slice *field)
{
    static const struct slice unit = SLICE_INIT("bytes=");
    if (!slice_starts_with_nocase(*field, unit)) {
        return false;
    }
    *field = slice_of(field->ptr + unit.len, field->len - unit.len);
    return true;
}

enum range_result range_parse(struct slice field, uint64_t size, struct ranges *ret_ranges)
{
    struct ranges ranges = {.count = 0};
    size_t specs = 0;
    struct slice text;
    if (size == 0 || !take_unit(&field)) {
        return RANGE_WHOLE;
    }
    while (slice_cut(&field, ',', &text)) {
        struct spec spec;
        text = slice_trim(text);
        if (text.len == 0) {
            continue; /* an empty element of a list (RFC 9110 section 5.6.1.2) */
        }
        if (!parse_spec(text, &spec) || ++specs > RANGE_SPECS_MAX) {
            return RANGE_WHOLE;
        }
        const struct range range = resolve(&spec, size);
        if (range.size > 0 && !add(&ranges, range)) {
            return RANGE_WHOLE;
        }
    }
    if (specs == 0) {
        return RANGE_WHOLE;
    }
    *ret_ranges = ranges;
    return ranges.count > 0 ? RANGE_PARTS : RANGE_UNSATISFIABLE;
}
