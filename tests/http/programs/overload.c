/* A handler that takes 2 ms of its worker's time, and what says how the worker does. */
#include <garm/garm.h>

#include <string.h>
#include <time.h>

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * GARM_SEC(1) + now.tv_nsec;
}

static int work(garm_ctx *c)
{
    const int64_t end_ns = cpu_ns() + GARM_MS(2);
    while (cpu_ns() < end_ns) {
    }
    return garm_text(c, 200, "done\n");
}

static int rest(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_MS(300)));
    return garm_text(c, 200, "rested\n");
}

static int quick(garm_ctx *c)
{
    return garm_text(c, 200, "quick\n");
}

static int count(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "X-Counted", "yes"));
    return garm_next(c);
}

static int check(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "X-Checked", "yes"));
    return garm_next(c);
}

GARM_APP(app)
{
    if (strcmp(garm_flag(app, "control", "on", "on or off."), "off") == 0) {
        garm_overload(app, .off = true);
    }
    garm_use(app, count, .always = true);
    garm_use(app, check);
    garm_request_id(app);
    garm_route(app, "GET /work", work);
    garm_route(app, "GET /rest", rest);
    garm_route(app, "GET /quick", quick);
    garm_route(app, "GET /always", quick, .always = true);
    garm_route(app, "GET /metrics", garm_metrics);
}
