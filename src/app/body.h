/* The request's body. */
#ifndef GARM_APP_BODY_H
#define GARM_APP_BODY_H

#include "app/ctx.h"

/** Notes that the body is longer than is taken: the answer will be 413, and the connection
 *  closes. -EMSGSIZE. */
int body_too_long(garm_ctx *c);
/** The first coding in the request's Content-Encoding but "identity", for those who parse the body:
 *  nobody here decodes one. If there is one, the reply gets Accept-Encoding, which says that a 415
 *  is for the coding (RFC 7694 section 3). Empty if there is none. */
struct slice body_coding(garm_ctx *c);

#endif
