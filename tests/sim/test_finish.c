/* When a request is finished: its hooks run once, when the kernel has the last byte of its answer
 * or never will; and requests that are pipelined behind it neither wait for that nor cost more
 * writes. */
#include "stage.h"

#include <garm/garm.h>

#include <errno.h>
#include <stdio.h>

#define NOTES_MAX 80

/* What the hooks saw, in the order in which they ran. */
static struct finish {
    int number; /* of the request: its query */
    int error, status;
    uint64_t bytes_out;   /* as the outcome tells it */
    uint64_t kernel_took; /* by then, of all answers */
    char described[64];   /* by the accessors */
} finishes[NOTES_MAX];
static size_t finish_count;
static size_t defer_count;
static size_t send_count;
static struct io_ops counting_ops;
static ssize_t (*true_send)(struct io *io, int fd, const struct iovec *iov, size_t count,
                            bool more);

static uint64_t kernel_took(void)
{
    struct server_stats stats;
    server_stats(world.server, &stats);
    return stats.bytes_out;
}

static void note_finish(garm_ctx *c, const garm_outcome *outcome, void *arg)
{
    int64_t number = -1;
    (void)arg;
    if (finish_count == NOTES_MAX || garm_query_int(c, "n", 0, NOTES_MAX, -1, &number) < 0) {
        return;
    }
    struct finish *const finish = &finishes[finish_count++];
    *finish = (struct finish){.number = (int)number,
                              .error = outcome->error,
                              .status = outcome->status,
                              .bytes_out = outcome->bytes_out,
                              .kernel_took = kernel_took()};
    snprintf(finish->described, sizeof(finish->described), "%s %s %s %s %s", garm_method(c),
             garm_path(c), garm_pattern(c), garm_res_header(c, "X-Number"), garm_header(c, "host"));
}

static void note_defer(void *arg)
{
    (void)arg;
    defer_count++;
}

static int prepare(garm_ctx *c)
{
    GARM_TRY(garm_on_finish(c, note_finish, NULL));
    GARM_TRY(garm_defer(c, note_defer, NULL));
    return garm_set_header(c, "X-Number", garm_query(c, "n"));
}

static int small(garm_ctx *c)
{
    GARM_TRY(prepare(c));
    return garm_text(c, 200, "small");
}

/* More than a request has without .stack_kb. */
static void need_stack(garm_ctx *c, const garm_outcome *outcome, void *arg)
{
    volatile char deep[KIB(200)];
    (void)c;
    (void)arg;
    for (size_t i = 0; i < sizeof(deep); i += KIB(1)) {
        deep[i] = (char)outcome->status;
    }
    defer_count += deep[KIB(100)] == deep[0];
}

static int deep_end(garm_ctx *c)
{
    GARM_TRY(garm_on_finish(c, need_stack, NULL));
    return small(c);
}

static int stream(garm_ctx *c)
{
    GARM_TRY(prepare(c));
    GARM_TRY(garm_write(c, "str", 3));
    return garm_write(c, "eam", 3);
}

static int late(garm_ctx *c)
{
    GARM_TRY(prepare(c));
    GARM_TRY(garm_sleep(c, GARM_MS(50)));
    return garm_text(c, 200, "late");
}

static int large(garm_ctx *c)
{
    static char text[WORLD_BIG];
    GARM_TRY(prepare(c));
    return garm_bytes(c, 200, "text/plain", text, sizeof(text));
}

static int cut(garm_ctx *c)
{
    GARM_TRY(prepare(c));
    GARM_TRY(garm_write(c, "half", 4));
    return -EIO;
}

static void setup(garm_app *app)
{
    garm_route(app, "/small", small);
    garm_route(app, "/deep", small, .stack_kb = 256);
    garm_route(app, "/deep/end", deep_end, .stack_kb = 320);
    garm_route(app, "/stream", stream);
    garm_route(app, "/late", late);
    garm_route(app, "/large", large);
    garm_route(app, "/cut", cut);
}

static ssize_t count_send(struct io *io, int fd, const struct iovec *iov, size_t count, bool more)
{
    const ssize_t n = true_send(io, fd, iov, count, more);
    send_count += n > 0;
    return n;
}

static void open_app(const struct sim_options *sim)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    const struct world_options options = {.sim = sim == NULL ? (struct sim_options){0} : *sim,
                                          .app = &entry};
    open_world(&options);
    counting_ops = *world.ios[0]->ops;
    true_send = counting_ops.send;
    counting_ops.send = count_send;
    world.ios[0]->ops = &counting_ops;
    finish_count = defer_count = send_count = 0;
}

/* `count` requests for `target` in one piece. */
static struct visitor *pipeline(const char *target, int count)
{
    static char text[64 * NOTES_MAX];
    size_t len = 0;
    for (int i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "GET %s?n=%d HTTP/1.1\r\nHost: sim\r\n\r\n", target, i);
    }
    return visitor(text);
}

static void hear_count(struct visitor *client, int count)
{
    for (int i = 0; i < count; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%d", i);
        ck_assert_int_eq(hear_within(client, 1000), 200);
        ck_assert(slice_eq(heard_field("X-Number"), slice_cstr(number)));
    }
}

static const char *const targets[] = {"/small", "/deep", "/stream", "/late"};

START_TEST(a_hook_runs_once_and_not_before_the_kernel_has_the_answer)
{
    const char *const target = targets[_i % 4];
    const int count = _i < 4 ? 1 : _i < 8 ? 9 : 70;
    char described[64];
    open_app(NULL);
    hear_count(pipeline(target, count), count);
    const uint64_t each = kernel_took() / (uint64_t)count;
    ck_assert_uint_eq(finish_count, (size_t)count);
    ck_assert_uint_eq(defer_count, (size_t)count);
    for (int i = 0; i < count; i++) {
        const struct finish *const finish = &finishes[i];
        ck_assert_int_eq(finish->number, i);
        ck_assert(finish->error == 0 && finish->status == 200 && finish->bytes_out >= 4);
        ck_assert_uint_ge(finish->kernel_took + 2 * (uint64_t)count, each * (uint64_t)(i + 1));
        snprintf(described, sizeof(described), "GET %s %s %d sim", target, target, i);
        ck_assert_str_eq(finish->described, described);
    }
}
END_TEST

START_TEST(a_pipeline_with_hooks_is_flushed_once)
{
    open_app(NULL);
    hear_count(pipeline("/small", LIMIT_UNFINISHED_COUNT), LIMIT_UNFINISHED_COUNT);
    ck_assert_uint_eq(send_count, 1);
    ck_assert_uint_eq(finish_count, LIMIT_UNFINISHED_COUNT);
}
END_TEST

START_TEST(a_hook_has_the_stack_of_its_route)
{
    open_app(NULL);
    hear_count(pipeline("/deep/end", 3), 3);
    ck_assert_uint_eq(finish_count, 3);
    ck_assert_uint_eq(defer_count, 6);
}
END_TEST

START_TEST(what_a_client_can_keep_unfinished_has_a_bound)
{
    open_app(NULL);
    hear_count(pipeline("/small", 4 * LIMIT_UNFINISHED_COUNT), 4 * LIMIT_UNFINISHED_COUNT);
    ck_assert_uint_le(send_count, 5);
    ck_assert_uint_eq(finish_count, 4 * LIMIT_UNFINISHED_COUNT);
}
END_TEST

START_TEST(an_answer_that_is_gathered_goes_out_before_a_handler_waits)
{
    open_app(NULL);
    struct visitor *const client = visitor("GET /small?n=0 HTTP/1.1\r\nHost: sim\r\n\r\n"
                                           "GET /late?n=1 HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("small"));
    ck_assert_uint_eq(finish_count, 1);
    ck_assert_int_eq(hear_within(client, 100), 200);
    ck_assert_uint_eq(finish_count, 2);
}
END_TEST

START_TEST(a_client_that_resets_finishes_all_of_its_requests)
{
    open_app(&(struct sim_options){.window = 60000});
    struct visitor *const client = visitor("GET /small?n=0 HTTP/1.1\r\nHost: sim\r\n\r\n"
                                           "GET /small?n=1 HTTP/1.1\r\nHost: sim\r\n\r\n"
                                           "GET /large?n=2 HTTP/1.1\r\nHost: sim\r\n\r\n");
    world_settle(&world);
    ck_assert_uint_eq(finish_count, 2);
    sim_reset(client->client);
    world_settle(&world);
    ck_assert_uint_eq(finish_count, 3);
    ck_assert_int_eq(finishes[2].error, -ECONNRESET);
    ck_assert_uint_eq(finishes[2].bytes_out, 0);
    ck_assert_uint_eq(defer_count, 3);
}
END_TEST

START_TEST(what_the_kernel_never_took_is_an_error)
{
    open_app(&(struct sim_options){.window = 1});
    struct visitor *const client = pipeline("/small", 5);
    sim_set_window(client->client, 0);
    world_settle(&world);
    sim_reset(client->client);
    world_settle(&world);
    ck_assert_uint_eq(finish_count, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(finishes[i].error, -ECONNRESET);
        ck_assert_uint_eq(finishes[i].bytes_out, 0);
    }
}
END_TEST

START_TEST(a_peer_that_takes_nothing_finishes_its_requests_by_the_stall)
{
    open_app(&(struct sim_options){.window = 1});
    struct visitor *const client = pipeline("/small", 5);
    sim_set_window(client->client, 0);
    world_run_ms(&world, LIMIT_WRITE_STALL_MS + 1000);
    ck_assert_uint_eq(finish_count, 5);
    ck_assert(finishes[0].error < 0 && finishes[4].error < 0);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(a_cut_answer_leaves_those_before_it_whole)
{
    open_app(NULL);
    struct visitor *const client = visitor("GET /small?n=0 HTTP/1.1\r\nHost: sim\r\n\r\n"
                                           "GET /cut?n=1 HTTP/1.1\r\nHost: sim\r\n\r\n"
                                           "GET /small?n=2 HTTP/1.1\r\nHost: sim\r\n\r\n");
    world_settle(&world);
    ck_assert_int_eq(sim_end(client->client), SIM_RESET);
    ck_assert_uint_eq(finish_count, 2);
    ck_assert_int_eq(finishes[0].number + 2 * finishes[1].number, finishes[0].number == 0 ? 2 : 1);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(finishes[i].number == 0 ? finishes[i].error == 0 : finishes[i].error < 0);
    }
}
END_TEST

START_TEST(a_refused_request_behind_is_answered_in_its_turn)
{
    open_app(NULL);
    struct visitor *const client =
        visitor("GET /small?n=0 HTTP/1.1\r\nHost: sim\r\n\r\nnonsense\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert_int_eq(hear(client), 400);
    ck_assert_uint_eq(finish_count, 1);
    ck_assert_uint_eq(send_count, 1);
}
END_TEST

START_TEST(a_stop_without_grace_finishes_all)
{
    open_app(&(struct sim_options){.window = 1});
    struct visitor *const client = pipeline("/small", 5);
    sim_set_window(client->client, 0);
    world_settle(&world);
    world_stop(&world, 0);
    ck_assert_uint_eq(finish_count, 5);
    ck_assert_uint_eq(defer_count, 5);
}
END_TEST

/* In every world each request that has begun is finished, and never before its answer could be
 * heard. */
START_TEST(rough_worlds_finish_each_request_once)
{
    const struct sim_options rough = {.latency_ns_max = NS_PER_MS,
                                      .one_byte_reads = 5,
                                      .short_reads = 20,
                                      .short_writes = 30,
                                      .spurious_again = 20,
                                      .resets = _i % 2 == 0 ? 0 : 40,
                                      .segment_max = 200};
    struct world_options options = {.sim = rough};
    static const garm_app_entry entry = GARM_ENTRY(setup);
    options.app = &entry;
    ck_assert_int_eq(world_new(&world, (uint64_t)_i, &options), 0);
    finish_count = defer_count = 0;
    struct visitor *const client = pipeline(targets[_i % 4], 30);
    size_t answered = 0;
    for (int ms = 0; ms < 5000 && answered < 30 && sim_end(client->client) == SIM_OPEN; ms++) {
        while (hear(client) == 200) {
            answered++;
        }
        world_run_ms(&world, 1);
    }
    ck_assert_uint_ge(finish_count, answered > 0 ? answered - 1 : 0);
    world_stop(&world, 0);
    ck_assert_uint_ge(finish_count, answered);
    ck_assert_uint_eq(finish_count, defer_count);
    ck_assert(_i % 2 == 1 || answered == 30);
    for (size_t i = 0; i < finish_count; i++) {
        ck_assert_uint_ge(finishes[i].kernel_took, finishes[i].error == 0 ? 100 * (i + 1) : 0);
    }
}
END_TEST

Suite *finish_suite(void)
{
    Suite *const suite = suite_create("finish");
    TCase *const tests = stage_case("finish");
    tcase_add_loop_test(tests, a_hook_runs_once_and_not_before_the_kernel_has_the_answer, 0, 12);
    tcase_add_test(tests, a_pipeline_with_hooks_is_flushed_once);
    tcase_add_test(tests, a_hook_has_the_stack_of_its_route);
    tcase_add_test(tests, what_a_client_can_keep_unfinished_has_a_bound);
    tcase_add_test(tests, an_answer_that_is_gathered_goes_out_before_a_handler_waits);
    tcase_add_test(tests, a_client_that_resets_finishes_all_of_its_requests);
    tcase_add_test(tests, what_the_kernel_never_took_is_an_error);
    tcase_add_test(tests, a_peer_that_takes_nothing_finishes_its_requests_by_the_stall);
    tcase_add_test(tests, a_cut_answer_leaves_those_before_it_whole);
    tcase_add_test(tests, a_refused_request_behind_is_answered_in_its_turn);
    tcase_add_test(tests, a_stop_without_grace_finishes_all);
    tcase_add_loop_test(tests, rough_worlds_finish_each_request_once, 0, 200);
    suite_add_tcase(suite, tests);
    return suite;
}
