/* Numbers, hex and escapes as text. Locale-free; no allocation. */
#ifndef GARM_BASE_TEXT_H
#define GARM_BASE_TEXT_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that hold any int64_t or uint64_t with sign, without NUL. */
#define TEXT_INT_MAX 20

/** Writes decimal digits (and '-') to `out` (TEXT_INT_MAX bytes, no NUL); returns their count. */
size_t text_from_u64(uint64_t value, char *out);
size_t text_from_i64(int64_t value, char *out);
/** Lower-case hex without leading zeros, at least one digit; at most 16. */
size_t text_from_hex(uint64_t value, char *out);

/** The whole of `s` as decimal: 1*DIGIT, for i64 with an optional '-'. 0, -EINVAL, or -ERANGE. */
MUST_CHECK int text_to_u64(struct slice s, uint64_t *ret_value);
MUST_CHECK int text_to_i64(struct slice s, int64_t *ret_value);

/** The value of a hex digit, or -1. */
int text_hex_digit(char c);

static inline bool text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char text_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/** One of ASCII's. */
static inline bool text_is_letter(char c)
{
    return text_lower(c) >= 'a' && text_lower(c) <= 'z';
}

/** A duration such as "250ms", "10s", "5m", "1h" in nanoseconds; a bare number is an error. */
MUST_CHECK int text_to_duration(struct slice s, int64_t *ret_ns);

/** Copies `s` to `out` with every byte that is not printable ASCII as \xNN, cut with "..." to fit
 *  `cap` bytes (cap >= 8), NUL-terminated: for log lines and error texts. Returns `out`. */
const char *text_printable(struct slice s, char *out, size_t cap);

/** How many single-byte edits turn `a` into `b`; both at most 64 bytes, else SIZE_MAX. For "did you
 *  mean". */
size_t text_distance(struct slice a, struct slice b);

#endif
