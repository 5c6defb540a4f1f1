/* Route patterns: "[METHOD ][HOST]/PATH" as Go 1.22's ServeMux has them, with types. Parsing, and
 * which of two patterns is the more specific one. Pure; knows no trees and no requests. */
#ifndef GARM_APP_PATTERN_H
#define GARM_APP_PATTERN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/slice.h"
#include "codec/method.h"

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_PARAM_MAX   16  /* parameters of one pattern */
#define PATTERN_SEGMENT_MAX 32  /* segments of one pattern: bounds the depth of a search */
#define PATTERN_LITERAL_MAX 255 /* decoded bytes of one literal segment */
#define PATTERN_HOST_MAX    255 /* bytes of a host */

/* From the most to the least specific, as far as they can match the same thing. */
enum segment_kind {
    SEGMENT_LITERAL, /* users: exactly these bytes, once decoded */
    SEGMENT_SLASH,   /* {$}: the path ends with the '/' before it */
    SEGMENT_INT,     /* {id:int} */
    SEGMENT_STRING,  /* {name}: one segment, not empty */
    SEGMENT_REST,    /* {name...}, or a '/' at the end: whatever follows, may be empty */
};

struct segment {
    enum segment_kind kind;
    struct slice text; /* decoded bytes, or the parameter's name; ends with a NUL; may be empty */
};

struct pattern {
    const char *text;  /* as written */
    const char *where; /* "file.c:12" */
    enum method method;
    struct slice method_text; /* empty: every method but CONNECT and TRACE */
    struct slice host;        /* in lower case; empty: every host */
    const struct segment *segments;
    size_t segment_count;
    size_t param_count; /* segments with a name */
};

/* How the requests of one pattern relate to those of another. */
enum pattern_relation {
    PATTERN_DISJOINT, /* no request matches both */
    PATTERN_EQUAL,    /* the same requests */
    PATTERN_NARROWER, /* the first matches fewer: it goes first */
    PATTERN_WIDER,
    PATTERN_OVERLAP, /* some match both, some only the one, some only the other */
};

/** Parses `text`; both strings are copied to `arena`. 0, -ENOMEM, or -EINVAL with one line in
 *  *ret_error. */
MUST_CHECK int pattern_parse(const char *text, const char *where, struct arena *arena,
                             struct pattern *ret_pattern, struct buf *ret_error);

/** Relates `a` to `b`. Hosts do not take part: patterns of different hosts never compete. */
enum pattern_relation pattern_relate(const struct pattern *a, const struct pattern *b);

/** Appends a request that both match ("GET /a/b"), for patterns that are not disjoint. */
void pattern_example(const struct pattern *a, const struct pattern *b, struct buf *out);

/** Is this decoded segment a whole number, -?1*DIGIT within int64_t? */
bool segment_is_int(struct slice text);

#endif
