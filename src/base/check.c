/* The end of a process that found a bug of its own. Async-signal-safe: formats by hand into one
 * buffer and writes it at once. */
#include "base/compiler.h"
#include "base/slice.h"
#include "base/sys.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct line {
    char bytes[512];
    size_t len;
};

static void add(struct line *line, struct slice s)
{
    const size_t room = sizeof(line->bytes) - 1 - line->len;
    const size_t count = s.len < room ? s.len : room;
    memcpy(line->bytes + line->len, s.ptr, count);
    line->len += count;
}

NORETURN void check_failed(const char *file, int line, const char *what)
{
    struct line text = {.len = 0};
    char digits[TEXT_INT_MAX];
    add(&text, slice_cstr(file));
    add(&text, SLICE(":"));
    add(&text, slice_of(digits, text_from_i64(line, digits)));
    add(&text, SLICE(": check failed: "));
    add(&text, slice_cstr(what));
    text.bytes[text.len++] = '\n';
    /* There is nobody left to tell if this fails. */
    (void)!sys_write(STDERR_FILENO, text.bytes, text.len);
    abort();
}
