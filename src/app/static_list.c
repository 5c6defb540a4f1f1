/* Directory listings: read, sorted and rendered on the offload pool, streamed piece by piece, so
 * that a large directory holds up nobody. */
#include "app/static_site.h"

#include "app/file_path.h"
#include "app/negotiate.h"
#include "app/reply.h"
#include "app/server.h"
#include "app/static_listing.h"
#include "base/sys.h"
#include "codec/target.h"
#include "run/offload.h"

#include <garm/memory.h>
#include <garm/reply.h>
#include <garm/request.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DENTS_BYTES   KIB(16)
#define RETRY_AFTER_S "5"
#define NAMES_BYTES   MIB(64)

/* No script, nothing from elsewhere, and no frame: the page needs its own style only. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

/* Reading, on the offload pool. */

static int make_room(struct listing *listing)
{
    if (listing->count < listing->cap) {
        return 0;
    }
    const size_t cap = listing->cap == 0 ? 64 : listing->cap * 2;
    struct listed *const entries = mem_realloc(listing->entries, cap * sizeof(*entries));
    if (entries == NULL) {
        return -ENOMEM;
    }
    listing->entries = entries;
    listing->cap = cap;
    return 0;
}

/* A link is what it leads to, if that is below the root. */
static int look_through_link(const struct listing *listing, const char *name, struct stat *ret_stat)
{
    char path[PATH_MAX];
    const size_t dir_len = strlen(listing->path);
    const size_t name_len = strlen(name);
    if (dir_len + name_len >= sizeof(path)) {
        return -ENAMETOOLONG;
    }
    memcpy(path, listing->path, dir_len);
    memcpy(path + dir_len, name, name_len + 1);
    const int fd = sys_open_beneath(listing->root_fd, path, O_PATH);
    if (fd < 0) {
        return fd;
    }
    const int rc = sys_fstat(fd, ret_stat);
    sys_close(fd);
    return rc;
}

/* Adds what would be served; the rest is not there. */
static int add_name(struct listing *listing, int dir_fd, const char *name)
{
    struct stat stat;
    const struct slice text = slice_cstr(name);
    if (!file_path_servable(text, listing->dotfiles) ||
        (text.ptr[0] == '.' && !listing->dotfiles && listing->path[0] != '\0') ||
        sys_lstat_at(dir_fd, name, &stat) < 0 ||
        (S_ISLNK(stat.st_mode) && look_through_link(listing, name, &stat) < 0) ||
        (!S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode))) {
        return 0;
    }
    if (listing->count == listing->count_max) {
        listing->cut = true;
        return 0;
    }
    TRY(make_room(listing));
    const size_t offset = listing->names.len;
    TRY(buf_append_slice(&listing->names, text));
    listing->entries[listing->count++] = (struct listed){
        .name_offset = offset,
        .name_len = text.len,
        .size = (uint64_t)stat.st_size,
        .modified_s = stat.st_mtim.tv_sec,
        .directory = S_ISDIR(stat.st_mode),
    };
    return 0;
}

static int add_names(struct listing *listing, int dir_fd)
{
    _Alignas(struct dirent64) char dents[DENTS_BYTES];
    while (!listing->cut) {
        const ssize_t size = sys_getdents(dir_fd, dents, sizeof(dents));
        if (size <= 0) {
            return (int)size;
        }
        for (size_t at = 0; at < (size_t)size;) {
            const struct dirent64 *const entry = (const void *)(dents + at);
            TRY(add_name(listing, dir_fd, entry->d_name));
            at += entry->d_reclen;
        }
    }
    return 0;
}

struct slice listed_name(const struct listing *listing, const struct listed *entry)
{
    return slice_of(listing->names.data + entry->name_offset, entry->name_len);
}

/* Capitals beside their small letters. */
static int compare_names(struct slice a, struct slice b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = strncasecmp(a.ptr, b.ptr, len);
    if (order != 0) {
        return order;
    }
    const int exact = memcmp(a.ptr, b.ptr, len);
    return a.len != b.len ? (a.len < b.len ? -1 : 1) : exact;
}

/* Directories first, in any order; by name where the order says nothing. */
static int compare(const void *a_ptr, const void *b_ptr, void *arg)
{
    const struct listing *const listing = arg;
    const struct listed *const a = a_ptr;
    const struct listed *const b = b_ptr;
    int order = 0;
    if (a->directory != b->directory) {
        return a->directory ? -1 : 1;
    }
    if (listing->order == ORDER_SIZE && !a->directory) {
        order = (a->size > b->size) - (a->size < b->size);
    } else if (listing->order == ORDER_DATE) {
        order = (a->modified_s > b->modified_s) - (a->modified_s < b->modified_s);
    }
    if (order == 0) {
        order = compare_names(listed_name(listing, a), listed_name(listing, b));
    }
    return listing->descending ? -order : order;
}

void listing_read(struct listing *listing)
{
    buf_init(&listing->names, NAMES_BYTES);
    buf_init(&listing->out, NAMES_BYTES);
    const int fd = sys_open_beneath(listing->root_fd, *listing->path == '\0' ? "." : listing->path,
                                    O_RDONLY | O_DIRECTORY);
    listing->result = fd;
    if (fd < 0) {
        return;
    }
    listing->result = add_names(listing, fd);
    sys_close(fd);
    if (listing->result == 0 && listing->count > 1) {
        qsort_r(listing->entries, listing->count, sizeof(*listing->entries), compare, listing);
    }
}

void listing_deinit(struct listing *listing)
{
    mem_free(listing->entries);
    buf_deinit(&listing->names);
    buf_deinit(&listing->out);
}

/* Replying. */

const char *listing_order_name(enum listing_order order)
{
    static const char *const names[ORDER_COUNT_] = {"name", "size", "date"};
    return names[order];
}

static enum listing_order order_of(const char *name)
{
    size_t i = ORDER_COUNT_;
    while (i-- > 1 && strcmp(name, listing_order_name((enum listing_order)i)) != 0) {
    }
    return (enum listing_order)i;
}

static bool wants_json(garm_ctx *c)
{
    static const char *const types[] = {"text/html", "application/json"};
    return negotiate(slice_cstr(garm_header(c, "Accept")), types, COUNT_OF(types)) == 1;
}

static struct slice title_of(garm_ctx *c)
{
    size_t len = 0;
    char *const text = ctx_alloc(c, c->path.len + 1);
    if (text == NULL || percent_decode(c->path, false, text, &len) < 0) {
        return SLICE("/");
    }
    return slice_of(text, len);
}

static void run_read(void *arg)
{
    listing_read(arg);
}

static void run_render(void *arg)
{
    listing_render(arg);
}

/* A request's listing, which holds its memory until the client has taken all of it. */
struct held {
    struct listing listing;
    struct garm_worker *worker;
    size_t bytes; /* of the worker's */
};

static void charge(struct held *held, size_t bytes)
{
    held->worker->listing_bytes += bytes - held->bytes;
    held->bytes = bytes;
}

static void charge_all(struct held *held)
{
    const struct listing *const listing = &held->listing;
    charge(held, listing->cap * sizeof(*listing->entries) + listing->names.cap + listing->out.cap);
}

static void deinit(void *arg)
{
    struct held *const held = arg;
    listing_deinit(&held->listing);
    held->listing = (struct listing){0};
    charge(held, 0);
}

/* Too much is held by listings that slow clients take their time for. */
static int refuse(garm_ctx *c)
{
    if (!c->worker->listings_told) {
        c->worker->listings_told = true;
        log_write(&c->worker->application->logger, LOG_WARN,
                  "worker %d: the listings that are being sent hold %zu MiB: others are answered "
                  "with 503",
                  c->worker->index, (size_t)LIMIT_LISTING_BYTES / MIB(1));
    }
    TRY(garm_set_header(c, "Retry-After", RETRY_AFTER_S));
    return garm_problem(c, 503, "Too many listings are being sent; try again later.");
}

static int on_pool(garm_ctx *c, void (*fn)(void *arg), struct listing *listing)
{
    TRY(offload_run(&c->worker->application->server->offload, fn, listing));
    return listing->result;
}

static int stream(garm_ctx *c, struct held *held)
{
    struct listing *const listing = &held->listing;
    TRY(reply_set_type(c, listing->json ? "application/json" : "text/html; charset=utf-8"));
    if (!reply_field_is_set(c, SLICE("Cache-Control"))) {
        TRY(garm_set_header(c, "Cache-Control",
                            static_is_own(c) ? "private, no-cache" : "no-cache"));
    }
    TRY(garm_add_header(c, "Vary", "Accept"));
    if (!listing->json) {
        TRY(garm_set_header(c, "Content-Security-Policy", POLICY));
    }
    while (!listing->ended) {
        TRY(on_pool(c, run_render, listing));
        charge_all(held);
        TRY(garm_write(c, listing->out.data, listing->out.len));
    }
    return 0;
}

int static_list(garm_ctx *c, const struct static_site *site, struct slice path)
{
    struct held *const held = ctx_alloc(c, sizeof(*held));
    if (held == NULL) {
        return -ENOMEM;
    }
    if (c->worker->listing_bytes >= LIMIT_LISTING_BYTES) {
        return refuse(c);
    }
    held->worker = c->worker;
    held->bytes = 0;
    held->listing = (struct listing){
        .root_fd = site->dir_fd,
        .path = ctx_dup(c, path),
        .title = title_of(c),
        .dotfiles = site->opts.dotfiles,
        .json = wants_json(c),
        .order = order_of(garm_query(c, "sort")),
        .descending = strcmp(garm_query(c, "order"), "desc") == 0,
        .count_max = LIMIT_LISTING_COUNT,
    };
    TRY(ctx_check(c));
    TRY(garm_defer(c, deinit, held));
    TRY(on_pool(c, run_read, &held->listing));
    charge_all(held);
    /* One that is alone is sent, however large. */
    if (c->worker->listing_bytes > held->bytes && c->worker->listing_bytes > LIMIT_LISTING_BYTES) {
        deinit(held);
        return refuse(c);
    }
    return stream(c, held);
}
