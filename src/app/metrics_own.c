/* An application's own metrics, as they are declared: their names by Prometheus' rules
 * (https://prometheus.io/docs/concepts/data_model), so that every page of them can be read. What
 * they count is metrics_series.c's. */
#include "app/metrics.h"

#include "app/option_list.h"
#include "app/server.h"
#include "base/sys.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

#define SERIES_MAX_DEFAULT  1000
#define SERIES_MAX_POSSIBLE 100000

static bool name_valid(const char *name)
{
    if (name == NULL || name[0] == '\0' || text_is_digit(name[0])) {
        return false;
    }
    for (const char *p = name; *p != '\0'; p++) {
        if (!text_is_digit(*p) && !text_is_letter(*p) && *p != '_') {
            return false;
        }
    }
    return true;
}

static bool begins_with(const char *name, const char *begin)
{
    return strncmp(name, begin, strlen(begin)) == 0;
}

/* What is wrong with the name, or NULL. The endings are those of lines that the formats make. */
static const char *name_fault(enum metric_kind kind, const char *name)
{
    static const char *const endings[] = {"_bucket", "_count", "_sum", "_created", "_info"};
    if (!name_valid(name)) {
        return "a name is [A-Za-z_][A-Za-z0-9_]*";
    }
    if (begins_with(name, "garm_") || begins_with(name, "process_")) {
        return "names that begin with garm_ and process_ are the server's";
    }
    if ((kind == METRIC_COUNTER) != metrics_name_ends_in(name, "_total")) {
        return "counters, and no others, end in \"_total\"";
    }
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        if (metrics_name_ends_in(name, endings[i])) {
            return "a name does not end in _bucket, _count, _sum, _created or _info";
        }
    }
    return NULL;
}

/* What is wrong with the label among those before it, or NULL. */
static const char *label_fault(const char *const *labels, size_t index)
{
    const char *const label = labels[index];
    if (!name_valid(label) || begins_with(label, "__")) {
        return "a label is [A-Za-z_][A-Za-z0-9_]*, and does not begin with \"__\"";
    }
    if (strcmp(label, "le") == 0 || strcmp(label, "quantile") == 0) {
        return "the labels le and quantile are the formats'";
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(labels[i], label) == 0) {
            return "two labels have the same name";
        }
    }
    return NULL;
}

/* Copies the labels' names: what is wrong with one of them, or NULL. */
static const char *take_labels(struct garm_metric *metric, const garm_metric_opts *opts)
{
    struct arena *const arena = &metric->application->arena;
    for (size_t i = 0; i < GARM_METRIC_LABELS_MAX && opts->labels[i] != NULL; i++) {
        const char *const fault = label_fault(opts->labels, i);
        if (fault != NULL) {
            return fault;
        }
        metric->labels[i] = arena_dup(arena, slice_cstr(opts->labels[i]));
        if (metric->labels[i] == NULL) {
            return "out of memory";
        }
        metric->label_count = i + 1;
    }
    return NULL;
}

/* The same of the buckets. */
static const char *take_buckets(struct garm_metric *metric, const garm_metric_opts *opts)
{
    if (metric->kind != METRIC_HISTOGRAM) {
        return opts->buckets[0] != 0 ? "only histograms have buckets" : NULL;
    }
    const double *const bounds = opts->buckets[0] != 0 ? opts->buckets : metrics_time_bounds;
    const size_t max = opts->buckets[0] != 0 ? GARM_METRIC_BUCKETS_MAX : METRICS_TIME_BOUNDS;
    double last = 0;
    for (size_t i = 0; i < max && bounds[i] != 0; i++) {
        if (!(bounds[i] > last) || !isfinite(bounds[i])) {
            return "the bounds of buckets are above 0, finite and ascending";
        }
        last = metric->bounds[i] = bounds[i];
        metric->bound_count = i + 1;
    }
    return NULL;
}

static const char *take_bound(struct garm_metric *metric, const garm_metric_opts *opts)
{
    if (opts->series_max < 0 || opts->series_max > SERIES_MAX_POSSIBLE) {
        return "series_max is 1 to 100000";
    }
    metric->series_max = opts->series_max > 0 ? (size_t)opts->series_max : SERIES_MAX_DEFAULT;
    return NULL;
}

/* Copies name and help, and links the metric behind the others: what is wrong, or NULL. */
static const char *take_name(struct garm_metric *metric, const char *name, const char *help)
{
    struct application *const application = metric->application;
    if (help == NULL || help[0] == '\0') {
        return "a metric needs a line of help";
    }
    const size_t suffix = metric->kind == METRIC_COUNTER ? strlen("_total") : 0;
    metric->name = arena_dup(&application->arena, slice_of(name, strlen(name) - suffix));
    metric->help = arena_dup(&application->arena, slice_cstr(help));
    if (metric->name == NULL || metric->help == NULL) {
        return "out of memory";
    }
    struct garm_metric **last = &application->own_metrics;
    for (; *last != NULL; last = &(*last)->next) {
        if (strcmp((*last)->name, metric->name) == 0) {
            return "there is a metric of that name already";
        }
    }
    *last = metric;
    metric->index = application->metric_count++;
    return NULL;
}

static void init(struct garm_metric *metric)
{
    const size_t size =
        sizeof(struct metrics_cells) +
        (metric->kind == METRIC_HISTOGRAM ? metric->bound_count + 1 : 0) * sizeof(counter);
    metric->cell_size = (size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
    metric->cell_count = metric->kind == METRIC_GAUGE ? 1 : metric->application->server->workers;
    metric->last = &metric->first;
    map_init(&metric->known);
    pthread_mutex_init(&metric->lock, NULL);
}

static garm_metric *declare(garm_app *app, enum metric_kind kind, const char *name,
                            const char *help, const garm_metric_opts *opts)
{
    struct application *const application = app->application;
    garm_metric_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    if (application->frozen) {
        log_write(&application->logger, LOG_ERROR,
                  "a metric was declared after the start, and is ignored");
        return NULL;
    }
    struct garm_metric *const metric = garm_app_alloc(app, sizeof(*metric));
    if (metric == NULL ||
        !OPTION_LIST_WHOLE(application, known.where, "a metric's .labels", known.labels) ||
        !OPTION_LIST_WHOLE(application, known.where, "a histogram's .buckets", known.buckets)) {
        return NULL;
    }
    metric->application = application;
    metric->kind = kind;
    const char *fault = name_fault(kind, name);
    fault = fault != NULL ? fault : take_labels(metric, &known);
    fault = fault != NULL ? fault : take_buckets(metric, &known);
    fault = fault != NULL ? fault : take_bound(metric, &known);
    fault = fault != NULL ? fault : take_name(metric, name, help);
    if (fault != NULL) {
        application_fail(application, known.where, "the metric \"%s\" cannot be: %s",
                         name != NULL ? name : "", fault);
        return NULL;
    }
    init(metric);
    return metric;
}

garm_metric *garm_counter_with(garm_app *app, const char *name, const char *help,
                               const garm_metric_opts *opts)
{
    return declare(app, METRIC_COUNTER, name, help, opts);
}

garm_metric *garm_gauge_with(garm_app *app, const char *name, const char *help,
                             const garm_metric_opts *opts)
{
    return declare(app, METRIC_GAUGE, name, help, opts);
}

garm_metric *garm_histogram_with(garm_app *app, const char *name, const char *help,
                                 const garm_metric_opts *opts)
{
    return declare(app, METRIC_HISTOGRAM, name, help, opts);
}

void metrics_own_free(struct application *application)
{
    for (struct garm_metric *metric = application->own_metrics; metric != NULL;
         metric = metric->next) {
        struct metrics_series *series = atomic_load_explicit(&metric->first, memory_order_relaxed);
        while (series != NULL) {
            struct metrics_series *const next =
                atomic_load_explicit(&series->next, memory_order_relaxed);
            mem_free(series->memory);
            mem_free(series);
            series = next;
        }
        map_deinit(&metric->known);
        pthread_mutex_destroy(&metric->lock);
    }
    application->own_metrics = NULL;
}
