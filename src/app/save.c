/* Bodies and parts that become files: pieces are gathered in memory of a fixed size, and threads of
 * the pool write them. Whatever ends a save before its end leaves nothing. */
#include "app/save.h"

#include "app/body.h"
#include "app/file_path.h"
#include "app/form.h"
#include "base/limits.h"
#include "base/sys.h"

#include <garm/log.h>
#include <garm/memory.h>
#include <garm/request.h>

#include <string.h>

#define NAME_BYTES_MAX 255

/* Where the bytes come from: garm_read or garm_part_read. */
typedef ssize_t read_fn(garm_ctx *c, void *buf, size_t cap);

struct save {
    garm_ctx *c;
    garm_save_opts opts;
    struct save_file file;
    uint64_t bytes;
};

bool garm_file_name_valid(const char *name)
{
    const struct slice text = slice_cstr(name);
    return text.len > 0 && text.len <= NAME_BYTES_MAX && name[0] != '.' &&
           memchr(name, '/', text.len) == NULL && !file_path_suspect(text);
}

static int init(struct save *s, garm_ctx *c, const char *dir, const char *name,
                const garm_save_opts *opts)
{
    *s = (struct save){.c = c};
    GARM_OPTS_READ_(&s->opts, opts);
    if (!garm_file_name_valid(name) || s->opts.mode < 0 || s->opts.mode > 0777) {
        ctx_log(c, LOG_ERROR, "%s: a file cannot be saved under such a name or mode",
                s->opts.where);
        return -EINVAL;
    }
    s->file = (struct save_file){
        .dir = dir,
        .name = name,
        .mode = s->opts.mode == 0 ? 0600U : (unsigned)s->opts.mode,
        .replace = s->opts.replace,
        .sync = s->opts.sync,
        .dir_fd = -1,
        .fd = -1,
        .data = mem_alloc(LIMIT_SAVE_BYTES),
    };
    return s->file.data == NULL ? -ENOMEM : 0;
}

/* What the file system's refusal means: the client's affair, or a log line. */
static int refused(struct save *s, int error)
{
    switch (-error) {
    case EEXIST:
    case ENOMEM:
    case EMFILE:
    case ENFILE: return error;
    case ENOSPC:
    case EDQUOT: return ctx_complain(s->c, error, 507, "there is no room for the file");
    default: break;
    }
    ctx_log(s->c, LOG_ERROR, "%s: a file cannot be saved in \"%s\": %s", s->opts.where, s->file.dir,
            sys_error_text(error));
    return -EIO;
}

static int take_step(struct save *s, int (*step)(void *file))
{
    TRY(garm_offload(s->c, step, &s->file));
    return s->file.result < 0 ? refused(s, s->file.result) : 0;
}

/* What is open or named goes, whether or not the task is cancelled. */
static void drop(struct save *s)
{
    if (s->file.dir_fd >= 0) {
        task_mask();
        const int rc = garm_offload(s->c, save_file_drop, &s->file);
        task_unmask();
        if (rc < 0) {
            (void)save_file_drop(&s->file);
        }
    }
    mem_free(s->file.data);
}

static int report(struct save *s)
{
    return s->opts.progress == NULL ? 0 : s->opts.progress(s->c, s->bytes, s->opts.progress_arg);
}

static int write_piece(struct save *s)
{
    TRY(take_step(s, save_file_write));
    return report(s);
}

static int copy(struct save *s, read_fn *source)
{
    const uint64_t max = s->opts.bytes_max <= 0 ? UINT64_MAX : (uint64_t)s->opts.bytes_max;
    for (;;) {
        if (s->file.len == LIMIT_SAVE_BYTES) {
            TRY(write_piece(s));
        }
        const ssize_t n = source(s->c, s->file.data + s->file.len, LIMIT_SAVE_BYTES - s->file.len);
        if (n <= 0) {
            return (int)n;
        }
        s->file.len += (size_t)n;
        s->bytes += (uint64_t)n;
        if (s->bytes > max) {
            return body_too_long(s->c);
        }
    }
}

/* The last piece is counted before the file has its name, so that whoever counts can still refuse
 * it. */
static int run(struct save *s, read_fn *source)
{
    TRY(copy(s, source));
    if (s->file.len > 0) {
        TRY(report(s));
    }
    TRY(take_step(s, save_file_finish));
    if (s->opts.ret_bytes != NULL) {
        *s->opts.ret_bytes = s->bytes;
    }
    return 0;
}

int garm_save_body_with(garm_ctx *c, const char *dir, const char *name, const garm_save_opts *opts)
{
    struct save s;
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    int rc = init(&s, c, dir, name, opts);
    if (rc < 0) {
        return rc;
    }
    rc = run(&s, garm_read);
    drop(&s);
    return rc;
}

/* Parts. */

/* A form that was not read to its end, of a request that failed. */
static void undo_if_failed(void *arg)
{
    struct form *const form = arg;
    const garm_ctx *const c = form->c;
    const bool served = c->x->committed && c->x->status < 400 && !c->cut && !c->x->gone;
    if (!form->ended && !served) {
        save_undo(form);
    }
}

/* A note of the file, made before there is one, so that none goes without. */
static struct saved *note_file(struct form *form, const char *dir, const char *name)
{
    garm_ctx *const c = form->c;
    struct saved *const saved = ctx_alloc(c, sizeof(*saved));
    if (saved == NULL || garm_defer(c, undo_if_failed, form) < 0) {
        return NULL;
    }
    *saved = (struct saved){.path = garm_strf(c, "%s/%s", dir, name)};
    c->pins++;
    return c->broken == 0 ? saved : NULL;
}

static int save_noted(struct form *form, struct save *s)
{
    struct saved *const saved = note_file(form, s->file.dir, s->file.name);
    if (saved == NULL) {
        return -ENOMEM;
    }
    TRY(run(s, garm_part_read));
    saved->dev = s->file.dev;
    saved->inode = s->file.inode;
    saved->next = form->saved;
    form->saved = saved;
    return 0;
}

int garm_part_save_with(garm_ctx *c, const char *dir, const char *name, const garm_save_opts *opts)
{
    struct save s;
    ctx_own(c);
    if (c->x == NULL) {
        return -ENOTCONN;
    }
    TRY(ctx_check(c));
    struct form *const form = form_of(c);
    if (form == NULL) {
        return -ENOMEM;
    }
    TRY(form->error);
    int rc = init(&s, c, dir, name, opts);
    if (rc < 0) {
        return rc;
    }
    rc = save_noted(form, &s);
    drop(&s);
    return rc;
}

int garm_form_save_with(garm_ctx *c, const char *dir, const garm_save_opts *opts)
{
    garm_part part;
    int rc = 0;
    while ((rc = garm_form_next(c, &part)) > 0) {
        if (part.filename[0] != '\0') {
            TRY(garm_part_save_with(c, dir, garm_random_name(c), opts));
        }
    }
    return rc;
}

const char *garm_random_name(garm_ctx *c)
{
    char name[RANDOM_NAME_LEN + 1];
    ctx_own(c);
    save_random_name(name);
    return ctx_dup(c, slice_cstr(name));
}
