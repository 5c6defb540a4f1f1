/* Segments of a raw path, and its dot segments (RFC 3986 section 5.2.4). */
#include "codec/target.h"

#include "base/text.h"

#include <string.h>

bool path_next(struct slice *path, struct slice *ret_segment)
{
    if (path->len == 0) {
        return false;
    }
    const struct slice rest = slice_of(path->ptr + 1, path->len - 1);
    const size_t len = slice_find(rest, '/');
    *ret_segment = slice_of(rest.ptr, len);
    *path = slice_of(rest.ptr + len, rest.len - len);
    return true;
}

/* How many bytes of `s` spell a dot: 1, 3 for "%2e", 0 if it begins with none. */
static size_t dot_size(struct slice s)
{
    if (s.len >= 1 && s.ptr[0] == '.') {
        return 1;
    }
    const bool escaped = s.len >= 3 && memcmp(s.ptr, "%2", 2) == 0 && text_lower(s.ptr[2]) == 'e';
    return escaped ? 3 : 0;
}

unsigned path_dots(struct slice segment)
{
    unsigned count = 0;
    while (segment.len > 0) {
        const size_t size = dot_size(segment);
        if (size == 0 || ++count > 2) {
            return 0;
        }
        segment = slice_of(segment.ptr + size, segment.len - size);
    }
    return count;
}

/* The length of out[0..len) without its last segment and the '/' before it. */
static size_t drop_segment(const char *out, size_t len)
{
    while (len > 0 && out[len - 1] != '/') {
        len--;
    }
    return len > 0 ? len - 1 : 0;
}

size_t path_resolve(struct slice raw, char *out)
{
    size_t len = 0;
    bool open = false; /* a dot segment came last: the result ends with '/' */
    struct slice segment;
    while (path_next(&raw, &segment)) {
        const unsigned dots = path_dots(segment);
        open = dots > 0;
        if (dots == 2) {
            len = drop_segment(out, len);
        } else if (dots == 0) {
            out[len++] = '/';
            memmove(out + len, segment.ptr, segment.len);
            len += segment.len;
        }
    }
    if (open) {
        out[len++] = '/';
    }
    return len;
}
