/* From a text to a tree, and from a tree to a value: members, elements, pointers (RFC 6901). */
#include "codec/json.h"

#include "base/limits.h"
#include "base/text.h"
#include "codec/json_index.h"

#include <errno.h>
#include <string.h>

int json_parse(struct json_engine *engine, struct slice text, const struct json_memory *memory,
               const struct garm_json_value **ret_root, struct json_error *ret_error)
{
    struct json_tape tape = {0};
    if (text.len > LIMIT_JSON_BYTES) {
        return -EMSGSIZE;
    }
    const bool marked = slice_starts_with(text, SLICE("\xef\xbb\xbf"));
    int rc =
        marked || text.len == 0 ? -EBADMSG : json_engine_parse(engine, text.ptr, text.len, &tape);
    rc = rc < 0 ? rc : json_tree_build(&tape, memory, ret_root);
    json_engine_trim(engine, LIMIT_JSON_KEPT_BYTES);
    if (rc == -EBADMSG && json_check(text, ret_error) == 0) {
        *ret_error = (struct json_error){0, 1, 1, "this is no JSON"}; /* a fuzzer found none such */
    }
    return rc;
}

static const struct garm_json_value *scan_members(const struct garm_json_value *object,
                                                  struct slice name)
{
    for (uint32_t i = object->count; i > 0; i--) {
        const struct json_member *const member = &object->as.members[i - 1];
        if (member->name_size == name.len && memcmp(member->name, name.ptr, name.len) == 0) {
            return &member->value;
        }
    }
    return NULL;
}

const struct garm_json_value *json_member(const struct garm_json_value *object, struct slice name)
{
    if (object == NULL || object->type != JSON_OBJECT) {
        return NULL;
    }
    if (object->count <= JSON_INDEX_FROM) {
        return name.ptr == NULL ? NULL : scan_members(object, name);
    }
    const void *const members = object->as.members;
    return json_index_find((const struct json_index *)members - 1, name);
}

const struct garm_json_value *json_item(const struct garm_json_value *value, size_t index,
                                        struct slice *ret_name)
{
    const bool nested = value != NULL && (value->type == JSON_OBJECT || value->type == JSON_ARRAY);
    *ret_name = SLICE("");
    if (!nested || index >= value->count) {
        return NULL;
    }
    if (value->type == JSON_ARRAY) {
        return &value->as.elements[index];
    }
    const struct json_member *const member = &value->as.members[index];
    *ret_name = slice_of(member->name, member->name_size);
    return &member->value;
}

/* One level down to an element: digits, and no zero before others. */
static const struct garm_json_value *element_at(const struct garm_json_value *array,
                                                struct slice token)
{
    uint64_t index = 0;
    const bool zeros = token.len > 1 && token.ptr[0] == '0';
    if (zeros || text_to_u64(token, &index) < 0 || index >= array->count) {
        return NULL;
    }
    return &array->as.elements[index];
}

/* Does a name stand for the token, in which "~0" is '~' and "~1" is '/'? */
static bool stands_for(struct slice token, struct slice name)
{
    size_t at = 0;
    for (size_t i = 0; i < token.len; i++, at++) {
        char c = token.ptr[i];
        if (c == '~') {
            i++;
            const char digit = i < token.len ? token.ptr[i] : '\0';
            if (digit != '0' && digit != '1') {
                return false;
            }
            c = digit == '0' ? '~' : '/';
        }
        if (at == name.len || name.ptr[at] != c) {
            return false;
        }
    }
    return at == name.len;
}

static const struct garm_json_value *child(const struct garm_json_value *value, struct slice token)
{
    if (value->type == JSON_ARRAY) {
        return element_at(value, token);
    }
    if (slice_find(token, '~') == token.len) {
        return json_member(value, token);
    }
    struct slice name = {0};
    const size_t count = value->type == JSON_OBJECT ? value->count : 0;
    for (size_t i = count; i > 0; i--) {
        const struct garm_json_value *const member = json_item(value, i - 1, &name);
        if (stands_for(token, name)) {
            return member;
        }
    }
    return NULL;
}

const struct garm_json_value *json_at(const struct garm_json_value *value, struct slice pointer)
{
    while (value != NULL && pointer.len > 0) {
        if (pointer.ptr[0] != '/') {
            return NULL;
        }
        const struct slice rest = slice_of(pointer.ptr + 1, pointer.len - 1);
        const size_t size = slice_find(rest, '/');
        value = child(value, slice_of(rest.ptr, size));
        pointer = slice_of(rest.ptr + size, rest.len - size);
    }
    return value;
}
