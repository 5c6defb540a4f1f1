/* Cookies that are signed or sealed. Their names on the wire have a prefix with which browsers
 * promise that no other host, and nobody on the way, has set them (RFC 6265bis section 4.1.3); the
 * mark covers the name with its prefix. */
#include "app/keys.h"

#include "app/query.h"

#include <garm/reply.h>

bool cookie_walk_next(const garm_ctx *c, struct cookie_walk *walk, struct slice name,
                      struct slice *ret_value)
{
    if (c->x == NULL) {
        return false;
    }
    for (;;) {
        struct slice own_name;
        while (cookie_next(&walk->rest, &own_name, ret_value)) {
            if (slice_eq(own_name, name)) {
                return true;
            }
        }
        const struct h1_head *const head = c->x->head;
        while (walk->field < head->field_count && head->fields[walk->field].id != FIELD_COOKIE) {
            walk->field++;
        }
        if (walk->field == head->field_count) {
            return false;
        }
        const struct h1_field *const field = &head->fields[walk->field++];
        walk->rest = slice_of(c->x->bytes + field->value_offset, field->value_len);
    }
}

static const char *with_prefix(garm_ctx *c, const char *prefix, const char *name)
{
    c->pins++;
    const char *const text = arena_printf(c->arena, NULL, "%s%s", prefix, name);
    if (text == NULL) {
        ctx_poison(c);
    }
    return text;
}

/* Setting. */

static int set(garm_ctx *c, garm_keys *keys, enum token_kind kind, const char *name,
               const char *value, const garm_cookie_opts *opts)
{
    garm_cookie_opts known = {0};
    ctx_own(c);
    GARM_OPTS_READ_(&known, opts);
    known.size = sizeof(known);
    known.secure = known.secure || !keys_insecure(keys);
    const char *const wire =
        keys_insecure(keys) ? name : with_prefix(c, cookie_prefix(&known), name);
    if (wire == NULL) {
        return -ENOMEM;
    }
    const size_t size = strlen(value);
    if (size >= COOKIE_BYTES_MAX) {
        ctx_log(c, LOG_ERROR, "%s: the cookie \"%s\" is refused: its value has %zu bytes",
                known.where, name, size);
        return -EINVAL;
    }
    const char *text = "";
    if (known.max_age_s >= 0) {
        const int64_t life_s = known.max_age_s == 0 ? COOKIE_AGE_MAX_S : known.max_age_s;
        text = token_make(c, keys, kind, slice_cstr(wire), slice_of(value, size), life_s);
    }
    return text == NULL ? -ENOMEM : garm_set_cookie_with(c, wire, text, &known);
}

int garm_set_signed_cookie_with(garm_ctx *c, garm_keys *keys, const char *name, const char *value,
                                const garm_cookie_opts *opts)
{
    return set(c, keys, TOKEN_SIGNED, name, value, opts);
}

int garm_set_sealed_cookie_with(garm_ctx *c, garm_keys *keys, const char *name, const char *value,
                                const garm_cookie_opts *opts)
{
    return set(c, keys, TOKEN_SEALED, name, value, opts);
}

/* Reading. */

/* Of several cookies of the name the first that is good: one that a neighbouring host has planted
 * hides none. */
static const char *read_named(garm_ctx *c, garm_keys *keys, enum token_kind kind, const char *wire,
                              int64_t max_age_s)
{
    const struct slice name = slice_cstr(wire);
    struct cookie_walk walk = {0};
    struct slice value;
    struct slice data;
    while (wire != NULL && c->broken == 0 && cookie_walk_next(c, &walk, name, &value)) {
        if (token_read(c, keys, kind, name, value, max_age_s, &data) == 0) {
            return data.ptr;
        }
    }
    return NULL;
}

static const char *read_either(garm_ctx *c, garm_keys *keys, enum token_kind kind, const char *name,
                               int64_t max_age_s)
{
    ctx_own(c);
    const char *value = NULL;
    if (keys_insecure(keys)) {
        value = read_named(c, keys, kind, name, max_age_s);
    } else {
        value = read_named(c, keys, kind, with_prefix(c, "__Host-", name), max_age_s);
        value = value != NULL
                    ? value
                    : read_named(c, keys, kind, with_prefix(c, "__Secure-", name), max_age_s);
    }
    return value != NULL ? value : "";
}

const char *garm_signed_cookie(garm_ctx *c, garm_keys *keys, const char *name, int64_t max_age_s)
{
    return read_either(c, keys, TOKEN_SIGNED, name, max_age_s);
}

const char *garm_sealed_cookie(garm_ctx *c, garm_keys *keys, const char *name, int64_t max_age_s)
{
    return read_either(c, keys, TOKEN_SEALED, name, max_age_s);
}
