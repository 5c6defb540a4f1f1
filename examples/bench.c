/* TechEmpower's plaintext and JSON tests
 * (https://github.com/TechEmpower/FrameworkBenchmarks/wiki). */
#include <garm/garm.h>

static int plaintext(garm_ctx *c)
{
    return garm_bytes(c, 200, "text/plain", "Hello, World!", 13);
}

static int json(garm_ctx *c)
{
    return garm_json(c, 200, garm_kv("message", "Hello, World!"));
}

GARM_APP(app)
{
    garm_route(app, "GET /plaintext", plaintext);
    garm_route(app, "GET /json", json);
}
