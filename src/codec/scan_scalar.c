/* The scans one byte at a time: for any CPU, for the ends of the others' runs, and as what the tests
 * compare them to. */
#include "codec/chars.h"
#include "codec/scan_impl.h"

static size_t scan_class(const char *p, size_t len, unsigned class)
{
    size_t i = 0;
    while (i < len && char_is(p[i], class)) {
        i++;
    }
    return i;
}

static size_t scan_token(const char *p, size_t len)
{
    return scan_class(p, len, CHAR_TOKEN);
}

static size_t scan_value(const char *p, size_t len)
{
    return scan_class(p, len, CHAR_VALUE);
}

static size_t scan_target(const char *p, size_t len)
{
    return scan_class(p, len, CHAR_TARGET);
}

const struct scan_ops scan_scalar = {"scalar", scan_token, scan_value, scan_target};
