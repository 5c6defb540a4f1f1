/* The request's body. */
#ifndef GARM_APP_BODY_H
#define GARM_APP_BODY_H

#include "app/ctx.h"

/** Notes that the body is longer than is taken: the answer will be 413, and the connection
 *  closes. -EMSGSIZE. */
int body_too_long(garm_ctx *c);

#endif
