/* Memory: none is allocated on the hot path, none is held by who is idle, and what a burst took is
 * given back. */
#include "run/stack.h"
#include "serve/conn.h"
#include "stage.h"

#define ROUNDS 200
#define CROWD  500
#define KEPT   16 /* blocks that a shard's pool keeps whatever the load */

_Static_assert(sizeof(struct conn) <= 512, "an idle connection is small");

extern const garm_app_entry garm_app_entry_;

static const char echo[] =
    "GET /e HTTP/1.1\r\nHost: sim\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";

/* Throws away what has come: its size. */
static size_t read_away(struct visitor *client)
{
    char scrap[KIB(4)];
    size_t sum = 0;
    world_settle(&world);
    for (size_t n; (n = sim_recv(client->client, scrap, sizeof(scrap))) > 0;) {
        sum += n;
    }
    return sum;
}

/* Allocations that so many rounds of a pipeline cost, after some to warm up. */
static uint64_t count_allocations(const garm_app_entry *app, int depth, int64_t pause_ms)
{
    const struct world_options options = {.app = app};
    open_world(&options);
    struct visitor *const client = visitor("");
    uint64_t before = 0;
    size_t size = 0;
    for (int round = 0; round < ROUNDS; round++) {
        if (round == 20) {
            before = mem_allocations();
        }
        for (int i = 0; i < depth; i++) {
            say(client, echo);
        }
        const size_t got = read_away(client);
        ck_assert(got > 0 && (size == 0 || size == got));
        size = got;
        world_run_ms(&world, pause_ms);
    }
    return mem_allocations() - before;
}

START_TEST(a_request_allocates_nothing)
{
    ck_assert_uint_eq(count_allocations(NULL, 1, 0), 0);
}
END_TEST

START_TEST(a_pipeline_allocates_nothing)
{
    ck_assert_uint_eq(count_allocations(NULL, 16, 0), 0);
}
END_TEST

START_TEST(a_request_now_and_then_allocates_nothing)
{
    ck_assert_uint_eq(count_allocations(NULL, 1, 2500), 0);
}
END_TEST

START_TEST(a_request_to_an_application_allocates_nothing)
{
    ck_assert_uint_eq(count_allocations(&garm_app_entry_, 1, 0), 0);
}
END_TEST

START_TEST(a_pipeline_to_an_application_allocates_nothing)
{
    ck_assert_uint_eq(count_allocations(&garm_app_entry_, 16, 0), 0);
}
END_TEST

static void check_nothing_borrowed(const struct shard *shard)
{
    struct stack_pool_stats stacks;
    stack_pool_stats(shard->worker.loop.stacks, &stacks);
    ck_assert_uint_eq(shard->actives.used_count, 0);
    ck_assert_uint_eq(shard->outs.used_count, 0);
    ck_assert_uint_eq(shard->big_rxs.used_count, 0);
    ck_assert_uint_eq(stacks.used, 0);
}

START_TEST(an_idle_connection_holds_its_structure_alone)
{
    static struct visitor *clients[CROWD];
    open_world(NULL);
    struct shard *const shard = world_shard(&world, 0);
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = visitor("POST /e HTTP/1.1\r\nHost: sim\r\nContent-Length: 5\r\n\r\nhel");
    }
    world_settle(&world);
    ck_assert_uint_eq(shard->actives.used_count, CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        say(clients[i], "lo");
    }
    for (size_t i = 0; i < CROWD; i++) {
        ck_assert_uint_gt(read_away(clients[i]), 0);
    }
    check_nothing_borrowed(shard);
    world_run_ms(&world, 30000);
    const int64_t live = mem_live();
    for (size_t i = 0; i < CROWD; i++) {
        sim_close(clients[i]->client);
    }
    world_settle(&world);
    ck_assert_int_eq(live - mem_live(), CROWD);
}
END_TEST

START_TEST(a_silent_connection_borrows_nothing)
{
    open_world(NULL);
    for (size_t i = 0; i < CROWD; i++) {
        visitor("");
    }
    world_settle(&world);
    ck_assert_uint_eq(connections_open(), CROWD);
    check_nothing_borrowed(world_shard(&world, 0));
}
END_TEST

START_TEST(after_a_burst_the_pools_shrink)
{
    static struct visitor *clients[CROWD];
    open_world(NULL);
    struct shard *const shard = world_shard(&world, 0);
    for (size_t i = 0; i < CROWD; i++) {
        clients[i] = visitor("GET /h HTTP/1.1\r\nHost: sim\r\nX-Long: ");
        say_bytes(clients[i], KIB(12));
        say(clients[i], "\r\n\r\n");
    }
    world_settle(&world);
    ck_assert_uint_eq(shard->actives.used_count, CROWD);
    ck_assert_uint_eq(shard->big_rxs.used_count, CROWD);
    ck_assert_uint_eq(shard->worker.loop.task_count, CROWD);
    for (size_t i = 0; i < CROWD; i++) {
        sim_reset(clients[i]->client);
    }
    world_settle(&world);
    check_nothing_borrowed(shard);
    world_run_ms(&world, 15000);
    struct stack_pool_stats stacks;
    stack_pool_stats(shard->worker.loop.stacks, &stacks);
    ck_assert_uint_le(shard->actives.free_count, KEPT);
    ck_assert_uint_le(shard->outs.free_count, KEPT);
    ck_assert_uint_le(shard->big_rxs.free_count, KEPT);
    ck_assert_uint_le(stacks.free_warm, CROWD / 10);
}
END_TEST

Suite *memory_suite(void)
{
    Suite *const suite = suite_create("memory");
    TCase *const tests = stage_case("memory");
    tcase_add_test(tests, a_request_allocates_nothing);
    tcase_add_test(tests, a_pipeline_allocates_nothing);
    tcase_add_test(tests, a_request_now_and_then_allocates_nothing);
    tcase_add_test(tests, a_request_to_an_application_allocates_nothing);
    tcase_add_test(tests, a_pipeline_to_an_application_allocates_nothing);
    tcase_add_test(tests, an_idle_connection_holds_its_structure_alone);
    tcase_add_test(tests, a_silent_connection_borrows_nothing);
    tcase_add_test(tests, after_a_burst_the_pools_shrink);
    suite_add_tcase(suite, tests);
    return suite;
}
