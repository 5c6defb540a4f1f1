/* What middleware hangs around a reply: hooks before the head, filters, and hooks at the end.
 * Those of inner middleware come first; those of one middleware in the order they were asked
 * for. */
#include "app/reply.h"

#include <garm/middleware.h>

static int may_hang(garm_ctx *c)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    return c->x->committed || c->reply.sealing ? -EALREADY : 0;
}

int garm_before_head(garm_ctx *c, void (*fn)(garm_ctx *c, void *arg), void *arg)
{
    TRY(may_hang(c));
    struct head_hook *const hook = ctx_alloc(c, sizeof(*hook));
    if (hook == NULL) {
        return -ENOMEM;
    }
    struct head_hook **place = &c->reply.head_hooks;
    while (*place != NULL && (*place)->depth >= c->at) {
        place = &(*place)->next;
    }
    *hook = (struct head_hook){*place, c->at, fn, arg};
    *place = hook;
    return 0;
}

int garm_filter(garm_ctx *c, const garm_filter_ops *ops, void *arg)
{
    TRY(may_hang(c));
    struct filter *const filter = ctx_alloc(c, sizeof(*filter));
    if (filter == NULL) {
        return -ENOMEM;
    }
    struct filter **place = &c->reply.filters;
    while (*place != NULL && (*place)->depth >= c->at) {
        place = &(*place)->next;
    }
    *filter = (struct filter){*place, c->at, ops, arg, true};
    *place = filter;
    return 0;
}

int garm_on_finish(garm_ctx *c, void (*fn)(garm_ctx *c, const garm_outcome *outcome, void *arg),
                   void *arg)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    struct finish_hook *const hook = ctx_alloc(c, sizeof(*hook));
    if (hook == NULL) {
        return -ENOMEM;
    }
    struct finish_hook **place = &c->reply.finish_hooks;
    while (*place != NULL && (*place)->depth >= c->at) {
        place = &(*place)->next;
    }
    *hook = (struct finish_hook){*place, c->at, fn, arg};
    *place = hook;
    return 0;
}
