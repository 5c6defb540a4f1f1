/* Coded bodies made readable again, by other code than that which made them. */
#ifndef TESTS_UNIT_MW_DECODED_H
#define TESTS_UNIT_MW_DECODED_H

#include <stddef.h>

/** What `size` coded bytes say ("br", "zstd", "gzip", "deflate"; "" as they are), with a NUL behind
 *  it; valid until the next call. Fails the test unless they are one whole text, with nothing
 *  behind it. */
const char *decoded(const char *coding, const void *data, size_t size, size_t *ret_size);

/** The same for the beginning of a text: what can be read of it. */
const char *decoded_so_far(const char *coding, const void *data, size_t size, size_t *ret_size);

#endif
