/* Two routes of which none is more specific than the other: this must not start. */
#include <garm/garm.h>

static int never(garm_ctx *c)
{
    return garm_text(c, 200, "never\n");
}

GARM_APP(app)
{
    garm_route(app, "GET /{a}/x", never);
    garm_route(app, "GET /x/{b}", never);
}
