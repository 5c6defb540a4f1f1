/* Zstandard. */
#include "app/coding.h"

#include <zstd.h>

#include <errno.h>

/* Bits of the window of a text of unknown size: it bounds what a stream holds. Others have what
 * the level gives them, which is at most 4 MiB: browsers refuse more than 8. */
#define WINDOW_BITS_STREAM 18

static void *make(int level)
{
    ZSTD_CCtx *const context = ZSTD_createCCtx();
    if (context != NULL) {
        (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    }
    return context;
}

static int begin(void *state, uint64_t size)
{
    const bool known = size != CODER_SIZE_UNKNOWN;
    const unsigned long long pledged = known ? size : ZSTD_CONTENTSIZE_UNKNOWN;
    const int window_bits = known ? 0 : WINDOW_BITS_STREAM;
    const bool ready =
        !ZSTD_isError(ZSTD_CCtx_reset(state, ZSTD_reset_session_only)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(state, ZSTD_c_windowLog, window_bits)) &&
        !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(state, pledged));
    return ready ? 0 : -EIO;
}

static int run(void *state, struct coder_io *io, enum garm_encode how)
{
    static const ZSTD_EndDirective directives[] = {
        [GARM_ENCODE_MORE] = ZSTD_e_continue,
        [GARM_ENCODE_FLUSH] = ZSTD_e_flush,
        [GARM_ENCODE_END] = ZSTD_e_end,
    };
    ZSTD_inBuffer in = {io->in, io->in_size, 0};
    ZSTD_outBuffer out = {io->out, io->out_size, 0};
    const size_t left = ZSTD_compressStream2(state, &out, &in, directives[how]);
    if (ZSTD_isError(left)) {
        return -ENOMEM; /* all that can be wrong with parameters of our own */
    }
    io->in += in.pos;
    io->in_size -= in.pos;
    io->out += out.pos;
    io->out_size -= out.pos;
    return io->in_size > 0 || (how != GARM_ENCODE_MORE && left > 0);
}

static void end(void *state)
{
    (void)ZSTD_freeCCtx(state);
}

const struct coder_ops coder_zstd = {GARM_ZSTD, 12, 3, make, begin, run, end};
