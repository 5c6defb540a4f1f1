/* Garm: an HTTP application server for C on Linux. All that a program needs:
 *
 *     static int hello(garm_ctx *c) { return garm_text(c, 200, "Hello, %s", garm_query(c, "n")); }
 *     GARM_APP(app) { garm_route(app, "GET /hello", hello); }
 *
 * Read app.h first; base.h says what holds for all functions. */
#ifndef GARM_GARM_H
#define GARM_GARM_H

#include <garm/app.h>
#include <garm/appender.h>
#include <garm/base.h>
#include <garm/base64.h>
#include <garm/cache.h>
#include <garm/coding.h>
#include <garm/digest.h>
#include <garm/form.h>
#include <garm/json.h>
#include <garm/json_read.h>
#include <garm/keys.h>
#include <garm/log.h>
#include <garm/memory.h>
#include <garm/metrics.h>
#include <garm/middleware.h>
#include <garm/mw.h>
#include <garm/overload.h>
#include <garm/password.h>
#include <garm/reply.h>
#include <garm/request.h>
#include <garm/server.h>
#include <garm/session.h>
#include <garm/signature.h>
#include <garm/static.h>
#include <garm/sync.h>
#include <garm/task.h>
#include <garm/test.h>
#include <garm/version.h>

#endif
