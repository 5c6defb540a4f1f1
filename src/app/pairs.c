/* The query's parameters and the cookies one by one, in the order sent. Each list is decoded as a
 * whole when it is first asked for, so that a walk over it looks at every byte once. */
#include "app/ctx.h"

#include "app/query.h"
#include "codec/field.h"

#include <garm/request.h>

struct pairs {
    size_t count;
    struct query_pair items[];
};

/* The keys under which a request keeps its lists. */
static const char query_key;
static const char cookie_key;

static struct pairs *new_pairs(garm_ctx *c, size_t cap)
{
    struct pairs *const pairs = ctx_alloc(c, sizeof(*pairs) + cap * sizeof(pairs->items[0]));
    if (pairs != NULL) {
        pairs->count = 0;
    }
    return pairs;
}

/* How many pairs there can be. */
static size_t bound(struct slice raw, char separator)
{
    struct slice pair;
    size_t count = 0;
    while (slice_cut(&raw, separator, &pair)) {
        count++;
    }
    return count;
}

/* What a list may not hold, for it would look like the end. */
static bool is_blank(const struct query_pair *pair)
{
    return *pair->name == '\0' && *pair->value == '\0';
}

/* A pair that cannot be decoded is passed over, as garm_query does. */
static struct pairs *read_query(garm_ctx *c)
{
    struct slice rest = h1_span_slice(c->x->head->query, c->x->bytes);
    struct pairs *const pairs = new_pairs(c, bound(rest, '&'));
    if (pairs == NULL) {
        return NULL;
    }
    for (;;) {
        const int rc = query_next(&rest, c->arena, &pairs->items[pairs->count]);
        if (rc == -ENOMEM) {
            ctx_poison(c);
            return NULL;
        }
        if (rc == 0) {
            return pairs;
        }
        pairs->count += rc > 0 && !is_blank(&pairs->items[pairs->count]);
    }
}

/* The value of the i-th field if it is a Cookie, else nothing. */
static struct slice cookies_of(const struct exchange *x, size_t i)
{
    const struct h1_field *const field = &x->head->fields[i];
    return field->id == FIELD_COOKIE ? slice_of(x->bytes + field->value_offset, field->value_len)
                                     : SLICE("");
}

static struct pairs *read_cookies(garm_ctx *c)
{
    const struct exchange *const x = c->x;
    size_t cap = 0;
    for (size_t i = 0; i < x->head->field_count; i++) {
        cap += bound(cookies_of(x, i), ';');
    }
    struct pairs *const pairs = new_pairs(c, cap);
    for (size_t i = 0; pairs != NULL && i < x->head->field_count; i++) {
        struct slice rest = cookies_of(x, i);
        struct slice name;
        struct slice value;
        while (cookie_next(&rest, &name, &value)) {
            pairs->items[pairs->count].name = ctx_dup(c, name);
            pairs->items[pairs->count++].value = ctx_dup(c, value);
        }
    }
    return pairs;
}

static const char *pair_at(garm_ctx *c, const void *key, struct pairs *(*make)(garm_ctx *),
                           size_t index, const char **ret_name)
{
    *ret_name = "";
    ctx_own(c);
    struct pairs *pairs = garm_get(c, key);
    if (pairs == NULL && c->x != NULL) {
        pairs = make(c);
        garm_set(c, key, pairs);
    }
    if (pairs == NULL || c->broken != 0 || index >= pairs->count) {
        return "";
    }
    *ret_name = pairs->items[index].name;
    return pairs->items[index].value;
}

const char *garm_query_at(garm_ctx *c, size_t index, const char **ret_name)
{
    return pair_at(c, &query_key, read_query, index, ret_name);
}

const char *garm_cookie_at(garm_ctx *c, size_t index, const char **ret_name)
{
    return pair_at(c, &cookie_key, read_cookies, index, ret_name);
}
