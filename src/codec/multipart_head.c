/* The fields of a part's head: Content-Disposition names it, Content-Type is kept as sent, others
 * are only checked for their form. */
#include "codec/multipart_head.h"

#include "codec/chars.h"
#include "codec/field.h"
#include "codec/target.h"

#include <string.h>

struct reading {
    struct form_head head;
    struct slice extended; /* the value of filename* (RFC 8187) */
    bool has_disposition, has_name, has_type, has_extended;
};

/* One value per parameter: of two, each reader may take another. */
static const char *set_once(bool *seen, struct slice *place, struct slice value, const char *twice)
{
    if (*seen) {
        return twice;
    }
    *seen = true;
    *place = value;
    return NULL;
}

static const char *take_param(struct reading *r, const struct param *param)
{
    if (slice_eq_nocase(param->name, SLICE("name"))) {
        return set_once(&r->has_name, &r->head.name, param->value, "a part has two names");
    }
    if (slice_eq_nocase(param->name, SLICE("filename"))) {
        return set_once(&r->head.has_filename, &r->head.filename, param->value,
                        "a part has two file names");
    }
    if (slice_eq_nocase(param->name, SLICE("filename*"))) {
        return set_once(&r->has_extended, &r->extended, param->value, "a part has two file names");
    }
    return NULL;
}

/* UTF-8'LANGUAGE'PERCENT-ENCODED, which some clients send instead of a plain file name (RFC 7578
 * section 4.2 has them not do so). */
static const char *decode_extended(struct reading *r)
{
    static const char bad[] = "a bad filename* in a part's head";
    struct slice rest = r->extended;
    struct slice charset;
    struct slice language;
    if (!slice_cut(&rest, '\'', &charset) || !slice_eq_nocase(charset, SLICE("UTF-8")) ||
        memchr(rest.ptr, '\'', rest.len) == NULL || !slice_cut(&rest, '\'', &language)) {
        return bad;
    }
    char *const out = (char *)(uintptr_t)rest.ptr; /* within the head's text, which is ours */
    size_t len = 0;
    if (percent_decode(rest, false, out, &len) < 0 || char_run(out, len, CHAR_VALUE) != len) {
        return bad;
    }
    r->head.filename = slice_of(out, len);
    r->head.has_filename = true;
    return NULL;
}

static const char *take_disposition(struct reading *r, char *pos, char *end)
{
    static const struct slice kind = SLICE_INIT("form-data");
    struct param param;
    const char *reason = r->has_disposition ? "a part has two Content-Dispositions" : NULL;
    r->has_disposition = true;
    if (reason == NULL && !slice_starts_with_nocase(slice_of(pos, (size_t)(end - pos)), kind)) {
        reason = "a Content-Disposition that is not form-data";
    }
    pos += kind.len;
    while (reason == NULL) {
        const int rc = param_next(&pos, end, &param);
        if (rc <= 0) {
            reason = rc < 0 ? "a bad parameter in a Content-Disposition" : NULL;
            break;
        }
        reason = take_param(r, &param);
    }
    if (reason == NULL && !r->has_name) {
        reason = "a part has no name";
    }
    return reason == NULL && r->has_extended && !r->head.has_filename ? decode_extended(r) : reason;
}

/* Nobody sends encoded parts any more (RFC 7578 section 4.7); one that did would be misread. */
static const char *check_encoding(struct slice value)
{
    const bool plain = slice_eq_nocase(value, SLICE("binary")) ||
                       slice_eq_nocase(value, SLICE("8bit")) ||
                       slice_eq_nocase(value, SLICE("7bit"));
    return plain ? NULL : "a Content-Transfer-Encoding that is not supported";
}

static const char *take_field(struct reading *r, struct slice name, struct slice value)
{
    char *const text = (char *)(uintptr_t)value.ptr;
    if (slice_eq_nocase(name, SLICE("Content-Disposition"))) {
        return take_disposition(r, text, text + value.len);
    }
    if (slice_eq_nocase(name, SLICE("Content-Type"))) {
        return set_once(&r->has_type, &r->head.type, value, "a part has two Content-Types");
    }
    return slice_eq_nocase(name, SLICE("Content-Transfer-Encoding")) ? check_encoding(value) : NULL;
}

static const char *take_line(struct reading *r, struct slice line)
{
    const size_t colon = slice_find(line, ':');
    if (char_is_blank(line.ptr[0])) {
        return "a folded line in a part's head";
    }
    if (colon == line.len || !field_name_valid(slice_of(line.ptr, colon))) {
        return "a bad field name in a part's head";
    }
    const struct slice value = slice_of(line.ptr + colon + 1, line.len - colon - 1);
    return take_field(r, slice_of(line.ptr, colon), slice_trim(value));
}

const char *multipart_head_parse(char *text, size_t len, struct form_head *ret_head,
                                 uint32_t *ret_offset)
{
    struct reading r = {.head = {SLICE(""), SLICE(""), SLICE(""), false}};
    struct slice rest = slice_of(text, len);
    struct slice line;
    while (slice_cut(&rest, '\r', &line) && line.len > 0) {
        const char *const reason = take_line(&r, line);
        if (reason != NULL) {
            *ret_offset = (uint32_t)(line.ptr - text);
            return reason;
        }
        rest = slice_of(rest.ptr + 1, rest.len - 1); /* the LF */
    }
    if (!r.has_disposition) {
        *ret_offset = 0;
        return "a part has no Content-Disposition";
    }
    *ret_head = r.head;
    return NULL;
}
