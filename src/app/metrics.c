/* Counting requests: by route, method and status, with their times and sizes. A request is counted
 * just before the last of its answer is handed on, so that no client knows of one which is not
 * counted yet. */
#include "app/metrics.h"

#include "app/ctx.h"
#include "app/server.h"
#include "base/sys.h"

const double metrics_time_bounds[METRICS_TIME_BOUNDS] = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};

static const int64_t time_bounds_ns[METRICS_TIME_BOUNDS] = {
    100000,   250000,    500000,    1000000,   2500000,    5000000,    10000000,   25000000,
    50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000};

/* Beginning and end. */

static bool wanted(const struct application *application)
{
    for (const struct endpoint *e = application->endpoints; e != NULL; e = e->next) {
        if (e->handler == garm_metrics) {
            return true;
        }
    }
    return false;
}

static int name_routes(struct metrics *metrics)
{
    struct application *const application = metrics->application;
    metrics->route_count = 1;
    for (struct endpoint *e = application->endpoints; e != NULL; e = e->next) {
        e->metrics_index = metrics->route_count++;
    }
    metrics->routes =
        arena_alloc(&application->arena, metrics->route_count * sizeof(*metrics->routes));
    if (metrics->routes == NULL) {
        return -ENOMEM;
    }
    metrics->routes[0] = "none";
    for (const struct endpoint *e = application->endpoints; e != NULL; e = e->next) {
        metrics->routes[e->metrics_index] = e->pattern;
    }
    return 0;
}

int metrics_freeze(struct application *application)
{
    if (!wanted(application)) {
        return 0;
    }
    struct metrics *const metrics = arena_zalloc(&application->arena, sizeof(*metrics));
    if (metrics == NULL) {
        return -ENOMEM;
    }
    metrics->application = application;
    metrics->start_ns = sys_realtime_ns();
    metrics->worker_count = application->server->workers;
    metrics->workers =
        arena_zalloc(&application->arena, metrics->worker_count * sizeof(*metrics->workers));
    if (metrics->workers == NULL) {
        return -ENOMEM;
    }
    TRY(name_routes(metrics));
    application->metrics = metrics;
    return 0;
}

/* Each block ends in a line that nobody uses, so that no two workers share one. */
static void *alloc_cells(size_t size)
{
    return mem_zalloc(size + CACHE_LINE);
}

int metrics_worker_start(struct garm_worker *worker)
{
    const struct application *const application = worker->application;
    struct metrics *const metrics = application->metrics;
    if (metrics == NULL) {
        return 0;
    }
    struct metrics_worker *const own = alloc_cells(sizeof(*own));
    if (own == NULL) {
        return -ENOMEM;
    }
    metrics->workers[worker->index] = own;
    own->routes = alloc_cells(metrics->route_count * sizeof(*own->routes));
    own->series = alloc_cells((application->metric_count + 1) * sizeof(*own->series));
    if (own->routes == NULL || own->series == NULL) {
        return -ENOMEM;
    }
    worker->metrics = own;
    worker->server_worker->loop.lag = &own->lag;
    return 0;
}

static void free_method(struct metrics_method *method)
{
    for (size_t i = 0; method != NULL && i < METRICS_STATUS_ROWS; i++) {
        mem_free(atomic_load_explicit(&method->rows[i], memory_order_relaxed));
    }
    mem_free(method);
}

static void free_worker(const struct metrics *metrics, struct metrics_worker *own)
{
    for (size_t i = 0; own->routes != NULL && i < metrics->route_count; i++) {
        for (size_t m = 0; m < METHOD_COUNT_; m++) {
            free_method(atomic_load_explicit(&own->routes[i].methods[m], memory_order_relaxed));
        }
    }
    for (size_t i = 0; own->series != NULL && i < metrics->application->metric_count; i++) {
        map_deinit(&own->series[i]);
    }
    mem_free(own->routes);
    mem_free(own->series);
    mem_free(own);
}

void metrics_free(struct application *application)
{
    const struct metrics *const metrics = application->metrics;
    for (size_t i = 0; metrics != NULL && i < metrics->worker_count; i++) {
        if (metrics->workers[i] != NULL) {
            free_worker(metrics, metrics->workers[i]);
        }
    }
    metrics_own_free(application);
    application->metrics = NULL;
}

/* Counting. */

/* The counter of a method and status; NULL when memory runs out, at its first use. */
static counter *counter_of(struct metrics_route *route, enum method id, uint16_t status)
{
    struct metrics_method *method = atomic_load_explicit(&route->methods[id], memory_order_relaxed);
    if (UNLIKELY(method == NULL)) {
        method = alloc_cells(sizeof(*method));
        if (method == NULL) {
            return NULL;
        }
        atomic_store_explicit(&route->methods[id], method, memory_order_release);
    }
    _Atomic(struct metrics_statuses *) *const row = &method->rows[status / METRICS_STATUS_PLACE];
    struct metrics_statuses *statuses = atomic_load_explicit(row, memory_order_relaxed);
    if (UNLIKELY(statuses == NULL)) {
        statuses = alloc_cells(sizeof(*statuses));
        if (statuses == NULL) {
            return NULL;
        }
        atomic_store_explicit(row, statuses, memory_order_release);
    }
    return &statuses->counts[status % METRICS_STATUS_PLACE];
}

static void count_time(struct metrics_route *route, int64_t took_ns)
{
    size_t i = 0;
    while (i < METRICS_TIME_BOUNDS && took_ns > time_bounds_ns[i]) {
        i++;
    }
    counter_add(&route->time_buckets[i], 1);
    counter_add(&route->time_ns, (uint64_t)took_ns);
}

static void count_request(const garm_ctx *c, uint16_t status, uint64_t bytes_out)
{
    const struct exchange *const x = c->x;
    struct metrics_worker *const own = c->worker->metrics;
    struct metrics_route *const route = &own->routes[c->route->metrics_index];
    counter *const requests = counter_of(route, x->head->method, status);
    counter_add(requests != NULL ? requests : &own->dropped, 1);
    count_time(route, c->loop->io->ops->now_ns(c->loop->io) - x->start_ns);
    counter_add(&route->bytes_in, x->bytes_in);
    counter_add(&route->bytes_out, bytes_out);
    counter_add(&own->in_flight, (uint64_t)-1);
}

static void on_whole(struct exchange *x, void *arg, uint64_t bytes_out)
{
    count_request(arg, x->status, bytes_out);
}

void metrics_begin(garm_ctx *c)
{
    counter_add(&c->worker->metrics->in_flight, 1);
    c->x->on_whole = on_whole;
    c->x->on_whole_arg = c;
}

void metrics_end(garm_ctx *c)
{
    struct exchange *const x = c->x;
    if (x->on_whole != NULL) {
        x->on_whole = NULL;
        count_request(c, x->committed ? x->status : 0, x->bytes_out);
    }
}
