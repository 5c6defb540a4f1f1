/* The request's fields and cookies, as strings (RFC 9110 section 5, RFC 6265 section 5.4). */
#include "app/ctx.h"

#include "app/query.h"
#include "codec/field.h"

#include <garm/request.h>

#include <string.h>

static struct slice name_of(const struct exchange *x, const struct h1_field *field)
{
    return slice_of(x->bytes + field->name_offset, field->name_len);
}

static struct slice value_of(const struct exchange *x, const struct h1_field *field)
{
    return slice_of(x->bytes + field->value_offset, field->value_len);
}

/* A name as it is asked for: by its id if Garm knows it, else by its letters. */
struct wanted {
    enum field_id id;
    struct slice name;
};

static struct wanted want(const char *name)
{
    const struct slice text = slice_cstr(name);
    return (struct wanted){field_lookup(text), text};
}

static bool is_wanted(const struct exchange *x, const struct h1_field *field,
                      const struct wanted *wanted)
{
    if (wanted->id != FIELD_OTHER) {
        return field->id == wanted->id;
    }
    return field->id == FIELD_OTHER && slice_eq_nocase(name_of(x, field), wanted->name);
}

/* The index of the first wanted field at or after `from`, or field_count. */
static size_t find_field(const struct exchange *x, const struct wanted *wanted, size_t from)
{
    const struct h1_head *const head = x->head;
    size_t i = from;
    if (wanted->id != FIELD_OTHER && from == 0) {
        const uint16_t first = head->id_first[wanted->id];
        i = first == 0 ? head->field_count : (size_t)first - 1;
    }
    while (i < head->field_count && !is_wanted(x, &head->fields[i], wanted)) {
        i++;
    }
    return i;
}

/* A value ends at CR or a blank, which may be overwritten. */
static const char *value_text(char *bytes, const struct h1_field *field)
{
    bytes[field->value_offset + field->value_len] = '\0';
    return bytes + field->value_offset;
}

/* All values of the wanted field, from its first one on, as one list. */
static const char *join_values(garm_ctx *c, const struct wanted *wanted, size_t first)
{
    const struct exchange *const x = c->x;
    const char *const separator = wanted->id == FIELD_COOKIE ? "; " : ", ";
    size_t size = 1;
    for (size_t i = first; i < x->head->field_count; i = find_field(x, wanted, i + 1)) {
        size += x->head->fields[i].value_len + 2;
    }
    char *const text = ctx_alloc(c, size);
    if (text == NULL) {
        return "";
    }
    char *out = text;
    for (size_t i = first; i < x->head->field_count; i = find_field(x, wanted, i + 1)) {
        const struct slice value = value_of(x, &x->head->fields[i]);
        memcpy(out, separator, i == first ? 0 : 2);
        out += i == first ? 0 : 2;
        memcpy(out, value.ptr, value.len);
        out += value.len;
    }
    *out = '\0';
    return text;
}

const char *garm_header(garm_ctx *c, const char *name)
{
    ctx_own(c);
    if (c->x == NULL) {
        return "";
    }
    const struct wanted wanted = want(name);
    const size_t count = c->x->head->field_count;
    const size_t first = find_field(c->x, &wanted, 0);
    if (first == count) {
        return "";
    }
    const bool alone = find_field(c->x, &wanted, first + 1) == count;
    return alone ? value_text(c->x->bytes, &c->x->head->fields[first])
                 : join_values(c, &wanted, first);
}

bool garm_has_header(garm_ctx *c, const char *name)
{
    ctx_own(c);
    const struct wanted wanted = want(name);
    return c->x != NULL && find_field(c->x, &wanted, 0) < c->x->head->field_count;
}

/* The line of a head or trailer section (may be NULL) whose spans count from `bytes`. */
static const char *line_at(const struct h1_head *head, char *bytes, size_t index,
                           const char **ret_name)
{
    if (head == NULL || index >= head->field_count) {
        *ret_name = "";
        return "";
    }
    const struct h1_field *const field = &head->fields[index];
    bytes[field->name_offset + field->name_len] = '\0'; /* over the colon */
    *ret_name = bytes + field->name_offset;
    return value_text(bytes, field);
}

const char *garm_header_at(garm_ctx *c, size_t index, const char **ret_name)
{
    ctx_own(c);
    return line_at(c->x == NULL ? NULL : c->x->head, c->x == NULL ? NULL : c->x->bytes, index,
                   ret_name);
}

const char *garm_trailer_at(garm_ctx *c, size_t index, const char **ret_name)
{
    ctx_own(c);
    return line_at(c->x == NULL ? NULL : c->x->trailers, c->x == NULL ? NULL : c->x->trailer_bytes,
                   index, ret_name);
}

const char *garm_cookie(garm_ctx *c, const char *name)
{
    struct slice value = {0};
    const struct wanted wanted = {FIELD_COOKIE, SLICE("Cookie")};
    ctx_own(c);
    if (c->x == NULL) {
        return "";
    }
    for (size_t i = find_field(c->x, &wanted, 0); i < c->x->head->field_count;
         i = find_field(c->x, &wanted, i + 1)) {
        if (cookie_find(value_of(c->x, &c->x->head->fields[i]), slice_cstr(name), &value)) {
            return ctx_dup(c, value);
        }
    }
    return "";
}
