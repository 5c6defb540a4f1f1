/* What the fuzz targets share. */
#ifndef GARM_FUZZ_H
#define GARM_FUZZ_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline char *fuzz_alloc(size_t len)
{
    char *const memory = malloc(len > 0 ? len : 1);
    CHECK(memory != NULL);
    return memory;
}

/* A copy of exactly `len` bytes on the heap, so that AddressSanitizer sees a read beyond it. */
static inline char *fuzz_copy(const char *data, size_t len)
{
    char *const copy = fuzz_alloc(len);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}

/* A number that hangs on all of the input, to choose where it is split: the input itself stays
 * plain bytes, so that requests can be seeds. */
static inline size_t fuzz_hash(const uint8_t *data, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * UINT64_C(1099511628211);
    }
    return (size_t)(hash >> 16);
}

#endif
