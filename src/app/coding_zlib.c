/* gzip and zlib's own format by zlib: for streams. */
#include "app/coding.h"

#include "base/sys.h"

#include <zlib.h>

#include <errno.h>
#include <limits.h>

#define WINDOW_BITS  15
#define MEMORY_LEVEL 8
#define AS_GZIP      16 /* added to the window's bits */

static void *give_memory(void *arg, unsigned count, unsigned size)
{
    (void)arg;
    return mem_zalloc((size_t)count * size);
}

static void take_memory(void *arg, void *memory)
{
    (void)arg;
    mem_free(memory);
}

static void *make(int level, int window_bits)
{
    z_stream *const stream = mem_zalloc(sizeof(*stream));
    if (stream == NULL) {
        return NULL;
    }
    stream->zalloc = give_memory;
    stream->zfree = take_memory;
    if (deflateInit2(stream, level, Z_DEFLATED, window_bits, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        mem_free(stream);
        return NULL;
    }
    return stream;
}

static void *make_gzip(int level)
{
    return make(level, WINDOW_BITS + AS_GZIP);
}

static void *make_deflate(int level)
{
    return make(level, WINDOW_BITS);
}

static int begin(void *state, uint64_t size)
{
    (void)size;
    return deflateReset(state) == Z_OK ? 0 : -EIO;
}

static int run(void *state, struct coder_io *io, enum garm_encode how)
{
    static const int flushes[] = {
        [GARM_ENCODE_MORE] = Z_NO_FLUSH,
        [GARM_ENCODE_FLUSH] = Z_SYNC_FLUSH,
        [GARM_ENCODE_END] = Z_FINISH,
    };
    z_stream *const stream = state;
    const size_t in_size = io->in_size < INT_MAX ? io->in_size : INT_MAX;
    stream->next_in = (z_const Bytef *)(uintptr_t)io->in;
    stream->avail_in = (unsigned)in_size;
    stream->next_out = (Bytef *)io->out;
    stream->avail_out = (unsigned)io->out_size;
    const int rc = deflate(stream, flushes[how]);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
        return -EIO;
    }
    io->in += in_size - stream->avail_in;
    io->in_size -= in_size - stream->avail_in;
    io->out += io->out_size - stream->avail_out;
    io->out_size = stream->avail_out;
    return io->in_size > 0 || stream->avail_out == 0 ||
           (how == GARM_ENCODE_END && rc != Z_STREAM_END);
}

static void end(void *state)
{
    if (state != NULL) {
        (void)deflateEnd(state);
        mem_free(state);
    }
}

const struct coder_ops coder_gzip = {GARM_GZIP, 9, 6, make_gzip, begin, run, end};
const struct coder_ops coder_deflate = {GARM_DEFLATE, 9, 6, make_deflate, begin, run, end};
