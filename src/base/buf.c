/* The growing buffer. One byte more than `cap` is always allocated, so that buf_cstr and the NUL of
 * vsnprintf have their place without counting against the cap. */
#include "base/buf.h"
#include "base/sys.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CAP_MIN 64

void buf_init(struct buf *buf, size_t max)
{
    /* PTRDIFF_MAX: no object is larger, and cap + 1 cannot overflow. */
    *buf = (struct buf){.max = max < PTRDIFF_MAX ? max : PTRDIFF_MAX - 1};
}

void buf_deinit(struct buf *buf)
{
    mem_free(buf->data);
    *buf = (struct buf){.max = buf->max};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->error = 0;
}

static int fail(struct buf *buf, int error)
{
    buf->error = error;
    return error;
}

static int grow(struct buf *buf, size_t least)
{
    const size_t doubled = buf->cap < CAP_MIN / 2 ? CAP_MIN : buf->cap * 2;
    const size_t wanted = doubled > least ? doubled : least;
    const size_t cap = wanted < buf->max ? wanted : buf->max;
    char *const data = mem_realloc(buf->data, cap + 1);
    if (data == NULL) {
        return fail(buf, -ENOMEM);
    }
    buf->data = data;
    buf->cap = cap;
    return 0;
}

int buf_reserve(struct buf *buf, size_t size)
{
    if (buf->error < 0) {
        return buf->error;
    }
    if (LIKELY(size <= buf->cap - buf->len)) {
        return 0;
    }
    if (size > buf->max - buf->len) {
        return fail(buf, -EMSGSIZE);
    }
    return grow(buf, buf->len + size);
}

int buf_append(struct buf *buf, const void *data, size_t size)
{
    TRY(buf_reserve(buf, size));
    if (size > 0) {
        memcpy(buf->data + buf->len, data, size);
        buf->len += size;
    }
    return 0;
}

int buf_append_slice(struct buf *buf, struct slice s)
{
    return buf_append(buf, s.ptr, s.len);
}

int buf_append_byte(struct buf *buf, char byte)
{
    return buf_append(buf, &byte, 1);
}

int buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int rc = buf_vprintf(buf, format, args);
    va_end(args);
    return rc;
}

/* Formats into the free room; returns the length of the whole text, even where it did not fit. */
static int format_tail(const struct buf *buf, const char *format, va_list args)
{
    if (buf->data == NULL) {
        return vsnprintf(NULL, 0, format, args);
    }
    return vsnprintf(buf->data + buf->len, buf->cap - buf->len + 1, format, args);
}

int buf_vprintf(struct buf *buf, const char *format, va_list args)
{
    TRY(buf->error);
    va_list again;
    va_copy(again, args);
    const int len = format_tail(buf, format, args);
    int rc = len < 0 ? fail(buf, -EINVAL) : 0;
    if (rc == 0 && (size_t)len > buf->cap - buf->len) {
        rc = buf_reserve(buf, (size_t)len);
        if (rc == 0) {
            format_tail(buf, format, again);
        }
    }
    va_end(again);
    if (rc == 0) {
        buf->len += (size_t)len;
    }
    return rc;
}

void buf_consume(struct buf *buf, size_t count)
{
    CHECK(count <= buf->len);
    if (count > 0) {
        buf->len -= count;
        memmove(buf->data, buf->data + count, buf->len);
    }
}

const char *buf_cstr(struct buf *buf)
{
    if (buf->data == NULL || buf->error < 0) {
        return "";
    }
    buf->data[buf->len] = '\0';
    return buf->data;
}
