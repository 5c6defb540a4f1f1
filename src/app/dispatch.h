/* One request, up once and down once: found a route, its chain run, its result judged, its reply
 * sent. */
#ifndef GARM_APP_DISPATCH_H
#define GARM_APP_DISPATCH_H

#include "app/ctx.h"

/** The exchange_handler of an application; worker_data is the struct garm_worker. */
void app_serve(struct exchange *x, void *worker_data);

/** The end of a chain without a route: 404, 405 or 501, or 204 to OPTIONS. */
int answer_unrouted(garm_ctx *c);

/** Judges what a function of the chain returned, and renders what it calls for. 0 if there is a
 *  reply then; else no answer can be given any more. May suspend. */
MUST_CHECK int judge(garm_ctx *c, int rc);

/** Runs the route's chain, sends the reply, and ends the request, with all that was hung on it.
 *  May suspend. */
void serve_request(garm_ctx *c);
/** The same after the chain. */
void end_request(garm_ctx *c);

#endif
