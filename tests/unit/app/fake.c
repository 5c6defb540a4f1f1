/* See fake.h. */
#include "fake.h"

#include "app/dispatch.h"
#include "app/flags.h"
#include "base/sys.h"
#include "net/address.h"
#include "run/task.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

garm_handler *fake_handler;

static struct sim *world;
static struct loop loop;
static struct garm_server *server;
static struct buf logged;

/* One request and its answer. */
static struct {
    struct exchange x;
    struct h1_head head;
    char bytes[64 * 1024];
    char lent[512];
    struct arena arena;
    struct address peer;
    struct fake_client client;
    size_t body_pos;
    struct answer answer;
    struct job job;
    bool ended;
} fake;

/* The ops. */

static void leave_if_told(struct exchange *x)
{
    if (fake.client.goes) {
        x->gone = true;
        task_cancel(task_self(), CANCEL_CLIENT_GONE);
    }
}

static ssize_t op_read(struct exchange *x, void *buf, size_t cap)
{
    leave_if_told(x);
    if (x->gone) {
        return -ECONNRESET;
    }
    if (fake.client.read_ns > 0 && task_sleep(fake.client.read_ns) < 0) {
        return -ECANCELED;
    }
    const size_t left = fake.client.body_size - fake.body_pos;
    size_t n = left < cap ? left : cap;
    n = fake.client.piece > 0 && n > fake.client.piece ? fake.client.piece : n;
    if (n == 0 && fake.client.fail_read < 0) {
        x->fault = fake.client.fault;
        x->fault_reason = "as the test wants it";
        return fake.client.fail_read;
    }
    if (n > 0) {
        memcpy(buf, fake.client.body + fake.body_pos, n);
    }
    fake.body_pos += n;
    x->bytes_in += n;
    if (x->bytes_in > x->body_max) {
        x->fault = 413;
        x->fault_reason = "too long";
        return -EMSGSIZE;
    }
    x->body_done = n == 0 || (fake.body_pos == fake.client.body_size && fake.client.fail_read == 0);
    return (ssize_t)n;
}

static int op_inform(struct exchange *x, uint16_t status, const struct h1_response_field *fields,
                     size_t count)
{
    (void)x;
    (void)status;
    (void)fields;
    (void)count;
    return 0;
}

static void note_head(const struct exchange_head *head)
{
    struct answer *const answer = &fake.answer;
    size_t len = 0;
    answer->status = head->status;
    answer->length = head->length;
    for (size_t i = 0; i < head->field_count; i++) {
        len += (size_t)snprintf(answer->head + len, sizeof(answer->head) - len, "%.*s: %.*s\n",
                                SLICE_ARG(head->fields[i].name), SLICE_ARG(head->fields[i].value));
        ck_assert_uint_lt(len, sizeof(answer->head));
    }
    fake.x.committed = true;
    fake.x.status = head->status;
}

static void note_body(const void *data, size_t size)
{
    ck_assert_uint_le(fake.answer.body_size + size, sizeof(fake.answer.body) - 1);
    memcpy(fake.answer.body + fake.answer.body_size, data, size);
    fake.answer.body_size += size;
    fake.x.bytes_out += size;
}

static int op_respond(struct exchange *x, const struct exchange_head *head, struct slice body)
{
    fake.answer.responds++;
    if (fake.client.fail_send < 0) {
        return fake.client.fail_send;
    }
    note_head(head);
    note_body(body.ptr, body.len);
    x->finished = true;
    return 0;
}

static int op_head(struct exchange *x, const struct exchange_head *head)
{
    (void)x;
    fake.answer.heads++;
    note_head(head);
    return 0;
}

static int op_write(struct exchange *x, const void *data, size_t size)
{
    leave_if_told(x);
    fake.answer.writes++;
    if (x->gone) {
        return -ECONNRESET;
    }
    if (fake.client.fail_send < 0) {
        return fake.client.fail_send;
    }
    note_body(data, size);
    return 0;
}

static int op_write_file(struct exchange *x, int fd, int64_t offset, uint64_t size)
{
    (void)x;
    (void)fd;
    (void)offset;
    fake.answer.file_bytes += size;
    return 0;
}

static int op_flush(struct exchange *x)
{
    (void)x;
    fake.answer.flushes++;
    return fake.client.fail_send;
}

static int op_finish(struct exchange *x, const struct h1_response_field *trailers, size_t count)
{
    (void)trailers;
    (void)count;
    fake.answer.finishes++;
    x->finished = true;
    return fake.client.fail_send;
}

static int op_complete(struct exchange *x)
{
    (void)x;
    fake.answer.completes++;
    return fake.client.fail_complete;
}

static void op_abort(struct exchange *x)
{
    x->gone = true;
    fake.answer.aborts++;
}

static const struct exchange_ops ops = {
    .read = op_read,
    .inform = op_inform,
    .respond = op_respond,
    .head = op_head,
    .write = op_write,
    .write_file = op_write_file,
    .flush = op_flush,
    .finish = op_finish,
    .complete = op_complete,
    .abort = op_abort,
};

/* The application. */

static void take_line(void *arg, enum garm_log_level level, const char *line, size_t size)
{
    (void)arg;
    (void)level;
    buf_append(&logged, line, size);
    buf_append_byte(&logged, '\n');
}

static int set_up(void (*setup)(garm_app *app), const char *const *flags, struct buf *error)
{
    const garm_server_opts opts = {.size = sizeof(opts), .workers = 1, .flags = flags};
    const garm_app_entry entry = GARM_ENTRY(setup);
    buf_init(&logged, 1 << 20);
    ck_assert_int_eq(garm_server_make(&opts, NULL, &server, error), 0);
    ck_assert_int_eq(garm_set_log_sink(server, take_line, NULL), 0);
    TRY(garm_server_setup(server, &entry, error));
    return flags_check(server->flags, error);
}

void fake_start_with(void (*setup)(garm_app *app), const char *const *flags)
{
    struct buf error;
    buf_init(&error, 4096);
    ck_assert_msg(set_up(setup, flags, &error) == 0, "refused: %s", buf_cstr(&error));
    buf_deinit(&error);
    world = sim_new(1, NULL);
    ck_assert_int_eq(loop_init(&loop, sim_io_new(world)), 0);
    sim_attach(world, &loop);
    offload_deinit(&server->offload);
    offload_init_inline(&server->offload, sim_delay_ns, world);
}

void fake_start(void (*setup)(garm_app *app))
{
    fake_start_with(setup, NULL);
}

const char *fake_refusal(void (*setup)(garm_app *app))
{
    static char text[4096];
    struct buf error;
    buf_init(&error, sizeof(text) - 1);
    const int rc = set_up(setup, NULL, &error);
    snprintf(text, sizeof(text), "%s", rc == 0 ? "" : buf_cstr(&error));
    buf_deinit(&error);
    garm_server_free(server);
    buf_deinit(&logged);
    return text;
}

void fake_end(void)
{
    ck_assert_uint_eq(loop.task_count, 0);
    loop_deinit(&loop);
    sim_free(world);
    buf_deinit(&server->worker_views[0].scratch);
    garm_server_free(server);
    buf_deinit(&logged);
}

const char *fake_log(void)
{
    return buf_cstr(&logged);
}

struct garm_server *fake_server(void)
{
    return server;
}

struct sim *fake_sim(void)
{
    return world;
}

struct loop *fake_loop(void)
{
    return &loop;
}

/* Asking. */

static void parse(const char *text)
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            fake.bytes[len++] = '\r';
        }
        fake.bytes[len++] = *text;
    }
    memcpy(fake.bytes + len, "\r\n\r\n", 4);
    struct h1_parser parser;
    h1_parser_init(&parser, &h1_limits_default, &fake.head);
    ck_assert_msg(h1_head_parse(&parser, fake.bytes, len + 4) == H1_DONE,
                  "the test's request is bad: %s", parser.error.reason);
}

static void serve(void *arg)
{
    (void)arg;
    app_serve(&fake.x, &server->worker_views[0]);
    fake.answer.close = fake.x.close;
    fake.ended = true;
}

static void start_task(struct job *job)
{
    (void)job;
    ck_assert_int_eq(task_run(&loop, "request", serve, NULL), 0);
}

const struct answer *fake_ask_as(const char *head, const struct fake_client *client)
{
    memset(&fake.answer, 0, sizeof(fake.answer));
    fake.client = *client;
    if (client->body != NULL && client->body_size == 0) {
        fake.client.body_size = strlen(client->body);
    }
    fake.body_pos = 0;
    fake.ended = false;
    parse(head);
    const struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000207)};
    address_from_sockaddr((const struct sockaddr *)&peer, &fake.peer);
    arena_init(&fake.arena, fake.lent, sizeof(fake.lent), LIMIT_ARENA_BYTES);
    fake.x = (struct exchange){.ops = &ops,
                               .head = &fake.head,
                               .bytes = fake.bytes,
                               .peer = &fake.peer,
                               .arena = &fake.arena,
                               .start_ns = sim_now_ns(world),
                               .body_max = LIMIT_BODY_BYTES,
                               .body_done = fake.client.body == NULL && fake.client.fail_read == 0};
    job_init(&fake.job, start_task);
    loop_add(&loop, &fake.job);
    for (unsigned i = 0; !fake.ended && i < 10000; i++) {
        ck_assert_int_eq(sim_run(world, sim_now_ns(world) + 100 * NS_PER_MS), 0);
    }
    ck_assert_msg(fake.ended, "the request never ended");
    arena_clear(&fake.arena);
    return &fake.answer;
}

const struct answer *fake_ask(const char *head)
{
    return fake_ask_as(head, &(const struct fake_client){0});
}

bool answer_has(const struct answer *answer, const char *line)
{
    const char *const found = strstr(answer->head, line);
    return found != NULL && (found == answer->head || found[-1] == '\n') &&
           found[strlen(line)] == '\n';
}

/* For tests of one handler. */

static int call_handler(garm_ctx *c)
{
    return fake_handler(c);
}

void fake_setup_one(garm_app *app)
{
    garm_route(app, "/{$}", call_handler, .name = "one");
}
