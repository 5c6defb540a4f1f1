/* Comparing and cutting slices. */
#include "base/slice.h"
#include "base/text.h"

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (text_lower(a.ptr[i]) != text_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool slice_starts_with(struct slice s, struct slice prefix)
{
    return prefix.len <= s.len && slice_eq(slice_of(s.ptr, prefix.len), prefix);
}

bool slice_starts_with_nocase(struct slice s, struct slice prefix)
{
    return prefix.len <= s.len && slice_eq_nocase(slice_of(s.ptr, prefix.len), prefix);
}

bool slice_ends_with_nocase(struct slice s, struct slice suffix)
{
    return suffix.len <= s.len &&
           slice_eq_nocase(slice_of(s.ptr + (s.len - suffix.len), suffix.len), suffix);
}

size_t slice_find(struct slice s, char byte)
{
    const char *const at = s.len == 0 ? NULL : memchr(s.ptr, byte, s.len);
    return at == NULL ? s.len : (size_t)(at - s.ptr);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

bool slice_cut(struct slice *s, char byte, struct slice *ret_head)
{
    if (s->len == 0) {
        return false;
    }
    const size_t at = slice_find(*s, byte);
    const size_t taken = at < s->len ? at + 1 : at;
    *ret_head = slice_of(s->ptr, at);
    *s = slice_of(s->ptr + taken, s->len - taken);
    return true;
}
