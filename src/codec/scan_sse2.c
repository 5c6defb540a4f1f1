/* The scans 16 bytes at a time with SSE2, which every x86-64 has. */
#include "codec/scan_impl.h"

#include <emmintrin.h>

#define STEP 16

/* Bit i is set where byte i lies outside the class. Comparing with the unsigned minimum turns the
 * signed-only compares of SSE2 into unsigned ones. */
static unsigned not_value(__m128i v)
{
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    const __m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del));
}

static unsigned not_target(__m128i v)
{
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x20)), v);
    const __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(control, del));
}

static __m128i load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static size_t scan_value(const char *p, size_t len)
{
    size_t i = 0;
    for (; len - i >= STEP; i += STEP) {
        const unsigned bad = not_value(load(p + i));
        if (bad != 0) {
            return i + (unsigned)__builtin_ctz(bad);
        }
    }
    return i + scan_scalar.value(p + i, len - i);
}

static size_t scan_target(const char *p, size_t len)
{
    size_t i = 0;
    for (; len - i >= STEP; i += STEP) {
        const unsigned bad = not_target(load(p + i));
        if (bad != 0) {
            return i + (unsigned)__builtin_ctz(bad);
        }
    }
    return i + scan_scalar.target(p + i, len - i);
}

const struct scan_ops scan_sse2 = {"sse2", scan_value, scan_target};
