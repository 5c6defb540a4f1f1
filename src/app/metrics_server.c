/* What garm_metrics tells of the server around the requests: connections, listeners, workers, the
 * process. */
#include "app/metrics_page.h"

#include "app/ctx.h"
#include "app/server.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/stack.h"

#include <garm/version.h>

#include <string.h>
#include <unistd.h>

/* How many of a worker's stacks are looked at, which costs a system call each. */
#define STACKS_LOOKED_AT 16

/* Connections. */

static void put_connections(struct page *page, const struct server_stats *stats)
{
    const uint64_t busy = stats->active + stats->closing;
    const struct {
        const char *state;
        uint64_t count;
    } states[] = {
        {"idle", stats->connections > busy ? stats->connections - busy : 0},
        {"active", stats->active},
        {"closing", stats->closing},
    };
    metrics_text_family(&page->text, METRIC_GAUGE, "garm_connections",
                        "Open connections: idle, active (with a request or a part of one), closing "
                        "(the last answer is sent).");
    for (size_t i = 0; i < COUNT_OF(states); i++) {
        const struct metrics_label label = {"state", slice_cstr(states[i].state)};
        metrics_text_count(&page->text, &label, 1, states[i].count);
    }
    page_counter(page, "garm_connections_accepted", "Connections accepted.", stats->accepted);
    page_counter(page, "garm_connections_shed",
                 "Connections answered with 503 because descriptors ran out.", stats->shed);
    page_counter(page, "garm_received_bytes", "Bytes received from clients.", stats->bytes_in);
    page_counter(page, "garm_sent_bytes", "Bytes sent to clients.", stats->bytes_out);
}

/* One number of each TCP listener; the family's gauges and counters are told apart by `kind`. */
static void put_queues(struct page *page, enum metric_kind kind, const char *name, const char *help,
                       size_t offset)
{
    struct garm_server *const server = page->metrics->application->server;
    metrics_text_family(&page->text, kind, name, help);
    for (size_t i = 0; i < server->listener_count; i++) {
        struct server_queue queue;
        uint64_t value = 0;
        const struct metrics_label label = {"listener", slice_cstr(server->listeners[i].url)};
        if (server_queue(server->server, i, &queue) == 0) {
            memcpy(&value, (const char *)&queue + offset, sizeof(value));
            metrics_text_count(&page->text, &label, 1, value);
        }
    }
}

static void put_listeners(struct page *page)
{
    put_queues(page, METRIC_GAUGE, "garm_listen_queue",
               "Connections that the kernel has made and the server has not accepted yet.",
               offsetof(struct server_queue, length));
    put_queues(page, METRIC_GAUGE, "garm_listen_queue_limit", "How many of them may wait.",
               offsetof(struct server_queue, limit));
    put_queues(page, METRIC_COUNTER, "garm_listen_drops",
               "Connection attempts that the kernel dropped, mostly because the queue was full.",
               offsetof(struct server_queue, dropped));
}

/* Workers. */

static void put_lag(struct page *page)
{
    double bounds[LOOP_LAG_BOUNDS];
    uint64_t buckets[LOOP_LAG_BOUNDS + 1];
    const size_t offset = offsetof(struct metrics_worker, lag);
    for (size_t i = 0; i <= LOOP_LAG_BOUNDS; i++) {
        buckets[i] =
            page_sum(page, offset + offsetof(struct loop_lag, buckets) + i * sizeof(counter));
    }
    for (size_t i = 0; i < LOOP_LAG_BOUNDS; i++) {
        bounds[i] = PAGE_SECONDS(loop_lag_bounds_ns[i]);
    }
    metrics_text_family(&page->text, METRIC_HISTOGRAM, "garm_loop_lag_seconds",
                        "How long the turns of the workers' loops took: what comes meanwhile waits "
                        "for the next one.");
    metrics_text_histogram(
        &page->text, NULL, 0, bounds, LOOP_LAG_BOUNDS, buckets,
        PAGE_SECONDS(page_sum(page, offset + offsetof(struct loop_lag, sum_ns))));
}

static void look_at_stacks(struct garm_worker *worker)
{
    const size_t deepest = stack_pool_deepest(worker->server_worker->loop.stacks, STACKS_LOOKED_AT);
    atomic_store_explicit(&worker->metrics->stack_deepest, deepest, memory_order_relaxed);
    atomic_store_explicit(&worker->metrics->looking, false, memory_order_relaxed);
}

static void on_look(struct server_worker *worker, void *arg)
{
    (void)arg;
    look_at_stacks(worker->data);
}

/* Only a worker itself can look at its stacks. This one does it now; the others are asked, and not
 * waited for: theirs will be on the next page. */
static void ask_for_stacks(const struct page *page)
{
    struct garm_server *const server = page->metrics->application->server;
    look_at_stacks(page->c->worker);
    for (size_t i = 0; i < page->metrics->worker_count; i++) {
        struct metrics_worker *const own = page->metrics->workers[i];
        if (i != (size_t)page->c->worker->index &&
            !atomic_exchange_explicit(&own->looking, true, memory_order_relaxed) &&
            server_post(server->server, i, on_look, NULL) < 0) {
            atomic_store_explicit(&own->looking, false, memory_order_relaxed);
        }
    }
}

static void put_overload(struct page *page)
{
    const struct garm_server *const server = page->metrics->application->server;
    uint64_t refusing = 0;
    uint64_t refused = 0;
    for (size_t i = 0; i < server->workers; i++) {
        refusing += counter_get(&server->worker_views[i].overload.refusing);
        refused += counter_get(&server->worker_views[i].overload.refused);
    }
    page_gauge(page, "garm_overloaded", "Workers that are overloaded, and refuse requests.",
               (double)refusing);
    page_counter(page, "garm_overload_refused",
                 "Requests answered with 503 because their worker was overloaded.", refused);
}

static void put_losses(struct page *page)
{
    page_counter(page, "garm_appended_lines_dropped",
                 "Lines of access logs and other appenders that were lost.",
                 appenders_dropped(page->metrics->application));
}

static void put_workers(struct page *page)
{
    struct server *const server = page->metrics->application->server->server;
    uint64_t tasks = 0;
    uint64_t deepest = 0;
    for (size_t i = 0; i < page->metrics->worker_count; i++) {
        const uint64_t depth = counter_get(&page->metrics->workers[i]->stack_deepest);
        deepest = depth > deepest ? depth : deepest;
        tasks += counter_get(&server_worker(server, i)->loop.task_count);
    }
    page_gauge(page, "garm_workers", "Worker threads.", (double)page->metrics->worker_count);
    put_lag(page);
    page_gauge(page, "garm_tasks", "Tasks that run or wait; each has a stack.", (double)tasks);
    page_gauge(page, "garm_stack_depth_bytes",
               "The deepest use of a task's stack that was seen, in whole pages.", (double)deepest);
    put_overload(page);
    put_losses(page);
    page_counter(page, "garm_metrics_dropped", "Counts that were lost because memory ran out.",
                 page_sum(page, offsetof(struct metrics_worker, dropped)));
}

/* The process. */

/* The index-th field behind the name in /proc/self/stat (proc(5) calls the first one 3); 0 if it
 * cannot be read. */
static uint64_t stat_field(const char *text, size_t index)
{
    const char *const name_end = strrchr(text, ')');
    struct slice rest = slice_cstr(name_end == NULL ? "" : name_end + 1);
    uint64_t value = 0;
    for (size_t i = 3; rest.len > 0; i++) {
        rest = slice_trim(rest);
        const size_t len = slice_find(rest, ' ');
        if (i == index) {
            return text_to_u64(slice_of(rest.ptr, len), &value) < 0 ? 0 : value;
        }
        rest = slice_of(rest.ptr + len, rest.len - len);
    }
    return 0;
}

static void put_process(struct page *page)
{
    char text[1024];
    const int fd = sys_open("/proc/self/stat", 0);
    const ssize_t n = fd < 0 ? fd : sys_pread(fd, text, sizeof(text) - 1, 0);
    sys_close(fd);
    page_gauge(page, "process_start_time_seconds", "When the server was set up, since 1970.",
               PAGE_SECONDS(page->metrics->start_ns));
    if (n <= 0) {
        return;
    }
    text[n] = '\0';
    const double ticks = (double)(stat_field(text, 14) + stat_field(text, 15));
    const double pages = (double)stat_field(text, 24);
    metrics_text_family(&page->text, METRIC_COUNTER, "process_cpu_seconds",
                        "Time that the process has spent on CPUs, in user and kernel.");
    metrics_text_value(&page->text, NULL, 0, ticks / (double)sysconf(_SC_CLK_TCK));
    page_gauge(page, "process_resident_memory_bytes", "Memory of the process that is in RAM.",
               pages * (double)sysconf(_SC_PAGESIZE));
}

static void put_build(struct page *page)
{
    const struct metrics_label labels[] = {{"version", slice_cstr(garm_version())},
                                           {"compiler", SLICE(__VERSION__)}};
    metrics_text_family(&page->text, METRIC_GAUGE, "garm_build_info", "Which Garm this is.");
    metrics_text_count(&page->text, labels, COUNT_OF(labels), 1);
}

void page_put_server(struct page *page, const struct server_stats *stats)
{
    ask_for_stacks(page);
    put_connections(page, stats);
    put_listeners(page);
    put_workers(page);
    put_process(page);
    put_build(page);
}
