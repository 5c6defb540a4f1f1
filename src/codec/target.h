/* Request targets (RFC 9112 section 3.2), paths and percent-encoding (RFC 3986). Pure. */
#ifndef GARM_CODEC_TARGET_H
#define GARM_CODEC_TARGET_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum target_form {
    TARGET_ORIGIN,    /* "/path?query" */
    TARGET_ABSOLUTE,  /* "http://host/path?query" */
    TARGET_AUTHORITY, /* "host:port", CONNECT only */
    TARGET_ASTERISK,  /* "*", OPTIONS only */
};

struct target {
    enum target_form form;
    bool has_query;
    bool path_plain;        /* no '%' and no dot segment in the path */
    struct slice path;      /* raw, begins with '/'; empty for an absolute-form without one */
    struct slice query;     /* raw, without '?' */
    struct slice authority; /* absolute- and authority-form */
};

/** Parses a target by its first bytes and the method: 0, or -EINVAL with a static phrase in
 *  *ret_reason. *ret_target is valid only after 0. `raw` holds no blank. eight_bit lets bytes
 *  from 0x80 on pass in path and query. */
MUST_CHECK int target_parse(struct slice raw, bool connect, bool options, bool eight_bit,
                            struct target *ret_target, const char **ret_reason);

/** The length of "http://" or "https://", in any case, at the beginning; 0 without one. */
size_t target_scheme_size(struct slice raw);

/** Is it a valid uri-host [":" port] without userinfo (RFC 9110 section 7.2)? IPv6 literals, empty
 *  ports and '_' are; an empty host is not. */
bool authority_valid(struct slice authority);
/** Host without port, brackets kept. */
struct slice authority_host(struct slice authority);
/** The port's digits; empty if there is none. */
struct slice authority_port(struct slice authority);

/** The byte that the escape at s.ptr[at], a '%', stands for: 1 to 255. -EINVAL without two hex
 *  digits, and for %00. */
int percent_escape(struct slice s, size_t at);

/** Decodes %XX in `s`, once, to `out` (s.len bytes; may be s.ptr itself): 0, or -EINVAL for a bad
 *  escape or one that decodes to NUL. plus_is_space: as in HTML forms. */
MUST_CHECK int percent_decode(struct slice s, bool plus_is_space, char *out, size_t *ret_len);

/** Writes `s` to `out` (3 * s.len bytes) with every byte but RFC 3986's unreserved ones and
 *  those in `keep` (a C string) escaped; returns the length. */
size_t percent_encode(struct slice s, const char *keep, char *out);

/** Resolves the dot segments of a raw absolute path (RFC 3986 section 5.2.4), encoded ones
 *  ("%2e") too, to `out` (raw.len bytes): its length. Escapes stay as they are, empty segments
 *  stay, and ".." at the root stays at the root. An encoded '/' or '\' is no separator. */
size_t path_resolve(struct slice raw, char *out);

/** 1 for a segment ".", 2 for "..", encoded or not; 0 for any other. */
unsigned path_dots(struct slice segment);

/** Takes the next raw segment off a path that begins with '/': "/a/b/" gives "a", "b", "". False
 *  at the end. */
bool path_next(struct slice *path, struct slice *ret_segment);

#endif
