/* A request on its way through the application (or work without one): what a garm_ctx is. It
 * lives on the task's stack for as long as the task works for it. */
#ifndef GARM_APP_CTX_H
#define GARM_APP_CTX_H

#include "app/app.h"
#include "app/router.h"
#include "base/arena.h"
#include "base/buf.h"
#include "run/task.h"
#include "serve/exchange.h"

#include <garm/middleware.h>
#include <garm/task.h>

#include <errno.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fields that a reply holds without an allocation, and at most. */
#define REPLY_FIELDS_ROOM 8
#define REPLY_FIELDS_MAX  100

enum reply_state {
    REPLY_NONE,
    REPLY_HELD,      /* complete, and still changeable */
    REPLY_STREAMING, /* its head is sent */
};

/* What was asked to be called at the reply's stages. */
struct head_hook {
    struct head_hook *next;
    size_t depth; /* of the middleware that asked; deeper ones come first */
    void (*fn)(garm_ctx *c, void *arg);
    void *arg;
};

struct finish_hook {
    struct finish_hook *next;
    size_t depth;
    void (*fn)(garm_ctx *c, const garm_outcome *outcome, void *arg);
    void *arg;
};

struct filter {
    struct filter *next;
    size_t depth;
    const garm_filter_ops *ops;
    void *arg;
    bool out; /* it does not take part */
};

struct file;

/* A piece of a held file, behind a text that goes before it. */
struct file_part {
    struct slice before;
    int64_t offset;
    uint64_t size;
};

struct reply {
    enum reply_state state;
    /* of a held or sent reply; of a streamed one that has not begun, 0 or what was set */
    uint16_t status;
    bool rendered;                 /* the server's rendering of an error, or the error handler's */
    bool sealing;                  /* its last moment: hooks and filters run */
    int error;                     /* the negative errno behind it */
    void (*release)(void *holder); /* gives back what is held; NULL: nothing is */
    void *holder;
    struct file *file; /* of a held file, whose bytes come from its descriptor: in these parts */
    const struct file_part *parts; /* else NULL */
    size_t part_count;
    struct file_part part; /* room for one */
    /* of a held file; of a streamed reply as promised, or EXCHANGE_LENGTH_UNKNOWN */
    uint64_t length;
    struct slice body;
    struct h1_response_field *fields;
    size_t field_count, field_cap;
    struct head_hook *head_hooks;
    struct finish_hook *finish_hooks;
    struct filter *filters;
    struct h1_response_field room[REPLY_FIELDS_ROOM];
};

struct keyed {
    struct keyed *next;
    const void *key;
    void *value;
};

struct garm_ctx {
    struct exchange *x; /* NULL: no request */
    struct arena *arena;
    struct garm_worker *worker;
    struct loop *loop;
    const struct endpoint *route;
    size_t at; /* which function of the chain runs */
    /* the request cannot be answered but with this: 500 (a bug of the handler's), 503 (no
     * memory) */
    uint16_t broken;
    bool refused;      /* by the overload control: no route runs */
    uint16_t unrouted; /* 0; or why no route runs: 404, 405, 501, 204 (automatic OPTIONS) */
    bool plain;        /* the path has no escapes */
    bool in_error_fn;  /* a custom error handler runs */
    bool cut;          /* failed after the head was sent: the answer cannot be completed */
    struct task_deadline *deadline; /* of the chain, while it runs; NULL: none */
    struct slice path;              /* dot segments resolved */
    const char *path_text, *target_text;
    size_t pins; /* things the arena holds that no garm_release may free */
    struct defer *defers;
    struct defer *late; /* what frees memory of the request's own: after all others */
    struct keyed *keyed;
    struct garm_tasks *groups;
    struct { /* once garm_body has read it */
        const void *data;
        size_t size;
        struct buf heap;
        const struct garm_json_value *json; /* once garm_body_json has parsed it */
    } body;
    struct { /* what the client is told if the handler gives up with this error */
        int error;
        uint16_t status;
        const char *detail;
    } complaint;
    const void *unfinished; /* a streamed reply that only its writer can finish; NULL: none */
    struct reply reply;
    uint16_t decoded;          /* a bit per parameter: its slice is decoded and ends in NUL */
    struct router_match match; /* params are valid up to their count */
};

/** Makes a context for a request (x), or for work without one (NULL). `arena` is borrowed. */
void ctx_init(garm_ctx *c, struct exchange *x, struct arena *arena, struct garm_worker *worker);
/** Joins children, runs deferred functions, frees what is not in the arena. May suspend. */
void ctx_deinit(garm_ctx *c);

/** Memory of the request's own, which no garm_release frees; NULL poisons the request. */
MUST_CHECK void *ctx_alloc(garm_ctx *c, size_t size);
/** A copy that ends in NUL; "" when memory runs out, and the request is poisoned. */
const char *ctx_dup(garm_ctx *c, struct slice s);
/** The same for what may be large: from the heap, within no bound but the caller's. */
MUST_CHECK void *ctx_alloc_large(garm_ctx *c, size_t size);
/** Calls fn(arg) after the last deferred function. 0; or -ENOMEM, and fn(arg) was called at
 *  once. */
MUST_CHECK int ctx_after(garm_ctx *c, void (*fn)(void *arg), void *arg);
/** Notes that the handler, should it return `error` (a negative errno), means an answer of `status`
 *  with this text for people. Returns `error`. */
int ctx_complain(garm_ctx *c, int error, uint16_t status, const char *format, ...)
    PRINTF_LIKE(4, 5);
/** From now on the only answer is 503. */
void ctx_poison(garm_ctx *c);
/** A bug of the application's: logged, and from now on the only answer is 500. */
void ctx_bug(garm_ctx *c, const char *format, ...) PRINTF_LIKE(2, 3);
/** Logs with the request's method, path and route beside the text. */
void ctx_log(garm_ctx *c, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

/** What a wait or reply of this context returns instead of beginning: 0, or -ENOMEM or -EINVAL
 *  of a broken one. */
static inline int ctx_check(const garm_ctx *c)
{
    return LIKELY(c->broken == 0) ? 0 : c->broken == 503 ? -ENOMEM : -EINVAL;
}

/** Every public function that touches a context begins with it: tasks never change thread. */
static inline void ctx_own(const garm_ctx *c)
{
    CHECK(c->loop == loop_self());
}

#endif
