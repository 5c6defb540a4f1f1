/* Brotli. Its encoder cannot be made ready for another text, so each has one of its own. And it
 * ends the process when its allocator has no memory, as it is built in Debian 12: so the allocator
 * does not return then, but jumps out of the library, and all that it gave is freed. Nothing else
 * is lost by that: the encoder computes, and holds nothing but memory. */
#include "app/coding.h"

#include "base/list.h"
#include "base/sys.h"

#include <brotli/encode.h>

#include <errno.h>
#include <setjmp.h>

/* Bits of the window: of a text of unknown size, which bounds what a stream holds, and of others
 * as many as they need. */
#define WINDOW_BITS_STREAM 18
#define WINDOW_BITS_MIN    16
#define WINDOW_BITS_MAX    22

struct brotli {
    uint32_t level;
    BrotliEncoderState *encoder; /* NULL between two texts */
    struct list blocks;          /* all memory that it has */
    bool inside;                 /* the library runs, below the frame that `out` names */
    jmp_buf out;
};

/* Stands before each block; keeps it aligned for any type. */
struct block {
    _Alignas(max_align_t) struct list node;
};

static void *give_memory(void *arg, size_t size)
{
    struct brotli *const brotli = arg;
    struct block *const block =
        size > SIZE_MAX - sizeof(*block) ? NULL : mem_alloc(sizeof(*block) + size);
    if (block != NULL) {
        list_push_front(&brotli->blocks, &block->node);
        return block + 1;
    }
    if (brotli->inside) {
        longjmp(brotli->out, 1);
    }
    return NULL;
}

static void take_memory(void *arg, void *memory)
{
    (void)arg;
    if (memory != NULL) {
        struct block *const block = (struct block *)memory - 1;
        list_remove(&block->node);
        mem_free(block);
    }
}

static void *make(int level)
{
    struct brotli *const brotli = mem_zalloc(sizeof(*brotli));
    if (brotli != NULL) {
        brotli->level = (uint32_t)level;
        list_init(&brotli->blocks);
    }
    return brotli;
}

/* Without the library, which may have been left anywhere. */
static void drop_encoder(struct brotli *brotli)
{
    brotli->encoder = NULL;
    while (!list_empty(&brotli->blocks)) {
        take_memory(brotli, CONTAINER_OF(brotli->blocks.next, struct block, node) + 1);
    }
}

static uint32_t window_bits(uint64_t size)
{
    uint32_t bits = WINDOW_BITS_MIN;
    if (size == CODER_SIZE_UNKNOWN) {
        return WINDOW_BITS_STREAM;
    }
    while (bits < WINDOW_BITS_MAX && UINT64_C(1) << bits < size) {
        bits++;
    }
    return bits;
}

static int begin(void *state, uint64_t size)
{
    struct brotli *const brotli = state;
    drop_encoder(brotli);
    brotli->encoder = BrotliEncoderCreateInstance(give_memory, take_memory, brotli);
    if (brotli->encoder == NULL) {
        return -ENOMEM;
    }
    (void)BrotliEncoderSetParameter(brotli->encoder, BROTLI_PARAM_QUALITY, brotli->level);
    (void)BrotliEncoderSetParameter(brotli->encoder, BROTLI_PARAM_LGWIN, window_bits(size));
    if (size != CODER_SIZE_UNKNOWN && size < UINT32_MAX) {
        (void)BrotliEncoderSetParameter(brotli->encoder, BROTLI_PARAM_SIZE_HINT, (uint32_t)size);
    }
    return 0;
}

static bool compress(struct brotli *brotli, struct coder_io *io, BrotliEncoderOperation operation)
{
    const uint8_t *in = (const uint8_t *)io->in;
    uint8_t *out = (uint8_t *)io->out;
    if (setjmp(brotli->out) != 0) {
        brotli->inside = false;
        return false;
    }
    brotli->inside = true;
    const bool ok = BrotliEncoderCompressStream(brotli->encoder, operation, &io->in_size, &in,
                                                &io->out_size, &out, NULL);
    brotli->inside = false;
    io->in = (const char *)in;
    io->out = (char *)out;
    return ok;
}

static int run(void *state, struct coder_io *io, enum garm_encode how)
{
    static const BrotliEncoderOperation operations[] = {
        [GARM_ENCODE_MORE] = BROTLI_OPERATION_PROCESS,
        [GARM_ENCODE_FLUSH] = BROTLI_OPERATION_FLUSH,
        [GARM_ENCODE_END] = BROTLI_OPERATION_FINISH,
    };
    struct brotli *const brotli = state;
    if (!compress(brotli, io, operations[how])) {
        drop_encoder(brotli);
        return -ENOMEM;
    }
    if (how == GARM_ENCODE_END && BrotliEncoderIsFinished(brotli->encoder)) {
        drop_encoder(brotli);
        return 0;
    }
    return io->in_size > 0 || how == GARM_ENCODE_END || BrotliEncoderHasMoreOutput(brotli->encoder);
}

static void end(void *state)
{
    if (state != NULL) {
        drop_encoder(state);
        mem_free(state);
    }
}

/* Above 9 it takes a second for a megabyte, and up to 17 KB of stack: that is for files that are
 * compressed beforehand. */
const struct coder_ops coder_brotli = {GARM_BROTLI, 9, 4, make, begin, run, end};
