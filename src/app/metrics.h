/* What is counted, and where. Every worker has cells of its own, to which it alone writes; they
 * are summed when read. */
#ifndef GARM_APP_METRICS_H
#define GARM_APP_METRICS_H

#include "app/app.h"
#include "app/metrics_text.h"
#include "base/counter.h"
#include "base/map.h"
#include "codec/method.h"
#include "run/loop.h"

#include <garm/metrics.h>

#include <pthread.h>

/* What two workers must not write to both. */
#define CACHE_LINE 64

/* Upper bounds of a request's time; one more bucket than there are bounds. */
#define METRICS_TIME_BOUNDS 16
extern const double metrics_time_bounds[METRICS_TIME_BOUNDS]; /* in seconds */

/* Counts by status, 16 in a row: status / 16 is the row, status % 16 the place in it. */
#define METRICS_STATUS_ROWS  38
#define METRICS_STATUS_PLACE 16
struct metrics_statuses {
    counter counts[METRICS_STATUS_PLACE];
};
struct metrics_method {
    _Atomic(struct metrics_statuses *) rows[METRICS_STATUS_ROWS];
};

/* Of one route, on one worker. Methods and statuses get their memory when they first occur. */
struct metrics_route {
    counter time_buckets[METRICS_TIME_BOUNDS + 1];
    counter time_ns;
    counter bytes_in, bytes_out;
    _Atomic(struct metrics_method *) methods[METHOD_COUNT_];
};

/* Of one worker. */
struct metrics_worker {
    struct loop_lag lag;
    counter in_flight;
    counter dropped;       /* counts for which no memory was to be had */
    counter stack_deepest; /* bytes */
    _Atomic bool looking;  /* a look at its stacks is posted */
    struct map *series;    /* of each own metric: those that this worker has used, by their keys */
    struct metrics_route *routes; /* by endpoint->metrics_index; [0]: requests without a route */
};

/* Of an application that has a route for them. */
struct metrics {
    struct application *application;
    size_t worker_count;
    struct metrics_worker **workers;
    size_t route_count;
    const char **routes; /* their labels */
    int64_t start_ns;    /* wall clock, when it was set up */
};

/* One series of an application's own metric. */
struct metrics_series {
    _Atomic(struct metrics_series *) next;
    struct slice key; /* the labels' values, each followed by a NUL */
    char *cells;      /* of struct metrics_cells, metric->cell_size bytes each */
    void *memory;     /* that holds them */
};
struct metrics_cells {
    _Atomic double value; /* the counter, the gauge, or the histogram's sum */
    counter buckets[];
};

struct garm_metric {
    struct garm_metric *next;
    struct application *application;
    enum metric_kind kind;
    const char *name; /* the family's: a counter's without "_total" */
    const char *help;
    const char *labels[GARM_METRIC_LABELS_MAX];
    size_t label_count;
    double bounds[GARM_METRIC_BUCKETS_MAX];
    size_t bound_count;
    size_t index;
    size_t cell_size;  /* whole cache lines */
    size_t cell_count; /* one per worker; of a gauge, one */
    size_t series_max;
    _Atomic bool misuse_told;
    _Atomic(struct metrics_series *) first; /* may be walked by any thread */
    /* Of who makes a series. */
    pthread_mutex_t lock;
    struct map known;
    _Atomic(struct metrics_series *) *last;
    struct metrics_series *other; /* for what is beyond series_max; NULL before that */
};

/** Prepares collecting, if a route is there for it. -ENOMEM. */
MUST_CHECK int metrics_freeze(struct application *application);
/** Accepts an application that has none. */
void metrics_free(struct application *application);
/** On the worker's own thread, before its first request. 0 or -ENOMEM. */
MUST_CHECK int metrics_worker_start(struct garm_worker *worker);

/** A request begins, on a worker that collects. */
void metrics_begin(garm_ctx *c);
/** It ends: counts it, if its answer never became whole. */
void metrics_end(garm_ctx *c);

/** Frees what an application's own metrics hold. */
void metrics_own_free(struct application *application);

#endif
