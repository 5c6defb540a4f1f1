/* The middleware in the box. Each constructor takes the application or a group, and options by
 * name; what an option cannot be stops the start, and names the line. The first one that is added
 * is the outermost. */
#ifndef GARM_MW_H
#define GARM_MW_H

#include <garm/mw/access_log.h>
#include <garm/mw/api_key.h>
#include <garm/mw/basic_auth.h>
#include <garm/mw/bearer.h>
#include <garm/mw/compress.h>
#include <garm/mw/cors.h>
#include <garm/mw/csrf.h>
#include <garm/mw/etag.h>
#include <garm/mw/health.h>
#include <garm/mw/jwt.h>
#include <garm/mw/rate_limit.h>
#include <garm/mw/real_ip.h>
#include <garm/mw/request_id.h>
#include <garm/mw/security_headers.h>

#endif
