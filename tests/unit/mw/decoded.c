/* See decoded.h. */
#include "decoded.h"

#include <brotli/decode.h>
#include <check.h>
#include <zlib.h>
#include <zstd.h>

#include <stdbool.h>
#include <string.h>

#define TEXT_MAX (4U << 20)

static char text[TEXT_MAX + 1];

/* Each gives the text's size, and whether it came to its end with the input. */

static size_t inflate_all(const void *data, size_t size, bool *ret_whole)
{
    z_stream stream = {.next_in = (z_const Bytef *)(size_t)data, .avail_in = (unsigned)size};
    stream.next_out = (Bytef *)text;
    stream.avail_out = TEXT_MAX;
    ck_assert_int_eq(inflateInit2(&stream, 15 + 32), Z_OK);
    const int rc = inflate(&stream, Z_SYNC_FLUSH);
    *ret_whole = rc == Z_STREAM_END && stream.avail_in == 0;
    (void)inflateEnd(&stream);
    return TEXT_MAX - stream.avail_out;
}

static size_t unbrotli(const void *data, size_t size, bool *ret_whole)
{
    BrotliDecoderState *const state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *in = data;
    uint8_t *out = (uint8_t *)text;
    size_t out_size = TEXT_MAX;
    const BrotliDecoderResult rc =
        BrotliDecoderDecompressStream(state, &size, &in, &out_size, &out, NULL);
    *ret_whole = rc == BROTLI_DECODER_RESULT_SUCCESS && size == 0;
    BrotliDecoderDestroyInstance(state);
    return TEXT_MAX - out_size;
}

static size_t unzstd(const void *data, size_t size, bool *ret_whole)
{
    ZSTD_DCtx *const context = ZSTD_createDCtx();
    ZSTD_inBuffer in = {data, size, 0};
    ZSTD_outBuffer out = {text, TEXT_MAX, 0};
    size_t left = 1;
    while (in.pos < in.size && !ZSTD_isError(left)) {
        left = ZSTD_decompressStream(context, &out, &in);
    }
    *ret_whole = left == 0 && in.pos == in.size;
    (void)ZSTD_freeDCtx(context);
    return out.pos;
}

static size_t copy(const void *data, size_t size, bool *ret_whole)
{
    memcpy(text, data, size < TEXT_MAX ? size : TEXT_MAX);
    *ret_whole = size <= TEXT_MAX;
    return size;
}

static const char *decode(const char *coding, const void *data, size_t size, bool whole,
                          size_t *ret_size)
{
    bool is_whole = false;
    *ret_size = strcmp(coding, "br") == 0     ? unbrotli(data, size, &is_whole)
                : strcmp(coding, "zstd") == 0 ? unzstd(data, size, &is_whole)
                : coding[0] == '\0'           ? copy(data, size, &is_whole)
                                              : inflate_all(data, size, &is_whole);
    ck_assert_msg(is_whole || !whole, "%s: %zu bytes are no whole text", coding, size);
    text[*ret_size] = '\0';
    return text;
}

const char *decoded(const char *coding, const void *data, size_t size, size_t *ret_size)
{
    return decode(coding, data, size, true, ret_size);
}

const char *decoded_so_far(const char *coding, const void *data, size_t size, size_t *ret_size)
{
    return decode(coding, data, size, false, ret_size);
}
