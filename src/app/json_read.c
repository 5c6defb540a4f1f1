/* JSON bodies: read, parsed, and what their values are expected to be. */
#include "app/body.h"

#include "base/limits.h"
#include "codec/json.h"

#include <garm/json_read.h>
#include <garm/request.h>

#include <math.h>
#include <string.h>

/* Trees up to this size go to the arena. */
#define TREE_IN_ARENA_MAX KIB(16)
/* From here on a double may stand for its neighbour, which has no double of its own. */
#define WHOLE_MAX 9007199254740992.0

/* Parsing. */

static void *alloc_tree(void *arg, size_t size)
{
    garm_ctx *const c = arg;
    return size <= TREE_IN_ARENA_MAX ? ctx_alloc(c, size) : ctx_alloc_large(c, size);
}

static int parse(garm_ctx *c, struct slice text, const garm_json_value **ret_value,
                 struct json_error *ret_error)
{
    struct garm_worker *const worker = c->worker;
    const struct json_memory memory = {alloc_tree, c};
    TRY(ctx_check(c));
    if (worker->json == NULL) {
        worker->json = json_engine_new();
    }
    const int rc = worker->json == NULL
                       ? -ENOMEM
                       : json_parse(worker->json, text, &memory, ret_value, ret_error);
    if (rc == -ENOMEM) {
        ctx_poison(c);
    }
    return rc;
}

int garm_json_parse(garm_ctx *c, const char *data, size_t size, const garm_json_value **ret_value,
                    garm_json_error *ret_error)
{
    struct json_error error = {0};
    ctx_own(c);
    const int rc = parse(c, slice_of(data, size), ret_value, &error);
    if (rc == -EBADMSG) {
        c->complaint.error = 0; /* this text is not the client's: an older complaint is not meant */
    }
    if (rc == -EBADMSG && ret_error != NULL) {
        *ret_error = (garm_json_error){error.offset, error.line, error.column, error.reason};
    }
    return rc;
}

int garm_body_json(garm_ctx *c, const garm_json_value **ret_value)
{
    const void *data = NULL;
    size_t size = 0;
    struct json_error error = {0};
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    if (c->body.json == NULL) {
        if (!json_media_type(slice_cstr(garm_header(c, "Content-Type")))) {
            return ctx_complain(c, -ENOTSUP, 415,
                                "a body of Content-Type application/json is expected");
        }
        const struct slice coding = body_coding(c);
        if (coding.len > 0) {
            return ctx_complain(c, -ENOTSUP, 415, "a body without a coding is expected, not %.*s",
                                SLICE_ARG(coding));
        }
        TRY(garm_body(c, LIMIT_JSON_BYTES, &data, &size));
        const int rc = parse(c, slice_of(data, size), &c->body.json, &error);
        if (rc == -EBADMSG) {
            return ctx_complain(c, rc, 400, "line %zu, column %zu: %s", error.line, error.column,
                                error.reason);
        }
        TRY(rc);
    }
    *ret_value = c->body.json;
    return 0;
}

/* Looking around. */

enum garm_json_type garm_json_type_of(const garm_json_value *value)
{
    static const enum garm_json_type types[] = {
        [JSON_NULL] = GARM_JSON_NULL,     [JSON_BOOL] = GARM_JSON_BOOL,
        [JSON_INT] = GARM_JSON_INT,       [JSON_UINT] = GARM_JSON_UINT,
        [JSON_DOUBLE] = GARM_JSON_DOUBLE, [JSON_STRING] = GARM_JSON_STRING,
        [JSON_ARRAY] = GARM_JSON_ARRAY,   [JSON_OBJECT] = GARM_JSON_OBJECT,
    };
    return value == NULL ? GARM_JSON_END : types[value->type];
}

const garm_json_value *garm_json_at(const garm_json_value *value, const char *pointer)
{
    return json_at(value, slice_cstr(pointer));
}

const garm_json_value *garm_json_member_of(const garm_json_value *value, const char *name)
{
    return json_member(value, slice_cstr(name));
}

size_t garm_json_count(const garm_json_value *value)
{
    return value != NULL && (value->type == JSON_ARRAY || value->type == JSON_OBJECT) ? value->count
                                                                                      : 0;
}

const garm_json_value *garm_json_item(const garm_json_value *value, size_t index,
                                      const char **ret_name)
{
    struct slice name = {0};
    const garm_json_value *const item = json_item(value, index, &name);
    if (ret_name != NULL) {
        *ret_name = name.ptr;
    }
    return item;
}

const char *garm_json_text(const garm_json_value *value, size_t *ret_size)
{
    const bool string = value != NULL && value->type == JSON_STRING;
    if (ret_size != NULL) {
        *ret_size = string ? value->count : 0;
    }
    return string ? value->as.text : NULL;
}

/* Reading with an expected type. */

static const char *kind_of(const garm_json_value *value)
{
    switch ((enum json_type)value->type) {
    case JSON_NULL: return "null";
    case JSON_BOOL: return "true or false";
    case JSON_STRING: return "a string";
    case JSON_ARRAY: return "an array";
    case JSON_OBJECT: return "an object";
    default: return "a number";
    }
}

/* The error for what is not `expected`, noted for the client. */
static int refuse(garm_ctx *c, const garm_json_value *value, const char *pointer, int rc,
                  const char *expected)
{
    const char *const name = pointer[0] == '\0' ? "the value" : pointer;
    if (c == NULL) {
        return rc;
    }
    if (value == NULL) {
        return ctx_complain(c, rc, 400, "%s is missing: %s is expected", name, expected);
    }
    if (rc == -ERANGE) {
        return ctx_complain(c, rc, 400, "%s does not fit: %s is expected", name, expected);
    }
    return ctx_complain(c, rc, 400, "%s is %s: %s is expected", name, kind_of(value), expected);
}

/* Finds the value; it is an error if there is none. */
static int find(garm_ctx *c, const garm_json_value *value, const char *pointer,
                const char *expected, const garm_json_value **ret_value)
{
    const garm_json_value *const found = garm_json_at(value, pointer);
    if (found == NULL) {
        return refuse(c, NULL, pointer, -ENODATA, expected);
    }
    *ret_value = found;
    return 0;
}

int garm_json_string_at(garm_ctx *c, const garm_json_value *value, const char *pointer,
                        const char **ret_value)
{
    const garm_json_value *found = NULL;
    TRY(find(c, value, pointer, "a string", &found));
    if (found->type != JSON_STRING) {
        return refuse(c, found, pointer, -EBADMSG, "a string");
    }
    if (memchr(found->as.text, '\0', found->count) != NULL) {
        return refuse(c, found, pointer, -EBADMSG, "a string without NUL");
    }
    *ret_value = found->as.text;
    return 0;
}

int garm_json_int_at(garm_ctx *c, const garm_json_value *value, const char *pointer,
                     int64_t *ret_value)
{
    static const char expected[] = "a whole number";
    static const char smaller[] = "a whole number of 64 bits with a sign";
    const garm_json_value *found = NULL;
    TRY(find(c, value, pointer, expected, &found));
    if (found->type == JSON_UINT) {
        return refuse(c, found, pointer, -ERANGE, smaller);
    }
    if (found->type == JSON_DOUBLE && found->as.number == trunc(found->as.number)) {
        if (fabs(found->as.number) >= WHOLE_MAX) {
            return refuse(c, found, pointer, -ERANGE, smaller);
        }
        *ret_value = (int64_t)found->as.number;
        return 0;
    }
    if (found->type != JSON_INT) {
        return refuse(c, found, pointer, -EBADMSG, expected);
    }
    *ret_value = found->as.integer;
    return 0;
}

int garm_json_double_at(garm_ctx *c, const garm_json_value *value, const char *pointer,
                        double *ret_value)
{
    const garm_json_value *found = NULL;
    TRY(find(c, value, pointer, "a number", &found));
    switch (found->type) {
    case JSON_INT: *ret_value = (double)found->as.integer; return 0;
    case JSON_UINT: *ret_value = (double)found->as.natural; return 0;
    case JSON_DOUBLE: *ret_value = found->as.number; return 0;
    default: return refuse(c, found, pointer, -EBADMSG, "a number");
    }
}

int garm_json_bool_at(garm_ctx *c, const garm_json_value *value, const char *pointer,
                      bool *ret_value)
{
    const garm_json_value *found = NULL;
    TRY(find(c, value, pointer, "true or false", &found));
    if (found->type != JSON_BOOL) {
        return refuse(c, found, pointer, -EBADMSG, "true or false");
    }
    *ret_value = found->as.boolean;
    return 0;
}
