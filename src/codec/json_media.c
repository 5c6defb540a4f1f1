/* Which Content-Type announces JSON: application/json, and whatever ends in +json (RFC 6839 section
 * 3.1). JSON has no charset parameter, but some send charset=utf-8. */
#include "codec/json.h"

#include "codec/field.h"

/* A parameter other than charset, or charset=utf-8. */
static bool may_stand(struct slice parameter)
{
    struct slice name = {0};
    struct slice value = slice_trim(parameter);
    if (!slice_cut(&value, '=', &name) || !slice_eq_nocase(name, SLICE("charset"))) {
        return true;
    }
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
        value = slice_of(value.ptr + 1, value.len - 2);
    }
    return slice_eq_nocase(value, SLICE("utf-8"));
}

static bool is_json(struct slice type)
{
    const struct slice suffix = SLICE("+json");
    const size_t slash = slice_find(type, '/');
    if (slice_eq_nocase(type, SLICE("application/json"))) {
        return true;
    }
    return slash > 0 && type.len > slash + 1 + suffix.len && slice_ends_with_nocase(type, suffix);
}

bool json_media_type(struct slice content_type)
{
    size_t size = slice_find(content_type, ';');
    if (!is_json(slice_trim(slice_of(content_type.ptr, size)))) {
        return false;
    }
    while (size < content_type.len) {
        content_type = slice_of(content_type.ptr + size + 1, content_type.len - size - 1);
        size = field_find_unquoted(content_type, ';');
        if (!may_stand(slice_of(content_type.ptr, size))) {
            return false;
        }
    }
    return true;
}
