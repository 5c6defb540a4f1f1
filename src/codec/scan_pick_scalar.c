/* Which scans any other CPU uses. */
#include "codec/scan_impl.h"

const struct scan_ops *scan = &scan_scalar;

const struct scan_ops *const *scan_all(void)
{
    static const struct scan_ops *const all[] = {&scan_scalar, NULL};
    return all;
}
