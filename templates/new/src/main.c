/* @NAME@: its routes, and what is around them. */
#include <garm/garm.h>

/* Middleware: it runs around every route, and says in the answer how long that took. */
static int timing(garm_ctx *c)
{
    const int64_t start = garm_now_ns();
    const int rc = garm_next(c);
    const double ms = (double)(garm_now_ns() - start) / 1e6;
    GARM_TRY(garm_set_headerf(c, "Server-Timing", "app;dur=%.3f", ms));
    return rc;
}

static int home(garm_ctx *c)
{
    return garm_json(c, 200, garm_kv("name", "@NAME@"), garm_kv("garm", garm_version()));
}

static int hello(garm_ctx *c)
{
    return garm_text(c, 200, "Hello, %s!\n", garm_param(c, "name"));
}

GARM_APP(app)
{
    garm_use(app, timing);
    garm_route(app, "GET /{$}", home);
    garm_route(app, "GET /hello/{name}", hello);
}
