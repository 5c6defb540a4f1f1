/* Fields as strings: the content of one part, and a whole form by name. */
#include "app/form.h"

#include "base/buf.h"

#include <garm/request.h>

#include <string.h>

/* Gathers the content on the heap, for its size is not known before. */
static int gather(struct form *form, struct buf *out)
{
    int rc = 0;
    while ((rc = form_more(form)) > 0) {
        const int added = buf_append_slice(out, form->run);
        if (added == -EMSGSIZE) {
            return form_fail(form, 413, form->reader->seen, "the part is larger than allowed");
        }
        if (added < 0) {
            ctx_poison(form->c);
            return -ENOMEM;
        }
        form->run = (struct slice){0};
    }
    return rc;
}

int form_text(struct form *form, size_t max, const char **ret_text, size_t *ret_size)
{
    struct buf text;
    buf_init(&text, max);
    int rc = gather(form, &text);
    if (rc == 0 && ret_size == NULL && text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
        rc = form_fail(form, 400, form->reader->seen, "a NUL in a value");
    }
    if (rc == 0) {
        const char *const copy = ctx_dup(form->c, buf_slice(&text));
        rc = ctx_check(form->c);
        if (rc == 0) {
            *ret_text = copy;
            if (ret_size != NULL) {
                *ret_size = text.len;
            }
        }
    }
    buf_deinit(&text);
    return rc;
}

/* A whole form. */

static int keep(struct form *form, const garm_part *part)
{
    const uint64_t left = form->text_max - form->text_bytes;
    const char *value = NULL;
    TRY(form_text(form, left < SIZE_MAX / 2 ? (size_t)left : SIZE_MAX / 2, &value, NULL));
    struct form_field *const field = ctx_alloc(form->c, sizeof(*field));
    if (field == NULL) {
        return -ENOMEM;
    }
    *field = (struct form_field){.name = part->name, .value = value};
    *form->fields_end = field;
    form->fields_end = &field->next;
    form->text_bytes += strlen(value);
    return 0;
}

static int load(struct form *form)
{
    garm_part part;
    int rc = 0;
    while ((rc = form_next(form, &part)) > 0) {
        if (!part.is_file) {
            TRY(keep(form, &part));
        }
    }
    return rc;
}

/* The form, read whole. */
static int load_once(garm_ctx *c, struct form **ret_form)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    struct form *const form = form_of(c);
    if (form == NULL) {
        return -ENOMEM;
    }
    if (form->by_next) {
        ctx_bug(c, "a form is read by name after garm_form_next");
        return -EINVAL;
    }
    if (!form->by_name) {
        form->by_name = true;
        const int rc = load(form);
        form->error = form->error < 0 ? form->error : rc;
    }
    TRY(form->error);
    *ret_form = form;
    return 0;
}

int garm_form_load(garm_ctx *c)
{
    struct form *form = NULL;
    return load_once(c, &form);
}

static const struct form_field *find(garm_ctx *c, const char *name)
{
    struct form *form = NULL;
    if (load_once(c, &form) < 0) {
        return NULL;
    }
    const struct form_field *field = form->fields;
    while (field != NULL && strcmp(field->name, name) != 0) {
        field = field->next;
    }
    return field;
}

const char *garm_form(garm_ctx *c, const char *name)
{
    const struct form_field *const field = find(c, name);
    return field == NULL ? "" : field->value;
}

bool garm_has_form(garm_ctx *c, const char *name)
{
    return find(c, name) != NULL;
}

const char *garm_form_at(garm_ctx *c, size_t index, const char **ret_name)
{
    struct form *form = NULL;
    const struct form_field *field = load_once(c, &form) < 0 ? NULL : form->fields;
    for (size_t i = 0; field != NULL && i < index; i++) {
        field = field->next;
    }
    *ret_name = field == NULL ? "" : field->name;
    return field == NULL ? "" : field->value;
}
