/* Queries and cookies. Every byte is looked at a bounded number of times. */
#include "app/query.h"

#include "base/text.h"
#include "codec/target.h"

#include <errno.h>

/* Takes the next raw, not empty pair. */
static bool next_raw(struct slice *rest, struct slice *ret_name, struct slice *ret_value)
{
    struct slice pair;
    while (slice_cut(rest, '&', &pair)) {
        if (pair.len > 0) {
            const size_t equals = slice_find(pair, '=');
            const size_t skip = equals < pair.len ? equals + 1 : equals;
            *ret_name = slice_of(pair.ptr, equals);
            *ret_value = slice_of(pair.ptr + skip, pair.len - skip);
            return true;
        }
    }
    return false;
}

static int decode(struct slice raw, struct arena *arena, const char **ret_text)
{
    char *const text = arena_alloc(arena, raw.len + 1);
    if (text == NULL) {
        return -ENOMEM;
    }
    size_t len = 0;
    TRY(percent_decode(raw, true, text, &len));
    text[len] = '\0';
    *ret_text = text;
    return 0;
}

int query_next(struct slice *rest, struct arena *arena, struct query_pair *ret_pair)
{
    struct slice name;
    struct slice value;
    struct query_pair pair;
    if (!next_raw(rest, &name, &value)) {
        return 0;
    }
    TRY(decode(name, arena, &pair.name));
    TRY(decode(value, arena, &pair.value));
    *ret_pair = pair;
    return 1;
}

/* The byte that the form-encoded text at raw[*i] stands for, or -1; *i goes behind it. */
static int next_byte(struct slice raw, size_t *i)
{
    const char c = raw.ptr[(*i)++];
    if (c != '%') {
        return c == '+' ? ' ' : (unsigned char)c;
    }
    if (raw.len - *i < 2) {
        return -1;
    }
    const int high = text_hex_digit(raw.ptr[*i]);
    const int low = text_hex_digit(raw.ptr[*i + 1]);
    *i += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool encoded_eq(struct slice raw, struct slice name)
{
    size_t i = 0;
    size_t at = 0;
    while (i < raw.len) {
        if (at == name.len || next_byte(raw, &i) != (unsigned char)name.ptr[at]) {
            return false;
        }
        at++;
    }
    return at == name.len;
}

int query_find(struct slice raw, struct slice name, struct arena *arena, const char **ret_value)
{
    struct slice own_name;
    struct slice value;
    while (next_raw(&raw, &own_name, &value)) {
        if (encoded_eq(own_name, name)) {
            TRY(decode(value, arena, ret_value));
            return 1;
        }
    }
    return 0;
}

bool cookie_next(struct slice *rest, struct slice *ret_name, struct slice *ret_value)
{
    struct slice pair;
    while (slice_cut(rest, ';', &pair)) {
        const size_t equals = slice_find(pair, '=');
        const struct slice name = slice_trim(slice_of(pair.ptr, equals));
        if (equals == pair.len || name.len == 0) {
            continue;
        }
        struct slice value = slice_trim(slice_of(pair.ptr + equals + 1, pair.len - equals - 1));
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
            value = slice_of(value.ptr + 1, value.len - 2);
        }
        *ret_name = name;
        *ret_value = value;
        return true;
    }
    return false;
}

bool cookie_find(struct slice field, struct slice name, struct slice *ret_value)
{
    struct slice own_name;
    struct slice value;
    while (cookie_next(&field, &own_name, &value)) {
        if (slice_eq(own_name, name)) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}
