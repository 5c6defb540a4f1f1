/* Bodies on a connection: Expect, bodies that nobody reads, answers without a body, refusals that
 * reach a client which still sends. RFC 9110 sections 6.4.1 and 10.1.1, RFC 9112 sections 6 and 9.
 * */
#include "stage.h"

#include <stdio.h>

/* Expect. */

START_TEST(continue_is_sent_when_the_body_is_read)
{
    open_world(NULL);
    struct visitor *const client = visitor(
        "POST /z HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    ck_assert_int_ge(ms_until_word(client, 25), 0);
    ck_assert_int_eq(hear(client), 100);
    ck_assert(is_silent(client));
    say(client, "hello");
    world_run_ms(&world, 25);
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("hello") && !heard.close);
}
END_TEST

START_TEST(continue_is_not_sent_before_the_body_is_wanted)
{
    open_world(NULL);
    struct visitor *const client = visitor(
        "POST /l HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    ck_assert_int_ge(ms_until_word(client, 31000), 30000);
    ck_assert_int_eq(hear(client), 100);
}
END_TEST

START_TEST(a_body_that_is_there_is_not_called_for)
{
    open_world(NULL);
    struct visitor *const client = visitor(
        "POST /e HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("hello") && !heard.close);
}
END_TEST

START_TEST(a_final_status_instead_of_continue_closes)
{
    open_world(NULL);
    struct visitor *const client = visitor(
        "POST /u HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_final_status_keeps_the_connection_if_the_body_is_there)
{
    open_world(NULL);
    struct visitor *const client = visitor(
        "POST /u HTTP/1.1\r\nHost: sim\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(!heard.close);
    ask(client, "/e");
    ck_assert_int_eq(hear(client), 200);
}
END_TEST

START_TEST(http_1_0_expects_nothing)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    ck_assert(is_silent(client));
    say(client, "hello");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("hello"));
}
END_TEST

START_TEST(chunks_wait_for_leave_too)
{
    open_world(NULL);
    struct visitor *const client = visitor("POST /s HTTP/1.1\r\nHost: sim\r\nExpect: "
                                           "100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    ck_assert_int_eq(hear(client), 100);
    say(client, "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("hello") && !heard.close);
}
END_TEST

/* Unread bodies. */

START_TEST(a_small_unread_body_is_skipped)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /u HTTP/1.1\r\nHost: sim\r\nContent-Length: 30000\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(!heard.close);
    say_bytes(client, 30000);
    say(client,
        "POST /u HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    ask(client, "/e/after");
    ck_assert_uint_eq(hear_all(client, 200), 2);
    ck_assert(is_silent(client));
}
END_TEST

START_TEST(a_large_unread_body_ends_the_connection)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /u HTTP/1.1\r\nHost: sim\r\nContent-Length: 500000\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard.close);
    say_bytes(client, 500000);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(world.handled, 1);
}
END_TEST

START_TEST(unread_chunks_without_end_end_the_connection)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /u HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    for (size_t i = 0; i <= LIMIT_DRAIN_BYTES / 4096 && end_of(client) == SIM_OPEN; i++) {
        say(client, "1000\r\n");
        say_bytes(client, 4096);
        say(client, "\r\n");
    }
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(world.handled, 1);
}
END_TEST

START_TEST(an_unread_body_that_is_malformed_ends_the_connection)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /u HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
    ask(client, "/e");
    ck_assert_int_eq(hear(client), 200);
    ck_assert_int_eq(hear(client), 0);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(world.handled, 1);
}
END_TEST

/* Refusals. */

START_TEST(a_413_reaches_a_client_that_still_sends)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 3000000\r\n\r\n");
    say_bytes(client, 100000);
    world_settle(&world);
    say_bytes(client, 2000000);
    ck_assert_int_eq(hear(client), 413);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    say_bytes(client, 100000);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    sim_close(client->client);
    world_settle(&world);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(a_refusal_reaches_a_client_that_sends_on_and_ends)
{
    open_world(NULL);
    struct visitor *const client = visitor("nonsense\r\n\r\n");
    world_settle(&world);
    say(client, "more nonsense");
    sim_shut_write(client->client);
    ck_assert_int_eq(hear(client), 400);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    ck_assert_uint_eq(connections_open(), 0);
}
END_TEST

START_TEST(chunks_beyond_the_limit_are_413_while_they_come)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /d HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < 256; i++) {
        say(client, "1000\r\n");
        say_bytes(client, 4096);
        say(client, "\r\n");
    }
    ck_assert(is_silent(client));
    say(client, "1\r\nx\r\n");
    ck_assert_int_eq(hear(client), 413);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_body_of_exactly_the_limit_is_taken)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 1048576\r\n\r\n");
    say_bytes(client, MIB(1));
    ck_assert_int_eq(hear(client), 200);
    ck_assert_uint_eq(heard.body.len, MIB(1));
    ck_assert(!heard.close);
}
END_TEST

START_TEST(a_bad_chunk_is_400_where_the_body_is_read)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n");
    ck_assert_int_eq(hear(client), 400);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

/* Answers without a body. */

START_TEST(head_gets_the_fields_of_get_without_a_body)
{
    static const char *const targets[] = {"/b", "/s", "/c404", "/c500"};
    open_world(NULL);
    struct visitor *const client = visitor("");
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        char text[64];
        snprintf(text, sizeof(text), "HEAD %s HTTP/1.1\r\nHost: sim\r\n\r\n", targets[i]);
        say(client, text);
        ask(client, "/e");
        ck_assert_int_ge(hear_to_head(client), 200);
        ck_assert(i > 0 || slice_eq(heard_field("Content-Length"), SLICE("100000")));
        ck_assert_int_eq(hear(client), 200);
        ck_assert(slice_eq(heard.target, SLICE("/e")));
    }
}
END_TEST

START_TEST(a_refusal_of_head_has_no_body)
{
    static const char *const requests[] = {
        "HEAD * HTTP/1.1\r\nHost: sim\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost : sim\r\n\r\n",
        "HEAD / HTTP/2.0\r\n\r\n",
    };
    open_world(NULL);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct visitor *const client = visitor(requests[i]);
        ck_assert_int_ge(hear_to_head(client), 400);
        ck_assert(heard.close);
        ck_assert_ptr_nonnull(heard_field("Content-Length").ptr);
        ck_assert_int_eq(end_of(client), SIM_EOF);
    }
}
END_TEST

START_TEST(some_statuses_never_have_a_body)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    ask(client, "/c204");
    ask(client, "/c304");
    ask(client, "/c205");
    ask(client, "/e");
    ck_assert_int_eq(hear(client), 204);
    ck_assert_ptr_null(heard_field("Content-Length").ptr);
    ck_assert_int_eq(hear(client), 304);
    ck_assert_int_eq(hear(client), 205);
    ck_assert_int_eq(hear(client), 200);
    ck_assert(slice_eq(heard.target, SLICE("/e")));
}
END_TEST

START_TEST(a_big_answer_passes_a_small_window)
{
    const struct world_options options = {.sim = {.window = 1000}};
    open_world(&options);
    struct visitor *const client = visitor("");
    ask(client, "/b");
    ask(client, "/b");
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(hear(client), 200);
        ck_assert_uint_eq(heard.body.len, WORLD_BIG);
        for (size_t at = 0; at < WORLD_BIG; at++) {
            ck_assert(heard.body.data[at] == world_big_byte(at));
        }
    }
}
END_TEST

Suite *bodies_suite(void)
{
    Suite *const suite = suite_create("bodies");
    TCase *const expect = stage_case("expect");
    tcase_add_test(expect, continue_is_sent_when_the_body_is_read);
    tcase_add_test(expect, continue_is_not_sent_before_the_body_is_wanted);
    tcase_add_test(expect, a_body_that_is_there_is_not_called_for);
    tcase_add_test(expect, a_final_status_instead_of_continue_closes);
    tcase_add_test(expect, a_final_status_keeps_the_connection_if_the_body_is_there);
    tcase_add_test(expect, http_1_0_expects_nothing);
    tcase_add_test(expect, chunks_wait_for_leave_too);
    suite_add_tcase(suite, expect);

    TCase *const bodies = stage_case("bodies");
    tcase_add_test(bodies, a_small_unread_body_is_skipped);
    tcase_add_test(bodies, a_large_unread_body_ends_the_connection);
    tcase_add_test(bodies, unread_chunks_without_end_end_the_connection);
    tcase_add_test(bodies, an_unread_body_that_is_malformed_ends_the_connection);
    tcase_add_test(bodies, a_413_reaches_a_client_that_still_sends);
    tcase_add_test(bodies, a_refusal_reaches_a_client_that_sends_on_and_ends);
    tcase_add_test(bodies, chunks_beyond_the_limit_are_413_while_they_come);
    tcase_add_test(bodies, a_body_of_exactly_the_limit_is_taken);
    tcase_add_test(bodies, a_bad_chunk_is_400_where_the_body_is_read);
    tcase_add_test(bodies, head_gets_the_fields_of_get_without_a_body);
    tcase_add_test(bodies, a_refusal_of_head_has_no_body);
    tcase_add_test(bodies, some_statuses_never_have_a_body);
    tcase_add_test(bodies, a_big_answer_passes_a_small_window);
    suite_add_tcase(suite, bodies);
    return suite;
}
