/* What an application counts. A series is made once, under its metric's lock; from then on each
 * worker finds it in a map of its own, and writes to cells of its own. */
#include "app/ctx.h"
#include "app/metrics.h"
#include "base/sys.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

/* The values of a series' labels, each followed by a NUL. */
struct key {
    size_t len;
    char bytes[GARM_METRIC_LABELS_MAX * (GARM_METRIC_VALUE_MAX + 1)];
};

/* A value as it is shown: cut after a whole character, U+FFFD in the place of what is not UTF-8,
 * so that no two series look alike. */
static void key_add(struct key *key, const char *value)
{
    const size_t len = strlen(value);
    const size_t end = key->len + GARM_METRIC_VALUE_MAX;
    for (size_t i = 0; i < len;) {
        bool valid = true;
        const size_t size = utf8_take(value + i, len - i, &valid);
        const struct slice shown = valid ? slice_of(value + i, size) : SLICE(UTF8_REPLACEMENT);
        if (key->len + shown.len > end) {
            break;
        }
        memcpy(key->bytes + key->len, shown.ptr, shown.len);
        key->len += shown.len;
        i += size;
    }
    key->bytes[key->len++] = '\0';
}

/* False for a wrong number of values. */
static bool key_make(const garm_metric *metric, const garm_metric_labels *labels, struct key *key)
{
    key->len = 0;
    for (size_t i = 0; i < metric->label_count; i++) {
        if (labels->values[i] == NULL) {
            return false;
        }
        key_add(key, labels->values[i]);
    }
    return labels->values[metric->label_count] == NULL;
}

/* A bug of the application's, told once per metric. */
static void tell_misuse(garm_ctx *c, garm_metric *metric, const char *what)
{
    if (!atomic_exchange(&metric->misuse_told, true)) {
        ctx_log(c, LOG_ERROR, "the metric \"%s\" was given %s, which does not count", metric->name,
                what);
    }
}

/* NULL when memory runs out. */
static struct metrics_series *new_series(garm_metric *metric, const struct key *key)
{
    const size_t cells = metric->cell_count * metric->cell_size;
    struct metrics_series *const series = mem_zalloc(sizeof(*series));
    char *const memory = mem_zalloc(cells + 2 * CACHE_LINE + key->len);
    if (series == NULL || memory == NULL) {
        mem_free(series);
        mem_free(memory);
        return NULL;
    }
    series->memory = memory;
    series->cells = memory + (CACHE_LINE - (uintptr_t)memory % CACHE_LINE);
    char *const bytes = series->cells + cells;
    memcpy(bytes, key->bytes, key->len);
    series->key = slice_of(bytes, key->len);
    return series;
}

/* Under the lock: from now on pages show it. */
static struct metrics_series *publish(garm_metric *metric, struct metrics_series *series)
{
    if (series != NULL) {
        atomic_store_explicit(metric->last, series, memory_order_release);
        metric->last = &series->next;
    }
    return series;
}

/* Under the lock: the series for what is beyond the bound. */
static struct metrics_series *other_series(garm_ctx *c, garm_metric *metric)
{
    if (metric->other == NULL) {
        struct key key = {0};
        for (size_t i = 0; i < metric->label_count; i++) {
            key_add(&key, "_other_");
        }
        metric->other = map_get(&metric->known, slice_of(key.bytes, key.len));
        metric->other =
            metric->other != NULL ? metric->other : publish(metric, new_series(metric, &key));
        ctx_log(c, LOG_WARN,
                "the metric \"%s\" has %zu series already; further ones are counted as \"_other_\"",
                metric->name, metric->series_max);
    }
    return metric->other;
}

static struct metrics_series *known_series(garm_ctx *c, garm_metric *metric, const struct key *key)
{
    struct metrics_series *series = map_get(&metric->known, slice_of(key->bytes, key->len));
    if (series != NULL) {
        return series;
    }
    if (metric->known.count >= metric->series_max) {
        return other_series(c, metric);
    }
    series = new_series(metric, key);
    if (series != NULL && map_set(&metric->known, series->key, series) < 0) {
        mem_free(series->memory);
        mem_free(series);
        return NULL;
    }
    return publish(metric, series);
}

/* NULL when memory runs out. */
static struct metrics_series *find(garm_ctx *c, garm_metric *metric, const struct key *key)
{
    struct map *const used = &c->worker->metrics->series[metric->index];
    struct metrics_series *series = map_get(used, slice_of(key->bytes, key->len));
    if (LIKELY(series != NULL)) {
        return series;
    }
    pthread_mutex_lock(&metric->lock);
    series = known_series(c, metric, key);
    const bool lasting = series != NULL && series != metric->other;
    pthread_mutex_unlock(&metric->lock);
    if (lasting) {
        (void)!map_set(used, series->key, series); /* if it fails, the next use looks again */
    }
    return series;
}

/* The cells to write to; NULL if nothing is to be counted. */
static struct metrics_cells *cells_for(garm_ctx *c, garm_metric *metric,
                                       const garm_metric_labels *labels)
{
    struct key key;
    if (!key_make(metric, labels, &key)) {
        tell_misuse(c, metric, "a wrong number of label values");
        return NULL;
    }
    struct metrics_series *const series = find(c, metric, &key);
    if (series == NULL) {
        counter_add(&c->worker->metrics->dropped, 1);
        return NULL;
    }
    const size_t index = metric->kind == METRIC_GAUGE ? 0 : (size_t)c->worker->index;
    return (struct metrics_cells *)(void *)(series->cells + index * metric->cell_size);
}

/* Does this application collect, and may the metric be used so? */
static bool usable(garm_ctx *c, garm_metric *metric, bool fits, const char *what)
{
    ctx_own(c);
    if (metric == NULL || c->worker->metrics == NULL) {
        return false;
    }
    if (!fits) {
        tell_misuse(c, metric, what);
    }
    return fits;
}

static void add_owned(_Atomic double *value, double n)
{
    atomic_store_explicit(value, atomic_load_explicit(value, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static void add_shared(_Atomic double *value, double n)
{
    double now = atomic_load_explicit(value, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(value, &now, now + n, memory_order_relaxed,
                                                  memory_order_relaxed)) {
    }
}

void garm_metric_add_with(garm_ctx *c, garm_metric *metric, double n,
                          const garm_metric_labels *labels)
{
    const bool gauge = metric != NULL && metric->kind == METRIC_GAUGE;
    const bool counts = metric != NULL && metric->kind == METRIC_COUNTER && n >= 0 && isfinite(n);
    if (!usable(c, metric, gauge || counts, "a sum, which counters want finite and not negative")) {
        return;
    }
    struct metrics_cells *const cells = cells_for(c, metric, labels);
    if (cells != NULL && gauge) {
        add_shared(&cells->value, n);
    } else if (cells != NULL) {
        add_owned(&cells->value, n);
    }
}

void garm_metric_set_with(garm_ctx *c, garm_metric *metric, double value,
                          const garm_metric_labels *labels)
{
    if (!usable(c, metric, metric != NULL && metric->kind == METRIC_GAUGE,
                "a value to be set to, as only gauges are")) {
        return;
    }
    struct metrics_cells *const cells = cells_for(c, metric, labels);
    if (cells != NULL) {
        atomic_store_explicit(&cells->value, value, memory_order_relaxed);
    }
}

void garm_metric_observe_with(garm_ctx *c, garm_metric *metric, double value,
                              const garm_metric_labels *labels)
{
    if (!usable(c, metric, metric != NULL && metric->kind == METRIC_HISTOGRAM && !isnan(value),
                "an observation, which histograms want to be a number")) {
        return;
    }
    struct metrics_cells *const cells = cells_for(c, metric, labels);
    if (cells == NULL) {
        return;
    }
    size_t i = 0;
    while (i < metric->bound_count && value > metric->bounds[i]) {
        i++;
    }
    counter_add(&cells->buckets[i], 1);
    add_owned(&cells->value, value);
}
