/* garm_json: members from garm_kv, garm_obj and garm_arr to a held reply. */
#include "app/reply.h"

#include "app/json_member.h"
#include "app/scratch.h"

static void write_nested(struct json *json, const garm_json_member *members, bool object)
{
    if (object) {
        json_begin_object(json);
    } else {
        json_begin_array(json);
    }
    /* Beyond JSON_DEPTH_MAX an error is noted: nothing deeper is looked at. */
    for (; json->error == 0 && members->type != GARM_JSON_END; members++) {
        json_write_name(json, members->name);
        json_write_member(json, members);
    }
    if (object) {
        json_end_object(json);
    } else {
        json_end_array(json);
    }
}

void json_write_name(struct json *json, const char *name)
{
    if (json->error != 0 || !json_in_object(json)) {
        return;
    }
    if (name == NULL) {
        json->error = -EINVAL;
    } else {
        json_key(json, slice_cstr(name));
    }
}

void json_write_member(struct json *json, const garm_json_member *member)
{
    switch (member->type) {
    case GARM_JSON_BOOL: json_bool(json, member->value.boolean); break;
    case GARM_JSON_INT: json_int(json, member->value.integer); break;
    case GARM_JSON_UINT: json_uint(json, member->value.natural); break;
    case GARM_JSON_DOUBLE: json_double(json, member->value.number); break;
    case GARM_JSON_STRING: json_string(json, slice_cstr(member->value.string)); break;
    case GARM_JSON_TEXT:
        json_string(json, slice_of(member->value.text.data, member->value.text.size));
        break;
    case GARM_JSON_VALUE: json_tree(json, member->value.parsed); break;
    case GARM_JSON_OBJECT: write_nested(json, member->value.members, true); break;
    case GARM_JSON_ARRAY: write_nested(json, member->value.members, false); break;
    case GARM_JSON_NULL:
    case GARM_JSON_END: json_null(json); break;
    }
}

/* Writes the value into the scratch buffer, which the caller ends; empty if that fails. */
static int write_text(garm_ctx *c, const garm_json_member *value)
{
    struct json json;
    struct buf *const out = scratch_begin(c);
    json_init(&json, out);
    json_write_member(&json, value);
    const int rc = json_finish(&json);
    if (rc == -ENOMEM) {
        ctx_poison(c);
    } else if (rc == -EINVAL) {
        ctx_log(c, LOG_ERROR, "JSON with a member without a name was refused");
    }
    if (rc < 0) {
        buf_clear(out);
    }
    return rc;
}

/* Not kept for the request's life (see garm_release), as what garm_strf gives. */
const char *garm_json_format(garm_ctx *c, garm_json_member value)
{
    ctx_own(c);
    (void)write_text(c, &value);
    const char *const copy = arena_dup(c->arena, buf_slice(&c->worker->scratch));
    scratch_end(c);
    if (copy == NULL) {
        ctx_poison(c);
        return "";
    }
    return copy;
}

int garm_json_reply(garm_ctx *c, int status, garm_json_member value)
{
    TRY(reply_open(c, status));
    int rc = write_text(c, &value);
    const struct slice body = scratch_take(c);
    scratch_end(c);
    rc = rc < 0 ? rc : ctx_check(c);
    TRY(rc);
    TRY(reply_default_type(c, SLICE("application/json")));
    reply_hold(c, status, body);
    return 0;
}

int garm_json_with(garm_ctx *c, int status, const garm_json_member *members)
{
    return garm_json_reply(c, status, garm_kv_object(NULL, members));
}
