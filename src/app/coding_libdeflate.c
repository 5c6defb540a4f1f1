/* gzip and zlib's format by libdeflate: for whole texts, in half of zlib's time. */
#include "app/coding.h"

#include <libdeflate.h>

void *whole_make(int level)
{
    return libdeflate_alloc_compressor(level);
}

void whole_free(void *state)
{
    libdeflate_free_compressor(state);
}

size_t whole_bound(void *state, enum garm_coding coding, size_t size)
{
    return coding == GARM_GZIP ? libdeflate_gzip_compress_bound(state, size)
                               : libdeflate_zlib_compress_bound(state, size);
}

size_t whole_run(void *state, enum garm_coding coding, const void *data, size_t size, void *out,
                 size_t cap)
{
    return coding == GARM_GZIP ? libdeflate_gzip_compress(state, data, size, out, cap)
                               : libdeflate_zlib_compress(state, data, size, out, cap);
}
