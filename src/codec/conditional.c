/* Preconditions, in the order of RFC 9110 section 13.2.2. */
#include "codec/conditional.h"

#include "base/date.h"

struct etag {
    bool weak;
    struct slice opaque; /* with its quotes; empty: none */
};

static bool is_etag_byte(char c)
{
    const unsigned char byte = (unsigned char)c;
    return byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
}

/* An entity tag off the front of `s`. False, and nothing taken, if there is none. */
static bool take_etag(struct slice *s, struct etag *ret_etag)
{
    struct etag etag = {.weak = slice_starts_with(*s, SLICE("W/"))};
    const size_t begin = etag.weak ? 2 : 0;
    size_t end = begin + 1;
    if (s->len <= begin || s->ptr[begin] != '"') {
        return false;
    }
    while (end < s->len && is_etag_byte(s->ptr[end])) {
        end++;
    }
    if (end == s->len || s->ptr[end] != '"') {
        return false;
    }
    end++;
    etag.opaque = slice_of(s->ptr + begin, end - begin);
    *s = slice_of(s->ptr + end, s->len - end);
    *ret_etag = etag;
    return true;
}

static struct etag parse_etag(struct slice text)
{
    struct etag etag = {0};
    return take_etag(&text, &etag) && text.len == 0 ? etag : (struct etag){0};
}

static bool etags_match(const struct etag *a, const struct etag *b, bool weak)
{
    return a->opaque.len > 0 && slice_eq(a->opaque, b->opaque) && (weak || (!a->weak && !b->weak));
}

/* An opaque tag may hold commas, so the list is not cut at them beforehand. */
bool etag_list_has(struct slice list, struct slice etag, bool weak)
{
    const struct etag own = parse_etag(etag);
    struct slice rest = slice_trim(list);
    if (slice_eq(rest, SLICE("*"))) {
        return true;
    }
    while (rest.len > 0) {
        struct etag listed = {0};
        struct slice skipped;
        rest = slice_trim(rest);
        const bool taken = take_etag(&rest, &listed);
        const bool alone = slice_trim(rest).len == 0 || slice_trim(rest).ptr[0] == ',';
        if (taken && alone && etags_match(&listed, &own, weak)) {
            return true;
        }
        (void)slice_cut(&rest, ',', &skipped);
    }
    return false;
}

/* False for what is no date: then the field counts as absent. */
static bool parse_date(struct slice text, int64_t now_s, int64_t *ret_seconds)
{
    return text.len > 0 && date_from_http(slice_trim(text), now_s, ret_seconds) == 0;
}

static bool if_match_holds(const struct conditions *conditions, const struct validators *own,
                           int64_t now_s)
{
    int64_t since_s = 0;
    if (conditions->if_match.ptr != NULL) {
        return etag_list_has(conditions->if_match, own->etag, false);
    }
    if (own->has_modified && parse_date(conditions->if_unmodified_since, now_s, &since_s)) {
        return own->modified_s <= since_s;
    }
    return true;
}

static bool if_none_match_holds(const struct conditions *conditions, const struct validators *own,
                                int64_t now_s)
{
    int64_t since_s = 0;
    if (conditions->if_none_match.ptr != NULL) {
        return !etag_list_has(conditions->if_none_match, own->etag, true);
    }
    if (own->has_modified && parse_date(conditions->if_modified_since, now_s, &since_s)) {
        return own->modified_s > since_s;
    }
    return true;
}

enum condition conditions_judge(const struct conditions *conditions,
                                const struct validators *validators, int64_t now_s)
{
    if (!if_match_holds(conditions, validators, now_s)) {
        return CONDITION_FAILED;
    }
    return if_none_match_holds(conditions, validators, now_s) ? CONDITION_MET
                                                              : CONDITION_NOT_MODIFIED;
}

bool if_range_holds(struct slice if_range, const struct validators *validators, int64_t now_s)
{
    int64_t date_s = 0;
    if (if_range.ptr == NULL) {
        return true;
    }
    const struct etag own = parse_etag(validators->etag);
    const struct etag wanted = parse_etag(slice_trim(if_range));
    if (wanted.opaque.len > 0) {
        return etags_match(&wanted, &own, false);
    }
    return validators->has_modified && parse_date(if_range, now_s, &date_s) &&
           date_s == validators->modified_s && validators->modified_s < now_s;
}
