/* The four forms of a request target (RFC 9112 section 3.2). */
#include "codec/target.h"
#include "codec/chars.h"

#include <errno.h>

static int refuse(const char *reason, const char **ret_reason)
{
    *ret_reason = reason;
    return -EINVAL;
}

static const char *reason_for(char c)
{
    if ((unsigned char)c >= 0x80) {
        return "8-bit byte in the target";
    }
    return c == '#' ? "fragment in the target" : "byte not allowed in a target";
}

/* Is the dot at raw.ptr[at] the beginning of a "." or ".." segment? */
static bool begins_dot_segment(struct slice raw, size_t at)
{
    if (at == 0 || raw.ptr[at - 1] != '/') {
        return false;
    }
    size_t end = at + 1;
    if (end < raw.len && raw.ptr[end] == '.') {
        end++;
    }
    return end == raw.len || raw.ptr[end] == '/' || raw.ptr[end] == '?';
}

/* Checks the path that begins at `raw`; it ends at '?' or with it. */
static int parse_path(struct slice raw, bool eight_bit, struct target *target,
                      const char **ret_reason)
{
    size_t i = 0;
    for (; i < raw.len && raw.ptr[i] != '?'; i++) {
        const char c = raw.ptr[i];
        if (LIKELY(char_is(c, CHAR_PATH))) {
            continue;
        }
        if (c == '.') {
            target->path_plain = target->path_plain && !begins_dot_segment(raw, i);
        } else if (c == '%') {
            if (percent_escape(raw, i) < 0) {
                return refuse("bad escape in the path", ret_reason);
            }
            target->path_plain = false;
        } else if ((unsigned char)c < 0x80 || !eight_bit) {
            return refuse(reason_for(c), ret_reason);
        }
    }
    target->path = slice_of(raw.ptr, i);
    return 0;
}

static int parse_query(struct slice raw, bool eight_bit, struct target *target,
                       const char **ret_reason)
{
    for (size_t i = 0; i < raw.len; i++) {
        const char c = raw.ptr[i];
        if (LIKELY(char_is(c, CHAR_QUERY))) {
            continue;
        }
        if (c == '%') {
            if (percent_escape(raw, i) < 0) {
                return refuse("bad escape in the query", ret_reason);
            }
        } else if ((unsigned char)c < 0x80 || !eight_bit) {
            return refuse(reason_for(c), ret_reason);
        }
    }
    target->has_query = true;
    target->query = raw;
    return 0;
}

/* A path, perhaps empty, and a query, perhaps absent. */
static int parse_path_query(struct slice raw, bool eight_bit, struct target *target,
                            const char **ret_reason)
{
    TRY(parse_path(raw, eight_bit, target, ret_reason));
    const size_t at = target->path.len;
    if (at == raw.len) {
        return 0;
    }
    return parse_query(slice_of(raw.ptr + at + 1, raw.len - at - 1), eight_bit, target, ret_reason);
}

/* Where an absolute-form's authority ends. */
static size_t authority_end(struct slice s)
{
    size_t i = 0;
    while (i < s.len && s.ptr[i] != '/' && s.ptr[i] != '?') {
        i++;
    }
    return i;
}

size_t target_scheme_size(struct slice raw)
{
    static const struct slice schemes[] = {SLICE_INIT("http://"), SLICE_INIT("https://")};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (slice_starts_with_nocase(raw, schemes[i])) {
            return schemes[i].len;
        }
    }
    return 0;
}

static int parse_absolute(struct slice raw, bool eight_bit, struct target *target,
                          const char **ret_reason)
{
    const size_t scheme = target_scheme_size(raw);
    if (scheme == 0) {
        return refuse("target in none of the four forms", ret_reason);
    }
    const struct slice rest = slice_of(raw.ptr + scheme, raw.len - scheme);
    const size_t end = authority_end(rest);
    target->form = TARGET_ABSOLUTE;
    target->authority = slice_of(rest.ptr, end);
    if (slice_find(target->authority, '@') < end) {
        return refuse("user information in the target", ret_reason);
    }
    if (!authority_valid(target->authority)) {
        return refuse("bad authority in the target", ret_reason);
    }
    return parse_path_query(slice_of(rest.ptr + end, rest.len - end), eight_bit, target,
                            ret_reason);
}

/* Port 0 is nowhere to connect to; RFC 9110 section 9.3.6 wants an empty port refused, too. */
static bool connect_port_valid(struct slice port)
{
    size_t zeros = 0;
    while (zeros < port.len && port.ptr[zeros] == '0') {
        zeros++;
    }
    return zeros < port.len;
}

static int parse_authority(struct slice raw, struct target *target, const char **ret_reason)
{
    if (!authority_valid(raw) || !connect_port_valid(authority_port(raw))) {
        return refuse("CONNECT wants HOST:PORT", ret_reason);
    }
    target->form = TARGET_AUTHORITY;
    target->authority = raw;
    return 0;
}

static int parse_form(struct slice raw, bool connect, bool options, bool eight_bit,
                      struct target *target, const char **ret_reason)
{
    if (connect) {
        return parse_authority(raw, target, ret_reason);
    }
    if (raw.len > 0 && raw.ptr[0] == '/') {
        return parse_path_query(raw, eight_bit, target, ret_reason);
    }
    if (!slice_eq(raw, SLICE("*"))) {
        return parse_absolute(raw, eight_bit, target, ret_reason);
    }
    if (!options) {
        return refuse("'*' is a target of OPTIONS only", ret_reason);
    }
    target->form = TARGET_ASTERISK;
    return 0;
}

int target_parse(struct slice raw, bool connect, bool options, bool eight_bit,
                 struct target *ret_target, const char **ret_reason)
{
    const struct slice none = slice_of(raw.ptr, 0);
    ret_target->form = TARGET_ORIGIN;
    ret_target->has_query = false;
    ret_target->path_plain = true;
    ret_target->path = none;
    ret_target->query = none;
    ret_target->authority = none;
    return parse_form(raw, connect, options, eight_bit, ret_target, ret_reason);
}
