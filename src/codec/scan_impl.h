/* The implementations of scan.h, for the files that choose among them and fall back on each
 * other. */
#ifndef GARM_CODEC_SCAN_IMPL_H
#define GARM_CODEC_SCAN_IMPL_H

#include "codec/scan.h"

extern const struct scan_ops scan_scalar;
extern const struct scan_ops scan_sse2;
extern const struct scan_ops scan_avx2;
extern const struct scan_ops scan_neon;

#endif
