/* garm_test_*: an application in a simulated world, and clients that talk to it in virtual time. */
#include "app/server.h"

#include "app/flags.h"
#include "app/option_list.h"
#include "app/test_reader.h"
#include "base/limits.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/sim.h"

#include <garm/test.h>

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define REQUEST_BYTES_MAX MIB(256)
#define ANSWER_BYTES_MAX  MIB(256)
#define PATIENCE_NS       (INT64_C(3600) * NS_PER_SEC)
#define STEP_NS_MAX       NS_PER_SEC
#define CLIENT_IP         "192.0.2.1"
#define CLIENT_PORT       49152
#define STOP_NS           (INT64_C(60) * NS_PER_SEC)

struct garm_test {
    struct sim *sim;
    struct garm_server *server;
    struct io *io;
    int listen_fd;
    struct buf request;
    struct buf received;
    struct test_answer answer;
    struct test_json json;
    garm_response response;
    struct buf text; /* of the last header or JSON value asked for */
    bool drops;      /* the next client resets */
    size_t drop_after;
    unsigned fail_nth;
};

/* Making. */

static int start(struct garm_test *test, const garm_app_entry *entry, const char *const *flags,
                 struct buf *error)
{
    const garm_server_opts opts = {
        .size = sizeof(opts), .workers = 1, .log_level = GARM_LOG_INFO, .flags = flags};
    TRY(garm_server_make(&opts, NULL, &test->server, error));
    struct garm_server *const server = test->server;
    TRY(garm_server_setup(server, entry, error));
    TRY(flags_check(server->flags, error));
    test->listen_fd = sim_listen(test->sim);
    test->io = sim_io_new(test->sim);
    server->listeners[0] =
        (struct listener){.fds = &test->listen_fd, .fd_count = 1, .url = "http://test"};
    server->listener_count = 1;
    server->ios = &test->io;
    offload_deinit(&server->offload);
    offload_init_inline(&server->offload, sim_delay_ns, test->sim);
    TRY(garm_server_prepare(server));
    server->attached = true;
    TRY(server_attach(server->server));
    sim_attach(test->sim, &server_worker(server->server, 0)->loop);
    return 0;
}

garm_test *garm_test_new(const garm_app_entry *entry, const char *const *flags)
{
    struct buf error;
    struct garm_test *const test = mem_zalloc_aside(sizeof(*test));
    buf_init(&error, KIB(4));
    buf_init(&test->request, REQUEST_BYTES_MAX);
    buf_init(&test->received, ANSWER_BYTES_MAX);
    buf_init(&test->text, ANSWER_BYTES_MAX);
    test->sim = sim_new(1, NULL);
    const int rc = start(test, entry, flags, &error);
    if (rc < 0) {
        check_failed(entry->file, 0, buf_cstr(&error));
    }
    buf_deinit(&error);
    return test;
}

/* Drains, and lets what still runs come to its end. */
static void stop(struct garm_test *test)
{
    const int64_t end_ns = sim_now_ns(test->sim) + STOP_NS;
    int ended = 0;
    garm_server_stop(test->server, STOP_NS / 2);
    while (ended == 0 && sim_now_ns(test->sim) < end_ns) {
        garm_test_advance(test, NS_PER_MS);
        ended = garm_server_turn(test->server, 0);
    }
    CHECK(ended == 1); /* half a minute after its grace at the latest */
}

static void close_listener(struct garm_test *test)
{
    struct io *const io = sim_io_new(test->sim);
    if (test->listen_fd >= 0) {
        io->ops->close(io, test->listen_fd, false);
    }
    io->ops->free(io);
}

void garm_test_free(garm_test *test)
{
    if (test == NULL) {
        return;
    }
    garm_test_fail_alloc(test, 0);
    stop(test);
    close_listener(test);
    test->server->listeners[0] = (struct listener){0};
    garm_server_free(test->server);
    sim_free(test->sim);
    buf_deinit(&test->request);
    buf_deinit(&test->received);
    buf_deinit(&test->text);
    test_answer_deinit(&test->answer);
    test_json_deinit(&test->json);
    mem_free_aside(test);
}

/* Time, memory and clients. */

void garm_test_advance(garm_test *test, int64_t ns)
{
    const int rc = sim_run(test->sim, sim_now_ns(test->sim) + ns);
    CHECK(rc == 0);
}

static int fail_nth_allocation(void *arg, enum sys_kind kind, const char *name)
{
    struct garm_test *const test = arg;
    (void)name;
    if (kind != SYS_MEMORY || test->fail_nth == 0) {
        return 0;
    }
    test->fail_nth--;
    return test->fail_nth == 0 ? -ENOMEM : 0;
}

void garm_test_fail_alloc(garm_test *test, unsigned nth)
{
    test->fail_nth = nth;
    sys_set_fault(nth > 0 ? fail_nth_allocation : NULL, test);
}

void garm_test_drop_client(garm_test *test, size_t after_bytes)
{
    test->drops = true;
    test->drop_after = after_bytes;
}

/* Requests. */

static bool names_host(const garm_test_opts *opts)
{
    for (size_t i = 0; i < GARM_TEST_HEADERS_MAX && opts->headers[i] != NULL; i++) {
        if (strncasecmp(opts->headers[i], "Host:", 5) == 0) {
            return true;
        }
    }
    return false;
}

static void write_request(struct garm_test *test, const char *method, const char *target,
                          const garm_test_opts *opts)
{
    struct buf *const out = &test->request;
    const char *const body = opts->json != NULL ? opts->json : opts->body;
    const size_t size = body == NULL                                ? 0
                        : opts->json == NULL && opts->body_size > 0 ? opts->body_size
                                                                    : strlen(body);
    buf_clear(out);
    buf_printf(out, "%s %s HTTP/1.1\r\n%s", method, target,
               names_host(opts) ? "" : "Host: test\r\n");
    for (size_t i = 0; i < GARM_TEST_HEADERS_MAX && opts->headers[i] != NULL; i++) {
        buf_printf(out, "%s\r\n", opts->headers[i]);
    }
    if (opts->json != NULL) {
        buf_printf(out, "Content-Type: application/json\r\n");
    }
    if (body != NULL) {
        buf_printf(out, "Content-Length: %zu\r\n", size);
    }
    buf_printf(out, "\r\n");
    buf_append(out, body, size);
    CHECK(out->error == 0);
}

/* Takes what has arrived. Is the answer all there, or the client as good as gone? */
static bool take(struct garm_test *test, struct sim_client *client, bool head_only)
{
    char piece[4096];
    for (size_t n = sim_recv(client, piece, sizeof(piece)); n > 0;
         n = sim_recv(client, piece, sizeof(piece))) {
        buf_append(&test->received, piece, n);
        CHECK(test->received.error == 0);
    }
    if (test->drops && test->received.len >= test->drop_after) {
        sim_reset(client);
        return true;
    }
    const bool ended = sim_end(client) != SIM_OPEN;
    return test_answer_read(&test->answer, buf_slice(&test->received), head_only,
                            sim_end(client) == SIM_EOF) ||
           ended;
}

static void await_answer(struct garm_test *test, struct sim_client *client, bool head_only)
{
    const int64_t end_ns = sim_now_ns(test->sim) + PATIENCE_NS;
    int64_t step_ns = NS_PER_MS;
    int rc = sim_settle(test->sim);
    CHECK(rc == 0);
    while (!take(test, client, head_only) && sim_now_ns(test->sim) < end_ns) {
        garm_test_advance(test, step_ns);
        step_ns = step_ns * 2 < STEP_NS_MAX ? step_ns * 2 : STEP_NS_MAX;
    }
}

/* The test's own buffers are no part of what a failing allocation is to hit. */
static void reserve(struct garm_test *test)
{
    const unsigned nth = test->fail_nth;
    test->fail_nth = 0;
    const int rc = buf_reserve(&test->received, MIB(1));
    CHECK(rc == 0);
    test->fail_nth = nth;
}

static void set_address(struct sim_client *client, const garm_test_opts *opts)
{
    const char *const ip = opts->ip != NULL ? opts->ip : CLIENT_IP;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(CLIENT_PORT)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(CLIENT_PORT)};
    if (inet_pton(AF_INET, ip, &v4.sin_addr) == 1) {
        sim_set_address(client, (const struct sockaddr *)&v4, sizeof(v4));
    } else if (inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1) {
        sim_set_address(client, (const struct sockaddr *)&v6, sizeof(v6));
    } else {
        check_failed(opts->where, 0, ".ip of garm_test_do is no address");
    }
}

/* Sends the request on a connection of its own, and takes what comes back. */
static void converse(struct garm_test *test, const garm_test_opts *opts, bool head_only)
{
    struct sim_client *const client = sim_connect(test->sim, test->listen_fd);
    set_address(client, opts);
    sim_send(client, test->request.data, test->request.len);
    await_answer(test, client, head_only);
    if (!sim_ended(client)) {
        sim_close(client);
    }
    const int rc = sim_settle(test->sim);
    CHECK(rc == 0);
}

const garm_response *garm_test_do_with(garm_test *test, const char *method, const char *target,
                                       const garm_test_opts *opts)
{
    garm_test_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    CHECK(option_list_gap(known.headers, COUNT_OF(known.headers), sizeof(known.headers[0])) ==
          COUNT_OF(known.headers));
    const unsigned nth = test->fail_nth;
    test->fail_nth = 0;
    write_request(test, method, target, &known);
    test_answer_clear(&test->answer);
    test_json_clear(&test->json);
    buf_clear(&test->received);
    reserve(test);
    test->fail_nth = nth;
    if (test->listen_fd >= 0) { /* else it has stopped itself */
        converse(test, &known, strcmp(method, "HEAD") == 0);
    }
    test->drops = false;
    test_answer_end(&test->answer);
    test->response = (garm_response){.status = test->answer.status,
                                     .complete = test->answer.complete,
                                     .head = buf_cstr(&test->answer.head),
                                     .body = buf_cstr(&test->answer.body),
                                     .body_size = test->answer.body.len};
    return &test->response;
}

/* Looking at the answer. */

const char *garm_test_header(garm_test *test, const char *name)
{
    buf_clear(&test->text);
    buf_append_slice(&test->text, test_answer_field(&test->answer, slice_cstr(name)));
    return buf_cstr(&test->text);
}

const char *garm_test_json(garm_test *test, const char *pointer)
{
    const unsigned nth = test->fail_nth;
    test->fail_nth = 0;
    buf_clear(&test->text);
    test_json_text(&test->json, buf_slice(&test->answer.body), slice_cstr(pointer), &test->text);
    test->fail_nth = nth;
    return buf_cstr(&test->text);
}

int64_t garm_test_json_int(garm_test *test, const char *pointer)
{
    int64_t value = 0;
    return text_to_i64(slice_cstr(garm_test_json(test, pointer)), &value) < 0 ? INT64_MIN : value;
}
