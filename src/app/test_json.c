/* What a JSON pointer names (RFC 6901), found by walking the text. Names are compared as
 * written, without escapes; the text is trusted to be JSON, and bounds hold if it is not. */
#include "app/test_reader.h"

#include "base/text.h"

static struct slice skip_blanks(struct slice s)
{
    while (s.len > 0 &&
           (s.ptr[0] == ' ' || s.ptr[0] == '\t' || s.ptr[0] == '\r' || s.ptr[0] == '\n')) {
        s = slice_of(s.ptr + 1, s.len - 1);
    }
    return s;
}

/* The length of the string that `s` begins with, quotes included. */
static size_t string_size(struct slice s)
{
    size_t i = 1;
    while (i < s.len && s.ptr[i] != '"') {
        i += s.ptr[i] == '\\' ? 2 : 1;
    }
    return i < s.len ? i + 1 : s.len;
}

/* The length of the value that `s` begins with. */
static size_t value_size(struct slice s)
{
    size_t depth = 0;
    for (size_t i = 0; i < s.len; i++) {
        const char c = s.ptr[i];
        if (c == '"') {
            i += string_size(slice_of(s.ptr + i, s.len - i)) - 1;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0) {
                return i;
            }
            depth--;
        } else if (c == ',' && depth == 0) {
            return i;
        }
        if (depth == 0 && (c == '"' || c == '}' || c == ']')) {
            return i + 1;
        }
    }
    return s.len;
}

static struct slice take_value(struct slice *rest)
{
    *rest = skip_blanks(*rest);
    struct slice value = slice_of(rest->ptr, value_size(*rest));
    *rest = skip_blanks(slice_of(rest->ptr + value.len, rest->len - value.len));
    while (value.len > 0 && (unsigned char)value.ptr[value.len - 1] <= ' ') {
        value.len--;
    }
    return value;
}

static bool take_byte(struct slice *rest, char byte)
{
    *rest = skip_blanks(*rest);
    if (rest->len == 0 || rest->ptr[0] != byte) {
        return false;
    }
    *rest = slice_of(rest->ptr + 1, rest->len - 1);
    return true;
}

static struct slice member(struct slice object, struct slice name)
{
    struct slice rest = slice_of(object.ptr + 1, object.len - 1);
    do {
        const struct slice key = take_value(&rest);
        if (!take_byte(&rest, ':')) {
            break;
        }
        const struct slice value = take_value(&rest);
        if (key.len == name.len + 2 && slice_eq(slice_of(key.ptr + 1, name.len), name)) {
            return value;
        }
    } while (take_byte(&rest, ','));
    return SLICE("");
}

static struct slice element(struct slice array, struct slice index_text)
{
    uint64_t index = 0;
    struct slice rest = slice_of(array.ptr + 1, array.len - 1);
    if (text_to_u64(index_text, &index) < 0) {
        return SLICE("");
    }
    do {
        const struct slice value = take_value(&rest);
        if (index-- == 0) {
            return value;
        }
    } while (take_byte(&rest, ','));
    return SLICE("");
}

struct slice test_json_at(struct slice text, struct slice pointer)
{
    struct slice token = {0};
    struct slice value = take_value(&text);
    if (pointer.len == 0) {
        return value;
    }
    if (pointer.ptr[0] != '/') {
        return SLICE("");
    }
    pointer = slice_of(pointer.ptr + 1, pointer.len - 1);
    do {
        const bool last = slice_find(pointer, '/') == pointer.len;
        if (!slice_cut(&pointer, '/', &token)) {
            token = SLICE("");
        }
        value = value.len == 0        ? value
                : value.ptr[0] == '{' ? member(value, token)
                : value.ptr[0] == '[' ? element(value, token)
                                      : SLICE("");
        if (last) {
            return value;
        }
    } while (value.len > 0);
    return value;
}
