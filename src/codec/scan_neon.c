/* The scans 16 bytes at a time with NEON, which every arm64 has. */
#include "codec/scan_impl.h"

#include <arm_neon.h>
#include <stdint.h>

#define STEP 16

/* Four bits per byte, as NEON has no movemask: all set where the byte lies outside the class. */
static uint64_t nibble_mask(uint8x16_t bad)
{
    const uint8x8_t narrow = vshrn_n_u16(vreinterpretq_u16_u8(bad), 4);
    return vget_lane_u64(vreinterpret_u64_u8(narrow), 0);
}

static size_t first_of(uint64_t mask)
{
    return (unsigned)__builtin_ctzll(mask) / 4;
}

static uint64_t not_value(uint8x16_t v)
{
    const uint8x16_t control = vcltq_u8(v, vdupq_n_u8(0x20));
    const uint8x16_t tab = vceqq_u8(v, vdupq_n_u8('\t'));
    const uint8x16_t del = vceqq_u8(v, vdupq_n_u8(0x7f));
    return nibble_mask(vorrq_u8(vbicq_u8(control, tab), del));
}

static uint64_t not_target(uint8x16_t v)
{
    const uint8x16_t control = vcleq_u8(v, vdupq_n_u8(0x20));
    const uint8x16_t del = vceqq_u8(v, vdupq_n_u8(0x7f));
    return nibble_mask(vorrq_u8(control, del));
}

static uint8x16_t load(const char *p)
{
    return vld1q_u8((const uint8_t *)p);
}

static size_t scan_value(const char *p, size_t len)
{
    size_t i = 0;
    for (; len - i >= STEP; i += STEP) {
        const uint64_t bad = not_value(load(p + i));
        if (bad != 0) {
            return i + first_of(bad);
        }
    }
    return i + scan_scalar.value(p + i, len - i);
}

static size_t scan_target(const char *p, size_t len)
{
    size_t i = 0;
    for (; len - i >= STEP; i += STEP) {
        const uint64_t bad = not_target(load(p + i));
        if (bad != 0) {
            return i + first_of(bad);
        }
    }
    return i + scan_scalar.target(p + i, len - i);
}

const struct scan_ops scan_neon = {"neon", scan_value, scan_target};
