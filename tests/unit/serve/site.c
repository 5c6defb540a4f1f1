/* The server under test: see site.h. */
#include "site.h"

#include "base/sys.h"

#include <check.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static char big[SITE_BIG];

static int echo(struct exchange *x)
{
    char *const body = arena_alloc(x->arena, KIB(16));
    size_t len = 0;
    ssize_t n = body == NULL ? -ENOMEM : 1;
    while (n > 0 && len < KIB(16)) {
        n = x->ops->read(x, body + len, KIB(16) - len);
        len += n > 0 ? (size_t)n : 0;
    }
    if (n < 0) {
        return (int)n;
    }
    const struct exchange_head head = {.status = 200, .length = len};
    return x->ops->respond(x, &head, slice_of(body, len));
}

static int answer_by_reference(struct exchange *x)
{
    const struct exchange_head head = {.status = 200, .length = sizeof(big)};
    return x->ops->respond(x, &head, slice_of(big, sizeof(big)));
}

static int answer_from_file(struct exchange *x, const struct site *site)
{
    const struct exchange_head head = {.status = 200, .length = SITE_BIG};
    TRY(x->ops->head(x, &head));
    TRY(x->ops->write_file(x, site->file_fd, 0, SITE_BIG));
    return x->ops->finish(x, NULL, 0);
}

static int answer_without_body(struct exchange *x)
{
    const struct exchange_head head = {.status = 200, .length = 1};
    return x->ops->respond(x, &head, SLICE("d"));
}

/* Begins its answer before it reads, and ends it behind the body. */
static int answer_before_body(struct exchange *x)
{
    const struct exchange_head head = {.status = 200, .length = 2};
    char byte;
    TRY(x->ops->head(x, &head));
    TRY(x->ops->write(x, "a", 1));
    const ssize_t n = x->ops->read(x, &byte, 1);
    TRY((int)n);
    TRY(x->ops->write(x, &byte, 1));
    return x->ops->finish(x, NULL, 0);
}

static void handle(struct exchange *x, void *worker_data)
{
    struct site *const site = worker_data;
    const struct slice path = h1_span_slice(x->head->path, x->bytes);
    int rc;
    atomic_fetch_add(&site->handled, 1);
    if (slice_eq(path, SLICE("/b"))) {
        rc = answer_by_reference(x);
    } else if (slice_eq(path, SLICE("/f"))) {
        rc = answer_from_file(x, site);
    } else if (slice_eq(path, SLICE("/d"))) {
        rc = answer_without_body(x);
    } else if (slice_eq(path, SLICE("/s"))) {
        rc = answer_before_body(x);
    } else {
        rc = echo(x);
    }
    if (rc < 0 && !x->committed && !x->gone) {
        const struct exchange_head head = {.status = 503};
        x->close = true;
        rc = x->ops->respond(x, &head, slice_of(NULL, 0));
    }
    if (rc == -EIO && !x->gone) {
        x->ops->abort(x);
    }
    x->close = x->close || rc < 0;
}

static int on_start(struct server_worker *worker, void *arg)
{
    struct site *const site = arg;
    worker->data = site;
    if (site->start_error < 0 && worker->index + 1 == site->options.workers) {
        return site->start_error;
    }
    atomic_fetch_add(&site->started, 1);
    return 0;
}

static void on_stop(struct server_worker *worker, void *arg)
{
    struct site *const site = arg;
    (void)worker;
    atomic_fetch_add(&site->stopped, 1);
}

static void open_file(struct site *site)
{
    site->file_fd = memfd_create("site", MFD_CLOEXEC);
    ck_assert_int_ge(site->file_fd, 0);
    memset(big, 'b', sizeof(big));
    ck_assert_int_eq(write(site->file_fd, big, sizeof(big)), sizeof(big));
}

void site_open(struct site *site, size_t workers)
{
    struct listen_spec spec;
    struct buf error;
    *site = (struct site){.file_fd = -1};
    buf_init(&error, 1024);
    ck_assert_int_eq(listen_parse(SLICE("127.0.0.1:0"), &spec, &error), 0);
    ck_assert_int_eq(listener_open(&spec, workers, &site->listener, &error), 0);
    buf_deinit(&error);
    socklen_t len = sizeof(site->address);
    ck_assert_int_eq(getsockname(site->listener.fds[0], (struct sockaddr *)&site->address, &len),
                     0);
    open_file(site);
    site->options = (struct server_options){
        .listeners = &site->listener,
        .listener_count = 1,
        .workers = workers,
        .limits = server_limits_default(),
        .logger = {.threshold = LOG_OFF},
        .handler = handle,
        .on_start = on_start,
        .on_stop = on_stop,
        .arg = site,
    };
}

static int make(struct site *site)
{
    struct buf error;
    buf_init(&error, 1024);
    const int rc = server_new(&site->options, &site->server, &error);
    buf_deinit(&error);
    return rc;
}

static int drop_server(struct site *site, int rc)
{
    if (rc < 0) {
        server_free(site->server);
        site->server = NULL;
    }
    return rc;
}

int site_start(struct site *site)
{
    TRY(make(site));
    return drop_server(site, server_start(site->server));
}

int site_attach(struct site *site)
{
    TRY(make(site));
    return drop_server(site, server_attach(site->server));
}

void site_close(struct site *site)
{
    server_free(site->server);
    listener_close(&site->listener);
    close(site->file_fd);
    site->server = NULL;
}
