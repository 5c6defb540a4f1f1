/* Handlers that take their time, for the tests of the drain. */
#include <garm/garm.h>

/* Answers after so many milliseconds, or says why it could not. */
static int after(garm_ctx *c)
{
    const int rc = garm_sleep(c, GARM_MS(garm_param_int(c, "ms")));
    return rc < 0 ? rc : garm_text(c, 200, "waited\n");
}

/* A line every 20 ms, so many times. */
static int stream(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "Content-Type", "text/plain"));
    for (int64_t i = 0; i < garm_param_int(c, "count"); i++) {
        GARM_TRY(garm_write(c, "line\n", 5));
        GARM_TRY(garm_flush(c));
        GARM_TRY(garm_sleep(c, GARM_MS(20)));
    }
    return garm_write(c, "end\n", 4);
}

GARM_APP(app)
{
    garm_route(app, "GET /after/{ms:int}", after);
    garm_route(app, "GET /stream/{count:int}", stream);
}
