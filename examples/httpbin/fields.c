/* Names and values, of which a name may come again: {"a": "1"}, but {"a": ["1", "2"]}. */
#include "httpbin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct field {
    const char *name;
    const char *value;
    size_t size;
    size_t order; /* as it came: of equal names the first stays the first */
};

int fields_add(garm_ctx *c, struct fields *fields, const char *name, const char *value, size_t size)
{
    if (fields->count == fields->cap) {
        const size_t cap = fields->cap > 0 ? fields->cap * 2 : 16;
        struct field *const items = garm_alloc(c, cap * sizeof(*items));
        if (items == NULL) {
            return -ENOMEM;
        }
        if (fields->count > 0) {
            memcpy(items, fields->items, fields->count * sizeof(*items));
        }
        fields->items = items;
        fields->cap = cap;
    }
    fields->items[fields->count] = (struct field){name, value, size, fields->count};
    fields->count++;
    return 0;
}

bool fields_change(struct fields *fields, const char *name, const char *value)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (strcmp(fields->items[i].name, name) == 0) {
            fields->items[i].value = value;
            fields->items[i].size = strlen(value);
            return true;
        }
    }
    return false;
}

static int compare(const void *a, const void *b)
{
    const struct field *const x = a;
    const struct field *const y = b;
    const int by_name = strcmp(x->name, y->name);
    return by_name != 0 ? by_name : x->order < y->order ? -1 : 1;
}

/* How many of the items have the first one's name. */
static size_t run_length(const struct field *items, size_t count)
{
    size_t n = 1;
    while (n < count && strcmp(items[n].name, items[0].name) == 0) {
        n++;
    }
    return n;
}

static garm_json_member *new_list(garm_ctx *c, size_t count)
{
    garm_json_member *const list = garm_alloc(c, (count + 1) * sizeof(*list));
    if (list != NULL) {
        list[count] = (garm_json_member){0};
    }
    return list;
}

static int array_of(garm_ctx *c, const struct field *items, size_t count, garm_json_member *ret)
{
    garm_json_member *const list = new_list(c, count);
    if (list == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = garm_kv_text(NULL, items[i].value, items[i].size);
    }
    *ret = garm_kv_array(items[0].name, list);
    return 0;
}

int fields_object(garm_ctx *c, const char *name, struct fields *fields, garm_json_member *ret)
{
    garm_json_member *const list = new_list(c, fields->count);
    size_t used = 0;
    if (list == NULL) {
        return -ENOMEM;
    }
    if (fields->count > 0) {
        qsort(fields->items, fields->count, sizeof(fields->items[0]), compare);
    }
    for (size_t i = 0; i < fields->count; used++) {
        const struct field *const first = &fields->items[i];
        const size_t n = run_length(first, fields->count - i);
        list[used] = garm_kv_text(first->name, first->value, first->size);
        if (n > 1) {
            GARM_TRY(array_of(c, first, n, &list[used]));
        }
        i += n;
    }
    list[used] = (garm_json_member){0};
    *ret = garm_kv_object(name, list);
    return 0;
}
