/* One page of metrics, as it is written: what metrics_render.c and metrics_server.c share. */
#ifndef GARM_APP_METRICS_PAGE_H
#define GARM_APP_METRICS_PAGE_H

#include "app/metrics.h"
#include "serve/server.h"

#define PAGE_SECONDS(ns) ((double)(ns) / 1e9)

struct page {
    garm_ctx *c;
    const struct metrics *metrics;
    struct metrics_text text;
    size_t unyielded; /* bytes since other tasks had their turn */
};

/** A family of one series without labels. */
void page_gauge(struct page *page, const char *name, const char *help, double value);
void page_counter(struct page *page, const char *name, const char *help, uint64_t value);
/** The sum of a counter at `offset` of each worker's struct metrics_worker. */
uint64_t page_sum(const struct page *page, size_t offset);

/** Connections, listeners, workers, the process. */
void page_put_server(struct page *page, const struct server_stats *stats);

#endif
