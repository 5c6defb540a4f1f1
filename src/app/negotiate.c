/* The Accept field (RFC 9110 section 12.5.1). */
#include "app/negotiate.h"

#include "base/text.h"
#include "codec/coding.h"
#include "codec/field.h"

/* A media range, or a type at hand; `params` is what follows the first ';', without q. */
struct media {
    struct slice type;
    struct slice subtype;
    struct slice params;
    int quality;
};

/* Cuts the text before the first `byte` that stands in no quoted string. False when nothing is
 * left. */
static bool cut_unquoted(struct slice *rest, char byte, struct slice *ret_piece)
{
    if (rest->ptr == NULL) {
        return false;
    }
    const size_t i = field_find_unquoted(*rest, byte);
    *ret_piece = slice_trim(slice_of(rest->ptr, i));
    *rest = i < rest->len ? slice_of(rest->ptr + i + 1, rest->len - i - 1) : slice_of(NULL, 0);
    return true;
}

/* Name and value of "name=value", the value without its quotes; escapes in it are compared as
 * they are. */
static bool split_param(struct slice param, struct slice *ret_name, struct slice *ret_value)
{
    const size_t equals = slice_find(param, '=');
    if (equals == param.len || !field_name_valid(slice_of(param.ptr, equals))) {
        return false;
    }
    struct slice value = slice_of(param.ptr + equals + 1, param.len - equals - 1);
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
        value = slice_of(value.ptr + 1, value.len - 2);
    } else if (!field_name_valid(value)) {
        return false;
    }
    *ret_name = slice_of(param.ptr, equals);
    *ret_value = value;
    return true;
}

/* Takes q off the parameters, all but which must be well-formed. What follows q was once an
 * extension, and is no part of the range. */
static bool parse_params(struct slice params, struct media *media)
{
    media->params = params;
    struct slice rest = params;
    struct slice param;
    while (cut_unquoted(&rest, ';', &param)) {
        struct slice name;
        struct slice value;
        if (param.len == 0) {
            continue;
        }
        if (!split_param(param, &name, &value)) {
            return false;
        }
        if (slice_eq_nocase(name, SLICE("q"))) {
            media->params.len = (size_t)(param.ptr - params.ptr);
            media->quality = quality_parse(value);
            return media->quality >= 0;
        }
    }
    return true;
}

/* "type/subtype;params"; false if it is none. */
static bool parse_media(struct slice text, struct media *ret_media)
{
    struct slice rest = text;
    struct slice name;
    if (text.len == 0 || !cut_unquoted(&rest, ';', &name)) {
        return false;
    }
    const size_t slash = slice_find(name, '/');
    if (slash == name.len) {
        return false;
    }
    *ret_media = (struct media){
        .type = slice_of(name.ptr, slash),
        .subtype = slice_of(name.ptr + slash + 1, name.len - slash - 1),
        .quality = QUALITY_MAX,
    };
    const bool any_type = slice_eq(ret_media->type, SLICE("*"));
    return field_name_valid(ret_media->type) && field_name_valid(ret_media->subtype) &&
           (!any_type || slice_eq(ret_media->subtype, SLICE("*"))) && parse_params(rest, ret_media);
}

static bool has_param(struct slice params, struct slice name, struct slice value)
{
    struct slice param;
    struct slice own_name;
    struct slice own_value;
    while (cut_unquoted(&params, ';', &param)) {
        if (split_param(param, &own_name, &own_value) && slice_eq_nocase(own_name, name) &&
            slice_eq_nocase(own_value, value)) {
            return true;
        }
    }
    return false;
}

/* How closely the range describes the type: 0 not at all, then all types, one type's subtypes, one
 * subtype, and one more for each parameter. */
static int specificity(const struct media *range, const struct media *offer)
{
    if (slice_eq(range->type, SLICE("*"))) {
        return 1;
    }
    if (!slice_eq_nocase(range->type, offer->type)) {
        return 0;
    }
    if (slice_eq(range->subtype, SLICE("*"))) {
        return 2;
    }
    if (!slice_eq_nocase(range->subtype, offer->subtype)) {
        return 0;
    }
    int level = 3;
    struct slice rest = range->params;
    struct slice param;
    while (cut_unquoted(&rest, ';', &param)) {
        struct slice name;
        struct slice value;
        if (param.len > 0 && split_param(param, &name, &value)) {
            if (!has_param(offer->params, name, value)) {
                return 0;
            }
            level++;
        }
    }
    return level;
}

/* The quality of the most specific range for the offer; 0 if there is none. The higher one of
 * equals. */
static int quality_of(struct slice accept, const struct media *offer, bool *ret_ranges)
{
    int best_level = 0;
    int best_quality = 0;
    struct slice text;
    while (cut_unquoted(&accept, ',', &text)) {
        struct media range;
        if (!parse_media(text, &range)) {
            continue;
        }
        *ret_ranges = true;
        const int level = specificity(&range, offer);
        if (level > best_level ||
            (level == best_level && level > 0 && range.quality > best_quality)) {
            best_level = level;
            best_quality = range.quality;
        }
    }
    return best_quality;
}

int negotiate(struct slice accept, const char *const *types, size_t count)
{
    int best = -1;
    int best_quality = 0;
    bool ranges = false;
    for (size_t i = 0; i < count; i++) {
        struct media offer;
        if (!parse_media(slice_cstr(types[i]), &offer)) {
            continue;
        }
        const int quality = quality_of(accept, &offer, &ranges);
        if (quality > best_quality) {
            best_quality = quality;
            best = (int)i;
        }
    }
    return ranges || count == 0 ? best : 0;
}

bool accept_names(struct slice accept, const char *type)
{
    struct media named;
    struct media range;
    struct slice text;
    const bool valid = parse_media(slice_cstr(type), &named);
    while (valid && cut_unquoted(&accept, ',', &text)) {
        if (parse_media(text, &range) && slice_eq_nocase(range.type, named.type) &&
            slice_eq_nocase(range.subtype, named.subtype) && range.quality > 0) {
            return true;
        }
    }
    return false;
}
