/* A program that somebody else builds against an installed Garm, as C17 and as C++20. */
#include <garm/garm.h>

static int hello(garm_ctx *c)
{
    return garm_json(c, 200, garm_kv("hello", garm_param(c, "name")));
}

GARM_APP(app)
{
    garm_route(app, "GET /hello/{name}", hello, .deadline_ms = 1000);
}
