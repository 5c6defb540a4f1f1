/* A request that wants more stack than the connection's task has is served on a task of its
 * own. */
#ifndef GARM_APP_OWN_STACK_H
#define GARM_APP_OWN_STACK_H

#include "app/ctx.h"

/** serve_request on a task with the route's stack_bytes; the calling task waits, and hands on its
 *  own cancellation. Without such a stack the answer is 503. May suspend. */
void serve_on_own_stack(garm_ctx *c);

#endif
