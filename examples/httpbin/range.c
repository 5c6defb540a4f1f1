/* /range/{n}: the alphabet over and over, of which a Range field may ask for parts (RFC 9110
 * section 14). As at httpbin.org a range that leads out of it is 416, even where the RFC would
 * cut it, and the tag has no quotes. Files have all of this by themselves: see garm_file. */
#include "httpbin.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RANGES_MAX 16
#define BOUNDARY   "httpbin-range"

struct span {
    int64_t first, last;
};

struct order {
    int64_t size, chunk, duration_ns;
    struct span spans[RANGES_MAX];
    size_t count;
};

/* Takes a position off the text: its digits, or -1 if there are none. */
static int64_t take_position(const char **text)
{
    const size_t len = strspn(*text, "0123456789");
    const int64_t value = len == 0 ? -1 : len < 18 ? strtoll(*text, NULL, 10) : INT64_MAX / 2;
    *text += len;
    return value;
}

/* Takes "10-24", "10-" or "-5" off the text; false for anything else. */
static bool take_span(const char **text, int64_t size, struct span *ret)
{
    *text += strspn(*text, " \t");
    int64_t first = take_position(text);
    if (**text != '-') {
        return false;
    }
    (*text)++;
    int64_t last = take_position(text);
    if (first < 0 && last < 0) {
        return false;
    }
    if (first < 0) {
        first = last < size ? size - last : 0;
        last = -1;
    }
    *ret = (struct span){first, last < 0 ? size - 1 : last};
    *text += strspn(*text, " \t");
    return **text == ',' || **text == '\0';
}

/* The spans of a Range field; none for one that is not understood, which counts as absent. */
static size_t read_spans(const char *field, int64_t size, struct span *spans)
{
    size_t count = 0;
    if (strncasecmp(field, "bytes=", 6) != 0) {
        return 0;
    }
    field += 6;
    for (;;) {
        if (count == RANGES_MAX || !take_span(&field, size, &spans[count])) {
            return 0;
        }
        count++;
        if (*field == '\0') {
            return count;
        }
        field++;
    }
}

static bool all_within(const struct order *order)
{
    for (size_t i = 0; i < order->count; i++) {
        const struct span span = order->spans[i];
        if (span.first > span.last || span.last >= order->size) {
            return false;
        }
    }
    return true;
}

/* Does the client still have this version? Only then its Range counts (If-Range). */
static bool range_counts(garm_ctx *c, const char *tag)
{
    const char *const given = garm_header(c, "If-Range");
    const size_t len = strlen(tag);
    return *given == '\0' || strcmp(given, tag) == 0 ||
           (*given == '"' && strncmp(given + 1, tag, len) == 0 &&
            strcmp(given + 1 + len, "\"") == 0);
}

static void make_letters(void *first, int64_t offset, char *buf, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        buf[i] = (char)('a' + (*(int64_t *)first + offset + (int64_t)i) % 26);
    }
}

static int send_span(garm_ctx *c, const struct order *order, struct span span)
{
    const struct paced paced = {
        .size = span.last - span.first + 1,
        .chunk = order->chunk,
        .duration_ns = order->duration_ns / order->size * (span.last - span.first + 1),
        .make = make_letters,
        .arg = &span.first,
    };
    return send_paced(c, &paced);
}

static int send_one(garm_ctx *c, const struct order *order)
{
    const struct span span = order->spans[0];
    const int64_t size = span.last - span.first + 1;
    GARM_TRY(garm_set_status(c, size == order->size ? 200 : 206));
    GARM_TRY(garm_set_header(c, "Content-Type", "application/octet-stream"));
    GARM_TRY(garm_set_headerf(c, "Content-Length", "%lld", (long long)size));
    GARM_TRY(garm_set_headerf(c, "Content-Range", "bytes %lld-%lld/%lld", (long long)span.first,
                              (long long)span.last, (long long)order->size));
    return send_span(c, order, span);
}

/* Several ranges are parts of a multipart/byteranges body. */
static int send_several(garm_ctx *c, const struct order *order)
{
    static const char end[] = "\r\n--" BOUNDARY "--\r\n";
    GARM_TRY(garm_set_status(c, 206));
    GARM_TRY(garm_set_header(c, "Content-Type", "multipart/byteranges; boundary=" BOUNDARY));
    for (size_t i = 0; i < order->count; i++) {
        const struct span span = order->spans[i];
        const char *const head =
            garm_strf(c,
                      "\r\n--" BOUNDARY "\r\nContent-Type: application/octet-stream\r\n"
                      "Content-Range: bytes %lld-%lld/%lld\r\n\r\n",
                      (long long)span.first, (long long)span.last, (long long)order->size);
        GARM_TRY(garm_write(c, head, strlen(head)));
        GARM_TRY(send_span(c, order, span));
    }
    return garm_write(c, end, sizeof(end) - 1);
}

/* NULL, or what is wrong with the order. */
static const char *read_order(garm_ctx *c, struct order *ret)
{
    if (!param_int(c, "n", 0, INT64_MAX, &ret->size)) {
        return "the number of bytes is a whole number";
    }
    if (garm_query_int(c, "chunk_size", INT64_MIN, INT64_MAX, CHUNK_NORMAL, &ret->chunk) < 0) {
        return "chunk_size is a whole number";
    }
    if (!query_duration(c, "duration", 0, &ret->duration_ns) || ret->duration_ns > WAIT_MAX_NS) {
        return "duration is 10 seconds at most";
    }
    ret->chunk = ret->chunk > 1 ? ret->chunk : 1;
    return NULL;
}

static int show_range(garm_ctx *c)
{
    struct order order;
    const char *const complaint = read_order(c, &order);
    if (complaint != NULL) {
        return garm_problem(c, 400, "%s", complaint);
    }
    const char *const tag = garm_strf(c, "range%lld", (long long)order.size);
    GARM_TRY(garm_set_header(c, "ETag", tag));
    GARM_TRY(garm_set_header(c, "Accept-Ranges", "bytes"));
    if (order.size == 0 || order.size > BYTES_MAX) {
        return garm_text(c, 404, "the number of bytes is from 1 to %lld\n", (long long)BYTES_MAX);
    }
    order.count =
        range_counts(c, tag) ? read_spans(garm_header(c, "Range"), order.size, order.spans) : 0;
    if (order.count == 0) {
        order.spans[0] = (struct span){0, order.size - 1};
        return send_one(c, &order);
    }
    if (!all_within(&order)) {
        GARM_TRY(garm_set_headerf(c, "Content-Range", "bytes */%lld", (long long)order.size));
        return garm_bytes_view(c, 416, "application/octet-stream", "", 0);
    }
    return order.count == 1 ? send_one(c, &order) : send_several(c, &order);
}

void add_range(garm_app *app)
{
    garm_route(app, "GET /range/{n}", show_range);
}
