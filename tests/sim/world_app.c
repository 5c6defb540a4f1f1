/* The application of the simulated server: it drives the exchange as the path of a request says. */
#include "world_app.h"

#include "base/text.h"
#include "codec/method.h"
#include "run/task.h"
#include "world.h"

#include <errno.h>
#include <string.h>

#define PIECE      777 /* of a streamed answer */
#define LATE_NS    (30 * NS_PER_SEC)
#define FOREVER_NS (INT64_C(1000000) * NS_PER_SEC)

char world_big_byte(size_t i)
{
    return (char)('a' + i % 23);
}

static struct slice big_answer(void)
{
    static char big[WORLD_BIG];
    if (big[0] == '\0') {
        for (size_t i = 0; i < sizeof(big); i++) {
            big[i] = world_big_byte(i);
        }
    }
    return slice_of(big, sizeof(big));
}

/* The whole body in the request's arena, or a negative errno. */
static int read_all(struct exchange *x, struct slice *ret_body)
{
    size_t cap = x->head->chunked ? KIB(32) : (size_t)x->head->content_length;
    if (x->body_done || cap > x->body_max) {
        cap = 1;
    }
    char *const body = arena_alloc(x->arena, cap);
    size_t len = 0;
    if (body == NULL) {
        return -ENOMEM;
    }
    for (;;) {
        char scrap;
        const ssize_t n =
            len < cap ? x->ops->read(x, body + len, cap - len) : x->ops->read(x, &scrap, 1);
        if (n <= 0) {
            *ret_body = slice_of(body, len);
            return (int)n;
        }
        if (len == cap) {
            return -EMSGSIZE;
        }
        len += (size_t)n;
    }
}

/* Reads all and keeps nothing. */
static int read_away(struct exchange *x)
{
    char scrap[KIB(4)];
    ssize_t n;
    do {
        n = x->ops->read(x, scrap, sizeof(scrap));
    } while (n > 0);
    return (int)n;
}

static int answer(struct exchange *x, uint16_t status, struct slice body)
{
    const struct h1_response_field fields[] = {
        {SLICE("Content-Type"), SLICE("application/octet-stream")},
        {SLICE("X-Seen-Target"), h1_span_slice(x->head->target, x->bytes)},
        {SLICE("X-Seen-Method"), h1_span_slice(x->head->method_text, x->bytes)},
        {SLICE("Allow"), SLICE("GET")},
    };
    const struct exchange_head head = {.status = status,
                                       .length = body.len,
                                       .fields = fields,
                                       .field_count = status == 405 ? 4 : 3};
    return x->ops->respond(x, &head, body);
}

static int begin_stream(struct exchange *x, uint64_t length)
{
    const struct h1_response_field fields[] = {
        {SLICE("X-Seen-Target"), h1_span_slice(x->head->target, x->bytes)},
        {SLICE("X-Seen-Method"), h1_span_slice(x->head->method_text, x->bytes)},
    };
    const struct exchange_head head = {
        .status = 200, .length = length, .fields = fields, .field_count = 2};
    return x->ops->head(x, &head);
}

static int stream(struct exchange *x, struct slice body)
{
    TRY(begin_stream(x, EXCHANGE_LENGTH_UNKNOWN));
    while (body.len > 0) {
        const size_t piece = body.len < PIECE ? body.len : PIECE;
        TRY(x->ops->write(x, body.ptr, piece));
        if (piece % 2 == 1) {
            TRY(x->ops->flush(x));
        }
        body = slice_of(body.ptr + piece, body.len - piece);
    }
    return x->ops->finish(x, NULL, 0);
}

/* An answer that its head promises and that does not come whole. */
static int break_promise(struct exchange *x, bool aborts)
{
    TRY(begin_stream(x, 1000));
    TRY(x->ops->write(x, "half", 4));
    TRY(x->ops->flush(x));
    if (aborts) {
        x->ops->abort(x);
        return 0;
    }
    return x->ops->finish(x, NULL, 0);
}

/* "/c304": a body is offered, whatever the status says of it. */
static int answer_code(struct exchange *x, struct slice path)
{
    uint64_t status = 0;
    const bool sound = path.len == 5 && text_to_u64(slice_of(path.ptr + 2, 3), &status) == 0;
    return answer(x, sound && status >= 200 && status < 600 ? (uint16_t)status : 400,
                  SLICE("offered"));
}

static int sleep_a_little(struct world *world)
{
    return task_sleep((int64_t)sim_random(world->sim, 20) * NS_PER_MS);
}

static int hang(struct world *world, struct exchange *x)
{
    const int rc = task_sleep(FOREVER_NS);
    world->last_cancel = task_cancel_reason(task_self());
    return rc == -ECANCELED ? answer(x, 503, SLICE("cancelled")) : rc;
}

/* Kinds that do not echo the request's body. */
static int reply_apart(struct world *world, struct exchange *x, struct slice path)
{
    switch (path.ptr[1]) {
    case 'u': return answer(x, 200, (struct slice){0});
    case 'h': return hang(world, x);
    case 'c': return answer_code(x, path);
    case 'a': return break_promise(x, true);
    case 'p': return break_promise(x, false);
    default: TRY(read_away(x)); return answer(x, 200, (struct slice){0});
    }
}

static int reply_echo(struct world *world, struct exchange *x, char kind)
{
    struct slice body;
    if (kind == 'z') {
        TRY(sleep_a_little(world));
    } else if (kind == 'l') {
        TRY(task_sleep(LATE_NS));
    }
    TRY(read_all(x, &body));
    if (kind == 'z') {
        TRY(sleep_a_little(world));
    }
    return kind == 's' ? stream(x, body) : answer(x, 200, kind == 'b' ? big_answer() : body);
}

static int reply(struct world *world, struct exchange *x)
{
    const struct slice path = h1_span_slice(x->head->path, x->bytes);
    if (x->head->method == METHOD_TRACE || x->head->method == METHOD_CONNECT) {
        return answer(x, 405, (struct slice){0});
    }
    if (x->head->form == TARGET_ASTERISK) {
        return answer(x, 204, (struct slice){0});
    }
    if (path.len > 1 && memchr("uhcapd", path.ptr[1], 6) != NULL) {
        return reply_apart(world, x, path);
    }
    return reply_echo(world, x, path.len > 1 ? path.ptr[1] : 'e');
}

void world_handle(struct exchange *x, void *worker_data)
{
    struct world *const world = worker_data;
    world->handled++;
    const int rc = reply(world, x);
    if (rc < 0 && !x->committed && !x->gone) {
        x->close = true;
        const int sent = answer(x, x->fault != 0 ? x->fault : 503, slice_of(NULL, 0));
        (void)sent; /* the exchange ends in any case */
    }
    const struct slice path = h1_span_slice(x->head->path, x->bytes);
    if (path.len > 1 && path.ptr[1] != 'e' && sim_random(world->sim, 2) == 0) {
        const int completed = x->ops->complete(x);
        CHECK(completed <= 0); /* who asks for the outcome changes no answer */
    }
}
