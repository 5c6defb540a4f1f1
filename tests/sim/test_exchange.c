/* The exchange's contract, as its user and the client see it: serve/exchange.h. */
#include "stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char get[] = "GET /x HTTP/1.1\r\nHost: sim\r\n\r\n";
static const char get_1_0[] = "GET /x HTTP/1.0\r\n\r\n";

/* What the handler saw. A failed assertion on a task's stack would not unwind well. */
static int results[8];
static size_t result_count;
static char seen[256];

static void note(ssize_t result)
{
    results[result_count++] = (int)result;
}

static struct visitor *visit(exchange_handler *handler, const char *text)
{
    const struct world_options options = {.handler = handler};
    open_world(&options);
    return visitor(text);
}

static const struct exchange_head plain = {.status = 200, .length = 4};
static const struct exchange_head endless = {.status = 200, .length = EXCHANGE_LENGTH_UNKNOWN};

/* Answers. */

static void respond_twice(struct exchange *x, void *data)
{
    (void)data;
    note(x->ops->respond(x, &plain, SLICE("once")));
    note(x->ops->respond(x, &plain, SLICE("more")));
    note(x->ops->head(x, &plain));
    note(x->ops->write(x, "more", 4));
    note(x->ops->write_file(x, 0, 0, 4));
    note(x->ops->finish(x, NULL, 0));
}

START_TEST(there_is_one_answer_to_a_request)
{
    struct visitor *const client = visit(respond_twice, get);
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("once") && is_silent(client));
    ck_assert_int_eq(results[0], 0);
    for (size_t i = 1; i <= 4; i++) {
        ck_assert_int_eq(results[i], -EALREADY);
    }
    ck_assert_int_eq(results[5], 0);
}
END_TEST

static void write_too_much(struct exchange *x, void *data)
{
    (void)data;
    note(x->ops->head(x, &plain));
    note(x->ops->write(x, "1234", 4));
    note(x->ops->write(x, "", 0));
    note(x->ops->write(x, "5", 1));
    note(x->ops->finish(x, NULL, 0));
}

START_TEST(more_than_was_promised_is_not_sent)
{
    struct visitor *const client = visit(write_too_much, get);
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("1234") && is_silent(client));
    ck_assert_int_eq(results[1], 0);
    ck_assert_int_eq(results[3], -EMSGSIZE);
    ck_assert_int_eq(results[4], 0);
}
END_TEST

static void say_nothing(struct exchange *x, void *data)
{
    (void)x;
    (void)data;
}

START_TEST(a_handler_that_says_nothing_is_answered_for)
{
    struct visitor *const client = visit(say_nothing, get);
    ck_assert_int_eq(hear(client), 500);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

static void leave_open(struct exchange *x, void *data)
{
    (void)data;
    note(x->ops->head(x, &endless));
    note(x->ops->write(x, "half", 4));
}

START_TEST(a_stream_left_open_is_reset)
{
    ck_assert_int_eq(end_of(visit(leave_open, get)), SIM_RESET);
}
END_TEST

static void stream_with_trailers(struct exchange *x, void *data)
{
    static char large[KIB(40)];
    const struct h1_response_field trailers[] = {{SLICE("X-Sum"), SLICE("1")}};
    (void)data;
    memset(large, 'l', sizeof(large));
    note(x->ops->head(x, &endless));
    note(x->ops->write(x, "small", 5));
    note(x->ops->write(x, large, sizeof(large)));
    note(x->ops->flush(x));
    note(x->ops->finish(x, trailers, 1));
}

START_TEST(a_stream_may_have_trailers)
{
    struct visitor *const client = visit(stream_with_trailers, get);
    ck_assert(!is_silent(client));
    const struct slice bytes = buf_slice(&client->bytes);
    ck_assert_ptr_nonnull(memmem(bytes.ptr, bytes.len, "\r\n0\r\nX-Sum: 1\r\n\r\n", 17));
    ck_assert_int_eq(hear(client), 200);
    ck_assert_uint_eq(heard.body.len, 5 + KIB(40));
    ck_assert(is_silent(client));
}
END_TEST

START_TEST(trailers_are_left_out_where_the_framing_has_no_room)
{
    struct visitor *const client = visit(stream_with_trailers, get_1_0);
    ck_assert_int_eq(hear(client), 200);
    ck_assert_uint_eq(heard.body.len, 5 + KIB(40));
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

static void answer_with_many_fields(struct exchange *x, void *data)
{
    static char value[KIB(5)];
    (void)data;
    memset(value, 'v', sizeof(value));
    const struct h1_response_field field = {SLICE("X-Long"), slice_of(value, sizeof(value))};
    const struct h1_response_field fields[] = {field, field, field, field};
    const struct exchange_head large = {
        .status = 200, .length = 4, .fields = fields, .field_count = 4};
    note(x->ops->inform(x, 103, fields, 4));
    note(x->ops->respond(x, &large, SLICE("body")));
}

START_TEST(a_head_may_be_larger_than_the_output_buffer)
{
    struct visitor *const client = visit(answer_with_many_fields, get);
    say(client, get);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(hear(client), 200);
        ck_assert_uint_gt(heard.head.len, 4 * KIB(5));
        ck_assert(heard_body("body") && !heard.close);
    }
    ck_assert_int_eq(results[0], -E2BIG); /* an interim one may not */
    ck_assert_int_eq(results[1], 0);
}
END_TEST

static void inform_first(struct exchange *x, void *data)
{
    const struct h1_response_field link[] = {{SLICE("Link"), SLICE("</style.css>")}};
    (void)data;
    note(x->ops->inform(x, 103, link, 1));
    note(x->ops->respond(x, &plain, SLICE("body")));
}

START_TEST(early_hints_come_first)
{
    struct visitor *const client = visit(inform_first, get);
    ck_assert_int_eq(hear(client), 103);
    ck_assert(slice_eq(heard_field("Link"), SLICE("</style.css>")));
    ck_assert_int_eq(hear(client), 200);
}
END_TEST

START_TEST(http_1_0_gets_no_interim_answer)
{
    struct visitor *const client = visit(inform_first, get_1_0);
    ck_assert_int_eq(hear(client), 200);
    ck_assert_int_eq(results[0], 0);
}
END_TEST

/* Files. */

static int file_fd;

static void open_file(void)
{
    char text[KIB(40)];
    memset(text, 'f', sizeof(text));
    file_fd = memfd_create("file", MFD_CLOEXEC);
    ck_assert_int_eq(write(file_fd, text, sizeof(text)), sizeof(text));
}

static void answer_from_file(struct exchange *x, void *data)
{
    (void)data;
    note(x->ops->head(x, &endless));
    note(x->ops->write(x, "before", 6));
    note(x->ops->write_file(x, file_fd, KIB(10), KIB(30)));
    note(x->ops->write_file(x, file_fd, 0, 0));
    note(x->ops->finish(x, NULL, 0));
}

START_TEST(a_piece_of_a_file_is_sent_in_its_place)
{
    open_file();
    struct visitor *const client = visit(answer_from_file, get);
    ck_assert_int_eq(hear(client), 200);
    ck_assert_uint_eq(heard.body.len, 6 + KIB(30));
    ck_assert(memcmp(heard.body.data, "beforef", 7) == 0 && is_silent(client));
    close(file_fd);
}
END_TEST

static int fail_pread(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    (void)kind;
    return strcmp(name, "pread") == 0 ? -EIO : 0;
}

static void answer_past_the_file(struct exchange *x, void *data)
{
    const struct exchange_head head = {.status = 200, .length = KIB(50)};
    (void)data;
    note(x->ops->head(x, &head));
    note(x->ops->write_file(x, file_fd, 0, KIB(50)));
}

START_TEST(a_file_that_ends_early_resets)
{
    open_file();
    ck_assert_int_eq(end_of(visit(answer_past_the_file, get)), SIM_RESET);
    ck_assert_int_eq(results[1], -EIO);
    close(file_fd);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_resets)
{
    open_file();
    sys_set_fault(fail_pread, NULL);
    struct visitor *const client = visit(answer_past_the_file, get);
    world_settle(&world);
    sys_set_fault(NULL, NULL);
    ck_assert_int_eq(end_of(client), SIM_RESET);
    ck_assert_int_eq(results[1], -EIO);
    close(file_fd);
}
END_TEST

/* Bodies. */

static void read_with_trailers(struct exchange *x, void *data)
{
    char body[16];
    (void)data;
    note(x->trailers == NULL);
    note(x->ops->read(x, body, 3));
    note(x->ops->read(x, body + 3, sizeof(body) - 3));
    note(x->ops->read(x, body, sizeof(body)));
    note(x->ops->read(x, body, sizeof(body)));
    if (x->trailers != NULL) {
        const struct h1_field *const field = &x->trailers->fields[0];
        snprintf(seen, sizeof(seen), "%.*s", (int)field->value_len,
                 x->trailer_bytes + field->value_offset);
    }
    note(x->body_done);
    note((ssize_t)x->bytes_in);
    note(x->ops->respond(x, &plain, SLICE("body")));
}

START_TEST(a_body_ends_once_and_shows_its_trailers)
{
    struct visitor *const client = visit(
        read_with_trailers, "POST /x HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n");
    static const int expected[] = {1, 3, 2, 0, 0, 1, 5, 0};
    ck_assert_int_eq(hear(client), 200);
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        ck_assert_int_eq(results[i], expected[i]);
    }
    ck_assert_str_eq(seen, "abc");
}
END_TEST

static void read_and_fail_again(struct exchange *x, void *data)
{
    char body[64];
    (void)data;
    ssize_t n;
    do {
        n = x->ops->read(x, body, sizeof(body));
    } while (n > 0);
    note(n);
    note(x->ops->read(x, body, sizeof(body)));
    const struct exchange_head head = {.status = x->fault};
    note(x->ops->respond(x, &head, slice_of(NULL, 0)));
}

START_TEST(a_broken_body_stays_broken)
{
    struct visitor *const client = visit(
        read_and_fail_again, "POST /x HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "5\r\nhello\r\nnonsense\r\n");
    ck_assert_int_eq(hear(client), 400);
    ck_assert(heard.close);
    ck_assert_int_eq(results[0], -EBADMSG);
    ck_assert_int_eq(results[1], -EBADMSG);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

static void read_within_a_second(struct exchange *x, void *data)
{
    x->stall_ms = 1000;
    x->body_max = 100;
    read_and_fail_again(x, data);
}

START_TEST(a_handler_may_bound_the_wait)
{
    struct visitor *const client =
        visit(read_within_a_second, "POST /x HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\n\r\n");
    const int64_t ms = ms_until_word(client, 3000);
    ck_assert(ms >= 1000 && ms <= 1010);
    ck_assert_int_eq(hear(client), 408);
    ck_assert_int_eq(results[0], -ETIMEDOUT);
    ck_assert_int_eq(results[1], -ETIMEDOUT);
}
END_TEST

START_TEST(a_handler_may_bound_the_body)
{
    struct visitor *const client =
        visit(read_within_a_second, "POST /x HTTP/1.1\r\nHost: sim\r\nContent-Length: 101\r\n\r\n");
    ck_assert_int_eq(hear(client), 413);
    ck_assert_int_eq(results[0], -EMSGSIZE);
    ck_assert_int_eq(results[1], -EMSGSIZE);
}
END_TEST

/* Leaves less of the arena than a trailer section takes. */
static void read_without_memory(struct exchange *x, void *data)
{
    for (size_t size = KIB(64); size >= 64; size /= 2) {
        while (arena_alloc(x->arena, size) != NULL) {
        }
    }
    read_and_fail_again(x, data);
}

START_TEST(trailers_without_memory_are_503)
{
    struct visitor *const client = visit(
        read_without_memory, "POST /x HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n");
    ck_assert_int_eq(hear(client), 503);
    ck_assert(heard.close);
    ck_assert_int_eq(results[0], -ENOMEM);
    ck_assert_int_eq(results[1], -ENOMEM);
}
END_TEST

static void count_turns_of_a_read(struct exchange *x, void *data)
{
    char body[KIB(4)];
    const uint64_t begin = loop_self()->turns;
    ssize_t n;
    (void)data;
    do {
        n = x->ops->read(x, body, sizeof(body));
    } while (n > 0);
    note((ssize_t)(loop_self()->turns - begin));
    note(x->ops->respond(x, &plain, SLICE("body")));
}

START_TEST(a_body_that_is_all_there_gives_way_now_and_then)
{
    struct visitor *const client = visit(
        count_turns_of_a_read, "POST /x HTTP/1.1\r\nHost: sim\r\nContent-Length: 1048576\r\n\r\n");
    say_bytes(client, MIB(1));
    ck_assert_int_eq(hear(client), 200);
    ck_assert_int_ge(results[0], MIB(1) / LIMIT_READ_SLICE - 1);
}
END_TEST

/* Clients that go. */

static void stream_without_end(struct exchange *x, void *data)
{
    (void)data;
    int rc = x->ops->head(x, &endless);
    while (rc == 0) {
        rc = x->ops->write(x, "tick\n", 5);
        rc = rc == 0 ? x->ops->flush(x) : rc;
        rc = rc == 0 ? task_sleep(100 * NS_PER_MS) : rc;
    }
    note(rc);
    note(x->gone);
    note(x->ops->write(x, "tock\n", 5) < 0 || x->ops->flush(x) < 0);
}

START_TEST(a_stream_ends_when_its_reader_has_gone)
{
    struct visitor *const client = visit(stream_without_end, get);
    world_run_ms(&world, 1000);
    ck_assert(!is_silent(client));
    sim_reset(client->client);
    world_run_ms(&world, 200);
    ck_assert_uint_eq(connections_open(), 0);
    ck_assert(results[0] == -ECANCELED || results[0] == -ECONNRESET);
    ck_assert_int_eq(results[2], 1);
}
END_TEST

START_TEST(what_a_handler_writes_leaves_when_it_parks)
{
    struct visitor *const client = visit(stream_without_end, get);
    world_run_ms(&world, 1);
    ck_assert(!is_silent(client));
    ck_assert_ptr_nonnull(memmem(client->bytes.data, client->bytes.len, "tick\n", 5));
}
END_TEST

Suite *exchange_suite(void)
{
    Suite *const suite = suite_create("exchange");
    TCase *const tests = stage_case("exchange");
    tcase_add_test(tests, there_is_one_answer_to_a_request);
    tcase_add_test(tests, more_than_was_promised_is_not_sent);
    tcase_add_test(tests, a_handler_that_says_nothing_is_answered_for);
    tcase_add_test(tests, a_stream_left_open_is_reset);
    tcase_add_test(tests, a_stream_may_have_trailers);
    tcase_add_test(tests, trailers_are_left_out_where_the_framing_has_no_room);
    tcase_add_test(tests, a_head_may_be_larger_than_the_output_buffer);
    tcase_add_test(tests, early_hints_come_first);
    tcase_add_test(tests, http_1_0_gets_no_interim_answer);
    tcase_add_test(tests, a_piece_of_a_file_is_sent_in_its_place);
    tcase_add_test(tests, a_file_that_ends_early_resets);
    tcase_add_test(tests, a_file_that_cannot_be_read_resets);
    tcase_add_test(tests, a_body_ends_once_and_shows_its_trailers);
    tcase_add_test(tests, a_broken_body_stays_broken);
    tcase_add_test(tests, a_handler_may_bound_the_wait);
    tcase_add_test(tests, a_handler_may_bound_the_body);
    tcase_add_test(tests, trailers_without_memory_are_503);
    tcase_add_test(tests, a_body_that_is_all_there_gives_way_now_and_then);
    tcase_add_test(tests, a_stream_ends_when_its_reader_has_gone);
    tcase_add_test(tests, what_a_handler_writes_leaves_when_it_parks);
    suite_add_tcase(suite, tests);
    return suite;
}
