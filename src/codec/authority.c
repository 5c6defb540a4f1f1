/* uri-host [":" port] (RFC 3986 section 3.2, RFC 9110 section 7.2). */
#include "codec/chars.h"
#include "codec/target.h"

#include "base/text.h"

#define PORT_MAX       65535u
#define IPV6_GROUPS    8
#define IPV6_GROUP_MAX 4 /* hex digits */

/* *DIGIT, at most 65535; empty is valid. */
static bool port_valid(struct slice port)
{
    unsigned value = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (!text_is_digit(port.ptr[i])) {
            return false;
        }
        value = value * 10 + (unsigned)(port.ptr[i] - '0');
        if (value > PORT_MAX) {
            return false;
        }
    }
    return true;
}

/* The length of the registered name at the beginning: unreserved, pct-encoded, sub-delims but the
 * comma. 0 if there is none. */
static size_t name_size(struct slice s)
{
    size_t i = 0;
    while (i < s.len) {
        if (char_is(s.ptr[i], CHAR_HOST)) {
            i++;
        } else if (s.ptr[i] == '%' && percent_escape(s, i) > 0) {
            i += 3;
        } else {
            break;
        }
    }
    return i;
}

/* dec-octet: 0 to 255 without a leading zero. */
static bool octet_valid(struct slice octet)
{
    unsigned value = 0;
    for (size_t i = 0; i < octet.len; i++) {
        if (!text_is_digit(octet.ptr[i])) {
            return false;
        }
        value = value * 10 + (unsigned)(octet.ptr[i] - '0');
    }
    const bool padded = octet.len > 1 && octet.ptr[0] == '0';
    return octet.len >= 1 && octet.len <= 3 && !padded && value <= 255;
}

static bool ipv4_valid(struct slice s)
{
    for (int i = 0; i < 4; i++) {
        const size_t len = slice_find(s, '.');
        const bool last = len == s.len;
        if (last != (i == 3) || !octet_valid(slice_of(s.ptr, len))) {
            return false;
        }
        s = last ? s : slice_of(s.ptr + len + 1, s.len - len - 1);
    }
    return true;
}

static bool group_valid(struct slice group)
{
    for (size_t i = 0; i < group.len; i++) {
        if (text_hex_digit(group.ptr[i]) < 0) {
            return false;
        }
    }
    return group.len >= 1 && group.len <= IPV6_GROUP_MAX;
}

/* How many groups "a:b:c" has, 0 for an empty text, -1 if it is invalid. Its last group may be
 * an IPv4 address, which stands for two, if `tail`. */
static int ipv6_groups(struct slice s, bool tail)
{
    int count = 0;
    while (s.len > 0) {
        const size_t len = slice_find(s, ':');
        const struct slice group = slice_of(s.ptr, len);
        const bool last = len == s.len;
        if (last && tail && ipv4_valid(group)) {
            return count + 2;
        }
        if (!group_valid(group) || len + 1 == s.len || ++count > IPV6_GROUPS) {
            return -1;
        }
        s = last ? slice_of(s.ptr, 0) : slice_of(s.ptr + len + 1, s.len - len - 1);
    }
    return count;
}

static bool ipv6_valid(struct slice s)
{
    for (size_t i = 0; i + 1 < s.len; i++) {
        if (s.ptr[i] != ':' || s.ptr[i + 1] != ':') {
            continue;
        }
        /* "::" stands for at least one group, and a second one fails as an empty group. */
        const int before = ipv6_groups(slice_of(s.ptr, i), false);
        const int after = ipv6_groups(slice_of(s.ptr + i + 2, s.len - i - 2), true);
        return before >= 0 && after >= 0 && before + after < IPV6_GROUPS;
    }
    return ipv6_groups(s, true) == IPV6_GROUPS;
}

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool ip_future_valid(struct slice s)
{
    const size_t dot = slice_find(s, '.');
    if (dot < 2 || dot + 1 >= s.len || text_lower(s.ptr[0]) != 'v') {
        return false;
    }
    for (size_t i = 1; i < dot; i++) {
        if (text_hex_digit(s.ptr[i]) < 0) {
            return false;
        }
    }
    for (size_t i = dot + 1; i < s.len; i++) {
        if (!char_is(s.ptr[i], CHAR_HOST) && s.ptr[i] != ':') {
            return false;
        }
    }
    return true;
}

/* The length of the bracketed address at the beginning; 0 if it is invalid. */
static size_t literal_size(struct slice s)
{
    const size_t end = slice_find(s, ']');
    const struct slice address = slice_of(s.ptr + 1, end - 1);
    const bool valid = end < s.len && (ipv6_valid(address) || ip_future_valid(address));
    return valid ? end + 1 : 0;
}

bool authority_valid(struct slice authority)
{
    const bool literal = authority.len > 0 && authority.ptr[0] == '[';
    const size_t host = literal ? literal_size(authority) : name_size(authority);
    if (host == 0 || host == authority.len) {
        return host != 0;
    }
    const struct slice port = slice_of(authority.ptr + host + 1, authority.len - host - 1);
    return authority.ptr[host] == ':' && port_valid(port);
}

/* A host ends at the first ':', but for those within a literal's brackets. */
struct slice authority_host(struct slice authority)
{
    size_t from = 0;
    if (authority.len > 0 && authority.ptr[0] == '[') {
        from = slice_find(authority, ']');
    }
    const struct slice rest = slice_of(authority.ptr + from, authority.len - from);
    return slice_of(authority.ptr, from + slice_find(rest, ':'));
}

struct slice authority_port(struct slice authority)
{
    const size_t host = authority_host(authority).len;
    const size_t at = host < authority.len ? host + 1 : host;
    return slice_of(authority.ptr + at, authority.len - at);
}
