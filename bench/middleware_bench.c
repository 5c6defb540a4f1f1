/* One group for each middleware of the box, with the same handler inside; `/plain` has none around
 * it. tools/middleware-cost counts what each adds to a request. */
#include <garm/garm.h>

static int hello(garm_ctx *c)
{
    return garm_text(c, 200, "Hello, World!");
}

/* The routes of a group, and the group for what goes around them. */
static garm_app *around(garm_app *app, const char *prefix)
{
    garm_app *const group = garm_group(app, prefix);
    garm_route(group, "GET /", hello);
    garm_route(group, "POST /", hello);
    return group;
}

static void add_logs(garm_app *app, const char *path)
{
    garm_access_log(around(app, "/logfmt"), .path = path);
    garm_access_log(around(app, "/json"), .path = path, .format = GARM_ACCESS_JSON);
    garm_access_log(around(app, "/combined"), .path = path, .format = GARM_ACCESS_COMBINED);
}

GARM_APP(app)
{
    add_logs(app, garm_flag(app, "log", "/dev/null", "Where the access logs go."));
    around(app, "/plain");
    garm_request_id(around(app, "/request-id"));
    garm_real_ip(around(app, "/real-ip"), .trusted = {"loopback"});
    garm_security_headers(around(app, "/security-headers"));
    garm_cors(around(app, "/cors"), .origins = {"https://app.example"});
    garm_csrf(around(app, "/csrf"));
    garm_rate_limit(around(app, "/rate-limit"), .per_second = 1e6, .burst = 1000000);
    garm_limits(around(app, "/limits"), .deadline_ms = 5000);
    garm_etag(around(app, "/etag"));
    garm_compress(around(app, "/compress"));
}
