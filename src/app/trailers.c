/* Trailer fields of streamed replies (RFC 9110 section 6.5): kept until the body's end. */
#include "app/reply.h"

#include <garm/middleware.h>
#include <garm/reply.h>
#include <garm/request.h>

#include <string.h>

#define TRAILERS_MAX 16

struct trailers {
    struct h1_response_field fields[TRAILERS_MAX];
    size_t count;
};

static const char key;

/* Fields that a client acts on before the body has come, beside those that no message may have
 * there. */
static bool is_allowed(struct slice name)
{
    static const struct slice early[] = {
        SLICE_INIT("Age"),         SLICE_INIT("Date"),
        SLICE_INIT("Expires"),     SLICE_INIT("Location"),
        SLICE_INIT("Retry-After"), SLICE_INIT("Server"),
        SLICE_INIT("Vary"),        SLICE_INIT("WWW-Authenticate"),
    };
    for (size_t i = 0; i < COUNT_OF(early); i++) {
        if (slice_eq_nocase(name, early[i])) {
            return false;
        }
    }
    return field_name_valid(name) && field_trailer_allowed(field_lookup(name));
}

/* Nobody else may be sent what the content's meaning hangs on (RFC 9110 section 6.5.1). */
static bool is_wanted(garm_ctx *c)
{
    return c->x->head->minor >= 1 &&
           field_list_has(slice_cstr(garm_header(c, "TE")), SLICE("trailers"));
}

static struct trailers *trailers_of(garm_ctx *c)
{
    struct trailers *trailers = garm_get(c, &key);
    if (trailers == NULL) {
        trailers = ctx_alloc(c, sizeof(*trailers));
        if (trailers == NULL || garm_set(c, &key, trailers) < 0) {
            return NULL;
        }
        trailers->count = 0;
    }
    return trailers;
}

static int put(garm_ctx *c, struct slice name, struct slice value)
{
    struct trailers *const trailers = trailers_of(c);
    size_t i = 0;
    if (trailers == NULL) {
        return -ENOMEM;
    }
    while (i < trailers->count && !slice_eq_nocase(trailers->fields[i].name, name)) {
        i++;
    }
    if (i == TRAILERS_MAX) {
        return -EMSGSIZE;
    }
    const char *const name_copy = ctx_dup(c, name);
    const char *const value_copy = ctx_dup(c, value);
    TRY(ctx_check(c));
    trailers->fields[i] =
        (struct h1_response_field){slice_of(name_copy, name.len), slice_of(value_copy, value.len)};
    trailers->count += i == trailers->count;
    return 0;
}

int garm_set_trailer(garm_ctx *c, const char *name, const char *value)
{
    const struct slice name_text = slice_cstr(name);
    const struct slice value_text = slice_cstr(value);
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    if (c->reply.state == REPLY_HELD || c->x->finished) {
        return -EALREADY;
    }
    if (!is_allowed(name_text) || !field_value_valid(value_text)) {
        ctx_log(c, LOG_ERROR, "a trailer field was refused");
        return -EINVAL;
    }
    return is_wanted(c) ? put(c, name_text, value_text) : 0;
}

int reply_announce_trailers(garm_ctx *c)
{
    const struct trailers *const trailers = garm_get(c, &key);
    if (trailers == NULL || c->reply.length != EXCHANGE_LENGTH_UNKNOWN) {
        return 0;
    }
    size_t size = 0;
    for (size_t i = 0; i < trailers->count; i++) {
        size += trailers->fields[i].name.len + 2;
    }
    char *const names = ctx_alloc(c, size + 1);
    if (names == NULL) {
        return -ENOMEM;
    }
    char *out = names;
    for (size_t i = 0; i < trailers->count; i++) {
        const struct slice name = trailers->fields[i].name;
        memcpy(out, name.ptr, name.len);
        memcpy(out + name.len, ", ", 2);
        out += name.len + 2;
    }
    return reply_field_put(c, SLICE("Trailer"), slice_of(names, size - 2));
}

const struct h1_response_field *reply_trailers(garm_ctx *c, size_t *ret_count)
{
    const struct trailers *const trailers = garm_get(c, &key);
    *ret_count = trailers == NULL ? 0 : trailers->count;
    return trailers == NULL ? NULL : trailers->fields;
}
