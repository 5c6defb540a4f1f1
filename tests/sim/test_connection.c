/* A connection's life: persistence, order, half-close, ends, and what happens when something runs
 * short. RFC 9112 section 9. */
#include "run/stack.h"
#include "stage.h"

#include <stdio.h>

#define PIPELINE 60

static const char hang[] = "GET /h HTTP/1.1\r\nHost: sim\r\n\r\n";
static const char echo[] = "GET /e HTTP/1.1\r\nHost: sim\r\n\r\n";

START_TEST(a_connection_serves_request_after_request)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    for (int i = 0; i < 5; i++) {
        ask(client, "/e");
        ck_assert_int_eq(hear(client), 200);
        ck_assert(!heard.close);
    }
    ck_assert(is_silent(client));
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    char target[32];
    for (int i = 0; i < PIPELINE; i++) {
        snprintf(target, sizeof(target), "/%c/%d", "esz"[i % 3], i);
        ask(client, target);
    }
    for (int i = 0; i < PIPELINE; i++) {
        snprintf(target, sizeof(target), "/%c/%d", "esz"[i % 3], i);
        ck_assert_int_eq(hear_within(client, 100), 200);
        ck_assert(slice_eq(heard.target, slice_cstr(target)));
    }
    ck_assert(is_silent(client));
}
END_TEST

/* With packets of a hundred milliseconds, what is sent at once comes at once. */
START_TEST(pipelined_answers_leave_in_one_piece)
{
    const struct world_options slow = {
        .sim = {.latency_ns_min = 100 * NS_PER_MS, .latency_ns_max = 100 * NS_PER_MS}};
    open_world(&slow);
    struct visitor *const client =
        visitor("GET /e HTTP/1.1\r\nHost: sim\r\n\r\nGET /e HTTP/1.1\r\nHost: sim\r\n\r\n");
    const char *data;
    ck_assert_int_ge(ms_until_word(client, 1000), 200);
    const size_t first = sim_unread(client->client, &data);
    ck_assert_uint_eq(hear_all(client, 200), 2);
    ck_assert_uint_gt(first, heard.size);
}
END_TEST

START_TEST(a_bad_request_does_not_lose_the_answers_before_it)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    for (int i = 0; i < PIPELINE; i++) {
        ask(client, "/e");
    }
    say(client, "GET / HTTP/1.1\r\nHost : sim\r\n\r\n");
    ask(client, "/never");
    ck_assert_uint_eq(hear_all(client, 200), PIPELINE);
    ck_assert_int_eq(heard.status, 400);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(world.handled, PIPELINE);
}
END_TEST

START_TEST(close_is_kept_as_promised)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("GET /e HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n");
    ask(client, "/ignored");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(world.handled, 1);
}
END_TEST

START_TEST(a_half_closed_client_gets_its_answers)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    ask(client, "/e/1");
    ask(client, "/z/2");
    ask(client, "/s/3");
    sim_shut_write(client->client);
    ck_assert_int_eq(hear(client), 200);
    world_run_ms(&world, 50);
    ck_assert_uint_eq(hear_all(client, 200), 2);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(a_half_close_does_not_cancel_the_handler)
{
    open_world(NULL);
    struct visitor *const client = visitor(hang);
    sim_shut_write(client->client);
    world_run_ms(&world, 5000);
    ck_assert_int_eq(world.last_cancel, CANCEL_NONE);
    ck_assert(is_silent(client));
}
END_TEST

START_TEST(a_fin_inside_a_head_is_a_bad_request)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET / HTTP/1.1\r\nHos");
    sim_shut_write(client->client);
    ck_assert_int_eq(hear(client), 400);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_fin_inside_a_body_is_a_bad_request)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 10\r\n\r\n12345");
    sim_shut_write(client->client);
    ck_assert_int_eq(hear(client), 400);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_fin_without_a_request_ends_without_a_word)
{
    open_world(NULL);
    struct visitor *const mute = visitor("");
    struct visitor *const blank = visitor("\r\n\r\n");
    struct visitor *const idle = visitor(echo);
    ck_assert_int_eq(hear(idle), 200);
    sim_shut_write(mute->client);
    sim_shut_write(blank->client);
    sim_shut_write(idle->client);
    ck_assert_int_eq(end_of(mute), SIM_EOF);
    ck_assert_int_eq(end_of(idle), SIM_EOF);
    world_settle(&world);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(http_1_0_closes)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /e HTTP/1.0\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(http_1_0_is_kept_alive_when_it_asks)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /e HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(slice_eq_nocase(heard_field("Connection"), SLICE("keep-alive")));
    say(client, "GET /e HTTP/1.0\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_stream_to_http_1_0_ends_with_the_connection)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /s HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello");
    ck_assert_int_eq(hear(client), 200);
    ck_assert_ptr_null(heard_field("Transfer-Encoding").ptr);
    ck_assert(heard.close);
    ck_assert(heard_body("hello"));
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(an_aborted_answer_cannot_look_complete)
{
    open_world(NULL);
    struct visitor *const aborted = visitor("GET /a HTTP/1.1\r\nHost: sim\r\n\r\n");
    struct visitor *const short_of_promise = visitor("GET /p HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert_int_eq(end_of(aborted), SIM_RESET);
    ck_assert_int_eq(end_of(short_of_promise), SIM_RESET);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

/* Who has gone. */

START_TEST(a_reset_cancels_the_parked_handler)
{
    open_world(NULL);
    struct visitor *const client = visitor(hang);
    ck_assert(is_silent(client));
    sim_reset(client->client);
    world_settle(&world);
    ck_assert_int_eq(world.last_cancel, CANCEL_CLIENT_GONE);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(a_reset_amid_a_pipeline_ends_it)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    ask(client, "/e");
    ask(client, "/h");
    ask(client, "/e");
    ck_assert_int_eq(hear(client), 200);
    sim_reset(client->client);
    world_settle(&world);
    ck_assert_uint_eq(connections_open(), 0);
    ck_assert_uint_eq(world.handled, 2);
}
END_TEST

START_TEST(a_client_that_closed_without_reading_is_no_loss)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    for (int i = 0; i < PIPELINE; i++) {
        ask(client, "/b");
    }
    sim_close(client->client);
    world_run_ms(&world, 10);
    ck_assert_uint_eq(connections_open(), 0);
    struct visitor *const other = visitor(echo);
    ck_assert_int_eq(hear(other), 200);
}
END_TEST

/* What runs short. */

START_TEST(without_a_stack_a_request_is_sent_away_with_503)
{
    open_world(NULL);
    stack_pool_set_max(world_shard(&world, 0)->worker.loop.stacks, 1);
    struct visitor *const first = visitor(hang);
    ck_assert(is_silent(first));
    struct visitor *const second = visitor(echo);
    ck_assert_int_eq(hear(second), 503);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(second), SIM_EOF);
    sim_reset(first->client);
    struct visitor *const third = visitor(echo);
    ck_assert_int_eq(hear(third), 200);
    struct server_stats stats;
    server_stats(world.server, &stats);
    ck_assert_uint_eq(stats.no_stack, 1);
}
END_TEST

START_TEST(the_connection_limit_lets_others_wait)
{
    const struct world_options options = {.connections = 2};
    open_world(&options);
    struct visitor *const first = visitor(hang);
    struct visitor *const second = visitor(hang);
    struct visitor *const third = visitor(echo);
    struct visitor *const fourth = visitor(echo);
    world_run_ms(&world, 1000);
    ck_assert(is_silent(third) && !sim_accepted(third->client));
    ck_assert_uint_eq(connections_open(), 2);
    const uint64_t turns = world_shard(&world, 0)->worker.loop.turns;
    world_run_ms(&world, 10000);
    ck_assert_uint_le(world_shard(&world, 0)->worker.loop.turns - turns,
                      100); /* it does not spin meanwhile */
    sim_reset(first->client);
    ck_assert_int_eq(hear(third), 200);
    ck_assert(!sim_accepted(fourth->client));
    sim_reset(second->client);
    ck_assert_int_eq(hear(fourth), 200);
}
END_TEST

START_TEST(accepting_without_descriptors_does_not_spin)
{
    const struct world_options options = {.sim = {.accept_errors = 100}};
    open_world(&options);
    visitor(echo);
    world_run_ms(&world, 1000);
    ck_assert_uint_eq(connections_open(), 0);
    ck_assert_uint_le(world_shard(&world, 0)->worker.loop.turns, 50);
}
END_TEST

START_TEST(accepting_goes_on_when_descriptors_are_back)
{
    const struct world_options options = {.sim = {.accept_errors = 70}};
    open_world(&options);
    size_t served = 0;
    for (int i = 0; i < 50; i++) {
        struct visitor *const client = visitor("");
        ask(client, "/e");
        ck_assert_int_ge(ms_until_word(client, 10000), 0);
        const int status = hear(client);
        ck_assert(status == 200 || (status == 503 && heard.close));
        served += status == 200;
        sim_close(client->client);
    }
    ck_assert_uint_gt(served, 5);
    ck_assert_uint_lt(served, 50);
}
END_TEST

START_TEST(a_crowd_is_served_by_every_worker)
{
    const struct world_options options = {.workers = 3};
    struct visitor *clients[300];
    open_world(&options);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = visitor(echo);
    }
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        ck_assert_int_eq(hear(clients[i]), 200);
    }
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_gt(world_shard(&world, i)->conn_count, 50);
    }
}
END_TEST

/* What belongs to no request. */

START_TEST(empty_lines_behind_a_request_are_nothing)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 1\r\n\r\na\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(ms_until_word(client, 80000) >= LIMIT_IDLE_MS - 10);
    ck_assert_int_eq(hear(client), 0);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(empty_lines_and_an_end_are_no_request)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /e HTTP/1.1\r\nHost: sim\r\n\r\n\r\n\r");
    sim_shut_write(client->client);
    ck_assert_int_eq(hear(client), 200);
    ck_assert_int_eq(hear(client), 0);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(too_many_empty_lines_are_refused_however_they_come)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /e HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    for (int i = 0; i < LIMIT_LEADING_CRLF_COUNT; i++) {
        say(client, "\r\n");
        ck_assert(is_silent(client));
    }
    say(client, "\r\n");
    ck_assert_int_eq(hear(client), 400);
}
END_TEST

START_TEST(an_abort_takes_no_earlier_answer_along)
{
    struct server_stats stats;
    open_world(NULL);
    struct visitor *const client =
        visitor("GET /e HTTP/1.1\r\nHost: sim\r\n\r\nGET /a HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert_int_eq(hear(client), 0);
    ck_assert_int_eq(end_of(client), SIM_RESET);
    server_stats(world.server, &stats);
    ck_assert_uint_gt(stats.bytes_out, 100);
}
END_TEST

START_TEST(reset_content_has_no_content)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /c205 HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert_int_eq(hear(client), 205);
    ck_assert(heard_body(""));
    ask(client, "/e");
    ck_assert_int_eq(hear(client), 200);
}
END_TEST

Suite *connection_suite(void)
{
    Suite *const suite = suite_create("connection");
    TCase *const life = stage_case("life");
    tcase_add_test(life, a_connection_serves_request_after_request);
    tcase_add_test(life, pipelined_requests_are_answered_in_order);
    tcase_add_test(life, pipelined_answers_leave_in_one_piece);
    tcase_add_test(life, a_bad_request_does_not_lose_the_answers_before_it);
    tcase_add_test(life, close_is_kept_as_promised);
    tcase_add_test(life, a_half_closed_client_gets_its_answers);
    tcase_add_test(life, a_half_close_does_not_cancel_the_handler);
    tcase_add_test(life, a_fin_inside_a_head_is_a_bad_request);
    tcase_add_test(life, a_fin_inside_a_body_is_a_bad_request);
    tcase_add_test(life, a_fin_without_a_request_ends_without_a_word);
    tcase_add_test(life, http_1_0_closes);
    tcase_add_test(life, http_1_0_is_kept_alive_when_it_asks);
    tcase_add_test(life, a_stream_to_http_1_0_ends_with_the_connection);
    tcase_add_test(life, an_aborted_answer_cannot_look_complete);
    suite_add_tcase(suite, life);

    TCase *const shortage = stage_case("gone and short");
    tcase_add_test(shortage, a_reset_cancels_the_parked_handler);
    tcase_add_test(shortage, a_reset_amid_a_pipeline_ends_it);
    tcase_add_test(shortage, a_client_that_closed_without_reading_is_no_loss);
    tcase_add_test(shortage, without_a_stack_a_request_is_sent_away_with_503);
    tcase_add_test(shortage, the_connection_limit_lets_others_wait);
    tcase_add_test(shortage, accepting_without_descriptors_does_not_spin);
    tcase_add_test(shortage, accepting_goes_on_when_descriptors_are_back);
    tcase_add_test(shortage, a_crowd_is_served_by_every_worker);
    suite_add_tcase(suite, shortage);
    TCase *const edges = stage_case("edges");
    tcase_add_test(edges, empty_lines_behind_a_request_are_nothing);
    tcase_add_test(edges, empty_lines_and_an_end_are_no_request);
    tcase_add_test(edges, too_many_empty_lines_are_refused_however_they_come);
    tcase_add_test(edges, an_abort_takes_no_earlier_answer_along);
    tcase_add_test(edges, reset_content_has_no_content);
    suite_add_tcase(suite, edges);
    return suite;
}
