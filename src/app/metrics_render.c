/* garm_metrics: sums what the workers have counted, and streams it. Nothing is held up for it:
 * the numbers are of about the same moment, not of exactly the same. */
#include "app/metrics_page.h"

#include "app/ctx.h"
#include "app/negotiate.h"
#include "app/server.h"
#include "base/text.h"
#include "codec/status.h"

#include <garm/reply.h>
#include <garm/request.h>

/* After so many bytes other tasks have their turn. */
#define YIELD_BYTES KIB(16)

static int sink(void *arg, const void *data, size_t size)
{
    struct page *const page = arg;
    TRY(garm_write(page->c, data, size));
    page->unyielded += size;
    if (page->unyielded >= YIELD_BYTES) {
        page->unyielded = 0;
        return task_yield();
    }
    return 0;
}

/* Lines without labels. */

void page_gauge(struct page *page, const char *name, const char *help, double value)
{
    metrics_text_family(&page->text, METRIC_GAUGE, name, help);
    metrics_text_value(&page->text, NULL, 0, value);
}

void page_counter(struct page *page, const char *name, const char *help, uint64_t value)
{
    metrics_text_family(&page->text, METRIC_COUNTER, name, help);
    metrics_text_count(&page->text, NULL, 0, value);
}

uint64_t page_sum(const struct page *page, size_t offset)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < page->metrics->worker_count; i++) {
        const char *const own = (const char *)page->metrics->workers[i];
        sum += counter_get((const counter *)(const void *)(own + offset));
    }
    return sum;
}

/* The sum of a counter at `offset` of each worker's cells for a route. */
static uint64_t route_sum(const struct metrics *metrics, size_t route, size_t offset)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < metrics->worker_count; i++) {
        const char *const own = (const char *)&metrics->workers[i]->routes[route];
        sum += counter_get((const counter *)(const void *)(own + offset));
    }
    return sum;
}

/* Requests. */

static uint64_t request_count(const struct metrics *metrics, size_t route, size_t method,
                              size_t status)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < metrics->worker_count; i++) {
        const struct metrics_method *const own = atomic_load_explicit(
            &metrics->workers[i]->routes[route].methods[method], memory_order_acquire);
        const struct metrics_statuses *const row =
            own == NULL ? NULL
                        : atomic_load_explicit(&own->rows[status / METRICS_STATUS_PLACE],
                                               memory_order_acquire);
        sum += row == NULL ? 0 : counter_get(&row->counts[status % METRICS_STATUS_PLACE]);
    }
    return sum;
}

static bool method_seen(const struct metrics *metrics, size_t route, size_t method)
{
    for (size_t i = 0; i < metrics->worker_count; i++) {
        if (atomic_load_explicit(&metrics->workers[i]->routes[route].methods[method],
                                 memory_order_relaxed) != NULL) {
            return true;
        }
    }
    return false;
}

static void put_statuses(struct page *page, size_t route, size_t method)
{
    const struct slice name =
        method == METHOD_OTHER ? SLICE("other") : method_name((enum method)method);
    for (size_t status = 0; status <= STATUS_MAX; status++) {
        char text[TEXT_INT_MAX];
        const uint64_t count = request_count(page->metrics, route, method, status);
        const struct metrics_label labels[] = {
            {"route", slice_cstr(page->metrics->routes[route])},
            {"method", name},
            {"status", slice_of(text, text_from_u64(status, text))},
        };
        if (count > 0) {
            metrics_text_count(&page->text, labels, COUNT_OF(labels), count);
        }
    }
}

static void put_requests(struct page *page)
{
    metrics_text_family(&page->text, METRIC_COUNTER, "garm_http_requests",
                        "Requests by route pattern (\"none\": no route), method and status (0: the "
                        "client was gone before its answer).");
    for (size_t route = 0; route < page->metrics->route_count; route++) {
        for (size_t method = 0; method < METHOD_COUNT_; method++) {
            if (method_seen(page->metrics, route, method)) {
                put_statuses(page, route, method);
            }
        }
    }
}

static bool route_seen(const struct metrics *metrics, size_t route)
{
    for (size_t method = 0; method < METHOD_COUNT_; method++) {
        if (method_seen(metrics, route, method)) {
            return true;
        }
    }
    return false;
}

static void put_times(struct page *page)
{
    const struct metrics *const metrics = page->metrics;
    metrics_text_family(&page->text, METRIC_HISTOGRAM, "garm_http_request_duration_seconds",
                        "Time from a request's complete head to its answer's last piece.");
    for (size_t route = 0; route < metrics->route_count; route++) {
        uint64_t buckets[METRICS_TIME_BOUNDS + 1];
        if (!route_seen(metrics, route)) {
            continue;
        }
        for (size_t i = 0; i <= METRICS_TIME_BOUNDS; i++) {
            buckets[i] = route_sum(
                metrics, route, offsetof(struct metrics_route, time_buckets) + i * sizeof(counter));
        }
        const uint64_t sum_ns = route_sum(metrics, route, offsetof(struct metrics_route, time_ns));
        const struct metrics_label label = {"route", slice_cstr(metrics->routes[route])};
        metrics_text_histogram(&page->text, &label, 1, metrics_time_bounds, METRICS_TIME_BOUNDS,
                               buckets, PAGE_SECONDS(sum_ns));
    }
}

static void put_bytes(struct page *page, const char *name, const char *help, size_t offset)
{
    const struct metrics *const metrics = page->metrics;
    metrics_text_family(&page->text, METRIC_COUNTER, name, help);
    for (size_t route = 0; route < metrics->route_count; route++) {
        const struct metrics_label label = {"route", slice_cstr(metrics->routes[route])};
        if (route_seen(metrics, route)) {
            metrics_text_count(&page->text, &label, 1, route_sum(metrics, route, offset));
        }
    }
}

static void put_http(struct page *page, const struct server_stats *stats)
{
    put_requests(page);
    put_times(page);
    put_bytes(page, "garm_http_request_body_bytes", "Body bytes that handlers have read.",
              offsetof(struct metrics_route, bytes_in));
    put_bytes(page, "garm_http_response_body_bytes", "Body bytes of answers.",
              offsetof(struct metrics_route, bytes_out));
    page_gauge(page, "garm_http_requests_in_flight",
               "Requests whose answer is not complete, this one among them.",
               (double)page_sum(page, offsetof(struct metrics_worker, in_flight)));
    page_counter(page, "garm_http_requests_refused",
                 "Requests that were refused before they reached a route, because they did not "
                 "parse or their head took too long.",
                 stats->refused);
    page_counter(page, "garm_http_requests_unserved",
                 "Requests answered with 503 because no stack was to be had.", stats->no_stack);
}

/* The application's own. */

static size_t series_labels(const garm_metric *metric, const struct metrics_series *series,
                            struct metrics_label *out)
{
    const char *value = series->key.ptr;
    for (size_t i = 0; i < metric->label_count; i++) {
        out[i] = (struct metrics_label){metric->labels[i], slice_cstr(value)};
        value += out[i].value.len + 1;
    }
    return metric->label_count;
}

static void put_series(struct page *page, const garm_metric *metric,
                       const struct metrics_series *series)
{
    struct metrics_label labels[GARM_METRIC_LABELS_MAX];
    uint64_t buckets[GARM_METRIC_BUCKETS_MAX + 1] = {0};
    double sum = 0;
    const size_t count = series_labels(metric, series, labels);
    for (size_t i = 0; i < metric->cell_count; i++) {
        const struct metrics_cells *const cells =
            (const void *)(series->cells + i * metric->cell_size);
        sum += atomic_load_explicit(&cells->value, memory_order_relaxed);
        for (size_t b = 0; metric->kind == METRIC_HISTOGRAM && b <= metric->bound_count; b++) {
            buckets[b] += counter_get(&cells->buckets[b]);
        }
    }
    if (metric->kind == METRIC_HISTOGRAM) {
        metrics_text_histogram(&page->text, labels, count, metric->bounds, metric->bound_count,
                               buckets, sum);
    } else {
        metrics_text_value(&page->text, labels, count, sum);
    }
}

static void put_own(struct page *page)
{
    for (const garm_metric *metric = page->metrics->application->own_metrics; metric != NULL;
         metric = metric->next) {
        metrics_text_family(&page->text, metric->kind, metric->name, metric->help);
        for (const struct metrics_series *series =
                 atomic_load_explicit(&metric->first, memory_order_acquire);
             series != NULL; series = atomic_load_explicit(&series->next, memory_order_acquire)) {
            put_series(page, metric, series);
        }
    }
}

/* A page. */

static int put_all(struct page *page)
{
    struct server_stats stats;
    server_stats(page->metrics->application->server->server, &stats);
    put_http(page, &stats);
    page_put_server(page, &stats);
    put_own(page);
    return metrics_text_end(&page->text);
}

int garm_metrics(garm_ctx *c)
{
    static const char *const types[] = {
        "text/plain; version=0.0.4; charset=utf-8",
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    };
    ctx_own(c);
    if (c->x == NULL || c->worker->metrics == NULL) {
        ctx_bug(c, "garm_metrics was called, but is no route's handler: nothing is collected");
        return -EINVAL;
    }
    const bool open = negotiate(slice_cstr(garm_header(c, "Accept")), types, COUNT_OF(types)) == 1;
    TRY(garm_set_header(c, "Content-Type", types[open]));
    TRY(garm_add_header(c, "Vary", "Accept"));
    struct page page = {.c = c, .metrics = c->worker->application->metrics};
    metrics_text_init(&page.text, open, sink, &page);
    return put_all(&page);
}
