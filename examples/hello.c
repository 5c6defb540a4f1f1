/* Try: curl http://127.0.0.1:8000/hello/Ada */
#include <garm/garm.h>

static int hello(garm_ctx *c)
{
    return garm_text(c, 200, "Hello, %s!\n", garm_param(c, "name"));
}

GARM_APP(app)
{
    garm_route(app, "GET /hello/{name}", hello);
}
