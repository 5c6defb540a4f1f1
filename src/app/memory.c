/* The public face of the arena. */
#include "app/ctx.h"

#include "app/problem.h"
#include "base/sys.h"

#include <garm/memory.h>
#include <garm/reply.h>
#include <garm/server.h>

#include <string.h>

void *garm_alloc(garm_ctx *c, size_t size)
{
    ctx_own(c);
    return arena_alloc(c->arena, size);
}

const char *garm_strf(garm_ctx *c, const char *format, ...)
{
    ctx_own(c);
    va_list args;
    va_start(args, format);
    const char *const text = arena_vprintf(c->arena, NULL, format, args);
    va_end(args);
    if (text == NULL) {
        ctx_poison(c);
    }
    return text != NULL ? text : "";
}

char *garm_dup(garm_ctx *c, const char *text)
{
    static char empty[1]; /* writable by its type, and nobody has a byte of it to write to */
    ctx_own(c);
    char *const copy = arena_dup(c->arena, slice_cstr(text));
    if (copy == NULL) {
        ctx_poison(c);
    }
    return copy != NULL ? copy : empty;
}

static size_t escaped_len(const char *text)
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        const size_t entity_len = html_entity(*text).len;
        len += entity_len > 0 ? entity_len : 1;
    }
    return len;
}

const char *garm_html_escape(garm_ctx *c, const char *text)
{
    ctx_own(c);
    char *const out = arena_alloc(c->arena, escaped_len(text) + 1);
    if (out == NULL) {
        ctx_poison(c);
        return "";
    }
    char *end = out;
    for (; *text != '\0'; text++) {
        const struct slice entity = html_entity(*text);
        memcpy(end, entity.len > 0 ? entity.ptr : text, entity.len > 0 ? entity.len : 1);
        end += entity.len > 0 ? entity.len : 1;
    }
    *end = '\0';
    return out;
}

/* What the arena holds for the request itself: a mark is worth nothing once it has grown. The
 * end of a body may have left trailers. */
static uintptr_t pinned(const garm_ctx *c)
{
    return c->pins * 2 + (c->x != NULL && c->x->body_done ? 1 : 0);
}

garm_memory_mark garm_mark(garm_ctx *c)
{
    ctx_own(c);
    const struct arena_mark mark = arena_mark(c->arena);
    return (garm_memory_mark){mark.pos, mark.end, mark.chunks, pinned(c)};
}

void garm_release(garm_ctx *c, garm_memory_mark mark)
{
    ctx_own(c);
    if (mark.pinned == pinned(c)) {
        arena_release(c->arena, (struct arena_mark){mark.pos, mark.end, mark.chunks});
    }
}

int garm_defer(garm_ctx *c, void (*fn)(void *arg), void *arg)
{
    ctx_own(c);
    struct defer *const defer = ctx_alloc(c, sizeof(*defer));
    if (defer == NULL) {
        fn(arg);
        return -ENOMEM;
    }
    defer_push(&c->defers, defer, fn, arg);
    return 0;
}

void garm_free(void *memory)
{
    mem_free(memory);
}
