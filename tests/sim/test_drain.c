/* The drain: whatever was sent before the stop is answered; then the server ends, with its grace or
 * at once. */
#include "stage.h"

#define CROWD 200

static const char echo[] = "GET /e HTTP/1.1\r\nHost: sim\r\n\r\n";

/* Runs until every worker has ended, for `ms_max` at most: the milliseconds that it took, or -1. */
static int64_t ms_until_ended(int64_t ms_max)
{
    for (int64_t ms = 0; ms <= ms_max; ms++) {
        if (world_ended(&world)) {
            return ms;
        }
        world_run_ms(&world, 1);
    }
    return -1;
}

START_TEST(who_waits_in_the_accept_queue_is_served)
{
    static struct visitor *clients[CROWD];
    const struct world_options options = {.workers = (size_t)_i};
    open_world(&options);
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = visitor(echo);
    }
    world_begin_stop(&world, 1000);
    for (size_t i = 0; i < CROWD; i++) {
        ck_assert_int_eq(hear(clients[i]), 200);
        ck_assert(heard.close);
        ck_assert_int_eq(end_of(clients[i]), SIM_EOF);
        sim_close(clients[i]->client);
    }
    ck_assert_int_ge(ms_until_ended(10), 0);
}
END_TEST

/* Accepting fails again and again: whoever waits is served, or told that there is no room. */
START_TEST(who_waits_while_descriptors_lack_is_answered)
{
    static struct visitor *clients[CROWD];
    const struct world_options options = {.workers = 3,
                                          .sim = {.accept_errors = (unsigned)_i * 10}};
    open_world(&options);
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = visitor(echo);
    }
    world_begin_stop(&world, 100000);
    world_run_ms(&world, 90000);
    for (size_t i = 0; i < CROWD; i++) {
        const int status = hear(clients[i]);
        ck_assert(status == 200 || status == 503);
        ck_assert(heard.close);
        ck_assert_int_eq(end_of(clients[i]), SIM_EOF);
        sim_close(clients[i]->client);
    }
    ck_assert_int_ge(ms_until_ended(10), 0);
}
END_TEST

START_TEST(a_queue_that_cannot_be_emptied_ends_with_the_grace)
{
    const struct world_options options = {.workers = 2, .sim = {.accept_errors = 100}};
    open_world(&options);
    struct visitor *const client = visitor(echo);
    world_begin_stop(&world, 3000);
    const int64_t ms = ms_until_ended(10000);
    ck_assert(ms >= 2990 && ms <= 3010);
    ck_assert_int_eq(end_of(client), SIM_RESET);
}
END_TEST

START_TEST(all_of_a_pipeline_is_served_and_the_last_answer_closes)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    for (int i = 0; i < CROWD; i++) {
        ask(client, i % 7 == 0 ? "/z" : "/e");
    }
    world_begin_stop(&world, 5000);
    for (int i = 0; i < CROWD; i++) {
        ck_assert_int_eq(hear_within(client, 100), 200);
        ck_assert(heard.close == (i + 1 == CROWD));
    }
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_request_on_a_kept_connection_is_served_if_it_came_before_the_stop)
{
    open_world(NULL);
    struct visitor *const client = visitor(echo);
    ck_assert_int_eq(hear(client), 200);
    ask(client, "/e/again");
    world_begin_stop(&world, 1000);
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(idle_connections_end_without_a_word)
{
    open_world(NULL);
    struct visitor *const served = visitor(echo);
    struct visitor *const fresh = visitor("");
    ck_assert_int_eq(hear(served), 200);
    world_begin_stop(&world, 60000);
    ck_assert_int_eq(end_of(served), SIM_EOF);
    ck_assert_int_eq(end_of(fresh), SIM_EOF);
    sim_close(served->client);
    sim_close(fresh->client);
    ck_assert_int_ge(ms_until_ended(10), 0);
}
END_TEST

START_TEST(idle_connections_do_not_outstay_their_linger)
{
    open_world(NULL);
    struct visitor *const client = visitor(echo);
    ck_assert_int_eq(hear(client), 200);
    world_begin_stop(&world, 60000);
    ck_assert_int_ge(ms_until_ended(LIMIT_LINGER_MS + 10), 0);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(nobody_is_accepted_any_more)
{
    open_world(NULL);
    const int fd = world.fds[0];
    struct sim_client *const before = sim_connect(world.sim, fd);
    struct sim_client *const after = sim_connect(world.sim, fd);
    world_settle(&world);
    ck_assert(sim_accepted(before) && sim_accepted(after));
    struct visitor *const busy = visitor("GET /h HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert(is_silent(busy));
    world_begin_stop(&world, 1000);
    world_run_ms(&world, 1);
    ck_assert_int_eq(world.fds[0], -1);
    ck_assert_uint_eq(sim_open_fds(world.sim), connections_open());
}
END_TEST

START_TEST(a_handler_has_the_grace_to_finish)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /l HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert(is_silent(client));
    world_begin_stop(&world, 60000);
    ck_assert_int_ge(ms_until_word(client, 31000), 29000);
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    sim_close(client->client);
    ck_assert_int_ge(ms_until_ended(10), 0);
}
END_TEST

START_TEST(after_the_grace_a_handler_is_cancelled)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /h HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert(is_silent(client));
    world_begin_stop(&world, 3000);
    const int64_t ms = ms_until_word(client, 10000);
    ck_assert(ms >= 3000 && ms <= 3010);
    ck_assert_int_eq(world.last_cancel, CANCEL_DRAIN);
    ck_assert_int_eq(hear(client), 503);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
    sim_close(client->client);
    ck_assert_int_ge(ms_until_ended(10), 0);
}
END_TEST

START_TEST(a_head_begun_before_the_stop_may_be_finished)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /e HTTP/1.1\r\nHost:");
    ck_assert(is_silent(client));
    world_begin_stop(&world, 5000);
    world_run_ms(&world, 2000);
    say(client, " sim\r\n\r\n");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_head_that_is_not_finished_ends_with_the_grace)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /e HTTP/1.1\r\nHost:");
    ck_assert(is_silent(client));
    world_begin_stop(&world, 5000);
    const int64_t ms = ms_until_ended(10000);
    ck_assert(ms >= 4990 && ms <= 5010);
    ck_assert_int_ne(end_of(client), SIM_OPEN);
}
END_TEST

START_TEST(a_body_under_way_may_be_finished)
{
    open_world(NULL);
    struct visitor *const client =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\n\r\nhe");
    ck_assert(is_silent(client));
    world_begin_stop(&world, 5000);
    world_run_ms(&world, 2000);
    say(client, "llo");
    ck_assert_int_eq(hear(client), 200);
    ck_assert(heard_body("hello") && heard.close);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_slow_reader_gets_what_the_grace_allows)
{
    open_world(NULL);
    struct visitor *const client = visitor("");
    sim_set_window(client->client, 1000);
    ask(client, "/b");
    world_settle(&world);
    world_begin_stop(&world, 60000);
    world_run_ms(&world, 3000);
    ck_assert_int_eq(hear(client), 200);
    ck_assert_uint_eq(heard.body.len, WORLD_BIG);
    ck_assert_int_eq(end_of(client), SIM_EOF);
}
END_TEST

START_TEST(a_second_stop_ends_at_once)
{
    const struct world_options options = {.workers = 2};
    open_world(&options);
    struct visitor *const hanging = visitor("GET /h HTTP/1.1\r\nHost: sim\r\n\r\n");
    struct visitor *const sending =
        visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\n\r\nhe");
    struct visitor *const partial = visitor("GET /e");
    struct visitor *const stuck = visitor("");
    sim_set_window(stuck->client, 0);
    ask(stuck, "/b");
    ck_assert(is_silent(hanging) && is_silent(sending) && is_silent(partial));
    world_begin_stop(&world, 60000);
    world_run_ms(&world, 1000);
    ck_assert(is_silent(hanging) && is_silent(sending) && is_silent(partial));
    world_begin_stop(&world, 0);
    ck_assert_int_ge(ms_until_ended(10), 0);
    ck_assert_int_eq(world.last_cancel, CANCEL_DRAIN);
    ck_assert_uint_eq(sim_open_fds(world.sim), 0);
}
END_TEST

START_TEST(a_longer_second_grace_changes_nothing)
{
    open_world(NULL);
    struct visitor *const client = visitor("GET /h HTTP/1.1\r\nHost: sim\r\n\r\n");
    ck_assert(is_silent(client));
    world_begin_stop(&world, 1000);
    world_run_ms(&world, 10);
    world_begin_stop(&world, 60000);
    const int64_t ms = ms_until_word(client, 10000);
    ck_assert(ms >= 980 && ms <= 1010);
}
END_TEST

/* A drain ends a connection whose receive gives EAGAIN. Linux says that only when nothing had been
 * received when the call began, for a receive takes the socket's lock; so here it is never said
 * without need (no spurious_again), while all else is as rough as in other worlds. */
static void stop_under_chaos(unsigned seed)
{
    static struct visitor *clients[50];
    const struct world_options options = {.workers = 3,
                                          .sim = {.short_reads = 30,
                                                  .one_byte_reads = 20,
                                                  .short_writes = 30,
                                                  .spurious_wakes = 20,
                                                  .reorder = true,
                                                  .segment_max = 40}};
    ck_assert_int_eq(world_new(&world, seed, &options), 0);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = visitor("");
        for (size_t k = 0; k <= i % 10; k++) {
            ask(clients[i], k % 2 == 0 ? "/e" : "/z");
        }
    }
    world_run_ms(&world, seed % 20); /* the stop comes here and there in the course of it */
    world_begin_stop(&world, 30000);
    world_run_ms(&world, 2000);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        ck_assert_uint_eq(hear_all(clients[i], 200), i % 10 + 1);
        ck_assert_int_eq(end_of(clients[i]), SIM_EOF);
    }
}

START_TEST(a_stop_under_chaos_loses_no_request_that_was_received)
{
    for (unsigned i = 0; i < 20; i++) {
        stop_under_chaos((unsigned)_i * 20 + i);
        close_world();
    }
}
END_TEST

Suite *drain_suite(void)
{
    Suite *const suite = suite_create("drain");
    TCase *const tests = stage_case("drain");
    tcase_add_loop_test(tests, who_waits_in_the_accept_queue_is_served, 1, 4);
    tcase_add_loop_test(tests, who_waits_while_descriptors_lack_is_answered, 1, 9);
    tcase_add_test(tests, a_queue_that_cannot_be_emptied_ends_with_the_grace);
    tcase_add_test(tests, all_of_a_pipeline_is_served_and_the_last_answer_closes);
    tcase_add_test(tests, a_request_on_a_kept_connection_is_served_if_it_came_before_the_stop);
    tcase_add_test(tests, idle_connections_end_without_a_word);
    tcase_add_test(tests, idle_connections_do_not_outstay_their_linger);
    tcase_add_test(tests, nobody_is_accepted_any_more);
    tcase_add_test(tests, a_handler_has_the_grace_to_finish);
    tcase_add_test(tests, after_the_grace_a_handler_is_cancelled);
    tcase_add_test(tests, a_head_begun_before_the_stop_may_be_finished);
    tcase_add_test(tests, a_head_that_is_not_finished_ends_with_the_grace);
    tcase_add_test(tests, a_body_under_way_may_be_finished);
    tcase_add_test(tests, a_slow_reader_gets_what_the_grace_allows);
    tcase_add_test(tests, a_second_stop_ends_at_once);
    tcase_add_test(tests, a_longer_second_grace_changes_nothing);
    tcase_add_loop_test(tests, a_stop_under_chaos_loses_no_request_that_was_received, 0, 20);
    suite_add_tcase(suite, tests);
    return suite;
}
