/* Handlers that take their time, for the tests of the drain. */
#include <garm/garm.h>

#include <time.h>

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

static int sleep_long(void *arg)
{
    (void)arg;
    const struct timespec time = {.tv_sec = 1000};
    nanosleep(&time, NULL);
    return 0;
}

/* A call that nobody can end. */
static int stuck(garm_ctx *c)
{
    GARM_TRY(garm_offload(c, sleep_long, NULL));
    return garm_text(c, 200, "slept\n");
}

/* Does not hear that it is cancelled. */
static int deaf(garm_ctx *c)
{
    for (;;) {
        (void)garm_sleep(c, GARM_SEC(1));
    }
    return 0;
}

GARM_APP(app)
{
    const char *const log = garm_flag(app, "access-log", "", "Where the access log goes.");
    if (log[0] != '\0') {
        garm_access_log(app, .path = log);
    }
    garm_route(app, "GET /stuck", stuck);
    garm_route(app, "GET /deaf", deaf);
    garm_route(app, "GET /after/{ms:int}", after);
    garm_route(app, "GET /stream/{count:int}", stream);
}
