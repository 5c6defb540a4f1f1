/* A body that comes in pieces, spread over some time. The loop looks as if it blocked; only this
 * request waits. */
#include "httpbin.h"

#include <errno.h>

/* When one of `count` pieces is due, counted from the first: the last ends the duration. */
static int64_t due_ns(const struct paced *paced, int64_t index, int64_t count)
{
    return count < 2 ? 0
                     : (int64_t)((double)paced->duration_ns * (double)index / (double)(count - 1));
}

int send_paced(garm_ctx *c, const struct paced *paced)
{
    const int64_t chunk = paced->chunk < paced->size ? paced->chunk : paced->size;
    const int64_t count = paced->size == 0 ? 0 : (paced->size + chunk - 1) / chunk;
    const int64_t start = garm_now_ns();
    char *const buf = garm_alloc(c, (size_t)chunk + 1);
    if (buf == NULL) {
        return -ENOMEM;
    }
    for (int64_t i = 0; i < count; i++) {
        const int64_t offset = i * chunk;
        const int64_t left = paced->size - offset;
        const size_t size = (size_t)(left < chunk ? left : chunk);
        const int64_t early = start + due_ns(paced, i, count) - garm_now_ns();
        if (early > 0) {
            GARM_TRY(garm_sleep(c, early));
        }
        paced->make(paced->arg, offset, buf, size);
        GARM_TRY(garm_write(c, buf, size));
        GARM_TRY(garm_flush(c));
    }
    return garm_flush(c);
}
