/* Content codings for applications: negotiation, and encoders from a pool of each worker. Knows no
 * library: see coding_*.c. */
#include "app/coding.h"

#include "app/ctx.h"
#include "base/limits.h"
#include "base/sys.h"
#include "codec/coding.h"
#include "run/task.h"

#include <garm/request.h>

#include <string.h>

/* A piece of input after which other tasks run: a few hundred microseconds. */
#define PIECE_BYTES KIB(32)
/* Whole texts up to this size go to the library that takes no pieces. */
#define WHOLE_BYTES_MAX KIB(128)
/* Coded bytes are passed on in pieces of this size, which lie on the stack. */
#define OUT_BYTES         8192
#define ENCODED_BYTES_MAX MIB(64)

/* Of each kind a worker keeps the encoder that was used last. */
enum kind {
    KIND_BROTLI,
    KIND_ZSTD,
    KIND_GZIP,
    KIND_DEFLATE,
    KIND_WHOLE,
    KIND_COUNT_,
};

struct spare {
    void *state; /* NULL: none */
    int level;
};

struct coder_pool {
    unsigned used;
    struct spare spares[KIND_COUNT_];
};

struct garm_encoder {
    garm_ctx *c;
    const struct coder_ops *ops;
    enum kind kind;
    int level;
    uint64_t size;
    void *state;  /* NULL: not begun, or ended */
    bool counted; /* as used */
    bool begun, ended;
    bool flushed; /* nothing is kept back */
};

static const struct coder_ops *const coders[] = {
    [KIND_BROTLI] = &coder_brotli,
    [KIND_ZSTD] = &coder_zstd,
    [KIND_GZIP] = &coder_gzip,
    [KIND_DEFLATE] = &coder_deflate,
};

/* Negotiation. */

const char *garm_coding_name(enum garm_coding coding)
{
    static const char *const names[] = {
        [GARM_IDENTITY] = "identity", [GARM_BROTLI] = "br",       [GARM_ZSTD] = "zstd",
        [GARM_GZIP] = "gzip",         [GARM_DEFLATE] = "deflate",
    };
    return (unsigned)coding <= GARM_DEFLATE ? names[coding] : "identity";
}

int garm_accepts_coding(garm_ctx *c, enum garm_coding coding)
{
    static const enum coding known[] = {
        [GARM_IDENTITY] = CODING_IDENTITY,
        [GARM_BROTLI] = CODING_BROTLI,
        [GARM_ZSTD] = CODING_ZSTD,
        [GARM_GZIP] = CODING_GZIP,
    };
    int qualities[CODING_COUNT_];
    if ((unsigned)coding >= GARM_DEFLATE) {
        return 0;
    }
    coding_qualities(slice_cstr(garm_header(c, "Accept-Encoding")), qualities);
    return qualities[known[coding]];
}

bool garm_type_compressible(const char *type)
{
    static const struct slice types[] = {
        SLICE_INIT("application/javascript"),
        SLICE_INIT("application/json"),
        SLICE_INIT("application/manifest+json"),
        SLICE_INIT("application/rtf"),
        SLICE_INIT("application/vnd.ms-fontobject"),
        SLICE_INIT("application/wasm"),
        SLICE_INIT("application/x-javascript"),
        SLICE_INIT("application/x-ndjson"),
        SLICE_INIT("application/xml"),
        SLICE_INIT("application/yaml"),
        SLICE_INIT("font/otf"),
        SLICE_INIT("font/ttf"),
        SLICE_INIT("image/bmp"),
        SLICE_INIT("image/vnd.microsoft.icon"),
        SLICE_INIT("image/x-icon"),
    };
    static const struct slice suffixes[] = {SLICE_INIT("+json"), SLICE_INIT("+xml"),
                                            SLICE_INIT("+text")};
    struct slice rest = slice_cstr(type);
    struct slice name = {0};
    (void)slice_cut(&rest, ';', &name);
    name = slice_trim(name);
    if (slice_starts_with_nocase(name, SLICE("text/"))) {
        return !slice_eq_nocase(name, SLICE("text/event-stream"));
    }
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (slice_eq_nocase(name, types[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        if (slice_ends_with_nocase(name, suffixes[i])) {
            return true;
        }
    }
    return false;
}

/* The pool. */

static void *make_state(enum kind kind, int level)
{
    return kind == KIND_WHOLE ? whole_make(level) : coders[kind]->make(level);
}

static void free_state(enum kind kind, void *state)
{
    if (kind == KIND_WHOLE) {
        whole_free(state);
    } else {
        coders[kind]->free(state);
    }
}

static void *take_state(struct coder_pool *pool, enum kind kind, int level)
{
    struct spare *const spare = &pool->spares[kind];
    if (spare->state == NULL || spare->level != level) {
        return make_state(kind, level);
    }
    void *const state = spare->state;
    spare->state = NULL;
    return state;
}

static void give_state(struct coder_pool *pool, enum kind kind, int level, void *state)
{
    struct spare *const spare = &pool->spares[kind];
    if (spare->state != NULL) {
        free_state(kind, spare->state);
    }
    *spare = (struct spare){state, level};
}

void coder_pool_free(struct coder_pool *pool)
{
    for (int kind = 0; pool != NULL && kind < KIND_COUNT_; kind++) {
        free_state((enum kind)kind, pool->spares[kind].state);
    }
    mem_free(pool);
}

static struct coder_pool *pool_of(garm_ctx *c)
{
    if (c->worker->coders == NULL) {
        c->worker->coders = mem_zalloc(sizeof(struct coder_pool));
    }
    return c->worker->coders;
}

/* Encoders. */

static size_t find_kind(enum garm_coding coding)
{
    size_t kind = 0;
    while (kind < KIND_WHOLE && coders[kind]->coding != coding) {
        kind++;
    }
    return kind;
}

bool garm_coding_has_level(enum garm_coding coding, int level)
{
    const size_t kind = find_kind(coding);
    return level == 0 || (kind < KIND_WHOLE && level > 0 && level <= coders[kind]->level_max);
}

/* Gives back what it holds; a text may be left in the middle. */
static void release(void *arg)
{
    struct garm_encoder *const encoder = arg;
    struct coder_pool *const pool = encoder->c->worker->coders;
    encoder->ended = true;
    if (encoder->state != NULL) {
        give_state(pool, encoder->kind, encoder->level, encoder->state);
        encoder->state = NULL;
    }
    pool->used -= encoder->counted;
    encoder->counted = false;
}

int garm_encoder_new(garm_ctx *c, enum garm_coding coding, int level, int64_t size,
                     garm_encoder **ret_encoder)
{
    ctx_own(c);
    const size_t kind = find_kind(coding);
    if (kind == KIND_WHOLE || !garm_coding_has_level(coding, level) || size < -1) {
        return -EINVAL;
    }
    struct coder_pool *const pool = pool_of(c);
    struct garm_encoder *const encoder = ctx_alloc(c, sizeof(*encoder));
    if (pool == NULL || encoder == NULL) {
        return -ENOMEM;
    }
    if (pool->used >= LIMIT_ENCODER_COUNT) {
        return -EBUSY;
    }
    *encoder = (struct garm_encoder){
        .c = c,
        .ops = coders[kind],
        .kind = (enum kind)kind,
        .level = level == 0 ? coders[kind]->level_default : level,
        .size = size < 0 ? CODER_SIZE_UNKNOWN : (uint64_t)size,
        .counted = true,
        .flushed = true,
    };
    pool->used++;
    TRY(ctx_after(c, release, encoder));
    *ret_encoder = encoder;
    return 0;
}

int coding_encode(enum garm_coding coding, int level, struct slice text, struct buf *out)
{
    const size_t kind = find_kind(coding);
    if (kind == KIND_WHOLE) {
        return -EINVAL;
    }
    const struct coder_ops *const ops = coders[kind];
    void *const state = ops->make(level);
    if (state == NULL) {
        return -ENOMEM;
    }
    struct coder_io io = {.in = text.ptr, .in_size = text.len};
    int more = ops->begin(state, text.len);
    for (more = more < 0 ? more : 1; more > 0;) {
        char bytes[OUT_BYTES];
        io.out = bytes;
        io.out_size = sizeof(bytes);
        more = ops->run(state, &io, GARM_ENCODE_END);
        const int rc = more < 0 ? more : buf_append(out, bytes, sizeof(bytes) - io.out_size);
        more = rc < 0 ? rc : more;
    }
    ops->free(state);
    return more;
}

static int begin(struct garm_encoder *encoder)
{
    encoder->begun = true;
    encoder->state = take_state(encoder->c->worker->coders, encoder->kind, encoder->level);
    return encoder->state == NULL ? -ENOMEM : encoder->ops->begin(encoder->state, encoder->size);
}

/* Codes one piece, and passes on all that comes of it. */
static int run(struct garm_encoder *encoder, struct slice piece, enum garm_encode how,
               garm_encoder_out *out, void *arg)
{
    char bytes[OUT_BYTES];
    struct coder_io io = {.in = piece.ptr, .in_size = piece.len};
    int more = 1;
    while (more > 0) {
        io.out = bytes;
        io.out_size = sizeof(bytes);
        more = encoder->ops->run(encoder->state, &io, how);
        TRY(more);
        const size_t made = sizeof(bytes) - io.out_size;
        if (made > 0) {
            TRY(out(arg, bytes, made));
        }
    }
    return 0;
}

static int run_pieces(struct garm_encoder *encoder, struct slice data, enum garm_encode how,
                      garm_encoder_out *out, void *arg)
{
    if (!encoder->begun) {
        TRY(begin(encoder));
    }
    while (data.len > PIECE_BYTES) {
        TRY(run(encoder, slice_of(data.ptr, PIECE_BYTES), GARM_ENCODE_MORE, out, arg));
        data = slice_of(data.ptr + PIECE_BYTES, data.len - PIECE_BYTES);
        TRY(task_yield());
    }
    return run(encoder, data, how, out, arg);
}

/* A whole text at once. */
static int run_whole(struct garm_encoder *encoder, struct slice data, garm_encoder_out *out,
                     void *arg)
{
    encoder->kind = KIND_WHOLE;
    encoder->begun = true;
    encoder->state = take_state(encoder->c->worker->coders, KIND_WHOLE, encoder->level);
    if (encoder->state == NULL) {
        return -ENOMEM;
    }
    const enum garm_coding coding = encoder->ops->coding;
    const size_t cap = whole_bound(encoder->state, coding, data.len);
    char *const bytes = mem_alloc(cap);
    if (bytes == NULL) {
        return -ENOMEM;
    }
    const size_t made = whole_run(encoder->state, coding, data.ptr, data.len, bytes, cap);
    const int rc = made == 0 ? -EIO : out(arg, bytes, made);
    mem_free(bytes);
    return rc;
}

static bool takes_whole(const struct garm_encoder *encoder, size_t size, enum garm_encode how)
{
    return !encoder->begun && how == GARM_ENCODE_END && size <= WHOLE_BYTES_MAX &&
           (encoder->kind == KIND_GZIP || encoder->kind == KIND_DEFLATE);
}

int garm_encoder_write(garm_encoder *encoder, const void *data, size_t size, enum garm_encode how,
                       garm_encoder_out *out, void *arg)
{
    const struct slice bytes = slice_of(size == 0 ? "" : data, size);
    ctx_own(encoder->c);
    if (encoder->ended) {
        return -EINVAL;
    }
    if (size == 0 && (how == GARM_ENCODE_MORE || (how == GARM_ENCODE_FLUSH && encoder->flushed))) {
        return 0;
    }
    const int rc = takes_whole(encoder, size, how) ? run_whole(encoder, bytes, out, arg)
                                                   : run_pieces(encoder, bytes, how, out, arg);
    encoder->flushed = how == GARM_ENCODE_FLUSH;
    if (rc < 0 || how == GARM_ENCODE_END) {
        release(encoder);
    }
    return rc;
}

/* Whole texts. */

static int gather(void *arg, const void *data, size_t size)
{
    return buf_append(arg, data, size);
}

int garm_encode(garm_ctx *c, enum garm_coding coding, int level, const void *data, size_t size,
                const void **ret_data, size_t *ret_size)
{
    garm_encoder *encoder = NULL;
    struct buf made;
    TRY(garm_encoder_new(c, coding, level, (int64_t)size, &encoder));
    buf_init(&made, ENCODED_BYTES_MAX);
    const int rc = garm_encoder_write(encoder, data, size, GARM_ENCODE_END, gather, &made);
    if (rc < 0) {
        buf_deinit(&made);
        return rc;
    }
    TRY(ctx_after(c, mem_free, made.data));
    *ret_data = made.data;
    *ret_size = made.len;
    return 0;
}
