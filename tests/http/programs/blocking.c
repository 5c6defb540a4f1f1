/* Handlers that hold their worker, and one that does not, for the tests of the watchdog. */
#include <garm/garm.h>

#include <time.h>

static int spin(garm_ctx *c)
{
    struct timespec begin;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < 700);
    return garm_text(c, 200, "spun\n");
}

static int nap(garm_ctx *c)
{
    const struct timespec time = {.tv_nsec = 700000000};
    nanosleep(&time, NULL);
    return garm_text(c, 200, "slept\n");
}

static int park(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_MS(700)));
    return garm_text(c, 200, "parked\n");
}

GARM_APP(app)
{
    garm_route(app, "GET /spin", spin);
    garm_route(app, "GET /nap", nap);
    garm_route(app, "GET /park", park);
    garm_route(app, "GET /deep", nap, .stack_kb = 256);
}
