/* Metrics for Prometheus: the server's own, and an application's counters, gauges and histograms.
 *
 *     garm_metric *sold = garm_counter(app, "shop_sold_total", "Things sold.", .labels = {"kind"});
 *     garm_route(app, "GET /metrics", garm_metrics);
 *     garm_metric_add(c, sold, 1, "book");
 *
 * Only an application with a route whose handler is garm_metrics collects anything; in any other
 * these functions do nothing. The names that begin with garm_ and process_ are the server's. */
#ifndef GARM_METRICS_H
#define GARM_METRICS_H

#include <garm/app.h>
#include <garm/base.h>

#define GARM_METRIC_LABELS_MAX  8
#define GARM_METRIC_BUCKETS_MAX 32
/* Bytes of a label's value; longer ones are cut. */
#define GARM_METRIC_VALUE_MAX 128

/* One family: its series differ in the values of its labels. Lives as long as the application. */
typedef struct garm_metric garm_metric;

typedef struct garm_metric_opts {
    size_t size;
    const char *where;
    const char *labels[GARM_METRIC_LABELS_MAX] GARM_UNSET_; /* names, up to a NULL */
    /* of a histogram: upper bounds, ascending, above 0, up to a 0; default: for seconds, from 100
     * us to 10 s */
    double buckets[GARM_METRIC_BUCKETS_MAX] GARM_UNSET_;
    /* different sets of label values, 100000 at most; default 1000. What comes beyond them is
     * counted in one series more, whose values are all "_other_" */
    int64_t series_max GARM_UNSET_;
} garm_metric_opts;

/* Values of labels, in the order of their names, up to a NULL. */
typedef struct garm_metric_labels {
    const char *values[GARM_METRIC_LABELS_MAX + 1];
} garm_metric_labels;

GARM_BEGIN

/** A handler: all metrics, streamed, as OpenMetrics 1.0.0 or in Prometheus' text format 0.0.4, by
 *  the Accept field. May suspend. */
GARM_EXPORT int garm_metrics(garm_ctx *c);

/** Declares a counter, of which `name` ends in "_total". Names of metrics and labels are
 *  [A-Za-z_][A-Za-z0-9_]*; a label's does not begin with "__" and is neither "le" nor "quantile".
 *  `name`, `help` (not empty) and label names are copied. Mistakes stop the start, and NULL is
 *  returned, which the functions below accept. See garm_counter. */
GARM_EXPORT garm_metric *garm_counter_with(garm_app *app, const char *name, const char *help,
                                           const garm_metric_opts *opts);
/** Declares a gauge. See garm_gauge; else as garm_counter_with. */
GARM_EXPORT garm_metric *garm_gauge_with(garm_app *app, const char *name, const char *help,
                                         const garm_metric_opts *opts);
/** Declares a histogram. See garm_histogram; else as garm_counter_with. */
GARM_EXPORT garm_metric *garm_histogram_with(garm_app *app, const char *name, const char *help,
                                             const garm_metric_opts *opts);
/* garm_counter(app, "mails_total", "Mails sent.", .labels = {"kind"}) */
#define garm_counter(app, name, ...)                                                               \
    garm_counter_with((app), (name), GARM_HEAD_(__VA_ARGS__, ),                                    \
                      GARM_OPTS_(garm_metric_opts, __VA_ARGS__))
/* garm_gauge(app, "queue_length", "Mails that wait.") */
#define garm_gauge(app, name, ...)                                                                 \
    garm_gauge_with((app), (name), GARM_HEAD_(__VA_ARGS__, ),                                      \
                    GARM_OPTS_(garm_metric_opts, __VA_ARGS__))
/* garm_histogram(app, "mail_bytes", "Size of a mail.", .buckets = {1e3, 1e4, 1e5}) */
#define garm_histogram(app, name, ...)                                                             \
    garm_histogram_with((app), (name), GARM_HEAD_(__VA_ARGS__, ),                                  \
                        GARM_OPTS_(garm_metric_opts, __VA_ARGS__))

/** Adds `n` to a counter (0 or more, finite) or to a gauge. From a request, a child or a job;
 *  counters and histograms are kept per worker and summed when read, a gauge is one value of the
 *  whole process, which workers share. Other threads have no garm_ctx: garm_post work that counts.
 *  A wrong number of values, a wrong `n` and a metric of another kind change nothing, and are
 *  logged once per metric. See garm_metric_add. */
GARM_EXPORT void garm_metric_add_with(garm_ctx *c, garm_metric *metric, double n,
                                      const garm_metric_labels *labels);
/** Sets a gauge. The last one to set it wins, whatever worker it runs on. See garm_metric_set;
 *  else as garm_metric_add_with. */
GARM_EXPORT void garm_metric_set_with(garm_ctx *c, garm_metric *metric, double value,
                                      const garm_metric_labels *labels);
/** Puts a value (not NaN) into a histogram. See garm_metric_observe; else as
 *  garm_metric_add_with. */
GARM_EXPORT void garm_metric_observe_with(garm_ctx *c, garm_metric *metric, double value,
                                          const garm_metric_labels *labels);

/* Label values, given behind a number, as one argument. */
#define GARM_METRIC_LABELS_(...)                                                                   \
    GARM_TEMPORARY_(garm_metric_labels, {GARM_TAIL_(__VA_ARGS__, ) NULL})
/* garm_metric_add(c, mails, 1, "reminder") */
#define garm_metric_add(c, metric, ...)                                                            \
    garm_metric_add_with((c), (metric), GARM_HEAD_(__VA_ARGS__, ), GARM_METRIC_LABELS_(__VA_ARGS__))
/* garm_metric_set(c, queue, 17) */
#define garm_metric_set(c, metric, ...)                                                            \
    garm_metric_set_with((c), (metric), GARM_HEAD_(__VA_ARGS__, ), GARM_METRIC_LABELS_(__VA_ARGS__))
/* garm_metric_observe(c, sizes, 4096) */
#define garm_metric_observe(c, metric, ...)                                                        \
    garm_metric_observe_with((c), (metric), GARM_HEAD_(__VA_ARGS__, ),                             \
                             GARM_METRIC_LABELS_(__VA_ARGS__))

GARM_END

#endif
