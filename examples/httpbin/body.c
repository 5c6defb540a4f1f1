/* A body as httpbin shows it: a form's fields and files, or its text, and what that is as JSON. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Bytes as a text that JSON can hold: themselves if they are UTF-8, else a data: URL. */
static void as_text(garm_ctx *c, const char **text, size_t *size, const char *type)
{
    if (is_utf8(*text, *size)) {
        return;
    }
    const char *const encoded = garm_base64(c, *text, *size);
    *text = garm_strf(c, "data:%s;base64,%s", type, encoded);
    *size = strlen(*text);
}

static bool is_form(garm_ctx *c)
{
    static const char *const types[] = {"application/x-www-form-urlencoded", "multipart/form-data"};
    const char *const type = garm_header(c, "Content-Type");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const size_t len = strlen(types[i]);
        if (strncasecmp(type, types[i], len) == 0 && strchr("; \t", type[len]) != NULL) {
            return true;
        }
    }
    return false;
}

/* What came with a file name is a file, any other a field of the form. */
static int read_part(garm_ctx *c, const garm_part *part, struct fields *form, struct fields *files)
{
    const char *value = "";
    size_t size = 0;
    GARM_TRY(garm_part_text(c, SIZE_MAX, &value, &size));
    if (!part->is_file) {
        return fields_add(c, form, part->name, value, size);
    }
    as_text(c, &value, &size, *part->type != '\0' ? part->type : "application/octet-stream");
    return fields_add(c, files, part->name, value, size);
}

static int read_form(garm_ctx *c, struct fields *form, struct fields *files)
{
    garm_part part;
    for (;;) {
        const int rc = garm_form_next(c, &part);
        if (rc <= 0) {
            return rc;
        }
        GARM_TRY(read_part(c, &part, form, files));
    }
}

/* The text itself, and what it is as JSON, whatever its type says; null if it is none. */
static int view_text(garm_ctx *c, struct body_view *view)
{
    const garm_json_value *json = NULL;
    const char *text = view->bytes;
    size_t size = view->size;
    if (size > 0) {
        const int rc = garm_json_parse(c, text, size, &json, NULL);
        GARM_TRY(rc == -EBADMSG ? 0 : rc);
    }
    as_text(c, &text, &size, "application/octet-stream");
    view->data = garm_kv_text("data", text, size);
    view->json = garm_kv_value("json", json);
    return 0;
}

int view_body(garm_ctx *c, struct body_view *ret_view)
{
    struct fields form = {0};
    struct fields files = {0};
    const void *bytes = NULL;
    GARM_TRY(garm_body(c, SIZE_MAX, &bytes, &ret_view->size));
    ret_view->bytes = bytes;
    ret_view->data = garm_kv("data", "");
    ret_view->json = garm_kv_value("json", NULL);
    if (ret_view->size > 0 && is_form(c)) {
        GARM_TRY(read_form(c, &form, &files));
    } else {
        GARM_TRY(view_text(c, ret_view));
    }
    GARM_TRY(fields_object(c, "form", &form, &ret_view->form));
    return fields_object(c, "files", &files, &ret_view->files);
}
