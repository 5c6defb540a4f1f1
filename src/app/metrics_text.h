/* The two text formats that Prometheus reads: its own, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats), and OpenMetrics 1.0.0. Knows no
 * metrics and no requests: text goes to a sink, a piece at a time. */
#ifndef GARM_APP_METRICS_TEXT_H
#define GARM_APP_METRICS_TEXT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_kind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM,
};

/* Labels of a line, with the histogram's own. */
#define METRICS_TEXT_LABELS_MAX 9

struct metrics_label {
    const char *name;
    struct slice value; /* any bytes */
};

struct metrics_text {
    bool open; /* OpenMetrics */
    int (*sink)(void *arg, const void *data, size_t size);
    void *arg;
    int error; /* what the sink failed with; then nothing more is written */
    const char *family;
    enum metric_kind kind;
    size_t len;
    char room[2048];
};

/** Does the name end in `end`, with something before it? */
bool metrics_name_ends_in(const char *name, const char *end);

/** Begins. The sink gives 0 or a negative errno; it may suspend, and so may all below. */
void metrics_text_init(struct metrics_text *text, bool open,
                       int (*sink)(void *arg, const void *data, size_t size), void *arg);
/** Begins a family. `name`: without a counter's "_total"; it must live until the next one. A unit
 *  that it ends in ("_seconds", "_bytes") is told. */
void metrics_text_family(struct metrics_text *text, enum metric_kind kind, const char *name,
                         const char *help);
/** A counter's or gauge's series. */
void metrics_text_count(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                        uint64_t value);
void metrics_text_value(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                        double value);
/** A histogram's series: `buckets` holds bound_count + 1 counts, each of its bucket alone. */
void metrics_text_histogram(struct metrics_text *text, const struct metrics_label *labels,
                            size_t count, const double *bounds, size_t bound_count,
                            const uint64_t *buckets, double sum);
/** Ends, and gives the last piece to the sink: 0, or what the sink failed with. */
int metrics_text_end(struct metrics_text *text);

#endif
