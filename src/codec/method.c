/* The table of request methods. */
#include "codec/method.h"
#include "codec/words.h"

#include <stdint.h>
#include <stdbool.h>
#include <string.h>

static const struct slice names[METHOD_COUNT_] = {[METHOD_OTHER] = SLICE_INIT(""),
#define X(id, name) [METHOD_##id] = SLICE_INIT(name),
                                                  METHOD_TABLE(X)
#undef X
};

#define NAME_MIN_LEN 3

/* Where a method stands in the table below, by its length and its first, third from last, and last
 * letter. There is no collision: two initialisers of one slot would be a compiler warning. */
#define SLOT(len, first, third, last)                                                              \
    (((unsigned)(len) + 10u * (first) + 49u * (third) + (last)) % 128u)

static const uint8_t slots[128] = {
    [SLOT(3, 'G', 'G', 'T')] = METHOD_GET,
    [SLOT(4, 'H', 'E', 'D')] = METHOD_HEAD,
    [SLOT(4, 'P', 'O', 'T')] = METHOD_POST,
    [SLOT(3, 'P', 'P', 'T')] = METHOD_PUT,
    [SLOT(6, 'D', 'E', 'E')] = METHOD_DELETE,
    [SLOT(7, 'O', 'O', 'S')] = METHOD_OPTIONS,
    [SLOT(5, 'P', 'T', 'H')] = METHOD_PATCH,
    [SLOT(7, 'C', 'E', 'T')] = METHOD_CONNECT,
    [SLOT(5, 'T', 'A', 'E')] = METHOD_TRACE,
    [SLOT(3, 'A', 'A', 'L')] = METHOD_ACL,
    [SLOT(16, 'B', 'R', 'L')] = METHOD_BASELINE_CONTROL,
    [SLOT(4, 'B', 'I', 'D')] = METHOD_BIND,
    [SLOT(7, 'C', 'K', 'N')] = METHOD_CHECKIN,
    [SLOT(8, 'C', 'O', 'T')] = METHOD_CHECKOUT,
    [SLOT(4, 'C', 'O', 'Y')] = METHOD_COPY,
    [SLOT(5, 'L', 'B', 'L')] = METHOD_LABEL,
    [SLOT(4, 'L', 'I', 'K')] = METHOD_LINK,
    [SLOT(4, 'L', 'O', 'K')] = METHOD_LOCK,
    [SLOT(5, 'M', 'R', 'E')] = METHOD_MERGE,
    [SLOT(10, 'M', 'I', 'Y')] = METHOD_MKACTIVITY,
    [SLOT(10, 'M', 'D', 'R')] = METHOD_MKCALENDAR,
    [SLOT(5, 'M', 'C', 'L')] = METHOD_MKCOL,
    [SLOT(13, 'M', 'R', 'F')] = METHOD_MKREDIRECTREF,
    [SLOT(11, 'M', 'A', 'E')] = METHOD_MKWORKSPACE,
    [SLOT(4, 'M', 'O', 'E')] = METHOD_MOVE,
    [SLOT(10, 'O', 'T', 'H')] = METHOD_ORDERPATCH,
    [SLOT(3, 'P', 'P', 'I')] = METHOD_PRI,
    [SLOT(8, 'P', 'I', 'D')] = METHOD_PROPFIND,
    [SLOT(9, 'P', 'T', 'H')] = METHOD_PROPPATCH,
    [SLOT(5, 'Q', 'E', 'Y')] = METHOD_QUERY,
    [SLOT(6, 'R', 'I', 'D')] = METHOD_REBIND,
    [SLOT(6, 'R', 'O', 'T')] = METHOD_REPORT,
    [SLOT(6, 'S', 'R', 'H')] = METHOD_SEARCH,
    [SLOT(6, 'U', 'I', 'D')] = METHOD_UNBIND,
    [SLOT(10, 'U', 'O', 'T')] = METHOD_UNCHECKOUT,
    [SLOT(6, 'U', 'I', 'K')] = METHOD_UNLINK,
    [SLOT(6, 'U', 'O', 'K')] = METHOD_UNLOCK,
    [SLOT(6, 'U', 'A', 'E')] = METHOD_UPDATE,
    [SLOT(17, 'U', 'R', 'F')] = METHOD_UPDATEREDIRECTREF,
    [SLOT(15, 'V', 'R', 'L')] = METHOD_VERSION_CONTROL,
};

/* Both have at least NAME_MIN_LEN bytes. Words overlap rather than read past an end. */
static bool same(struct slice a, struct slice b)
{
    if (a.len != b.len) {
        return false;
    }
    if (a.len == 3) {
        return memcmp(a.ptr, b.ptr, 3) == 0;
    }
    if (a.len > 8) {
        return memcmp(a.ptr, b.ptr, a.len) == 0;
    }
    return word_load4(a.ptr) == word_load4(b.ptr) &&
           word_load4(a.ptr + a.len - 4) == word_load4(b.ptr + b.len - 4);
}

enum method method_lookup(struct slice name)
{
    if (name.len < NAME_MIN_LEN) {
        return METHOD_OTHER;
    }
    const unsigned first = (unsigned char)name.ptr[0];
    const unsigned third = (unsigned char)name.ptr[name.len - 3];
    const unsigned last = (unsigned char)name.ptr[name.len - 1];
    const unsigned id = slots[SLOT(name.len, first, third, last)];
    return same(names[id], name) ? (enum method)id : METHOD_OTHER;
}

struct slice method_name(enum method method)
{
    return names[method];
}
