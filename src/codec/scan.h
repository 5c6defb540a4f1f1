/* Where does a run of allowed bytes end? The inner loops of the parsers: one function per byte
 * class, with SIMD twins chosen when the process starts, by what the CPU has. None reads beyond
 * p[len). Tokens have no place here: methods and names are so short that char_run of chars.h is
 * as fast. */
#ifndef GARM_CODEC_SCAN_H
#define GARM_CODEC_SCAN_H

#include <stddef.h>

struct scan_ops {
    const char *name; /* "scalar", "sse2", "avx2", "neon" */
    /* Each returns the index of the first byte in p[0..len) outside its class, or len. */
    size_t (*value)(const char *p, size_t len);  /* field content: HTAB, 0x20-0x7e, 0x80-0xff */
    size_t (*target)(const char *p, size_t len); /* a target's outer bound: 0x21-0x7e, 0x80-0xff */
};

/** The best this CPU can do. */
extern const struct scan_ops *scan;

/** Every implementation this build and CPU have, scalar first; ends with NULL. For tests. */
const struct scan_ops *const *scan_all(void);

#endif
