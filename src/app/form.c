/* A form as an iterator over its parts: bytes of the body go through one of two readers, and
 * content waits in the input until somebody takes it. */
#include "app/form.h"

#include "app/body.h"
#include "app/save.h"
#include "base/limits.h"

#include <garm/log.h>
#include <garm/memory.h>
#include <garm/middleware.h>
#include <garm/request.h>

#include <inttypes.h>
#include <string.h>

#define HEAD_BYTES_MIN 64
#define HEAD_BYTES_MAX KIB(64)

/* Making. */

static void init(struct form *form, garm_ctx *c)
{
    *form = (struct form){
        .c = c,
        .limits = {LIMIT_PART_COUNT, UINT64_MAX, LIMIT_PART_HEAD_BYTES},
        .text_max = LIMIT_FORM_TEXT_BYTES,
        .fields_end = &form->fields,
    };
}

struct form *form_of(garm_ctx *c)
{
    static const char key;
    struct form *form = garm_get(c, &key);
    if (form == NULL) {
        form = ctx_alloc(c, sizeof(*form));
        if (form == NULL || garm_set(c, &key, form) < 0) {
            return NULL;
        }
        init(form, c);
    }
    return form;
}

static bool is_bound(int64_t bound)
{
    return bound >= 0 || bound == GARM_NONE;
}

static uint64_t bound_or(int64_t bound, uint64_t preset)
{
    return bound == 0 ? preset : bound < 0 ? UINT64_MAX : (uint64_t)bound;
}

static bool valid_limits(const garm_form_opts *opts)
{
    const int64_t head = opts->head_bytes_max;
    return is_bound(opts->parts_max) && is_bound(opts->part_bytes_max) &&
           is_bound(opts->text_bytes_max) &&
           (head == 0 || (head >= HEAD_BYTES_MIN && head <= (int64_t)HEAD_BYTES_MAX));
}

int garm_form_limits_with(garm_ctx *c, const garm_form_opts *opts)
{
    garm_form_opts known = {0};
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    GARM_OPTS_READ_(&known, opts);
    struct form *const form = form_of(c);
    if (form == NULL) {
        return -ENOMEM;
    }
    if (form->reader != NULL || form->error < 0) {
        return -EALREADY;
    }
    if (!valid_limits(&known)) {
        ctx_log(c, LOG_ERROR, "%s: a limit of a form that cannot be", known.where);
        return -EINVAL;
    }
    form->limits = (struct form_limits){
        bound_or(known.parts_max, LIMIT_PART_COUNT),
        bound_or(known.part_bytes_max, UINT64_MAX),
        (size_t)bound_or(known.head_bytes_max, LIMIT_PART_HEAD_BYTES),
    };
    form->text_max = bound_or(known.text_bytes_max, LIMIT_FORM_TEXT_BYTES);
    return 0;
}

/* Failing. */

static int give_up(struct form *form, int error)
{
    form->error = error;
    form->run = (struct slice){0};
    save_undo(form);
    return error;
}

static int error_of(uint16_t status)
{
    return status == 413 ? -EMSGSIZE : status == 415 ? -ENOTSUP : -EBADMSG;
}

/* The status and its reason; the rest of the body is of no use. */
static int answer(struct form *form, uint16_t status, const char *reason)
{
    struct exchange *const x = form->c->x;
    x->fault = status;
    x->fault_reason = reason;
    x->close = true;
    return give_up(form, error_of(status));
}

int form_fail(struct form *form, uint16_t status, uint64_t offset, const char *reason)
{
    const uint64_t count = form->reader->part_count;
    const char *const where = form->in_part ? "in" : "behind";
    const char *const text =
        count == 0 ? garm_strf(form->c, "the form: %s (at byte %" PRIu64 ", before its first part)",
                               reason, offset)
                   : garm_strf(form->c, "the form: %s (at byte %" PRIu64 ", %s part %" PRIu64 ")",
                               reason, offset, where, count);
    form->c->pins++;
    return answer(form, status, text);
}

/* Reading. */

static int open_reader(struct form *form, struct slice content_type, char *text)
{
    const char *reason = NULL;
    if (form->type == FORM_URLENCODED) {
        urlencoded_init(&form->of.urlencoded, &form->limits, text);
        form->reader = &form->of.urlencoded.reader;
        return 0;
    }
    if (multipart_init(&form->of.multipart, &form->limits, text, content_type, &reason) < 0) {
        return answer(form, 400, reason);
    }
    form->reader = &form->of.multipart.reader;
    return 0;
}

static int refuse_coding(struct form *form, struct slice coding)
{
    form->c->pins++;
    return answer(
        form, 415,
        garm_strf(form->c, "a form without a coding is expected, not %.*s", SLICE_ARG(coding)));
}

static int open_form(struct form *form)
{
    const struct slice content_type = slice_cstr(garm_header(form->c, "Content-Type"));
    form->type = form_type_of(content_type);
    if (form->type == FORM_OTHER) {
        return answer(form, 415,
                      content_type.len == 0
                          ? "a form is expected, and there is no Content-Type"
                          : "a form is expected, and the Content-Type is another");
    }
    const struct slice coding = body_coding(form->c);
    if (coding.len > 0) {
        return refuse_coding(form, coding);
    }
    form->input = ctx_alloc(form->c, LIMIT_FORM_READ_BYTES + form->limits.head_bytes);
    if (form->input == NULL) {
        return give_up(form, -ENOMEM);
    }
    return open_reader(form, content_type, form->input + LIMIT_FORM_READ_BYTES);
}

/* From the client, or out of what garm_body has read. */
static ssize_t fetch(struct form *form)
{
    garm_ctx *const c = form->c;
    if (c->body.data == NULL) {
        return garm_read(c, form->input, LIMIT_FORM_READ_BYTES);
    }
    const size_t left = c->body.size - form->body_pos;
    const size_t size = left < LIMIT_FORM_READ_BYTES ? left : LIMIT_FORM_READ_BYTES;
    memcpy(form->input, (const char *)c->body.data + form->body_pos, size);
    form->body_pos += size;
    return (ssize_t)size;
}

static enum form_event parse(struct form *form)
{
    const bool multipart = form->type == FORM_MULTIPART;
    char *const data = form->input + form->pos;
    const size_t len = form->end - form->pos;
    size_t consumed = 0;
    enum form_event event = FORM_MORE;
    if (len > 0) {
        event = multipart ? multipart_read(&form->of.multipart, data, len, &consumed, &form->run)
                          : urlencoded_read(&form->of.urlencoded, data, len, &consumed, &form->run);
        form->pos += consumed;
    } else if (form->eof) {
        event = multipart ? multipart_end(&form->of.multipart)
                          : urlencoded_end(&form->of.urlencoded, &form->run);
    }
    return event;
}

/* The next event, never FORM_MORE; or negative. */
static int next_event(struct form *form)
{
    for (;;) {
        const enum form_event event = parse(form);
        if (event == FORM_BAD) {
            const struct form_error *const error = &form->reader->error;
            return form_fail(form, error->status, error->offset, error->reason);
        }
        if (event != FORM_MORE) {
            form->in_part = event == FORM_PART || event == FORM_DATA;
            form->ended = event == FORM_END;
            return (int)event;
        }
        const ssize_t n = fetch(form);
        if (n < 0) {
            return give_up(form, (int)n);
        }
        form->pos = 0;
        form->end = (size_t)n;
        form->eof = n == 0;
    }
}

int form_more(struct form *form)
{
    TRY(form->error);
    if (form->run.len > 0 || !form->in_part) {
        return form->run.len > 0;
    }
    const int event = next_event(form);
    TRY(event);
    return event == FORM_DATA;
}

static int fill_part(struct form *form, garm_part *ret_part)
{
    const struct form_head *const head = &form->reader->head;
    *ret_part = (garm_part){
        .index = (size_t)(form->reader->part_count - 1),
        .name = ctx_dup(form->c, head->name),
        .is_file = head->has_filename,
        .filename = ctx_dup(form->c, head->filename),
        .type = ctx_dup(form->c, head->type),
    };
    return form->c->broken == 0 ? 1 : give_up(form, -ENOMEM);
}

int form_next(struct form *form, garm_part *ret_part)
{
    int rc = form->error;
    if (rc == 0 && form->reader == NULL) {
        rc = open_form(form);
    }
    TRY(rc);
    while ((rc = form_more(form)) > 0) {
        form->run = (struct slice){0};
    }
    TRY(rc);
    if (form->ended) {
        return 0;
    }
    const int event = next_event(form);
    TRY(event);
    return event == FORM_PART ? fill_part(form, ret_part) : 0;
}

/* May the form be read now? */
static int form_begin(garm_ctx *c, struct form **ret_form)
{
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    *ret_form = form_of(c);
    return *ret_form == NULL ? -ENOMEM : 0;
}

int garm_form_next_sized(garm_ctx *c, garm_part *ret_part, size_t size)
{
    struct form *form = NULL;
    garm_part part;
    TRY(form_begin(c, &form));
    if (form->by_name) {
        return form->error < 0 ? form->error : -EALREADY;
    }
    form->by_next = true;
    const int rc = form_next(form, &part);
    if (rc > 0) {
        memcpy(ret_part, &part, size < sizeof(part) ? size : sizeof(part));
    }
    return rc;
}

/* May a part be read now? */
static int part_begin(garm_ctx *c, struct form **ret_form)
{
    TRY(form_begin(c, ret_form));
    TRY((*ret_form)->error);
    if (!(*ret_form)->by_next || (*ret_form)->reader == NULL ||
        (*ret_form)->reader->part_count == 0) {
        ctx_log(c, LOG_ERROR, "a part was to be read before garm_form_next gave one");
        return -EINVAL;
    }
    return 0;
}

ssize_t garm_part_read(garm_ctx *c, void *buf, size_t cap)
{
    struct form *form = NULL;
    TRY(part_begin(c, &form));
    const int more = form_more(form);
    if (more <= 0) {
        return more;
    }
    const size_t size = form->run.len < cap ? form->run.len : cap;
    memcpy(buf, form->run.ptr, size);
    form->run = slice_of(form->run.ptr + size, form->run.len - size);
    return (ssize_t)size;
}

int garm_part_text(garm_ctx *c, size_t max, const char **ret_text, size_t *ret_size)
{
    struct form *form = NULL;
    TRY(part_begin(c, &form));
    return form_text(form, max, ret_text, ret_size);
}
