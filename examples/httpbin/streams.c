/* Bodies that take their time or their size: /bytes, /stream-bytes, /stream, /delay, /drip. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>

/* ?seed, or one that nobody has had. */
static bool query_seed(garm_ctx *c, int64_t *ret_seed)
{
    const int64_t unique = (int64_t)(random_u64() >> 1);
    return garm_query_int(c, "seed", INT64_MIN, INT64_MAX, unique, ret_seed) == 0;
}

/* What /bytes and /stream-bytes are asked for: a count, at most BYTES_MAX, and a seed. */
static bool read_order(garm_ctx *c, int64_t *ret_count, struct random *random)
{
    int64_t seed = 0;
    if (!param_int(c, "n", 0, INT64_MAX, ret_count) || !query_seed(c, &seed)) {
        return false;
    }
    *ret_count = *ret_count < BYTES_MAX ? *ret_count : BYTES_MAX;
    random_init(random, seed);
    return true;
}

static int bad_order(garm_ctx *c)
{
    return garm_problem(c, 400, "the count and the seed are whole numbers, the count from 0 on");
}

static int show_bytes(garm_ctx *c)
{
    struct random random;
    int64_t count = 0;
    if (!read_order(c, &count, &random)) {
        return bad_order(c);
    }
    char *const bytes = garm_alloc(c, (size_t)count + 1);
    if (bytes == NULL) {
        return -ENOMEM;
    }
    random_fill(&random, bytes, (size_t)count);
    return garm_bytes_view(c, 200, "application/octet-stream", bytes, (size_t)count);
}

static void make_random(void *random, int64_t offset, char *buf, size_t size)
{
    (void)offset;
    random_fill(random, buf, size);
}

static int stream_bytes(garm_ctx *c)
{
    struct random random;
    struct paced paced = {.make = make_random, .arg = &random};
    if (!read_order(c, &paced.size, &random)) {
        return bad_order(c);
    }
    GARM_TRY(garm_query_int(c, "chunk_size", INT64_MIN, INT64_MAX, CHUNK_NORMAL, &paced.chunk));
    paced.chunk = paced.chunk > 1 ? paced.chunk : 1;
    return send_paced(c, &paced);
}

/* Lines of JSON: what /get shows, and a number that counts up. */
static int stream_lines(garm_ctx *c)
{
    struct request_view req;
    int64_t count = 0;
    if (!param_int(c, "n", INT64_MIN, INT64_MAX, &count)) {
        return garm_problem(c, 400, "the number of lines is a whole number");
    }
    count = count < 1 ? 1 : count > LINES_MAX ? LINES_MAX : count;
    GARM_TRY(view_request(c, &req));
    GARM_TRY(garm_set_header(c, "Content-Type", "application/json"));
    for (int64_t i = 0; i < count; i++) {
        const garm_memory_mark mark = garm_mark(c);
        const char *const line = garm_json_format(
            c, garm_obj(NULL, req.args, req.headers, garm_kv("id", i), req.origin, req.url));
        GARM_TRY(garm_write(c, line, strlen(line)));
        GARM_TRY(garm_write(c, "\n", 1));
        GARM_TRY(garm_flush(c));
        garm_release(c, mark);
    }
    return 0;
}

/* What /post shows, but without "json". */
static int delay(garm_ctx *c)
{
    struct request_view req;
    struct body_view body;
    int64_t ns = 0;
    if (!read_duration(garm_param(c, "delay"), &ns)) {
        return garm_problem(c, 400, "the delay is in seconds (1.5), or a duration (200ms)");
    }
    ns = ns < WAIT_MAX_NS ? ns : WAIT_MAX_NS;
    GARM_TRY(garm_sleep(c, ns));
    GARM_TRY(garm_set_headerf(c, "Server-Timing", "initial_delay;dur=%.2f;desc=\"initial delay\"",
                              (double)ns / 1e6));
    GARM_TRY(view_request(c, &req));
    GARM_TRY(view_body(c, &body));
    return garm_json(c, 200, req.args, body.data, body.files, body.form, req.headers, req.origin,
                     req.url);
}

/* What /drip is asked for. */
struct drip {
    int64_t size, status, delay_ns, duration_ns;
};

/* NULL, or what is wrong with the order. */
static const char *read_drip(garm_ctx *c, struct drip *ret)
{
    if (!query_duration(c, "duration", GARM_SEC(2), &ret->duration_ns) ||
        !query_duration(c, "delay", 0, &ret->delay_ns)) {
        return "duration and delay are in seconds (1.5), or a duration (200ms)";
    }
    if (ret->duration_ns + ret->delay_ns > WAIT_MAX_NS) {
        return "duration and delay are 10 seconds at most, together";
    }
    if (garm_query_int(c, "numbytes", 1, INT64_MAX, 10, &ret->size) < 0) {
        return "numbytes is a whole number from 1 on";
    }
    if (garm_query_int(c, "code", 200, 599, 200, &ret->status) < 0) {
        return "code is from 200 to 599";
    }
    ret->size = ret->size < DRIP_MAX ? ret->size : DRIP_MAX;
    return NULL;
}

static void make_stars(void *arg, int64_t offset, char *buf, size_t size)
{
    (void)arg;
    (void)offset;
    memset(buf, '*', size);
}

/* Byte by byte; where that would be more than a thousand a second, a few at a time. */
static int64_t drop_size(const struct drip *drip)
{
    const int64_t steps = drip->duration_ns / GARM_MS(1);
    return steps == 0 ? CHUNK_NORMAL : 1 + (drip->size - 1) / steps;
}

static int set_timings(garm_ctx *c, const struct drip *drip)
{
    const int64_t pieces = (drip->size - 1) / drop_size(drip) + 1;
    const double delay_ms = (double)drip->delay_ns / 1e6;
    const double duration_ms = (double)drip->duration_ns / 1e6;
    return garm_set_headerf(c, "Server-Timing",
                            "total_duration;dur=%.2f;desc=\"total request duration\", "
                            "initial_delay;dur=%.2f;desc=\"initial delay\", "
                            "write_duration;dur=%.2f;desc=\"duration of writes after initial "
                            "delay\", "
                            "pause_per_write;dur=%.2f;desc=\"computed pause between writes\"",
                            delay_ms + duration_ms, delay_ms, duration_ms,
                            duration_ms / (double)(pieces > 1 ? pieces - 1 : 1));
}

static int drip(garm_ctx *c)
{
    struct drip order;
    const char *const complaint = read_drip(c, &order);
    if (complaint != NULL) {
        return garm_problem(c, 400, "%s", complaint);
    }
    GARM_TRY(garm_sleep(c, order.delay_ns));
    GARM_TRY(garm_set_status(c, (int)order.status));
    GARM_TRY(garm_set_header(c, "Content-Type", "application/octet-stream"));
    GARM_TRY(garm_set_headerf(c, "Content-Length", "%lld", (long long)order.size));
    GARM_TRY(set_timings(c, &order));
    return send_paced(c, &(const struct paced){.size = order.size,
                                               .chunk = drop_size(&order),
                                               .duration_ns = order.duration_ns,
                                               .make = make_stars});
}

void add_streams(garm_app *app)
{
    garm_route(app, "GET /bytes/{n}", show_bytes);
    garm_route(app, "GET /stream-bytes/{n}", stream_bytes);
    garm_route(app, "GET /stream/{n}", stream_lines);
    add_for_all(app, "/delay/{delay}", delay);
    garm_route(app, "GET /drip", drip);
}
