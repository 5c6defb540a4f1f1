/* Conditions of requests: of stored representations, and of replies that are held. Also what else
 * middleware may ask about a held reply. */
#include "app/condition.h"

#include "app/reply.h"
#include "base/date.h"
#include "base/sys.h"

#include <garm/middleware.h>
#include <garm/request.h>

static bool asks(const garm_ctx *c, enum field_id id)
{
    return c->x->head->id_first[id] != 0;
}

struct slice condition_value(garm_ctx *c, enum field_id id)
{
    return asks(c, id) ? slice_cstr(garm_header(c, field_name(id).ptr)) : slice_of(NULL, 0);
}

int64_t condition_now_s(const garm_ctx *c)
{
    return c->loop->io->ops->wall_ns(c->loop->io) / NS_PER_SEC;
}

enum condition condition_judge(garm_ctx *c, const struct validators *validators)
{
    if (LIKELY(!asks(c, FIELD_IF_NONE_MATCH) && !asks(c, FIELD_IF_MODIFIED_SINCE) &&
               !asks(c, FIELD_IF_MATCH) && !asks(c, FIELD_IF_UNMODIFIED_SINCE))) {
        return CONDITION_MET;
    }
    const struct conditions conditions = {
        .if_match = condition_value(c, FIELD_IF_MATCH),
        .if_none_match = condition_value(c, FIELD_IF_NONE_MATCH),
        .if_modified_since = condition_value(c, FIELD_IF_MODIFIED_SINCE),
        .if_unmodified_since = condition_value(c, FIELD_IF_UNMODIFIED_SINCE),
    };
    return conditions_judge(&conditions, validators, condition_now_s(c));
}

/* Held replies. */

int64_t garm_res_length(garm_ctx *c)
{
    ctx_own(c);
    const struct reply *const reply = &c->reply;
    for (const struct filter *filter = reply->filters; filter != NULL; filter = filter->next) {
        if (!filter->out) {
            return -1;
        }
    }
    if (reply->state == REPLY_HELD && reply->parts == NULL) {
        return (int64_t)reply->body.len;
    }
    return reply->length == EXCHANGE_LENGTH_UNKNOWN ? -1 : (int64_t)reply->length;
}

int garm_res_body(garm_ctx *c, const void **ret_data, size_t *ret_size)
{
    ctx_own(c);
    if (c->reply.state != REPLY_HELD || c->reply.parts != NULL) {
        return -ENODATA;
    }
    *ret_data = c->reply.body.ptr;
    *ret_size = c->reply.body.len;
    return 0;
}

static struct validators validators_of(garm_ctx *c)
{
    struct validators validators = {.etag = slice_cstr(garm_res_header(c, "ETag"))};
    validators.has_modified = date_from_http(slice_cstr(garm_res_header(c, "Last-Modified")),
                                             condition_now_s(c), &validators.modified_s) == 0;
    return validators;
}

static void become_not_modified(garm_ctx *c)
{
    reply_drop(c);
    reply_fields_drop_body(c);
    reply_hold(c, 304, SLICE(""));
}

int garm_judge_conditions(garm_ctx *c)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    const enum method method = c->x->head->method;
    if (c->reply.state != REPLY_HELD || c->reply.status != 200 || c->reply.sealing ||
        (method != METHOD_GET && method != METHOD_HEAD)) {
        return 0;
    }
    const struct validators validators = validators_of(c);
    switch (condition_judge(c, &validators)) {
    case CONDITION_NOT_MODIFIED: become_not_modified(c); break;
    case CONDITION_FAILED: reply_render(c, 412, 0, NULL); break;
    default: break;
    }
    return ctx_check(c);
}
