/* Encoders of content codings, each library behind one of these, and the pool of them that a worker
 * has. Only the files coding_*.c know the libraries. */
#ifndef GARM_APP_CODING_H
#define GARM_APP_CODING_H

#include "base/buf.h"
#include "base/compiler.h"

#include <garm/coding.h>

#include <stddef.h>
#include <stdint.h>

#define CODER_SIZE_UNKNOWN UINT64_MAX

/* What is left to be coded, and where the next coded bytes go. */
struct coder_io {
    const char *in;
    size_t in_size;
    char *out;
    size_t out_size;
};

/* A library. `state` is what one text after another is coded with. */
struct coder_ops {
    enum garm_coding coding;
    int level_max, level_default;
    /** NULL: no memory. */
    void *(*make)(int level);
    /** Makes ready for a text of `size` bytes, after another one that may have been left in the
     *  middle. 0 or -ENOMEM. */
    int (*begin)(void *state, uint64_t size);
    /** Moves `io` on. 1: there is more to come out of what was given; 0: there is not; -ENOMEM,
     *  -EIO. */
    int (*run)(void *state, struct coder_io *io, enum garm_encode how);
    /** Accepts NULL. */
    void (*free)(void *state);
};

extern const struct coder_ops coder_gzip, coder_deflate, coder_brotli, coder_zstd;

/* A faster library for whole texts in gzip's and zlib's format. */

/** NULL: no memory. */
void *whole_make(int level);
/** Accepts NULL. */
void whole_free(void *state);
/** How much may come of `size` bytes. */
size_t whole_bound(void *state, enum garm_coding coding, size_t size);
/** The size of what came of it, at most `cap`. */
size_t whole_run(void *state, enum garm_coding coding, const void *data, size_t size, void *out,
                 size_t cap);

/** Appends a whole text, coded, to `out`, with a state of its own. 0; -EMSGSIZE when `out` is full;
 *  -ENOMEM; -EINVAL. Any thread; takes long for long texts. */
MUST_CHECK int coding_encode(enum garm_coding coding, int level, struct slice text,
                             struct buf *out);

/* A worker's encoders that nobody uses, and how many are used. */
struct coder_pool;
/** Accepts NULL. */
void coder_pool_free(struct coder_pool *pool);

#endif
