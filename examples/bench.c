/* TechEmpower's plaintext and JSON tests
 * (https://github.com/TechEmpower/FrameworkBenchmarks/wiki); what metrics cost, with --metrics;
 * files, with --files. */
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
    const char *const metrics =
        garm_flag(app, "metrics", "", "Serve metrics at this path, such as /metrics");
    garm_route(app, "GET /plaintext", plaintext);
    garm_route(app, "GET /json", json);
    const char *const files = garm_flag(app, "files", "", "Serve this directory at /files/");
    if (files[0] != '\0') {
        garm_static(app, "/files", files);
    }
    if (metrics[0] != '\0') {
        garm_route(app, metrics, garm_metrics);
    }
}
