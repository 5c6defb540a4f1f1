/* Which scans an arm64 uses. */
#include "codec/scan_impl.h"

const struct scan_ops *scan = &scan_neon;

const struct scan_ops *const *scan_all(void)
{
    static const struct scan_ops *const all[] = {&scan_scalar, &scan_neon, NULL};
    return all;
}
