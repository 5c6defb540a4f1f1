/* The scans 32 bytes at a time with AVX2. Compiled with -mavx2, and called only where the CPU has it. */
#include "codec/scan_impl.h"

#include <immintrin.h>

#define STEP 32
#define HALF 16

/* A byte is a token's if the bit of its high nibble is set in the entry of its low nibble. */
#define TOKEN_BITS                                                                                 \
    (char)0xe8, (char)0xfc, (char)0xf8, (char)0xfc, (char)0xfc, (char)0xfc, (char)0xfc,            \
        (char)0xfc, (char)0xf8, (char)0xf8, (char)0xf4, (char)0x54, (char)0xd0, (char)0x54,        \
        (char)0xf4, (char)0x70
#define NIBBLE_BITS 1, 2, 4, 8, 16, 32, 64, (char)0x80, 0, 0, 0, 0, 0, 0, 0, 0

/* Bit i is set where byte i lies outside the class. */
static unsigned not_token(__m256i v)
{
    const __m256i bits = _mm256_setr_epi8(TOKEN_BITS, TOKEN_BITS);
    const __m256i nibbles = _mm256_setr_epi8(NIBBLE_BITS, NIBBLE_BITS);
    const __m256i low = _mm256_set1_epi8(0x0f);
    const __m256i row = _mm256_shuffle_epi8(bits, _mm256_and_si256(v, low));
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), low);
    const __m256i hit = _mm256_and_si256(row, _mm256_shuffle_epi8(nibbles, high));
    return (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(hit, _mm256_setzero_si256()));
}

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

static size_t scan_token(const char *p, size_t len)
{
    size_t i = 0;
    for (; len - i >= STEP; i += STEP) {
        const unsigned bad = not_token(load(p + i));
        if (bad != 0) {
            return i + (unsigned)__builtin_ctz(bad);
        }
    }
    if (len - i < HALF) {
        return i + scan_scalar.token(p + i, len - i);
    }
    return i + short_index(not_token(load_short(p + i, len - i)), len - i);
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

const struct scan_ops scan_avx2 = {"avx2", scan_token, scan_value, scan_target};
