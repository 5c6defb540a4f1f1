/* Requests that no route takes: what they get, as dispatch.c answers them and explain.c tells. */
#ifndef GARM_APP_UNROUTED_H
#define GARM_APP_UNROUTED_H

#include "app/app.h"
#include "codec/h1.h"

/** The status of the answer, where the router said `status`, which does not matter for a target
 *  without a path: 404, 405 or 501, or 204 to OPTIONS. */
uint16_t unrouted_status(const struct h1_head *head, uint16_t status);

/** The innermost group whose prefix the path has: its middleware is around the answer. */
const struct endpoint *unrouted_endpoint(const struct application *application, struct slice host,
                                         struct slice path, bool plain);

/** Writes an Allow value to `out`, which has sizeof(application->allow) bytes: the methods that the
 *  path has, or, of an empty path, those of the whole application. Returns its length; a NUL is
 *  behind it. */
size_t unrouted_allow(const struct application *application, struct slice host, struct slice path,
                      bool plain, char *out);

#endif
