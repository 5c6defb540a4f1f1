/* From a path to what it is: the file, the directory's index, the precompressed siblings. Runs on
 * the loop as long as nothing waits for a disk, else once more on the offload pool. */
#include "app/static_site.h"

#include "app/file_path.h"
#include "app/mime.h"
#include "app/server.h"
#include "base/sys.h"
#include "run/offload.h"

#include <limits.h>
#include <string.h>

#define IMMUTABLE "max-age=31536000, immutable"

#define CONTROL(text) ((struct static_control){SLICE(text), SLICE("private, " text)})

/* One look; nothing in it belongs to a request, for it may be made on another thread. */
struct look {
    const struct static_site *site;
    const struct static_entry *known;
    bool may_wait;
    int result;
    enum static_kind kind;
    size_t path_len;
    char *path;                       /* with room for an index and a sibling's ending behind it */
    struct file files[CODING_COUNT_]; /* of a STATIC_FILE */
};

static const char *const endings[CODING_IDENTITY] = {
    [CODING_BROTLI] = ".br", [CODING_ZSTD] = ".zst", [CODING_GZIP] = ".gz"};

#define ENDING_SIZE 5

static int open_path(const struct look *look, uint64_t memory_max, struct file *ret_file)
{
    const struct file_place place = {look->site->dir_fd, true, look->path};
    return file_open_now(&place, memory_max, look->may_wait, ret_file);
}

static void append(struct look *look, const char *text)
{
    const size_t len = strlen(text);
    memcpy(look->path + look->path_len, text, len + 1);
    look->path_len += len;
}

static void cut(struct look *look, size_t len)
{
    look->path_len = len;
    look->path[len] = '\0';
}

static uint64_t memory_max(const struct look *look)
{
    return look->site->opts.no_cache ? 0 : LIMIT_FILE_MEMORY_BYTES;
}

/* The directory's index. -ENOENT: it has none. */
static int open_index(struct look *look, struct file *ret_file)
{
    const size_t len = look->path_len;
    if (look->site->opts.index[0] == '\0') {
        return -ENOENT;
    }
    append(look, look->site->opts.index);
    const int rc = open_path(look, memory_max(look), ret_file);
    if (rc < 0) {
        cut(look, len);
    }
    return rc == -EISDIR ? -ENOENT : rc;
}

/* A path with a slash at the end, or the root. */
static int open_directory(struct look *look)
{
    struct file none = FILE_NONE;
    const int rc = open_index(look, &look->files[CODING_IDENTITY]);
    if (rc != -ENOENT || !look->site->opts.list) {
        return rc;
    }
    look->kind = STATIC_LISTING;
    if (look->path_len == 0) {
        return 0;
    }
    const int is = open_path(look, 0, &none);
    file_deinit(&none);
    return is == -EISDIR ? 0 : is < 0 ? is : -ENOENT;
}

/* A directory without its slash: there is something behind it only if there would be with it. */
static int judge_directory(struct look *look)
{
    struct file index = FILE_NONE;
    look->kind = STATIC_DIRECTORY;
    if (look->site->opts.list) {
        return 0;
    }
    append(look, "/");
    const int rc = open_index(look, &index);
    file_deinit(&index);
    return rc;
}

static int open_original(struct look *look)
{
    look->kind = STATIC_FILE;
    if (look->path_len == 0 || look->path[look->path_len - 1] == '/') {
        return open_directory(look);
    }
    const int rc = open_path(look, memory_max(look), &look->files[CODING_IDENTITY]);
    return rc == -EISDIR ? judge_directory(look) : rc;
}

/* One that is not there, cannot be read, or is older than the original counts as none. */
static int open_sibling(struct look *look, enum coding coding)
{
    struct file *const file = &look->files[coding];
    const struct file *const original = &look->files[CODING_IDENTITY];
    const size_t len = look->path_len;
    append(look, endings[coding]);
    const int rc = open_path(look, memory_max(look), file);
    cut(look, len);
    if (rc == -EAGAIN || rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM) {
        return rc;
    }
    if (file->there && file->identity.modified_ns < original->identity.modified_ns) {
        file_deinit(file);
    }
    return 0;
}

static void look_clear(struct look *look)
{
    for (size_t i = 0; i < CODING_COUNT_; i++) {
        file_deinit(&look->files[i]);
    }
}

static int look_once(struct look *look)
{
    TRY(open_original(look));
    for (size_t i = 0;
         i < CODING_IDENTITY && look->site->opts.precompressed && look->kind == STATIC_FILE; i++) {
        TRY(open_sibling(look, (enum coding)i));
    }
    return 0;
}

static void look_now(struct look *look, size_t path_len)
{
    cut(look, path_len);
    for (size_t i = 0; i < CODING_COUNT_; i++) {
        look->files[i] = FILE_NONE;
    }
    look->result = look_once(look);
    if (look->result < 0) {
        look_clear(look);
    }
}

struct waiting_look {
    struct look *look;
    size_t path_len;
};

static void look_waiting(void *arg)
{
    const struct waiting_look *const waiting = arg;
    waiting->look->may_wait = true;
    look_now(waiting->look, waiting->path_len);
}

static int look_at(garm_ctx *c, struct look *look)
{
    struct waiting_look waiting = {look, look->path_len};
    look_now(look, waiting.path_len);
    if (look->result == -EAGAIN) {
        TRY(offload_run(&c->worker->application->server->offload, look_waiting, &waiting));
    }
    return look->result;
}

static bool unchanged(const struct look *look)
{
    bool same = look->known != NULL;
    for (size_t i = 0; same && i < CODING_COUNT_; i++) {
        const bool made = (look->known->made & 1U << i) != 0;
        same = made ? !look->files[i].there : file_same(&look->known->files[i], &look->files[i]);
    }
    return same;
}

static struct static_control control_of(const struct static_site *site, const struct look *look)
{
    const struct slice path = slice_of(look->path, look->path_len);
    const struct slice type = slice_cstr(mime_type(path));
    if (site->opts.cache_max_age_s == GARM_NONE) {
        return site->control;
    }
    if (slice_starts_with(type, SLICE("text/html")) ||
        slice_starts_with(type, SLICE("application/xhtml"))) {
        return CONTROL("no-cache");
    }
    return site->opts.immutable && file_path_hashed(path) ? CONTROL(IMMUTABLE) : site->control;
}

/* An entry that takes what was opened. */
static int make_entry(struct look *look, struct slice key, struct static_entry **ret_entry)
{
    struct static_entry *const entry = mem_zalloc(sizeof(*entry) + key.len + 1);
    if (entry == NULL) {
        look_clear(look);
        return -ENOMEM;
    }
    list_init(&entry->node);
    entry->refs = 1;
    entry->site = look->site;
    entry->type = mime_type(slice_of(look->path, look->path_len));
    entry->control = control_of(look->site, look);
    memcpy(entry->files, look->files, sizeof(entry->files));
    entry->has_siblings = entry->files[CODING_BROTLI].there || entry->files[CODING_ZSTD].there ||
                          entry->files[CODING_GZIP].there || static_may_make(entry, CODING_GZIP);
    entry->key_len = key.len;
    memcpy(entry->key, key.ptr, key.len);
    *ret_entry = entry;
    return 0;
}

static int look_begin(garm_ctx *c, const struct static_site *site, struct slice path,
                      struct look *look)
{
    const size_t room = path.len + strlen(site->opts.index) + 1 + ENDING_SIZE;
    *look = (struct look){.site = site, .path_len = path.len};
    look->path = ctx_alloc(c, room);
    if (look->path == NULL) {
        return -ENOMEM;
    }
    memcpy(look->path, path.ptr, path.len);
    look->path[path.len] = '\0';
    return 0;
}

int static_load(garm_ctx *c, const struct static_site *site, struct slice path,
                struct static_entry *known, enum static_kind *ret_kind,
                struct static_entry **ret_entry)
{
    struct look look;
    const int64_t begin_ns = c->loop->now_ns;
    if (path.len >= PATH_MAX) {
        return -ENOENT;
    }
    TRY(look_begin(c, site, path, &look));
    look.known = known;
    const int rc = look_at(c, &look);
    if (rc < 0) {
        return rc;
    }
    *ret_kind = look.kind;
    if (look.kind != STATIC_FILE) {
        return 0;
    }
    if (unchanged(&look)) {
        look_clear(&look);
        known->checked_ns = begin_ns;
        known->refs++;
        *ret_entry = known;
        return 0;
    }
    TRY(make_entry(&look, path, ret_entry));
    (*ret_entry)->checked_ns = begin_ns;
    return 0;
}
