/* Paths of files, as clients may choose them. */
#include "app/file_path.h"

#include "base/text.h"

#define HASH_MIN 8
#define HASH_MAX 64

/* "%2f" and "%5c", in what is decoded already. */
static bool is_escaped_separator(struct slice s)
{
    if (s.len < 3 || s.ptr[0] != '%') {
        return false;
    }
    const char low = text_lower(s.ptr[2]);
    return (s.ptr[1] == '2' && low == 'f') || (s.ptr[1] == '5' && low == 'c');
}

bool file_path_suspect(struct slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        const unsigned char byte = (unsigned char)path.ptr[i];
        if (byte < 0x20 || byte == 0x7f || byte == '\\' ||
            is_escaped_separator(slice_of(path.ptr + i, path.len - i))) {
            return true;
        }
    }
    return false;
}

static bool segment_servable(struct slice segment, bool dotfiles, bool first)
{
    if (segment.len == 0 || segment.ptr[0] != '.') {
        return segment.len > 0;
    }
    if (slice_eq(segment, SLICE(".")) || slice_eq(segment, SLICE(".."))) {
        return false;
    }
    return dotfiles || (first && slice_eq(segment, SLICE(".well-known")));
}

bool file_path_servable(struct slice path, bool dotfiles)
{
    struct slice rest = path;
    struct slice segment;
    if (file_path_suspect(path)) {
        return false;
    }
    while (slice_cut(&rest, '/', &segment)) {
        if (!segment_servable(segment, dotfiles, segment.ptr == path.ptr)) {
            return false;
        }
    }
    return true;
}

static struct slice last_segment(struct slice path)
{
    size_t begin = path.len;
    while (begin > 0 && path.ptr[begin - 1] != '/') {
        begin--;
    }
    return slice_of(path.ptr + begin, path.len - begin);
}

/* The index of the last '.', that is not the first byte; name.len without one. */
static size_t find_extension(struct slice name)
{
    for (size_t i = name.len; i-- > 1;) {
        if (name.ptr[i] == '.') {
            return i;
        }
    }
    return name.len;
}

bool file_path_has_extension(struct slice path)
{
    const struct slice name = last_segment(path);
    return find_extension(name) < name.len;
}

/* A date or a version number is no hash, and neither is a word. */
static bool is_hash(struct slice text)
{
    size_t letters = 0;
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        const bool letter = text_is_letter(text.ptr[i]);
        const bool digit = text_is_digit(text.ptr[i]);
        if (!letter && !digit && text.ptr[i] != '_') {
            return false;
        }
        letters += letter;
        digits += digit;
    }
    return text.len >= HASH_MIN && text.len <= HASH_MAX && letters >= 1 && digits >= 2;
}

bool file_path_hashed(struct slice path)
{
    struct slice name = last_segment(path);
    size_t begin = find_extension(name);
    if (begin == name.len) {
        return false;
    }
    name.len = begin;
    while (begin > 0 && name.ptr[begin - 1] != '.' && name.ptr[begin - 1] != '-') {
        begin--;
    }
    return begin > 1 && is_hash(slice_of(name.ptr + begin, name.len - begin));
}
