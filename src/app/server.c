/* garm_server_*: see garm/server.h. */
#include "app/server.h"

#include "app/coding.h"
#include "app/dispatch.h"
#include "app/flags.h"
#include "app/metrics.h"
#include "app/option_list.h"
#include "app/tasks.h"
#include "base/sys.h"
#include "codec/field.h"
#include "codec/json_engine.h"

#include <errno.h>
#include <string.h>

#define DRAIN_DELAY_MS_MAX 3600000
#define ERROR_BYTES_MAX    4096

/* Blocking calls under way at a time, of one server. They wait for disks and peers, not for
 * CPUs. */
#define OFFLOAD_THREADS_MAX 32

/* Workers. */

static int on_worker_start(struct server_worker *worker, void *arg)
{
    struct garm_server *const server = arg;
    struct garm_worker *const view = &server->worker_views[worker->index];
    view->server_worker = worker;
    worker->data = view;
    TRY(metrics_worker_start(view));
    overload_start(view);
    TRY(application_start_hooks(&server->application, view, GARM_WORKER_START, GARM_WORKER_STOP));
    const int rc = worker->index == 0 ? periodics_start(view) : 0;
    if (rc < 0) {
        application_stop_hooks(&server->application, view, GARM_WORKER_STOP);
    }
    return rc;
}

static void on_worker_stop(struct server_worker *worker, void *arg)
{
    struct garm_server *const server = arg;
    struct garm_worker *const view = &server->worker_views[worker->index];
    periodics_stop(view);
    application_stop_hooks(&server->application, view, GARM_WORKER_STOP);
    buf_deinit(&view->scratch);
    json_engine_free(view->json);
    coder_pool_free(view->coders);
    view->coders = NULL;
}

static int make_views(struct garm_server *server)
{
    server->worker_views = mem_zalloc(server->workers * sizeof(*server->worker_views));
    if (server->worker_views == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < server->workers; i++) {
        server->worker_views[i].application = &server->application;
        server->worker_views[i].index = (int)i;
    }
    server->main_view = (struct garm_worker){.application = &server->application, .index = -1};
    return 0;
}

/* Making. */

/* The embedder's flags are read as a command line without a program. */
static int read_flags(struct garm_server *server, const char *const *list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL) {
        count++;
    }
    TRY(flags_new(&server->flags));
    const char **const argv = mem_alloc((count + 1) * sizeof(*argv));
    if (argv == NULL) {
        return -ENOMEM;
    }
    argv[0] = "garm";
    for (size_t i = 0; i < count; i++) {
        argv[i + 1] = list[i];
    }
    const int argc = (int)(count + 1);
    const int rc = flags_parse(server->flags, argc, (char *const *)(uintptr_t)argv, NULL);
    mem_free(argv);
    return rc;
}

/* The name stands in the head of every answer, where nobody looks at it again. */
static int check_opts(const garm_server_opts *opts, struct buf *error)
{
    const struct slice name = slice_cstr(opts->server_name != NULL ? opts->server_name : "");
    if (opts->workers < 0 || opts->workers > LIMIT_WORKERS) {
        buf_printf(error, "%d workers: 1 to %d are possible, or 0 for one per CPU", opts->workers,
                   LIMIT_WORKERS);
        return -EINVAL;
    }
    if (opts->drain_delay_ms < 0 || opts->drain_delay_ms > DRAIN_DELAY_MS_MAX) {
        buf_printf(error, "a drain delay of %lld ms: 0 to %d are possible",
                   (long long)opts->drain_delay_ms, DRAIN_DELAY_MS_MAX);
        return -EINVAL;
    }
    if ((unsigned)opts->log_level > GARM_LOG_OFF) {
        buf_printf(error, "a log level of %d: GARM_LOG_DEBUG to GARM_LOG_OFF are possible",
                   (int)opts->log_level);
        return -EINVAL;
    }
    if (name.len > SERVER_NAME_MAX || (name.len > 0 && !field_products_valid(name))) {
        buf_printf(
            error,
            "a server name is one such as \"shop/1.2\", of at most %d bytes, or \"\" for none",
            SERVER_NAME_MAX);
        return -EINVAL;
    }
    return 0;
}

int garm_server_make(const garm_server_opts *opts, struct flags *flags,
                     struct garm_server **ret_server, struct buf *ret_error)
{
    TRY(check_opts(opts, ret_error));
    struct garm_server *const server = mem_zalloc(sizeof(*server));
    if (server == NULL) {
        buf_printf(ret_error, "out of memory");
        return -ENOMEM;
    }
    pthread_mutex_init(&server->lock, NULL);
    server->workers = opts->workers > 0 ? (size_t)opts->workers : sys_cpu_count();
    server->flags = flags;
    server->flags_borrowed = flags != NULL;
    server->connections_max = opts->connections_max > 0 ? (size_t)opts->connections_max : 0;
    server->drain_delay_ns = opts->drain_delay_ms * NS_PER_MS;
    const char *const name = opts->server_name == NULL ? "garm" : opts->server_name;
    memcpy(server->server_name, name, strlen(name) + 1);
    int rc = flags != NULL ? 0 : read_flags(server, opts->flags);
    application_init(&server->application, server->flags);
    rc = rc < 0 ? rc : make_views(server);
    rc = rc < 0 ? rc : offload_init(&server->offload, OFFLOAD_THREADS_MAX);
    if (rc < 0) {
        buf_printf(ret_error, "out of memory");
        garm_server_free(server);
        return rc;
    }
    server->application.server = server;
    server->application.logger.threshold = (enum log_level)opts->log_level;
    *ret_server = server;
    return 0;
}

int garm_server_setup(struct garm_server *server, const garm_app_entry *entry,
                      struct buf *ret_error)
{
    const int rc = application_setup(&server->application, entry);
    if (rc < 0) {
        buf_printf(ret_error, "%s", server->application.error);
    }
    return rc;
}

/* A descriptor that is passed on twice would be closed twice. */
static bool has_descriptor(const struct garm_server *server, const struct listen_spec *spec)
{
    for (size_t i = 0; i < server->listener_count && spec->kind == LISTEN_FD; i++) {
        const struct listen_spec *const other = &server->listeners[i].spec;
        if (other->kind == LISTEN_FD && other->fd == spec->fd) {
            return true;
        }
    }
    return false;
}

int garm_server_listen(struct garm_server *server, const char *address, struct buf *ret_error)
{
    struct listen_spec spec;
    TRY(listen_parse(slice_cstr(address), &spec, ret_error));
    if (server->listener_count == GARM_LISTEN_MAX) {
        buf_printf(ret_error, "more than %d addresses to listen on", GARM_LISTEN_MAX);
        return -EINVAL;
    }
    if (has_descriptor(server, &spec)) {
        buf_printf(ret_error, "cannot listen on fd:%d twice; leave one of the two out", spec.fd);
        return -EINVAL;
    }
    TRY(listener_open(&spec, server->workers, &server->listeners[server->listener_count],
                      ret_error));
    server->listener_count++;
    return 0;
}

static int listen_all(struct garm_server *server, const garm_server_opts *opts, struct buf *error)
{
    const size_t gap = option_list_gap(opts->listen, GARM_LISTEN_MAX, sizeof(opts->listen[0]));
    if (gap < GARM_LISTEN_MAX) {
        buf_printf(error,
                   "%s: garm_server_new: .listen[%zu] is empty, and what stands behind it "
                   "would be ignored: leave no gap",
                   opts->where, gap);
        return -EINVAL;
    }
    for (size_t i = 0; i < GARM_LISTEN_MAX && opts->listen[i] != NULL; i++) {
        TRY(garm_server_listen(server, opts->listen[i], error));
    }
    return opts->listen[0] != NULL ? 0 : garm_server_listen(server, "127.0.0.1:8000", error);
}

garm_server *garm_server_new_with(const garm_app_entry *entry, char **ret_error,
                                  const garm_server_opts *opts)
{
    struct garm_server *server = NULL;
    struct buf error;
    garm_server_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    buf_init(&error, ERROR_BYTES_MAX);
    int rc = garm_server_make(&known, NULL, &server, &error);
    rc = rc < 0 ? rc : garm_server_setup(server, entry, &error);
    rc = rc < 0 ? rc : flags_check(server->flags, &error);
    rc = rc < 0 ? rc : listen_all(server, &known, &error);
    if (rc < 0) {
        garm_server_free(server);
        server = NULL;
        if (ret_error != NULL) {
            const char *const text = buf_cstr(&error);
            *ret_error = mem_strndup(text, strlen(text));
        }
    }
    buf_deinit(&error);
    return server;
}

/* Running. */

static int make_server(struct garm_server *server)
{
    struct server_options options = {
        .listeners = server->listeners,
        .listener_count = server->listener_count,
        .workers = server->workers,
        .ios = server->ios,
        .limits = server_limits_default(),
        .logger = server->application.logger,
        .server_name = server->server_name[0] != '\0' ? server->server_name : NULL,
        .handler = app_serve,
        .on_start = on_worker_start,
        .on_stop = on_worker_stop,
        .arg = server,
        .on_tick = server->on_tick,
        .tick_arg = server->tick_arg,
    };
    struct buf error;
    options.limits.connections = server->connections_max;
    options.drain_delay_ns = server->drain_delay_ns;
    buf_init(&error, ERROR_BYTES_MAX);
    struct server *made = NULL;
    const int rc = server_new(&options, &made, &error);
    pthread_mutex_lock(&server->lock);
    server->server = made;
    pthread_mutex_unlock(&server->lock);
    if (rc < 0) {
        log_write(&server->application.logger, LOG_ERROR, "%s", buf_cstr(&error));
    }
    buf_deinit(&error);
    return rc;
}

static void stop_hooks(struct garm_server *server)
{
    if (server->started && !server->stopped) {
        server->stopped = true;
        application_stop_hooks(&server->application, &server->main_view, GARM_STOP);
    }
}

int garm_server_prepare(struct garm_server *server)
{
    if (server->server != NULL) {
        return -EBUSY;
    }
    pthread_mutex_lock(&server->lock);
    const bool stopped = server->stop_asked;
    pthread_mutex_unlock(&server->lock);
    if (stopped) {
        return -ECANCELED;
    }
    server->start_ns = sys_monotonic_ns();
    TRY(make_server(server));
    TRY(application_start_hooks(&server->application, &server->main_view, GARM_START, GARM_STOP));
    server->started = true;
    return 0;
}

static int start(struct garm_server *server, int (*how)(struct server *))
{
    TRY(garm_server_prepare(server));
    const int rc = how(server->server);
    if (rc < 0) {
        stop_hooks(server);
    }
    return rc;
}

int garm_server_start(garm_server *server)
{
    return start(server, server_start);
}

int garm_server_start_here(struct garm_server *server)
{
    return start(server, server_start_here);
}

int garm_server_fd(garm_server *server)
{
    if (server->workers != 1) {
        return -EINVAL;
    }
    if (!server->attached) {
        TRY(garm_server_prepare(server));
        const int rc = server_attach(server->server);
        if (rc < 0) {
            stop_hooks(server);
            return rc;
        }
        server->attached = true;
    }
    return server_fd(server->server);
}

int garm_server_turn(garm_server *server, int64_t max_wait_ns)
{
    if (!server->attached) {
        return -EINVAL;
    }
    const int rc = server_turn(server->server, max_wait_ns);
    if (rc == 1) {
        stop_hooks(server);
    }
    return rc;
}

void garm_server_stop(garm_server *server, int64_t grace_ns)
{
    pthread_mutex_lock(&server->lock);
    server->stop_asked = true;
    if (server->server != NULL) {
        server_stop(server->server, grace_ns);
    }
    pthread_mutex_unlock(&server->lock);
}

void garm_server_wait(garm_server *server)
{
    if (server->server != NULL && !server->attached) {
        server_wait(server->server);
        stop_hooks(server);
    }
}

/* Ends what runs, without a grace. */
static void end(struct garm_server *server)
{
    if (server->server == NULL || !server->started || server->stopped) {
        return;
    }
    server_stop(server->server, 0);
    if (server->attached) {
        while (garm_server_turn(server, -1) == 0) {
        }
    } else {
        garm_server_wait(server);
    }
}

void garm_server_free(garm_server *server)
{
    if (server == NULL) {
        return;
    }
    end(server);
    server_free(server->server);
    for (size_t i = 0; i < server->listener_count; i++) {
        listener_close(&server->listeners[i]);
    }
    offload_deinit(&server->offload);
    application_deinit(&server->application);
    if (!server->flags_borrowed) {
        flags_free(server->flags);
    }
    mem_free(server->worker_views);
    pthread_mutex_destroy(&server->lock);
    mem_free(server);
}
