/* A growing byte buffer with a cap: text and bodies whose size is not known beforehand. */
#ifndef GARM_BASE_BUF_H
#define GARM_BASE_BUF_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL while cap is 0 */
    size_t len;
    size_t cap;
    size_t max; /* never grows beyond this many bytes */
    int error; /* the first failure (-ENOMEM, -EMSGSIZE, or -EINVAL for a format); sticky, so that a
                 * chain of calls checks once */
};

/** An empty buffer that may hold `max` bytes. Allocates nothing. */
void buf_init(struct buf *buf, size_t max);
/** Frees the memory. Accepts a zeroed one. */
void buf_deinit(struct buf *buf);
/** Empty again, error forgotten, memory kept. */
void buf_clear(struct buf *buf);

/** Room for `size` more bytes: 0, -ENOMEM, or -EMSGSIZE past max. Appends fail likewise, and change
 *  nothing when they do. */
MUST_CHECK int buf_reserve(struct buf *buf, size_t size);
int buf_append(struct buf *buf, const void *data, size_t size);
int buf_append_slice(struct buf *buf, struct slice s);
int buf_append_byte(struct buf *buf, char byte);
int buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
int buf_vprintf(struct buf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);

/** Drops the first `count` bytes (count <= len). */
void buf_consume(struct buf *buf, size_t count);

static inline struct slice buf_slice(const struct buf *buf)
{
    return slice_of(buf->data, buf->len);
}

/** The content as a C string, its NUL not counted in len; "" once the buffer has failed. Valid
 *  until the next change. */
const char *buf_cstr(struct buf *buf);

#endif
