/* Metrics of an application's own, counted on several workers at once. */
#include <garm/garm.h>

static garm_metric *hits, *level, *sizes, *few;

static int hit(garm_ctx *c)
{
    const int64_t n = garm_param_int(c, "n");
    garm_metric_add(c, hits, 1, n % 2 == 0 ? "even" : "odd");
    garm_metric_add(c, level, 1);
    garm_metric_observe(c, sizes, (double)n);
    garm_metric_add(c, few, 1, garm_param(c, "n"));
    return garm_text(c, 200, "hit\n");
}

/* More than a buffer holds: most of it is sent before the handler's reply is done with. */
static int big(garm_ctx *c)
{
    static const char bytes[300000];
    return garm_bytes_view(c, 200, NULL, bytes, sizeof(bytes));
}

GARM_APP(app)
{
    hits = garm_counter(app, "test_hits_total", "Hits.", .labels = {"kind"});
    level = garm_gauge(app, "test_level", "Added to by all.");
    sizes = garm_histogram(app, "test_size_bytes", "Sizes.", .buckets = {10, 100});
    few = garm_counter(app, "test_few_total", "Bounded.", .labels = {"n"}, .series_max = 5);
    garm_route(app, "GET /hit/{n:int}", hit);
    garm_route(app, "GET /big", big);
    garm_route(app, "GET /metrics", garm_metrics);
}
