/* Field names and values as bytes. Knows nothing of messages. */
#include "codec/field.h"
#include "codec/chars.h"
#include "codec/scan.h"
#include "codec/words.h"

#include <stdint.h>

#define NAME_MAX_LEN 24

static const struct {
    uint8_t len;
    char text[NAME_MAX_LEN];
} names[FIELD_COUNT_] = {
#define X(id, name) [FIELD_##id] = {sizeof(name) - 1, name},
    FIELD_TABLE(X)
#undef X
};

/* Where a name stands in the table below, by its length, first and last letter in lower case. There
 * is no collision: two initialisers of one slot would be a compiler warning. */
#define SLOT(len, first, last) (((unsigned)(len) + 3u * (first) + 57u * (last)) % 128u)

static const uint8_t slots[128] = {
    [SLOT(6, 'a', 't')] = FIELD_ACCEPT,
    [SLOT(15, 'a', 'g')] = FIELD_ACCEPT_ENCODING,
    [SLOT(5, 'a', 'w')] = FIELD_ALLOW,
    [SLOT(13, 'a', 'n')] = FIELD_AUTHORIZATION,
    [SLOT(13, 'c', 'l')] = FIELD_CACHE_CONTROL,
    [SLOT(10, 'c', 'n')] = FIELD_CONNECTION,
    [SLOT(16, 'c', 'g')] = FIELD_CONTENT_ENCODING,
    [SLOT(16, 'c', 'e')] = FIELD_CONTENT_LANGUAGE,
    [SLOT(14, 'c', 'h')] = FIELD_CONTENT_LENGTH,
    [SLOT(13, 'c', 'e')] = FIELD_CONTENT_RANGE,
    [SLOT(12, 'c', 'e')] = FIELD_CONTENT_TYPE,
    [SLOT(6, 'c', 'e')] = FIELD_COOKIE,
    [SLOT(4, 'd', 'e')] = FIELD_DATE,
    [SLOT(4, 'e', 'g')] = FIELD_ETAG,
    [SLOT(6, 'e', 't')] = FIELD_EXPECT,
    [SLOT(4, 'h', 't')] = FIELD_HOST,
    [SLOT(8, 'i', 'h')] = FIELD_IF_MATCH,
    [SLOT(17, 'i', 'e')] = FIELD_IF_MODIFIED_SINCE,
    [SLOT(13, 'i', 'h')] = FIELD_IF_NONE_MATCH,
    [SLOT(8, 'i', 'e')] = FIELD_IF_RANGE,
    [SLOT(19, 'i', 'e')] = FIELD_IF_UNMODIFIED_SINCE,
    [SLOT(10, 'k', 'e')] = FIELD_KEEP_ALIVE,
    [SLOT(13, 'l', 'd')] = FIELD_LAST_MODIFIED,
    [SLOT(8, 'l', 'n')] = FIELD_LOCATION,
    [SLOT(12, 'm', 's')] = FIELD_MAX_FORWARDS,
    [SLOT(6, 'o', 'n')] = FIELD_ORIGIN,
    [SLOT(19, 'p', 'n')] = FIELD_PROXY_AUTHORIZATION,
    [SLOT(16, 'p', 'n')] = FIELD_PROXY_CONNECTION,
    [SLOT(5, 'r', 'e')] = FIELD_RANGE,
    [SLOT(6, 's', 'r')] = FIELD_SERVER,
    [SLOT(10, 's', 'e')] = FIELD_SET_COOKIE,
    [SLOT(2, 't', 'e')] = FIELD_TE,
    [SLOT(7, 't', 'r')] = FIELD_TRAILER,
    [SLOT(17, 't', 'g')] = FIELD_TRANSFER_ENCODING,
    [SLOT(7, 'u', 'e')] = FIELD_UPGRADE,
    [SLOT(10, 'u', 't')] = FIELD_USER_AGENT,
    [SLOT(4, 'v', 'y')] = FIELD_VARY,
};

enum field_id field_lookup(struct slice name)
{
    if (name.len == 0 || name.len >= NAME_MAX_LEN) {
        return FIELD_OTHER;
    }
    const unsigned first = (unsigned char)name.ptr[0] | 0x20u;
    const unsigned last = (unsigned char)name.ptr[name.len - 1] | 0x20u;
    const unsigned id = slots[SLOT(name.len, first, last)];
    if (names[id].len != name.len || !name_same_nocase(name.ptr, names[id].text, name.len)) {
        return FIELD_OTHER;
    }
    return (enum field_id)id;
}

struct slice field_name(enum field_id id)
{
    return slice_of(names[id].text, names[id].len);
}

#define BIT(id) (UINT64_C(1) << FIELD_##id)
_Static_assert(FIELD_COUNT_ <= 64, "a set of field ids is 64 bits");

bool field_trailer_allowed(enum field_id id)
{
    static const uint64_t framing = BIT(CONTENT_LENGTH) | BIT(TRANSFER_ENCODING) | BIT(CONNECTION) |
                                    BIT(KEEP_ALIVE) | BIT(PROXY_CONNECTION) | BIT(UPGRADE) |
                                    BIT(TE) | BIT(TRAILER);
    static const uint64_t routing = BIT(HOST) | BIT(MAX_FORWARDS) | BIT(CACHE_CONTROL) |
                                    BIT(EXPECT) | BIT(RANGE) | BIT(IF_MATCH) | BIT(IF_NONE_MATCH) |
                                    BIT(IF_MODIFIED_SINCE) | BIT(IF_UNMODIFIED_SINCE) |
                                    BIT(IF_RANGE);
    static const uint64_t secrets =
        BIT(AUTHORIZATION) | BIT(PROXY_AUTHORIZATION) | BIT(COOKIE) | BIT(SET_COOKIE);
    static const uint64_t content = BIT(CONTENT_ENCODING) | BIT(CONTENT_TYPE) | BIT(CONTENT_RANGE);
    return ((framing | routing | secrets | content) >> id & 1) == 0;
}

bool field_name_valid(struct slice name)
{
    return name.len > 0 && char_run(name.ptr, name.len, CHAR_TOKEN) == name.len;
}

bool field_value_valid(struct slice value)
{
    if (value.len == 0) {
        return true;
    }
    return !char_is_blank(value.ptr[0]) && !char_is_blank(value.ptr[value.len - 1]) &&
           scan->value(value.ptr, value.len) == value.len;
}

static struct slice behind(struct slice s, size_t count)
{
    return slice_of(s.ptr + count, s.len - count);
}

/* The length of the product at the beginning; 0 if there is none. */
static size_t product_size(struct slice s)
{
    const size_t name = char_run(s.ptr, s.len, CHAR_TOKEN);
    if (name == 0 || name == s.len || s.ptr[name] != '/') {
        return name;
    }
    const size_t version = char_run(s.ptr + name + 1, s.len - name - 1, CHAR_TOKEN);
    return version == 0 ? 0 : name + 1 + version;
}

/* The length of the comment that begins with s.ptr[0]; 0 if it does not end. */
static size_t comment_size(struct slice s)
{
    size_t depth = 0;
    for (size_t i = 0; i < s.len && char_is(s.ptr[i], CHAR_VALUE) && s.ptr[i] != '\\'; i++) {
        depth += s.ptr[i] == '(';
        depth -= s.ptr[i] == ')';
        if (depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

bool field_products_valid(struct slice value)
{
    size_t size = product_size(value);
    while (size > 0 && size < value.len && value.ptr[size] == ' ') {
        value = behind(value, size + 1);
        const bool comment = value.len > 0 && value.ptr[0] == '(';
        size = comment ? comment_size(value) : product_size(value);
    }
    return size > 0 && size == value.len;
}

size_t field_find_unquoted(struct slice value, char byte)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < value.len && (quoted || value.ptr[i] != byte); i++) {
        if (value.ptr[i] == '"') {
            quoted = !quoted;
        } else if (quoted && value.ptr[i] == '\\' && i + 1 < value.len) {
            i++;
        }
    }
    return i;
}

bool field_list_has(struct slice list, struct slice token)
{
    struct slice element;
    while (slice_cut(&list, ',', &element)) {
        element = slice_trim(element);
        if (element.len > 0 && slice_eq_nocase(element, token)) {
            return true;
        }
    }
    return false;
}
