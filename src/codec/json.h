/* JSON texts (RFC 8259): parsed into an immutable tree, and looked up in it. A text is UTF-8
 * without a byte order mark, one value, at most LIMIT_JSON_DEPTH levels and LIMIT_JSON_BYTES bytes;
 * of members with one name a lookup finds the last. No memory of its own: the caller lends it. */
#ifndef GARM_CODEC_JSON_H
#define GARM_CODEC_JSON_H

#include "base/compiler.h"
#include "base/slice.h"
#include "codec/json_engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,
    JSON_UINT, /* from 2^63 on */
    JSON_DOUBLE,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_member;

/* A value, as the public headers name it. Four of them to a cache line; the children of one stand
 * side by side. */
struct garm_json_value {
    uint32_t type;  /* enum json_type */
    uint32_t count; /* of a string's bytes, an array's elements, an object's members */
    union {
        bool boolean;
        int64_t integer;
        uint64_t natural;
        double number;
        const char *text; /* a NUL behind it */
        const struct garm_json_value *elements;
        const struct json_member *members;
    } as;
};

struct json_member {
    const char *name; /* a NUL behind it */
    uint32_t name_size;
    uint32_t hash; /* of large objects */
    struct garm_json_value value;
};

/* Where a text is broken. Lines and columns count from 1, columns in bytes. */
struct json_error {
    size_t offset, line, column;
    const char *reason; /* a static phrase */
};

/* Where trees are put: aligned to 16; NULL when there is no memory. */
struct json_memory {
    void *(*alloc)(void *arg, size_t size);
    void *arg;
};

/** Parses `text`, which is not needed any more afterwards. 0; -EBADMSG, and *ret_error is filled;
 *  -EMSGSIZE longer than LIMIT_JSON_BYTES; -ENOMEM. A tree takes at most eleven times its text. */
MUST_CHECK int json_parse(struct json_engine *engine, struct slice text,
                          const struct json_memory *memory, const struct garm_json_value **ret_root,
                          struct json_error *ret_error);

/** Looks where `text` is broken, without an engine: 0, or -EBADMSG and *ret_error. Agrees with
 *  json_parse. Constant stack. */
MUST_CHECK int json_check(struct slice text, struct json_error *ret_error);

/** Does a Content-Type announce JSON in UTF-8? */
bool json_media_type(struct slice content_type);

/** Is it one JSON number's text that no double can hold? `text` is a number by its grammar. */
bool json_number_overflows(struct slice text);

/** What the tape holds, as a tree. 0; -EBADMSG too deep; -ENOMEM. */
MUST_CHECK int json_tree_build(const struct json_tape *tape, const struct json_memory *memory,
                               const struct garm_json_value **ret_root);

/* Lookups accept NULL, and give NULL for what is not there. */

/** The member `name` of an object; of several the last. */
const struct garm_json_value *json_member(const struct garm_json_value *object, struct slice name);
/** The element or member at `index`; its name to *ret_name ("" for an element). */
const struct garm_json_value *json_item(const struct garm_json_value *value, size_t index,
                                        struct slice *ret_name);
/** What an RFC 6901 pointer names. */
const struct garm_json_value *json_at(const struct garm_json_value *value, struct slice pointer);

#endif
