/* Sending held files: small ones as bytes in one piece with their head, others by sendfile, and
 * through the filters if there are any. What is not in the page cache is read on the offload pool
 * first, slice by slice. */
#include "app/file_reply.h"

#include "app/reply.h"
#include "base/limits.h"
#include "base/sys.h"

#include <garm/reply.h>

/* A small piece goes out as bytes. */
static int send_small(garm_ctx *c, const struct exchange_head *head)
{
    const struct file_part *const part = c->reply.parts;
    const size_t size = (size_t)part->size;
    char *const data = arena_alloc(c->arena, size);
    if (data == NULL) {
        return -ENOMEM;
    }
    TRY(file_read(c, c->reply.file->fd, data, size, part->offset));
    return c->x->ops->respond(c->x, head, slice_of(data, size));
}

/* What was found in the page cache a moment ago is not looked for again. */
static int fetch(garm_ctx *c, struct file *file, int64_t offset, size_t size)
{
    if (c->loop->now_ns < file->at_hand_ns) {
        return 1;
    }
    return file_fetch(c, file->fd, offset, size);
}

static int write_part(garm_ctx *c, const struct file_part *part, bool *ret_at_hand)
{
    const struct exchange_ops *const ops = c->x->ops;
    if (part->before.len > 0) {
        TRY(ops->write(c->x, part->before.ptr, part->before.len));
    }
    for (uint64_t done = 0; done < part->size;) {
        const uint64_t left = part->size - done;
        const size_t size = left < LIMIT_FILE_SLICE ? (size_t)left : LIMIT_FILE_SLICE;
        const int64_t offset = part->offset + (int64_t)done;
        const int rc = fetch(c, c->reply.file, offset, size);
        TRY(rc);
        *ret_at_hand = *ret_at_hand && rc == 1;
        TRY(ops->write_file(c->x, c->reply.file->fd, offset, size));
        done += size;
    }
    return 0;
}

static int write_parts(garm_ctx *c)
{
    bool all_at_hand = true;
    for (size_t i = 0; i < c->reply.part_count; i++) {
        TRY(write_part(c, &c->reply.parts[i], &all_at_hand));
    }
    if (all_at_hand && c->reply.length >= c->reply.file->size) {
        c->reply.file->at_hand_ns = c->loop->now_ns + NS_PER_SEC;
    }
    return 0;
}

/* Through the filters, piece by piece. */
static int filter_part(garm_ctx *c, const struct file_part *part)
{
    char piece[4096];
    if (part->before.len > 0) {
        TRY(filters_data(c, c->reply.filters, NULL, part->before.ptr, part->before.len));
    }
    for (uint64_t done = 0; done < part->size;) {
        const uint64_t left = part->size - done;
        const size_t size = left < sizeof(piece) ? (size_t)left : sizeof(piece);
        TRY(file_read(c, c->reply.file->fd, piece, size, part->offset + (int64_t)done));
        TRY(filters_data(c, c->reply.filters, NULL, piece, size));
        done += size;
    }
    return 0;
}

static int filter_parts(garm_ctx *c)
{
    for (size_t i = 0; i < c->reply.part_count; i++) {
        TRY(filter_part(c, &c->reply.parts[i]));
    }
    return filters_end(c, NULL);
}

int file_send(garm_ctx *c)
{
    const bool head_only = c->x->head->method == METHOD_HEAD;
    const int filtered = filters_begin(c);
    TRY(filtered);
    TRY(reply_still_sound(c));
    const struct exchange_head head =
        reply_head(c, filtered > 0 ? EXCHANGE_LENGTH_UNKNOWN : c->reply.length);
    if (filtered == 0 && head_only) {
        return c->x->ops->respond(c->x, &head, SLICE(""));
    }
    if (filtered == 0 && c->reply.part_count == 1 && c->reply.length < LIMIT_REF_BYTES) {
        return send_small(c, &head);
    }
    TRY(c->x->ops->head(c->x, &head));
    if (!head_only) {
        TRY(filtered > 0 ? filter_parts(c) : write_parts(c));
    }
    return c->x->ops->finish(c->x, NULL, 0);
}
