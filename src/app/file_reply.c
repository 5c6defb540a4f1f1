/* The answer to a request for a stored representation: conditions first, then ranges. */
#include "app/file_reply.h"

#include "app/condition.h"
#include "app/reply.h"
#include "base/sys.h"
#include "base/text.h"
#include "codec/conditional.h"
#include "codec/range.h"

#include <garm/reply.h>
#include <garm/request.h>

#include <stdio.h>
#include <string.h>

/* "bytes FIRST-LAST/SIZE" */
#define CONTENT_RANGE_SIZE 72

#define BOUNDARY_SIZE 32 /* hex digits */

static struct slice etag_of(const struct file *file)
{
    return slice_of(file->etag, file->etag_len);
}

/* Fields. */

static int put_default(garm_ctx *c, struct slice name, struct slice value)
{
    return value.len == 0 || reply_field_is_set(c, name) ? 0 : reply_field_put(c, name, value);
}

/* What a 304 carries, too (RFC 9110 section 15.4.5). The texts are copied, for fields may outlive
 * what is held. */
static int put_validators(garm_ctx *c, const struct representation *r)
{
    const struct file *const file = r->file;
    char *const text = ctx_alloc(c, sizeof(file->etag) + sizeof(file->modified));
    if (text == NULL) {
        return -ENOMEM;
    }
    char *const modified = text + sizeof(file->etag);
    memcpy(text, file->etag, sizeof(file->etag));
    memcpy(modified, file->modified, sizeof(file->modified));
    TRY(put_default(c, SLICE("ETag"), slice_of(text, file->etag_len)));
    TRY(put_default(c, SLICE("Last-Modified"), slice_of(modified, DATE_HTTP_SIZE)));
    TRY(put_default(c, SLICE("Cache-Control"), r->cache_control));
    return r->vary.len == 0 ? 0 : garm_add_header(c, "Vary", r->vary.ptr);
}

static int put_content_fields(garm_ctx *c, const struct representation *r, struct slice type)
{
    TRY(put_default(c, SLICE("Content-Type"), type));
    TRY(put_default(c, SLICE("Content-Encoding"), r->coding));
    return put_default(c, SLICE("Accept-Ranges"), SLICE("bytes"));
}

/* Holding. */

/* Gives the representation to the reply, which releases it. */
static void hold(garm_ctx *c, const struct representation *r, int status)
{
    reply_hold(c, status, SLICE(""));
    c->reply.release = r->release;
    c->reply.holder = r->holder;
}

static void hold_parts(garm_ctx *c, const struct representation *r, int status,
                       const struct file_part *parts, size_t count)
{
    hold(c, r, status);
    c->reply.file = r->file;
    c->reply.parts = parts;
    c->reply.part_count = count;
    c->reply.length = 0;
    for (size_t i = 0; i < count; i++) {
        c->reply.length += parts[i].before.len + parts[i].size;
    }
}

/* One piece of the file: as bytes, if it is in memory. */
static void hold_piece(garm_ctx *c, const struct representation *r, int status,
                       const struct range *range)
{
    if (r->file->data != NULL) {
        hold(c, r, status);
        c->reply.body = slice_of(r->file->data + range->offset, range->size);
        return;
    }
    c->reply.part = (struct file_part){.offset = (int64_t)range->offset, .size = range->size};
    hold_parts(c, r, status, &c->reply.part, 1);
}

static int hold_whole(garm_ctx *c, const struct representation *r)
{
    const struct range whole = {0, r->file->size};
    TRY(put_content_fields(c, r, slice_cstr(r->type)));
    TRY(put_validators(c, r));
    hold_piece(c, r, 200, &whole);
    return 0;
}

/* Ranges. */

static struct slice content_range(garm_ctx *c, const struct range *range, uint64_t size)
{
    char *const text = ctx_alloc(c, CONTENT_RANGE_SIZE);
    if (text == NULL) {
        return SLICE("");
    }
    const int len = snprintf(
        text, CONTENT_RANGE_SIZE, "bytes %llu-%llu/%llu", (unsigned long long)range->offset,
        (unsigned long long)(range->offset + range->size - 1), (unsigned long long)size);
    return slice_of(text, (size_t)len);
}

static int hold_range(garm_ctx *c, const struct representation *r, const struct range *range)
{
    const struct slice text = content_range(c, range, r->file->size);
    TRY(ctx_check(c));
    TRY(put_content_fields(c, r, slice_cstr(r->type)));
    TRY(put_validators(c, r));
    TRY(reply_field_put(c, SLICE("Content-Range"), text));
    hold_piece(c, r, 206, range);
    return 0;
}

static void make_boundary(char *out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[BOUNDARY_SIZE / 2];
    sys_random(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[BOUNDARY_SIZE] = '\0';
}

/* The lines before each part, and those after the last one (RFC 9110 section 14.6). */
static int make_parts(garm_ctx *c, const struct representation *r, const struct ranges *ranges,
                      const char *type, const char *boundary, struct file_part *parts)
{
    for (size_t i = 0; i <= ranges->count; i++) {
        size_t len = 0;
        const bool last = i == ranges->count;
        const struct range none = {0};
        const struct range *const range = last ? &none : &ranges->parts[i];
        const char *const text =
            last ? arena_printf(c->arena, &len, "\r\n--%s--\r\n", boundary)
                 : arena_printf(c->arena, &len,
                                "%s--%s\r\nContent-Type: %s\r\nContent-Range: %.*s\r\n\r\n",
                                i == 0 ? "" : "\r\n", boundary, type,
                                SLICE_ARG(content_range(c, range, r->file->size)));
        if (text == NULL) {
            ctx_poison(c);
            return -ENOMEM;
        }
        parts[i] = (struct file_part){slice_of(text, len), (int64_t)range->offset, range->size};
    }
    return ctx_check(c);
}

/* What is in memory becomes one body. */
static int hold_joined(garm_ctx *c, const struct representation *r, const struct file_part *parts,
                       size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].before.len + parts[i].size;
    }
    char *const body = ctx_alloc(c, size);
    if (body == NULL) {
        return -ENOMEM;
    }
    char *out = body;
    for (size_t i = 0; i < count; i++) {
        memcpy(out, parts[i].before.ptr, parts[i].before.len);
        out += parts[i].before.len;
        memcpy(out, r->file->data + parts[i].offset, parts[i].size);
        out += parts[i].size;
    }
    hold(c, r, 206);
    c->reply.body = slice_of(body, size);
    return 0;
}

static int hold_multipart(garm_ctx *c, const struct representation *r, const struct ranges *ranges)
{
    char boundary[BOUNDARY_SIZE + 1];
    struct file_part *const parts = ctx_alloc(c, (ranges->count + 1) * sizeof(*parts));
    if (parts == NULL) {
        return -ENOMEM;
    }
    const size_t set = reply_field_find(c, SLICE("Content-Type"));
    const char *const type = set < c->reply.field_count ? c->reply.fields[set].value.ptr : r->type;
    make_boundary(boundary);
    TRY(make_parts(c, r, ranges, type, boundary, parts));
    TRY(garm_set_headerf(c, "Content-Type", "multipart/byteranges; boundary=%s", boundary));
    TRY(put_content_fields(c, r, SLICE("")));
    TRY(put_validators(c, r));
    if (r->file->data != NULL) {
        return hold_joined(c, r, parts, ranges->count + 1);
    }
    hold_parts(c, r, 206, parts, ranges->count + 1);
    return 0;
}

/* Judging. */

/* An answer without the file. */
static int hold_none(garm_ctx *c, const struct representation *r, int status)
{
    TRY(put_validators(c, r));
    reply_hold(c, status, SLICE(""));
    r->release(r->holder);
    return 0;
}

static int hold_error(garm_ctx *c, const struct representation *r, int status, struct slice range)
{
    r->release(r->holder);
    reply_render(c, status, 0, NULL);
    if (range.len > 0 && c->reply.state == REPLY_HELD) {
        (void)!reply_field_put(c, SLICE("Content-Range"), range);
    }
    return 0;
}

static int hold_unsatisfiable(garm_ctx *c, const struct representation *r)
{
    char *const text = ctx_alloc(c, CONTENT_RANGE_SIZE);
    if (text == NULL) {
        return -ENOMEM;
    }
    const int len =
        snprintf(text, CONTENT_RANGE_SIZE, "bytes */%llu", (unsigned long long)r->file->size);
    return hold_error(c, r, 416, slice_of(text, (size_t)len));
}

static struct validators validators_of(const struct file *file)
{
    return (struct validators){etag_of(file), true, file->modified_s};
}

static enum range_result judge_ranges(garm_ctx *c, const struct file *file,
                                      struct ranges *ret_ranges)
{
    if (LIKELY(c->x->head->id_first[FIELD_RANGE] == 0)) {
        return RANGE_WHOLE;
    }
    const struct validators validators = validators_of(file);
    if (!if_range_holds(condition_value(c, FIELD_IF_RANGE), &validators, condition_now_s(c))) {
        return RANGE_WHOLE;
    }
    return range_parse(condition_value(c, FIELD_RANGE), file->size, ret_ranges);
}

static int answer_get(garm_ctx *c, const struct representation *r)
{
    struct ranges ranges;
    const enum range_result result = judge_ranges(c, r->file, &ranges);
    if (LIKELY(result == RANGE_WHOLE)) {
        return hold_whole(c, r);
    }
    if (result == RANGE_UNSATISFIABLE) {
        return hold_unsatisfiable(c, r);
    }
    return ranges.count == 1 ? hold_range(c, r, &ranges.parts[0]) : hold_multipart(c, r, &ranges);
}

static int answer(garm_ctx *c, const struct representation *r)
{
    const enum method method = c->x->head->method;
    if (method != METHOD_GET && method != METHOD_HEAD) {
        return hold_whole(c, r);
    }
    const struct validators validators = validators_of(r->file);
    switch (condition_judge(c, &validators)) {
    case CONDITION_NOT_MODIFIED: return hold_none(c, r, 304);
    case CONDITION_FAILED: return hold_error(c, r, 412, SLICE(""));
    default: return method == METHOD_GET ? answer_get(c, r) : hold_whole(c, r);
    }
}

int file_reply_take(garm_ctx *c, const struct representation *representation)
{
    int rc = reply_open(c, 200);
    rc = rc < 0 ? rc : answer(c, representation);
    if (rc < 0) {
        representation->release(representation->holder);
    }
    return rc;
}
