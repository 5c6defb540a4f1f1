/* Lines of the formats (see metrics_text.h). */
#include "app/metrics_text.h"

#include "base/compiler.h"
#include "base/text.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a number's text. */
#define NUMBER_MAX 40
/* Beyond it a double is no exact integer. */
#define INTEGER_MAX 1e15

static void flush(struct metrics_text *text)
{
    if (text->error == 0 && text->len > 0) {
        text->error = text->sink(text->arg, text->room, text->len);
    }
    text->len = 0;
}

static void put_bytes(struct metrics_text *text, const char *data, size_t size)
{
    while (size > 0) {
        const size_t room = sizeof(text->room) - text->len;
        const size_t piece = size < room ? size : room;
        memcpy(text->room + text->len, data, piece);
        text->len += piece;
        data += piece;
        size -= piece;
        if (text->len == sizeof(text->room)) {
            flush(text);
        }
    }
}

static void put(struct metrics_text *text, const char *words)
{
    put_bytes(text, words, strlen(words));
}

/* With backslashes, line ends and, if asked, quotes escaped, and U+FFFD for what is not UTF-8. */
static void put_escaped(struct metrics_text *text, struct slice value, bool quotes)
{
    for (size_t i = 0; i < value.len;) {
        const char c = value.ptr[i];
        bool valid = true;
        const size_t size = utf8_take(value.ptr + i, value.len - i, &valid);
        if (c == '\\' || (c == '"' && quotes)) {
            put(text, "\\");
            put_bytes(text, &c, 1);
        } else if (c == '\n') {
            put(text, "\\n");
        } else if (valid) {
            put_bytes(text, value.ptr + i, size);
        } else {
            put(text, UTF8_REPLACEMENT);
        }
        i += size;
    }
}

/* The shortest text of at least six digits that reads back as the same number, with a '.' for the
 * locale's decimal point. */
static void double_text(double value, char out[NUMBER_MAX])
{
    char text[NUMBER_MAX];
    int digits = 6;
    do {
        snprintf(text, sizeof(text), "%.*g", digits, value);
    } while (strtod(text, NULL) != value && ++digits <= 17);
    size_t len = 0;
    bool point = false;
    for (const char *p = text; *p != '\0'; p++) {
        if (text_is_digit(*p) || *p == '-' || *p == '+' || *p == 'e') {
            out[len++] = *p;
        } else if (!point) {
            out[len++] = '.';
            point = true;
        }
    }
    out[len] = '\0';
}

static void number_text(double value, char out[NUMBER_MAX])
{
    if (isnan(value)) {
        memcpy(out, "NaN", sizeof("NaN"));
    } else if (isinf(value)) {
        memcpy(out, value > 0 ? "+Inf" : "-Inf", sizeof("+Inf"));
    } else if (fabs(value) < INTEGER_MAX && value == trunc(value)) {
        out[text_from_i64((int64_t)value, out)] = '\0';
    } else {
        double_text(value, out);
    }
}

/* A bound is a float in OpenMetrics: "1.0". It is written so in both formats, for it names the
 * series. */
static void bound_text(double bound, char out[NUMBER_MAX])
{
    if (isinf(bound)) {
        memcpy(out, "+Inf", sizeof("+Inf"));
        return;
    }
    double_text(bound, out);
    if (strpbrk(out, ".e") == NULL) {
        memcpy(out + strlen(out), ".0", sizeof(".0"));
    }
}

void metrics_text_init(struct metrics_text *text, bool open,
                       int (*sink)(void *arg, const void *data, size_t size), void *arg)
{
    text->open = open;
    text->sink = sink;
    text->arg = arg;
    text->error = 0;
    text->family = "";
    text->kind = METRIC_GAUGE;
    text->len = 0;
}

static const char *suffix_of(const struct metrics_text *text)
{
    return text->kind == METRIC_COUNTER ? "_total" : "";
}

bool metrics_name_ends_in(const char *name, const char *end)
{
    const size_t len = strlen(name);
    return len > strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

/* "# WORD name " */
static void put_comment(struct metrics_text *text, const char *word)
{
    put(text, "# ");
    put(text, word);
    put(text, " ");
    put(text, text->family);
    put(text, text->open ? "" : suffix_of(text));
    put(text, " ");
}

void metrics_text_family(struct metrics_text *text, enum metric_kind kind, const char *name,
                         const char *help)
{
    static const char *const kinds[] = {"counter\n", "gauge\n", "histogram\n"};
    text->family = name;
    text->kind = kind;
    put_comment(text, "HELP");
    put_escaped(text, slice_cstr(help), text->open);
    put(text, "\n");
    put_comment(text, "TYPE");
    put(text, kinds[kind]);
    if (text->open &&
        (metrics_name_ends_in(name, "_seconds") || metrics_name_ends_in(name, "_bytes"))) {
        put_comment(text, "UNIT");
        put(text, strrchr(name, '_') + 1);
        put(text, "\n");
    }
}

/* The line up to its value. */
static void put_series(struct metrics_text *text, const char *suffix,
                       const struct metrics_label *labels, size_t count)
{
    put(text, text->family);
    put(text, suffix);
    for (size_t i = 0; i < count; i++) {
        put(text, i == 0 ? "{" : ",");
        put(text, labels[i].name);
        put(text, "=\"");
        put_escaped(text, labels[i].value, true);
        put(text, "\"");
    }
    put(text, count > 0 ? "} " : " ");
}

static void put_count(struct metrics_text *text, const char *suffix,
                      const struct metrics_label *labels, size_t count, uint64_t value)
{
    char digits[TEXT_INT_MAX];
    put_series(text, suffix, labels, count);
    put_bytes(text, digits, text_from_u64(value, digits));
    put(text, "\n");
}

static void put_value(struct metrics_text *text, const char *suffix,
                      const struct metrics_label *labels, size_t count, double value)
{
    char number[NUMBER_MAX];
    number_text(value, number);
    put_series(text, suffix, labels, count);
    put(text, number);
    put(text, "\n");
}

void metrics_text_count(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                        uint64_t value)
{
    put_count(text, suffix_of(text), labels, count, value);
}

void metrics_text_value(struct metrics_text *text, const struct metrics_label *labels, size_t count,
                        double value)
{
    put_value(text, suffix_of(text), labels, count, value);
}

void metrics_text_histogram(struct metrics_text *text, const struct metrics_label *labels,
                            size_t count, const double *bounds, size_t bound_count,
                            const uint64_t *buckets, double sum)
{
    struct metrics_label all[METRICS_TEXT_LABELS_MAX];
    char bound[NUMBER_MAX];
    uint64_t total = 0;
    CHECK(count < METRICS_TEXT_LABELS_MAX);
    if (count > 0) {
        memcpy(all, labels, count * sizeof(*all));
    }
    for (size_t i = 0; i <= bound_count; i++) {
        bound_text(i < bound_count ? bounds[i] : INFINITY, bound);
        all[count] = (struct metrics_label){"le", slice_cstr(bound)};
        total += buckets[i];
        put_count(text, "_bucket", all, count + 1, total);
    }
    put_value(text, "_sum", labels, count, sum);
    put_count(text, "_count", labels, count, total);
}

int metrics_text_end(struct metrics_text *text)
{
    if (text->open) {
        put(text, "# EOF\n");
    }
    flush(text);
    return text->error;
}
