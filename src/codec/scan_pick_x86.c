/* Which scans an x86-64 uses. */
#include "codec/scan_impl.h"

#include <stdbool.h>

const struct scan_ops *scan = &scan_sse2;

static bool has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0;
}

/* A constructor, so that no call has to ask. */
__attribute__((constructor)) static void pick(void)
{
    if (has_avx2()) {
        scan = &scan_avx2;
    }
}

const struct scan_ops *const *scan_all(void)
{
    static const struct scan_ops *const with_avx2[] = {&scan_scalar, &scan_sse2, &scan_avx2, NULL};
    static const struct scan_ops *const without[] = {&scan_scalar, &scan_sse2, NULL};
    return has_avx2() ? with_avx2 : without;
}
