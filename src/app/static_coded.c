/* Files compressed on the fly: once for each coding that is asked for, on the offload pool, and
 * kept with the file as long as that is. */
#include "app/static_site.h"

#include "app/coding.h"
#include "app/server.h"
#include "base/sys.h"
#include "run/offload.h"

#include <string.h>

/* Each is made once and sent many times: more is worth it than for what is sent once. */
static const struct {
    enum garm_coding coding;
    int level;
} ways[CODING_IDENTITY] = {
    [CODING_BROTLI] = {GARM_BROTLI, 7},
    [CODING_ZSTD] = {GARM_ZSTD, 9},
    [CODING_GZIP] = {GARM_GZIP, 9},
};

struct work {
    const struct file *original;
    enum coding coding;
    struct buf made;
    int result;
};

bool static_may_make(const struct static_entry *entry, enum coding coding)
{
    const struct file *const original = &entry->files[CODING_IDENTITY];
    return entry->site->opts.compress && (entry->tried & 1U << coding) == 0 &&
           original->size >= LIMIT_FILE_CODED_MIN && original->size <= LIMIT_FILE_CODED_MAX &&
           !original->fresh && garm_type_compressible(entry->type);
}

static int encode(struct work *work, const char *data)
{
    const size_t size = work->original->size;
    buf_init(&work->made, size - 1);
    return coding_encode(ways[work->coding].coding, ways[work->coding].level, slice_of(data, size),
                         &work->made);
}

/* One that is not in memory is read, and must not have changed since it was found. */
static int read_and_encode(struct work *work)
{
    const struct file *const original = work->original;
    char *const data = mem_alloc(original->size);
    if (data == NULL) {
        return -ENOMEM;
    }
    int rc = file_read_unchanged(original, data);
    rc = rc < 0 ? rc : encode(work, data);
    mem_free(data);
    return rc;
}

static void do_work(void *arg)
{
    struct work *const work = arg;
    work->result =
        work->original->data != NULL ? encode(work, work->original->data) : read_and_encode(work);
}

/* The tag of the file, with a mark of the coding before its last quote. */
static void mark_etag(struct file *file, enum coding coding)
{
    char *const end = file->etag + file->etag_len - 1;
    memcpy(end, "-x\"", sizeof("-x\""));
    end[1] = "bzg"[coding];
    file->etag_len = (uint8_t)(file->etag_len + 2);
}

static void install(garm_ctx *c, struct static_entry *entry, struct work *work)
{
    struct file file = *work->original;
    file.fd = -1;
    file.data = work->made.data;
    file.size = work->made.len;
    mark_etag(&file, work->coding);
    entry->files[work->coding] = file;
    entry->made |= (uint8_t)(1U << work->coding);
    static_cache_grew(c, entry, file.size);
}

void static_make(garm_ctx *c, struct static_entry *entry, enum coding coding)
{
    struct work work = {.original = &entry->files[CODING_IDENTITY], .coding = coding};
    entry->tried |= (uint8_t)(1U << coding);
    const int rc = offload_run(&c->worker->application->server->offload, do_work, &work);
    if (rc == 0 && work.result == 0 && work.made.len > 0) {
        install(c, entry, &work);
        return;
    }
    buf_deinit(&work.made);
    if (rc < 0 || work.result == -ENOMEM) {
        entry->tried &= (uint8_t) ~(1U << coding);
    }
}
