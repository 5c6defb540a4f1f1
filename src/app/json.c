/* garm_json: members from garm_kv and garm_obj to a held reply. */
#include "app/reply.h"

#include "app/json_out.h"
#include "app/scratch.h"

#include <garm/json.h>

static void write_value(struct json *json, const garm_json_member *member);

static void write_members(struct json *json, const garm_json_member *members)
{
    json_begin_object(json);
    /* json_begin_object notes an error beyond JSON_DEPTH_MAX: nothing deeper is looked at. */
    for (; json->error == 0 && members->type != GARM_JSON_END; members++) {
        json_key(json, slice_cstr(members->name));
        write_value(json, members);
    }
    json_end_object(json);
}

static void write_value(struct json *json, const garm_json_member *member)
{
    switch (member->type) {
    case GARM_JSON_BOOL: json_bool(json, member->value.boolean); break;
    case GARM_JSON_INT: json_int(json, member->value.integer); break;
    case GARM_JSON_UINT: json_uint(json, member->value.natural); break;
    case GARM_JSON_DOUBLE: json_double(json, member->value.number); break;
    case GARM_JSON_STRING: json_string(json, slice_cstr(member->value.string)); break;
    case GARM_JSON_OBJECT: write_members(json, member->value.members); break;
    case GARM_JSON_NULL:
    case GARM_JSON_END: json_null(json); break;
    }
}

int garm_json_with(garm_ctx *c, int status, const garm_json_member *members)
{
    struct json json;
    TRY(reply_open(c, status));
    struct buf *const out = scratch_begin(c);
    json_init(&json, out);
    write_members(&json, members);
    int rc = json_finish(&json);
    const struct slice body = rc < 0 ? SLICE("") : scratch_dup(c, buf_slice(out));
    scratch_end(c);
    if (rc == -ENOMEM) {
        ctx_poison(c);
    }
    rc = rc < 0 ? rc : ctx_check(c);
    TRY(rc);
    TRY(reply_default_type(c, SLICE("application/json")));
    reply_hold(c, status, body);
    return 0;
}
