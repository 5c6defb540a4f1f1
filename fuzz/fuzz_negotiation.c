/* What a client asks for in a field: ranges, entity tags and dates, content codings, media types.
 * The input is one field's value, which each of them reads; each is held to a simpler account of
 * what it may answer, and to what must not change its answer. */
#include "fuzz.h"

#include "app/negotiate.h"
#include "base/date.h"
#include "base/text.h"
#include "codec/coding.h"
#include "codec/conditional.h"
#include "codec/range.h"

#include <stdio.h>

#define INPUT_MAX    512
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The texts behind one another. To be freed. */
static struct slice joined(struct slice a, struct slice b, struct slice c)
{
    char *const text = fuzz_alloc(a.len + b.len + c.len);
    const struct slice parts[] = {a, b, c};
    size_t len = 0;
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (parts[i].len > 0) {
            memcpy(text + len, parts[i].ptr, parts[i].len);
        }
        len += parts[i].len;
    }
    return slice_of(text, len);
}

static void drop(struct slice text)
{
    free((char *)(uintptr_t)text.ptr);
}

static struct slice upper(struct slice text)
{
    char *const copy = fuzz_copy(text.ptr, text.len);
    for (size_t i = 0; i < text.len; i++) {
        copy[i] = (char)(copy[i] >= 'a' && copy[i] <= 'z' ? copy[i] - 'a' + 'A' : copy[i]);
    }
    return slice_of(copy, text.len);
}

/* Ranges. Of a representation of at most 64 bytes each set of bytes is a number. */

static uint64_t bytes_of(const struct range *range)
{
    const uint64_t ones = range->size == 64 ? UINT64_MAX : (UINT64_C(1) << range->size) - 1;
    return ones << range->offset;
}

/* All parts lie within the representation, with room between any two. */
static void check_parts(const struct ranges *ranges, uint64_t size)
{
    CHECK(ranges->count > 0 && ranges->count <= RANGE_PARTS_MAX);
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *const a = &ranges->parts[i];
        CHECK(a->size > 0 && a->offset < size && a->size <= size - a->offset);
        for (size_t k = 0; k < i; k++) {
            const struct range *const b = &ranges->parts[k];
            CHECK(a->offset + a->size < b->offset || b->offset + b->size < a->offset);
        }
    }
}

/* The parts, asked for as they are, are the parts. */
static void check_again(const struct ranges *ranges, uint64_t size)
{
    char text[RANGE_PARTS_MAX * (2 * TEXT_INT_MAX + 2) + 8];
    struct ranges again;
    int len = snprintf(text, sizeof(text), "bytes=");
    for (size_t i = 0; i < ranges->count; i++) {
        const struct range *const part = &ranges->parts[i];
        len += snprintf(text + len, sizeof(text) - (size_t)len, "%llu-%llu,",
                        (unsigned long long)part->offset,
                        (unsigned long long)(part->offset + (part->size - 1)));
    }
    CHECK(range_parse(slice_of(text, (size_t)len), size, &again) == RANGE_PARTS);
    CHECK(again.count == ranges->count);
    CHECK(memcmp(again.parts, ranges->parts, again.count * sizeof(again.parts[0])) == 0);
}

/* What the elements come to one by one. */
struct account {
    size_t specs;
    bool malformed;
    uint64_t bytes;
    size_t first[64]; /* which element asked for a byte first */
};

static void add_element(struct account *account, struct slice element, uint64_t size)
{
    struct ranges ranges;
    if (slice_trim(element).len == 0) {
        return;
    }
    const struct slice alone = joined(SLICE("Bytes="), element, SLICE(""));
    const enum range_result result = range_parse(alone, size, &ranges);
    drop(alone);
    account->specs++;
    account->malformed = account->malformed || result == RANGE_WHOLE;
    if (result == RANGE_PARTS) {
        const uint64_t fresh = bytes_of(&ranges.parts[0]) & ~account->bytes;
        CHECK(ranges.count == 1);
        account->bytes |= fresh;
        for (size_t i = 0; i < COUNT(account->first); i++) {
            account->first[i] = (fresh >> i & 1) != 0 ? account->specs : account->first[i];
        }
    }
}

/* The element that asked for one of the part's bytes before the others did. */
static size_t asked(const struct account *account, const struct range *part)
{
    size_t first = SIZE_MAX;
    for (uint64_t i = part->offset; i < part->offset + part->size; i++) {
        first = account->first[i] < first ? account->first[i] : first;
    }
    return first;
}

/* The whole is what its elements are together, in the order in which they came. */
static void check_account(struct slice field, uint64_t size, enum range_result result,
                          const struct ranges *ranges)
{
    struct account account = {0};
    struct slice elements = slice_of(field.ptr + 6, field.len - 6);
    struct slice element;
    uint64_t bytes = 0;
    while (slice_cut(&elements, ',', &element)) {
        add_element(&account, element, size);
    }
    if (account.malformed || account.specs == 0 || account.specs > RANGE_SPECS_MAX) {
        CHECK(result == RANGE_WHOLE);
        return;
    }
    if (result == RANGE_WHOLE) {
        CHECK(account.specs > RANGE_PARTS_MAX);
        return;
    }
    for (size_t i = 0; result == RANGE_PARTS && i < ranges->count; i++) {
        bytes |= bytes_of(&ranges->parts[i]);
        CHECK(i == 0 ||
              asked(&account, &ranges->parts[i - 1]) < asked(&account, &ranges->parts[i]));
    }
    CHECK(bytes == account.bytes);
}

static void check_ranges(struct slice field)
{
    static const uint64_t sizes[] = {1, 10, 64, 1000, UINT64_MAX - 1, UINT64_MAX};
    struct ranges ranges;
    CHECK(range_parse(field, 0, &ranges) == RANGE_WHOLE);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        const enum range_result result = range_parse(field, sizes[i], &ranges);
        if (result == RANGE_PARTS) {
            check_parts(&ranges, sizes[i]);
            check_again(&ranges, sizes[i]);
        }
        if (sizes[i] <= 64 && field.len >= 6 &&
            slice_eq_nocase(slice_of(field.ptr, 6), SLICE("bytes="))) {
            check_account(field, sizes[i], result, &ranges);
        }
    }
}

/* Conditions. */

#define NOW_S      INT64_C(1700000000)
#define MODIFIED_S INT64_C(784111777)

/* A tag that joins a list, before it or behind it, is in it; and changes nothing else. */
static void check_joins(struct slice list, struct slice tag)
{
    static const struct slice other = {"\"other\"", 7};
    const struct slice before = joined(tag, SLICE(", "), list);
    const struct slice behind = joined(list, SLICE(", "), tag);
    const bool strong = tag.ptr[0] == '"';
    CHECK(etag_list_has(before, tag, true) && etag_list_has(behind, tag, true));
    CHECK(!strong || (etag_list_has(before, tag, false) && etag_list_has(behind, tag, false)));
    if (!slice_eq(slice_trim(list), SLICE("*"))) {
        CHECK(etag_list_has(before, other, true) == etag_list_has(list, other, true));
        CHECK(etag_list_has(behind, other, true) == etag_list_has(list, other, true));
    }
    drop(behind);
    drop(before);
}

/* The fields are there, also when they are empty. */
static void check_tag(struct slice field, struct slice tag)
{
    const struct validators own = {.etag = tag};
    const struct conditions match = {.if_match = field, .if_unmodified_since = field};
    const struct conditions none_match = {.if_none_match = field, .if_modified_since = field};
    const struct conditions all = {field, field, field, field};
    const bool strong = etag_list_has(field, tag, false);
    const bool weak = etag_list_has(field, tag, true);
    CHECK(weak || !strong);
    CHECK(conditions_judge(&match, &own, NOW_S) == (strong ? CONDITION_MET : CONDITION_FAILED));
    CHECK(conditions_judge(&none_match, &own, NOW_S) ==
          (weak ? CONDITION_NOT_MODIFIED : CONDITION_MET));
    CHECK(conditions_judge(&all, &own, NOW_S) ==
          (strong ? CONDITION_NOT_MODIFIED : CONDITION_FAILED));
    if (if_range_holds(field, &own, NOW_S)) {
        CHECK(slice_eq(slice_trim(field), tag) && tag.ptr[0] == '"' && strong);
    }
}

/* What is read is what was written, and the four fields agree about it. */
static void check_date(struct slice field)
{
    const struct validators own = {.has_modified = true, .modified_s = MODIFIED_S};
    const struct conditions since = {.if_modified_since = field};
    const struct conditions not_since = {.if_unmodified_since = field};
    int64_t date_s = 0;
    int64_t again_s = 0;
    const bool valid = date_from_http(slice_trim(field), NOW_S, &date_s) == 0;
    const bool newer = valid && MODIFIED_S > date_s;
    CHECK(conditions_judge(&since, &own, NOW_S) ==
          (valid && !newer ? CONDITION_NOT_MODIFIED : CONDITION_MET));
    CHECK(conditions_judge(&not_since, &own, NOW_S) == (newer ? CONDITION_FAILED : CONDITION_MET));
    CHECK(if_range_holds(field, &own, NOW_S) == (valid && date_s == MODIFIED_S));
    char text[DATE_HTTP_SIZE];
    date_to_http(date_s, text);
    CHECK(date_from_http(slice_of(text, sizeof(text)), NOW_S, &again_s) == 0);
    /* The leap second of the last year that can be written is in the next one. */
    CHECK(again_s == date_s || again_s == date_s - 1);
}

static void check_conditions(struct slice field)
{
    check_tag(field, SLICE("\"x\""));
    check_tag(field, SLICE("W/\"x\""));
    check_tag(field, SLICE("no tag"));
    check_tag(field, slice_trim(field));
    check_joins(field, SLICE("\"x\""));
    check_joins(field, SLICE("W/\"x,y\""));
    check_date(field);
}

/* Content codings. */

static void check_quality(struct slice text)
{
    char again[16];
    const int quality = quality_parse(text);
    CHECK(quality >= -1 && quality <= QUALITY_MAX);
    if (quality >= 0) {
        const int len = snprintf(again, sizeof(again), "%d.%03d", quality / 1000, quality % 1000);
        CHECK(quality_parse(slice_of(again, (size_t)len)) == quality);
    }
}

static void check_codings(struct slice field)
{
    int qualities[CODING_COUNT_];
    int others[CODING_COUNT_];
    coding_qualities(field, qualities);
    for (size_t i = 0; i < CODING_COUNT_; i++) {
        CHECK(qualities[i] >= 0 && qualities[i] <= QUALITY_MAX);
    }
    const struct slice shouted = upper(field);
    coding_qualities(shouted, others);
    CHECK(memcmp(others, qualities, sizeof(others)) == 0);
    drop(shouted);
    /* The last word counts, and is about nothing else. */
    const struct slice longer = joined(field, SLICE(" , gzip ; q=0.123"), SLICE(""));
    coding_qualities(longer, others);
    CHECK(others[CODING_GZIP] == 123);
    others[CODING_GZIP] = qualities[CODING_GZIP];
    CHECK(memcmp(others, qualities, sizeof(others)) == 0);
    drop(longer);
}

/* Media types. */

#define TYPES 5

static void check_types(struct slice field)
{
    static const char *const types[TYPES] = {"text/html", "application/json;charset=utf-8",
                                             "text/plain;format=\"flowed\"", "image/png", "a/b"};
    const char *backwards[TYPES];
    bool any = false;
    const int best = negotiate(field, types, TYPES);
    CHECK(best >= -1 && best < TYPES);
    for (size_t i = 0; i < TYPES; i++) {
        const int alone = negotiate(field, &types[i], 1);
        CHECK(alone == 0 || alone == -1);
        CHECK(alone == 0 || best != (int)i);
        any = any || alone == 0;
        backwards[i] = types[TYPES - 1 - i];
    }
    CHECK(any == (best >= 0));
    const int last = negotiate(field, backwards, TYPES);
    CHECK((last >= 0) == any);
    if (any) {
        /* Both are as good: the first of the two is taken, whichever it is. */
        const char *const pair[] = {types[best], backwards[last], types[best]};
        CHECK(negotiate(field, pair, 2) == 0 && negotiate(field, pair + 1, 2) == 0);
    }
    const struct slice shouted = upper(field);
    CHECK(negotiate(shouted, types, TYPES) == best);
    drop(shouted);
    /* Of equally close ranges the best one counts. */
    const struct slice longer = joined(SLICE("text/html, "), field, SLICE(""));
    CHECK(negotiate(longer, types, 1) == 0);
    drop(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > INPUT_MAX) {
        return 0;
    }
    char *const copy = fuzz_copy((const char *)data, size);
    const struct slice field = slice_of(copy, size);
    check_ranges(field);
    check_conditions(field);
    check_quality(field);
    check_codings(field);
    check_types(field);
    free(copy);
    return 0;
}
