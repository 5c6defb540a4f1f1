/* Served directories: their set-up, and the way of a request from its path to an answer. */
#include "app/static_site.h"

#include "app/file_path.h"
#include "app/file_reply.h"
#include "app/negotiate.h"
#include "app/reply.h"
#include "app/server.h"
#include "app/session.h"
#include "base/sys.h"

#include <garm/reply.h>
#include <garm/request.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PRIVATE "private, "

/* Choosing. */

static bool has(const struct static_entry *entry, enum coding coding, bool or_make)
{
    return entry->files[coding].there ||
           (or_make && entry->home != NULL && static_may_make(entry, coding));
}

/* The coding that the client likes best of those that are there, or that can be made. A client that
 * refuses even the identity gets it, rather than nothing (RFC 9110 section 12.5.3). */
static enum coding best_coding(const struct static_entry *entry, const int *qualities, bool or_make)
{
    enum coding best = CODING_IDENTITY;
    for (size_t i = CODING_IDENTITY; i-- > 0;) {
        if (qualities[i] > 0 && qualities[i] >= qualities[best] &&
            has(entry, (enum coding)i, or_make)) {
            best = (enum coding)i;
        }
    }
    return best;
}

/* May suspend. */
static enum coding choose_coding(garm_ctx *c, struct static_entry *entry)
{
    int qualities[CODING_COUNT_];
    if (!entry->has_siblings || c->x->head->id_first[FIELD_ACCEPT_ENCODING] == 0) {
        return CODING_IDENTITY;
    }
    coding_qualities(slice_cstr(garm_header(c, "Accept-Encoding")), qualities);
    const enum coding best = best_coding(entry, qualities, true);
    if (!entry->files[best].there) {
        static_make(c, entry, best);
    }
    return best_coding(entry, qualities, false);
}

bool static_is_own(garm_ctx *c)
{
    return c->x->head->id_first[FIELD_AUTHORIZATION] != 0 ||
           (c->keyed != NULL && (garm_user(c)[0] != '\0' || session_used(c)));
}

static bool varies(const struct static_site *site)
{
    return site->opts.precompressed || site->opts.compress;
}

static int reply_entry_take(garm_ctx *c, struct static_entry *entry, struct slice vary)
{
    const enum coding coding = choose_coding(c, entry);
    const struct representation representation = {
        .file = &entry->files[coding],
        .type = entry->type,
        .coding = coding == CODING_IDENTITY ? SLICE("") : coding_name(coding),
        .cache_control = static_is_own(c) ? entry->control.own : entry->control.shared,
        .vary = vary,
        .release = static_entry_unref,
        .holder = entry,
    };
    return file_reply_take(c, &representation);
}

/* Finding. */

/* Looks at what the path is, and keeps it. */
static int load(garm_ctx *c, const struct static_site *site, struct slice path,
                struct static_entry *known, enum static_kind *ret_kind,
                struct static_entry **ret_entry)
{
    int rc = static_load(c, site, path, known, ret_kind, ret_entry);
    if (rc == -EMFILE || rc == -ENFILE) {
        static_cache_clear(c);
        rc = static_load(c, site, path, known, ret_kind, ret_entry);
    }
    if (rc == 0 && *ret_kind == STATIC_FILE) {
        if (!site->opts.no_cache) {
            static_cache_keep(c, *ret_entry);
        }
    } else if (rc == 0 || rc == -ENOENT || rc == -EACCES) {
        static_cache_drop(c, site, path);
    }
    return rc;
}

/* What the path is, from the worker's cache or from the disk. */
static int find(garm_ctx *c, const struct static_site *site, struct slice path,
                enum static_kind *ret_kind, struct static_entry **ret_entry)
{
    struct static_entry *known = NULL;
    *ret_entry = static_cache_get(c, site, path, &known);
    if (LIKELY(*ret_entry != NULL)) {
        *ret_kind = STATIC_FILE;
        return 0;
    }
    if (!file_path_servable(path, site->opts.dotfiles)) {
        return -ENOENT;
    }
    if (known == NULL) {
        return load(c, site, path, NULL, ret_kind, ret_entry);
    }
    known->refs++;
    const int rc = load(c, site, path, known, ret_kind, ret_entry);
    static_entry_unref(known);
    return rc;
}

/* Answering. */

/* To the path with a slash behind it, the query kept. "//x" would be another host's. */
static int redirect_to_directory(garm_ctx *c)
{
    const struct h1_head *const head = c->x->head;
    const struct slice query = h1_span_slice(head->query, c->x->bytes);
    if (c->path.len >= 2 && c->path.ptr[1] == '/') {
        return -ENOENT;
    }
    const char *const url = arena_printf(c->arena, NULL, "%.*s/%s%.*s", SLICE_ARG(c->path),
                                         head->has_query ? "?" : "", SLICE_ARG(query));
    if (url == NULL) {
        ctx_poison(c);
        return -ENOMEM;
    }
    if (static_is_own(c) && !reply_field_is_set(c, SLICE("Cache-Control"))) {
        TRY(garm_set_header(c, "Cache-Control", "private, no-cache"));
    }
    return garm_redirect(c, 301, url);
}

/* Does the client ask for a page, as browsers do when people go somewhere? */
static bool wants_page(garm_ctx *c, struct slice path)
{
    return !file_path_has_extension(path) &&
           accept_names(slice_cstr(garm_header(c, "Accept")), "text/html");
}

/* The root's index, in the place of a page that is not there. */
static int reply_spa(garm_ctx *c, const struct static_site *site)
{
    enum static_kind kind;
    struct static_entry *entry = NULL;
    TRY(find(c, site, SLICE(""), &kind, &entry));
    if (kind != STATIC_FILE) {
        return -ENOENT;
    }
    return reply_entry_take(c, entry,
                            varies(site) ? SLICE("Accept, Accept-Encoding") : SLICE("Accept"));
}

static int reply_path(garm_ctx *c, const struct static_site *site, struct slice path)
{
    enum static_kind kind;
    struct static_entry *entry = NULL;
    TRY(find(c, site, path, &kind, &entry));
    switch (kind) {
    case STATIC_DIRECTORY: return redirect_to_directory(c);
    case STATIC_LISTING: return static_list(c, site, path);
    default: break;
    }
    return reply_entry_take(c, entry, varies(site) ? SLICE("Accept-Encoding") : SLICE(""));
}

/* The path below the prefix: the route's last parameter. One without escapes is used where it
 * stands in the request. */
static struct slice path_below(garm_ctx *c)
{
    const struct router_param *const param = &c->match.params[c->match.param_count - 1];
    return LIKELY(c->plain) ? param->raw : slice_cstr(garm_param(c, param->name));
}

static int serve(garm_ctx *c)
{
    const struct static_site *const site = garm_arg(c);
    const struct slice path = path_below(c);
    const int rc = reply_path(c, site, path);
    if (rc != -ENOENT || !site->opts.spa || !wants_page(c, path) ||
        !file_path_servable(path, site->opts.dotfiles)) {
        return rc;
    }
    return reply_spa(c, site);
}

/* The prefix itself. */
static int serve_prefix(garm_ctx *c)
{
    enum static_kind kind = STATIC_LISTING;
    struct static_entry *entry = NULL;
    TRY(find(c, garm_arg(c), SLICE(""), &kind, &entry));
    if (kind == STATIC_FILE) {
        static_entry_unref(entry);
    }
    return redirect_to_directory(c);
}

/* Set-up. */

static void close_site(void *arg)
{
    sys_close(((struct static_site *)arg)->dir_fd);
}

/* The workers have ended. */
static void free_caches(void *arg)
{
    const struct application *const application = arg;
    struct garm_server *const server = application->server;
    for (size_t i = 0; server != NULL && i < server->workers; i++) {
        static_cache_free(server->worker_views[i].files);
        server->worker_views[i].files = NULL;
    }
}

static bool opts_valid(garm_app *app, const garm_static_opts *opts, const char *prefix)
{
    const char *wrong = NULL;
    if (opts->cache_max_age_s < GARM_NONE) {
        wrong = "cache_max_age_s is negative; GARM_NONE leaves Cache-Control out";
    } else if (strchr(opts->index, '/') != NULL) {
        wrong = "the index is a name, not a path";
    } else if (strcmp(opts->index, ".") == 0 || strcmp(opts->index, "..") == 0) {
        wrong = "the index is the name of a file; \"\" is none";
    } else if (opts->compress && opts->no_cache) {
        wrong = "compress needs the cache";
    } else if (opts->spa && opts->index[0] == '\0') {
        wrong = "spa needs an index";
    } else if (prefix[0] != '\0' && strchr(prefix, '/') == NULL) {
        wrong = "the prefix begins with a '/', or with a host and a '/'";
    } else if (strchr(prefix, ' ') != NULL) {
        wrong = "the prefix has a blank in it";
    }
    if (wrong != NULL) {
        garm_fail_at(app, opts->where, "garm_static: %s", wrong);
    }
    return wrong == NULL;
}

/* Also where there shall be none: what is one user's must not be taken for everybody's. */
static void set_control(struct static_site *site)
{
    const int64_t max_age_s = site->opts.cache_max_age_s;
    snprintf(site->own, sizeof(site->own),
             max_age_s > 0 ? PRIVATE "max-age=%lld" : PRIVATE "no-cache", (long long)max_age_s);
    site->control.own = slice_cstr(site->own);
    site->control.shared =
        max_age_s == GARM_NONE ? SLICE("") : slice_cstr(site->own + strlen(PRIVATE));
}

/* May this user open what is in it, and list it if that is wanted? */
static bool may_serve(garm_app *app, const struct static_site *site, const char *dir)
{
    struct stat unused;
    const int found = sys_lstat_at(site->dir_fd, ".", &unused);
    const int listed = !site->opts.list ? 0 : sys_open(dir, O_RDONLY | O_DIRECTORY);
    if (found < 0) {
        garm_fail_at(app, site->opts.where,
                     "garm_static: this user may not open the files in \"%s\": %s", dir,
                     sys_error_text(found));
    } else if (listed < 0) {
        garm_fail_at(app, site->opts.where,
                     "garm_static: this user may not list \"%s\": %s; leave .list out, or let it "
                     "be read",
                     dir, sys_error_text(listed));
    }
    if (site->opts.list && listed >= 0) {
        sys_close(listed);
    }
    return found >= 0 && listed >= 0;
}

static struct static_site *make_site(garm_app *app, const char *dir, const garm_static_opts *opts)
{
    struct application *const application = app->application;
    struct static_site *const site = garm_app_alloc(app, sizeof(*site));
    char *const index = garm_app_alloc(app, strlen(opts->index) + 1);
    if (site == NULL || index == NULL) {
        return NULL;
    }
    site->opts = *opts;
    site->opts.index = memcpy(index, opts->index, strlen(opts->index) + 1);
    set_control(site);
    site->dir_fd = sys_open(dir, O_PATH | O_DIRECTORY);
    if (site->dir_fd < 0) {
        garm_fail_at(app, opts->where, "garm_static: no directory \"%s\": %s", dir,
                     sys_error_text(site->dir_fd));
        return NULL;
    }
    garm_app_defer(app, close_site, site);
    if (!may_serve(app, site, dir)) {
        return NULL;
    }
    if (application->site_count == 0) {
        garm_app_defer(app, free_caches, application);
    }
    site->index = application->site_count++;
    return site;
}

/* "GET PREFIX/{path...}", and "GET PREFIX" if there is one. */
static void add_routes(garm_app *app, const char *prefix, struct static_site *site)
{
    size_t len = strlen(prefix);
    while (len > 0 && prefix[len - 1] == '/') {
        len--;
    }
    const garm_route_opts opts = {.size = sizeof(opts), .where = site->opts.where, .arg = site};
    const size_t size = len + sizeof("GET /{path...}");
    char *const pattern = garm_app_alloc(app, size);
    if (pattern == NULL) {
        return;
    }
    snprintf(pattern, size, "GET %.*s/{path...}", (int)len, prefix);
    garm_route_with(app, pattern, serve, &opts);
    if (memchr(prefix, '/', len) != NULL) {
        snprintf(pattern, size, "GET %.*s", (int)len, prefix);
        garm_route_with(app, pattern, serve_prefix, &opts);
    }
}

void garm_static_with(garm_app *app, const char *prefix, const char *dir,
                      const garm_static_opts *opts)
{
    garm_static_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    known.index = known.index != NULL ? known.index : "index.html";
    if (prefix == NULL || dir == NULL) {
        garm_fail_at(app, known.where, "garm_static needs a prefix and a directory");
        return;
    }
    if (app->application->frozen || !opts_valid(app, &known, prefix)) {
        return;
    }
    struct static_site *const site = make_site(app, dir, &known);
    if (site != NULL) {
        add_routes(app, prefix, site);
    }
}
