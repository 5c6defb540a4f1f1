/* The scans 32 bytes at a time with AVX2. Compiled with -mavx2, and called only where the CPU
 * has it. */
#include "codec/scan_impl.h"

#include <immintrin.h>

#define STEP 32
#define HALF 16

/* Bit i is set where byte i lies outside the class. */
static unsigned not_value(__m256i v)
{
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
    const __m256i tab = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\t'));
    const __m256i del = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
    return (unsigned)_mm256_movemask_epi8(_mm256_or_si256(_mm256_andnot_si256(tab, control), del));
}

static unsigned not_target(__m256i v)
{
    const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x20)), v);
    const __m256i del = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
    return (unsigned)_mm256_movemask_epi8(_mm256_or_si256(control, del));
}

static __m256i load(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* The last 16 to 31 bytes, as two halves that may overlap. */
static __m256i load_short(const char *p, size_t len)
{
    return _mm256_loadu2_m128i((const __m128i *)(const void *)(p + len - HALF),
                               (const __m128i *)(const void *)p);
}

/* The index that `bad`, of load_short, stands for; len if it is 0. */
static size_t short_index(unsigned bad, size_t len)
{
    if (bad == 0) {
        return len;
    }
    const size_t at = (unsigned)__builtin_ctz(bad);
    return at < HALF ? at : at - STEP + len;
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
    if (len - i < HALF) {
        return i + scan_scalar.value(p + i, len - i);
    }
    return i + short_index(not_value(load_short(p + i, len - i)), len - i);
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
    if (len - i < HALF) {
        return i + scan_scalar.target(p + i, len - i);
    }
    return i + short_index(not_target(load_short(p + i, len - i)), len - i);
}

const struct scan_ops scan_avx2 = {"avx2", scan_value, scan_target};
