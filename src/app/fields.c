/* The fields of a reply: checked, copied, found, dropped (RFC 9110 section 5). */
#include "app/reply.h"

#include "base/text.h"

#include <garm/reply.h>

#include <stdio.h>
#include <string.h>

size_t reply_field_find(const garm_ctx *c, struct slice name)
{
    size_t i = 0;
    while (i < c->reply.field_count && !slice_eq_nocase(c->reply.fields[i].name, name)) {
        i++;
    }
    return i;
}

bool reply_field_is_set(const garm_ctx *c, struct slice name)
{
    return reply_field_find(c, name) < c->reply.field_count;
}

static void remove_from(struct reply *reply, size_t index)
{
    reply->field_count--;
    memmove(&reply->fields[index], &reply->fields[index + 1],
            (reply->field_count - index) * sizeof(reply->fields[0]));
}

/* Removes all fields of the name at and after `index`. */
static void remove_named(garm_ctx *c, struct slice name)
{
    for (size_t i = c->reply.field_count; i-- > 0;) {
        if (slice_eq_nocase(c->reply.fields[i].name, name)) {
            remove_from(&c->reply, i);
        }
    }
}

static int grow(garm_ctx *c)
{
    struct reply *const reply = &c->reply;
    if (reply->field_cap >= REPLY_FIELDS_MAX) {
        ctx_log(c, LOG_ERROR, "more than %d response fields", REPLY_FIELDS_MAX);
        return -EMSGSIZE;
    }
    const size_t cap =
        reply->field_cap * 4 > REPLY_FIELDS_MAX ? REPLY_FIELDS_MAX : reply->field_cap * 4;
    struct h1_response_field *const fields = ctx_alloc(c, cap * sizeof(*fields));
    if (fields == NULL) {
        return -ENOMEM;
    }
    memcpy(fields, reply->fields, reply->field_count * sizeof(*fields));
    reply->fields = fields;
    reply->field_cap = cap;
    return 0;
}

static int append(garm_ctx *c, struct slice name, struct slice value)
{
    struct reply *const reply = &c->reply;
    if (UNLIKELY(reply->field_count == reply->field_cap)) {
        TRY(grow(c));
    }
    reply->fields[reply->field_count++] = (struct h1_response_field){name, value};
    return 0;
}

int reply_field_put(garm_ctx *c, struct slice name, struct slice value)
{
    remove_named(c, name);
    return append(c, name, value);
}

/* Content-* */
static bool is_of_content(struct slice name)
{
    return slice_starts_with_nocase(name, SLICE("content-"));
}

/* These, and what describes the content that is not sent any more. */
static bool speaks_of_content(struct slice name)
{
    return is_of_content(name) || slice_eq_nocase(name, SLICE("ETag")) ||
           slice_eq_nocase(name, SLICE("Last-Modified")) ||
           slice_eq_nocase(name, SLICE("Cache-Control"));
}

void reply_fields_drop_content(garm_ctx *c)
{
    for (size_t i = c->reply.field_count; i-- > 0;) {
        if (speaks_of_content(c->reply.fields[i].name)) {
            remove_from(&c->reply, i);
        }
    }
}

/* Those of the content itself, which a 304 has not (RFC 9110 section 15.4.5). */
void reply_fields_drop_body(garm_ctx *c)
{
    for (size_t i = c->reply.field_count; i-- > 0;) {
        const struct slice name = c->reply.fields[i].name;
        if (is_of_content(name) && !slice_eq_nocase(name, SLICE("Content-Location"))) {
            remove_from(&c->reply, i);
        }
    }
}

/* The fields that are the server's own. */
static bool is_reserved(struct slice name)
{
#define BIT(id) (UINT64_C(1) << FIELD_##id)
    static const uint64_t reserved = BIT(CONNECTION) | BIT(TRANSFER_ENCODING) | BIT(KEEP_ALIVE) |
                                     BIT(UPGRADE) | BIT(TRAILER) | BIT(DATE) | BIT(SERVER) |
                                     BIT(PROXY_CONNECTION);
#undef BIT
    return (reserved >> field_lookup(name) & 1) != 0;
}

/* What is wrong with a field's name; NULL: nothing. */
static const char *blame_name(struct slice name)
{
    return !field_name_valid(name) ? "is no valid field name"
           : is_reserved(name)     ? "is the server's own"
                                   : NULL;
}

/* A name is of the application's making, a value often of a client's: no error of the server's. */
static int check_field(garm_ctx *c, struct slice name, struct slice value)
{
    char text[80];
    const char *const blame = blame_name(name);
    if (LIKELY(blame == NULL && field_value_valid(value))) {
        return 0;
    }
    ctx_log(c, blame != NULL ? LOG_ERROR : LOG_WARN, "field refused: \"%s\" %s",
            text_printable(name, text, sizeof(text)),
            blame != NULL ? blame : "was given a value with control bytes, or blanks at its ends");
    return -EINVAL;
}

bool garm_header_valid(const char *name, const char *value)
{
    return blame_name(slice_cstr(name)) == NULL && field_value_valid(slice_cstr(value));
}

/* Content-Length says how much a streamed reply will write. */
static int promise_length(garm_ctx *c, struct slice value)
{
    uint64_t length = 0;
    if (c->reply.state == REPLY_HELD || text_to_u64(value, &length) < 0 || length > INT64_MAX) {
        ctx_log(c, LOG_ERROR,
                "Content-Length refused: a held reply has its own, and it must be a number");
        return -EINVAL;
    }
    c->reply.length = length;
    return 0;
}

static int may_set(garm_ctx *c)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    return c->x->committed ? -EALREADY : 0;
}

static int set_field(garm_ctx *c, const char *name_text, const char *value_text, bool replace)
{
    TRY(may_set(c));
    const struct slice name = slice_cstr(name_text);
    const struct slice value = slice_cstr(value_text);
    TRY(check_field(c, name, value));
    if (slice_eq_nocase(name, SLICE("Content-Length"))) {
        return promise_length(c, value);
    }
    char *const copy = ctx_alloc(c, name.len + value.len + 1);
    if (copy == NULL) {
        return -ENOMEM;
    }
    memcpy(copy, name.ptr, name.len);
    memcpy(copy + name.len, value.ptr, value.len);
    copy[name.len + value.len] = '\0';
    const struct slice own_name = slice_of(copy, name.len);
    const struct slice own_value = slice_of(copy + name.len, value.len);
    return replace ? reply_field_put(c, own_name, own_value) : append(c, own_name, own_value);
}

int reply_set_type(garm_ctx *c, const char *type)
{
    static const struct slice name = SLICE_INIT("Content-Type");
    const struct slice value = slice_cstr(type);
    if (UNLIKELY(!field_value_valid(value))) {
        return check_field(c, name, value);
    }
    char *const copy = ctx_alloc(c, value.len + 1);
    if (copy == NULL) {
        return -ENOMEM;
    }
    memcpy(copy, value.ptr, value.len + 1);
    return reply_field_put(c, name, slice_of(copy, value.len));
}

int garm_set_header(garm_ctx *c, const char *name, const char *value)
{
    return set_field(c, name, value, true);
}

int garm_add_header(garm_ctx *c, const char *name, const char *value)
{
    return set_field(c, name, value, false);
}

int garm_set_headerf(garm_ctx *c, const char *name, const char *format, ...)
{
    char small[256];
    TRY(may_set(c));
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof(small)) {
        return set_field(c, name, small, true);
    }
    va_start(args, format);
    const char *const value = arena_vprintf(c->arena, NULL, format, args);
    va_end(args);
    if (value == NULL) {
        ctx_poison(c);
        return -ENOMEM;
    }
    return set_field(c, name, value, true);
}

const char *garm_res_header(garm_ctx *c, const char *name)
{
    ctx_own(c);
    const size_t index = reply_field_find(c, slice_cstr(name));
    /* Every value is a copy that ends in NUL, or a literal. */
    return index < c->reply.field_count ? c->reply.fields[index].value.ptr : "";
}

static bool vary_has(struct slice vary, struct slice name)
{
    return field_list_has(vary, SLICE("*")) || field_list_has(vary, name);
}

int garm_add_vary(garm_ctx *c, const char *name)
{
    ctx_own(c);
    for (size_t i = 0; i < c->reply.field_count; i++) {
        if (slice_eq_nocase(c->reply.fields[i].name, SLICE("Vary")) &&
            vary_has(c->reply.fields[i].value, slice_cstr(name))) {
            return 0;
        }
    }
    return garm_add_header(c, "Vary", name);
}
