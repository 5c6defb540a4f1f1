/* Byte ranges (RFC 9110 section 14): what a Range field asks of a representation of known size.
 * Pure. */
#ifndef GARM_CODEC_RANGE_H
#define GARM_CODEC_RANGE_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* More ranges than these, after those that overlap or touch are made one, get the whole. */
#define RANGE_PARTS_MAX 16
/* And so do more than these as they were asked for. */
#define RANGE_SPECS_MAX 64

struct range {
    uint64_t offset;
    uint64_t size; /* > 0 */
};

enum range_result {
    RANGE_WHOLE,         /* no range that counts: 200 */
    RANGE_PARTS,         /* 206 */
    RANGE_UNSATISFIABLE, /* 416 */
};

struct ranges {
    struct range parts[RANGE_PARTS_MAX]; /* disjoint, in the order in which they were asked for */
    size_t count;
};

/** Reads a Range field's value (empty: absent) for `size` bytes. What is malformed, of another unit
 *  than bytes, or too much counts as absent, and so does any range of an empty representation.
 *  Ranges that start at or past the end are left out; if no other is there, it is unsatisfiable.
 *  *ret_ranges is valid after RANGE_PARTS. */
enum range_result range_parse(struct slice field, uint64_t size, struct ranges *ret_ranges);

#endif
