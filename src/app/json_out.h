/* Writing JSON (RFC 8259) into a buffer, member by member; commas and escapes come by
 * themselves. */
#ifndef GARM_APP_JSON_OUT_H
#define GARM_APP_JSON_OUT_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct garm_json_value;

/* Objects and arrays within one another: what was read, and 64 levels around it. */
#define JSON_DEPTH_MAX (LIMIT_JSON_DEPTH + 64)
#define JSON_BITS      (JSON_DEPTH_MAX / 64 + 1)

/* A writer that drains does so whenever so many bytes are there. */
#define JSON_PIECE KIB(8)

/* Calls may be chained without looking at errors: the first one stays, and json_finish tells it. */
struct json {
    struct buf *out;
    /* a bit for each depth: something was written there, so a comma is due; */
    uint64_t filled[JSON_BITS];
    uint64_t objects[JSON_BITS]; /* and it is an object */
    uint32_t depth;
    bool keyed; /* a key was written, and its value is due */
    int error;
    int (*drain)(void *arg); /* empties `out`, 0 or a negative errno; NULL: it grows. May suspend */
    void *arg;
};

/** Begins one JSON value, which is appended to `out`. */
void json_init(struct json *json, struct buf *out);

/** Is what was begun last an object? */
bool json_in_object(const struct json *json);
void json_begin_object(struct json *json);
void json_end_object(struct json *json);
void json_begin_array(struct json *json);
void json_end_array(struct json *json);
/** The name of the next member of an object; escaped. */
void json_key(struct json *json, struct slice name);

/** Values: the whole text, a member behind its key, or an element. */
void json_null(struct json *json);
void json_bool(struct json *json, bool value);
void json_int(struct json *json, int64_t value);
void json_uint(struct json *json, uint64_t value);
/** The shortest digits that read back as the same double, in any locale; NaN and infinities are
 *  null. */
void json_double(struct json *json, double value);
/** Bytes that are not UTF-8 become U+FFFD. */
void json_string(struct json *json, struct slice value);
/** A parsed value with all that is in it. Constant stack. */
void json_tree(struct json *json, const struct garm_json_value *value);

/** 0 once one whole value was written; else the first error: -EINVAL calls that make no JSON (a
 *  key outside an object, an end too many or too few), -EOVERFLOW too deep, or as buf_append. */
MUST_CHECK int json_finish(const struct json *json);

/** Appends `text` as a JSON string, quotes included. 0, or as buf_append. */
int json_quote(struct slice text, struct buf *out);

#endif
