/* Every deadline and floor, by the virtual clock: rule 45. What a bound lets pass is tested as well
 * as what it ends. */
#include "stage.h"

#define SLOW_CLIENTS 500
#define SIP_MAX      1000

static const char partial[] = "GET /e HTTP/1.1\r\nHost: si";

/* Says the bytes of a text without end, one per interval, until the server answers or ends: the
 * milliseconds until then. */
static int64_t dribble(struct visitor *client, const char *text, int64_t interval_ms,
                       int64_t ms_max)
{
    const char *data;
    const size_t len = strlen(text);
    for (int64_t ms = 0; ms <= ms_max; ms++) {
        if (sim_unread(client->client, &data) > 0 || sim_end(client->client) != SIM_OPEN) {
            return ms;
        }
        if (ms % interval_ms == 0) {
            sim_send(client->client, &text[(size_t)(ms / interval_ms) % len], 1);
        }
        world_run_ms(&world, 1);
    }
    return -1;
}

static bool is_about(int64_t ms, int64_t expected)
{
    return ms >= expected && ms <= expected + 10;
}

/* Heads. */

START_TEST(a_head_has_ten_seconds_from_its_first_byte)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    world_run_ms(&world, 20000);
    say(client, partial);
    ck_assert(is_about(ms_until_word(client, 20000), LIMIT_HEAD_MS));
    ck_assert_int_eq(hear(client), 408);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_head_that_comes_byte_by_byte_has_no_longer)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    ck_assert(
        is_about(dribble(client, "GET /abcdefghijklmnopqrstuvwxyz", 1000, 30000), LIMIT_HEAD_MS));
    ck_assert_int_eq(hear(client), 408);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_later_head_has_ten_seconds_of_its_own)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    ask(client, "/e");
    ck_assert_int_eq(hear(client), 200);
    world_run_ms(&world, 30000);
    say(client, partial);
    ck_assert(is_about(ms_until_word(client, 20000), LIMIT_HEAD_MS));
    ck_assert_int_eq(hear(client), 408);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_pipelined_head_has_ten_seconds_too)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /e HTTP/1.1\r\nHost: sim\r\n\r\nGET /");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(is_about(ms_until_word(client, 20000), LIMIT_HEAD_MS));
    ck_assert_int_eq(hear(client), 408);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_head_just_within_its_time_is_served)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /e HTTP/1.1\r\nHost: sim\r\n");
    world_run_ms(&world, LIMIT_HEAD_MS - 10);
    say(client, "\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(!heard.close);
}
END_TEST

START_TEST(blank_lines_alone_are_no_head)
{
    open_world(NULL);
    struct visitor *const client = visitor("\r\n\r\n");
    ck_assert(is_about(ms_until_word(client, 80000), LIMIT_SILENT_MS));
    ck_assert_int_eq(hear(client), 0);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

/* Bodies. */

START_TEST(a_body_that_never_comes_ends_with_408)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 10\r\n\r\n");
    ck_assert(is_about(ms_until_word(client, 20000), LIMIT_BODY_STALL_MS));
    ck_assert_int_eq(hear(client), 408);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_body_that_stalls_has_ten_seconds)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 500000\r\n\r\n");
    say_bytes(client, 100000);
    ck_assert(is_about(ms_until_word(client, 20000), LIMIT_BODY_STALL_MS));
    ck_assert_int_eq(hear(client), 408);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_body_below_the_floor_is_ended)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /d HTTP/1.1\r\nHost: sim\r\nContent-Length: 100000\r\n\r\n");
    const int64_t ms = dribble(client, "x", 5, 60000); /* 200 bytes a second */
    ck_assert(ms >= LIMIT_RATE_GRACE_MS && ms <= 40000);
    ck_assert_int_eq(hear(client), 408);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(chunks_below_the_floor_are_ended)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /d HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n");
    const int64_t ms = dribble(client, "1\r\nx\r\n", 10, 60000);
    ck_assert(ms >= LIMIT_RATE_GRACE_MS && ms <= 20000);
    ck_assert_int_eq(hear(client), 408);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_body_above_the_floor_may_take_its_time)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /d HTTP/1.1\r\nHost: sim\r\nContent-Length: 30000\r\n\r\n");
    ck_assert(is_about(dribble(client, "x", 4, 130000), 4 * 30000 - 3)); /* 250 bytes a second */
    ck_assert_int_eq(hear(client), 200);
    ck_assert(!heard.close);
}
END_TEST

START_TEST(the_handlers_own_time_is_not_the_clients)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /l HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\n\r\n");
    world_run_ms(&world, 29000);
    say(client, "hello");
    ck_assert_int_ge(ms_until_word(client, 2000), 0);
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("hello") && !heard.close);
}
END_TEST

START_TEST(a_body_that_nobody_reads_has_the_same_bounds)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /u HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(is_about(ms_until_word(client, 20000), LIMIT_BODY_STALL_MS));
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

/* Readers. */

START_TEST(a_client_that_reads_nothing_is_reset)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    sim_set_window(client->client, 0);
    ask(client, "/b");
    ck_assert(is_about(ms_until_word(client, 20000), LIMIT_WRITE_STALL_MS));
    ck_assert_int_eq(end_of(client), SIM_RESET);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(a_client_that_stops_reading_has_ten_seconds)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    sim_set_window(client->client, 20000);
    ask(client, "/b");
    world_settle(&world);
    ck_assert(is_about(ms_until_open(0, 20000), LIMIT_WRITE_STALL_MS));
    ck_assert_int_eq(sim_end(client->client), SIM_RESET);
}
END_TEST

/* Reads `bytes` each second, to the end of what it asked for or of the connection: the seconds. */
static int read_slowly(struct visitor *client, size_t bytes, int seconds_max)
{
    char piece[KIB(4)];
    size_t got = 0;
    for (int second = 0; second < seconds_max; second++) {
        got += sim_recv(client->client, piece, bytes);
        if (got >= WORLD_BIG || sim_end(client->client) != SIM_OPEN) {
            return second;
        }
        world_run_ms(&world, 1000);
    }
    return seconds_max;
}

START_TEST(a_reader_below_the_floor_is_reset)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    sim_set_window(client->client, 1000);
    ask(client, "/b");
    ck_assert_int_lt(read_slowly(client, 100, 60), 60);
    ck_assert_int_eq(end_of(client), SIM_RESET);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(a_reader_above_the_floor_gets_it_all)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    sim_set_window(client->client, 1000);
    ask(client, "/b");
    const int seconds = read_slowly(client, 500, 400);
    ck_assert_int_ge(seconds, WORLD_BIG / 500 - 5);
    ck_assert_int_le(seconds, WORLD_BIG / 500 + 5);
    ck_assert_int_eq(sim_end(client->client), SIM_OPEN);
}
END_TEST

/* Silence. */

START_TEST(a_silent_connection_ends_without_a_byte)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    ck_assert(is_about(ms_until_word(client, 100000), LIMIT_SILENT_MS));
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(an_idle_connection_ends_without_a_byte)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    for (int i = 0; i < 3; i++) {
        world_run_ms(&world, 50000);
        ask(client, "/e");
        ck_assert_int_eq(hear(client), 200);
    }
    ck_assert(is_about(ms_until_word(client, 100000), LIMIT_IDLE_MS));
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(a_client_that_vanished_does_not_stay)
{
    open_world(NULL);
    struct visitor *const idle = visitor("");
    ask(idle, "/e");
    ck_assert_int_eq(hear(idle), 200);
    struct visitor *const midway = visitor(partial);
    struct visitor *const reading = visitor("");
    sim_set_window(reading->client, 10);
    ask(reading, "/b");
    world_settle(&world);
    sim_vanish(idle->client);
    sim_vanish(midway->client);
    sim_vanish(reading->client);
    ck_assert_int_ge(ms_until_open(0, LIMIT_IDLE_MS + 10), 0);
}
END_TEST

/* Lingering. */

START_TEST(lingering_ends_after_its_time)
{
    open_world(NULL);
    visitor("nonsense\r\n\r\n");
    world_settle(&world);
    ck_assert_uint_eq(connections_open(), 1);
    ck_assert(is_about(ms_until_open(0, 10000), LIMIT_LINGER_MS));
}
END_TEST

START_TEST(lingering_ends_at_its_cap)
{
    open_world(NULL);
    struct visitor *const client = visitor("nonsense\r\n\r\n");
    size_t sent = 0;
    world_settle(&world);
    for (; connections_open() > 0 && sent < 2 * LIMIT_LINGER_BYTES; sent += KIB(256)) {
        say_bytes(client, KIB(256));
        world_settle(&world);
    }
    ck_assert_uint_eq(sent, LIMIT_LINGER_BYTES);
}
END_TEST

/* Crowds. */

/* Takes what has come, up to `size` bytes, once a second, from a kernel that asks for no more. */
static void sip(struct visitor *client, size_t size, size_t seconds)
{
    char piece[SIP_MAX];
    for (size_t i = 0; i < seconds; i++) {
        ck_assert_uint_eq(sim_recv(client->client, piece, size), size);
        world_run_ms(&world, 1000);
    }
}

static struct visitor *sipping_visitor(void)
{
    const struct world_options options = {.sim = {.window = 60000}};
    open_world(&options);
    struct visitor *const client = visitor("GET /b HTTP/1.1\r\nHost: sim\r\n\r\n");
    world_run_ms(&world, 100);
    sim_set_window(client->client, 0);
    return client;
}

START_TEST(who_takes_what_the_kernel_holds_is_not_silent)
{
    struct visitor *const client = sipping_visitor();
    sip(client, SIP_MAX, 50);
    const char *rest;
    sim_set_window(client->client, 2 * WORLD_BIG);
    world_settle(&world);
    ck_assert_uint_gt(50 * SIP_MAX + sim_unread(client->client, &rest), WORLD_BIG);
    ck_assert_int_eq(sim_end(client->client), SIM_OPEN);
}
END_TEST

START_TEST(who_takes_less_than_the_floor_of_it_is_ended)
{
    struct visitor *const client = sipping_visitor();
    sip(client, LIMIT_RATE_BYTES_PER_SEC / 2, LIMIT_WRITE_STALL_MS / 1000);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(who_stops_taking_is_ended)
{
    struct visitor *const client = sipping_visitor();
    sip(client, SIP_MAX, 15);
    ck_assert_uint_eq(connections_open(), 1);
    world_run_ms(&world, 2 * LIMIT_WRITE_STALL_MS);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

static void dribble_all(struct visitor *const *slow, size_t count, int64_t ms)
{
    for (size_t i = 0; i < count; i++) {
        if ((ms + (int64_t)i) % 1000 == 0) {
            say(slow[i], "x");
        }
    }
}

/* Each turn takes time here, so that work done for the slow would be seen by the quick. */
START_TEST(five_hundred_slow_clients_delay_nobody)
{
    static struct visitor *slow[SLOW_CLIENTS];
    const struct world_options options = {.sim = {.turn_ns_max = NS_PER_MS / 20}};
    open_world(&options);
    for (size_t i = 0; i < SLOW_CLIENTS; i++) {
        slow[i] = visitor("GET /");
    }
    struct visitor *const quick = visitor("");
    for (int64_t ms = 0; ms < LIMIT_HEAD_MS - 100; ms += 5) {
        for (int64_t i = 0; i < 5; i++) {
            dribble_all(slow, SLOW_CLIENTS, ms + i);
        }
        ask(quick, "/e");
        world_run_ms(&world, 5);
        ck_assert_int_eq(hear(quick), 200);
    }
    world_run_ms(&world, 200);
    for (size_t i = 0; i < SLOW_CLIENTS; i++) {
        ck_assert_int_eq(hear(slow[i]), 408);
        ck_assert_int_eq(end_of(slow[i]), SIM_EOF);
    }
    ck_assert_int_ge(ms_until_open(1, LIMIT_LINGER_MS + 100), 0);
}
END_TEST

Suite *deadlines_suite(void)
{
    Suite *const suite = suite_create("deadlines");
    TCase *const heads = stage_case("heads");
    tcase_add_test(heads, a_head_has_ten_seconds_from_its_first_byte);
    tcase_add_test(heads, a_head_that_comes_byte_by_byte_has_no_longer);
    tcase_add_test(heads, a_later_head_has_ten_seconds_of_its_own);
    tcase_add_test(heads, a_pipelined_head_has_ten_seconds_too);
    tcase_add_test(heads, a_head_just_within_its_time_is_served);
    tcase_add_test(heads, blank_lines_alone_are_no_head);
    suite_add_tcase(suite, heads);

    TCase *const bodies = stage_case("bodies");
    tcase_add_test(bodies, a_body_that_never_comes_ends_with_408);
    tcase_add_test(bodies, a_body_that_stalls_has_ten_seconds);
    tcase_add_test(bodies, a_body_below_the_floor_is_ended);
    tcase_add_test(bodies, chunks_below_the_floor_are_ended);
    tcase_add_test(bodies, a_body_above_the_floor_may_take_its_time);
    tcase_add_test(bodies, who_takes_what_the_kernel_holds_is_not_silent);
    tcase_add_test(bodies, who_takes_less_than_the_floor_of_it_is_ended);
    tcase_add_test(bodies, who_stops_taking_is_ended);
    tcase_add_test(bodies, the_handlers_own_time_is_not_the_clients);
    tcase_add_test(bodies, a_body_that_nobody_reads_has_the_same_bounds);
    suite_add_tcase(suite, bodies);

    TCase *const others = stage_case("readers, silence, crowds");
    tcase_add_test(others, a_client_that_reads_nothing_is_reset);
    tcase_add_test(others, a_client_that_stops_reading_has_ten_seconds);
    tcase_add_test(others, a_reader_below_the_floor_is_reset);
    tcase_add_test(others, a_reader_above_the_floor_gets_it_all);
    tcase_add_test(others, a_silent_connection_ends_without_a_byte);
    tcase_add_test(others, an_idle_connection_ends_without_a_byte);
    tcase_add_test(others, a_client_that_vanished_does_not_stay);
    tcase_add_test(others, lingering_ends_after_its_time);
    tcase_add_test(others, lingering_ends_at_its_cap);
    tcase_add_test(others, five_hundred_slow_clients_delay_nobody);
    suite_add_tcase(suite, others);
    return suite;
}
