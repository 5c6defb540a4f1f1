/* The scans one byte at a time: for any CPU, for the ends of the others' runs, and as what the
 * tests compare them to. */
#include "codec/chars.h"
#include "codec/scan_impl.h"

static size_t scan_value(const char *p, size_t len)
{
    return char_run(p, len, CHAR_VALUE);
}

static size_t scan_target(const char *p, size_t len)
{
    return char_run(p, len, CHAR_TARGET);
}

const struct scan_ops scan_scalar = {"scalar", scan_value, scan_target};
