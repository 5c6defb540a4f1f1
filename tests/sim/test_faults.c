/* The i-th allocation fails, and the i-th system call, for every i that a fixed scenario reaches:
 * no crash, no leak, no wrong answer, nobody left hanging, and the next client is served. */
#include "stage.h"

#include <errno.h>
#include <stdio.h>

#define ANSWERS_MAX 4
#define FAULTS_MAX  2000
#define BODY_BYTES  30000
#define FIELD_BYTES 20000
#define SCENARIO_MS 300

extern const garm_app_entry garm_app_entry_;

static struct {
    enum sys_kind kind;
    unsigned at;   /* the call that fails */
    unsigned seen; /* calls so far */
    bool on;
} fault;

static int fail_one(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    (void)name;
    if (!fault.on || kind != fault.kind || ++fault.seen != fault.at) {
        return 0;
    }
    return kind == SYS_MEMORY ? -ENOMEM : -EMFILE;
}

/* What a client says, at once and later, and is answered where nothing fails. */
struct part {
    const char *first;
    size_t filler; /* so many 'x' behind it */
    const char *later;
    struct {
        int status;
        size_t body_len;
        bool head_only;
    } answers[ANSWERS_MAX];
};

#define POST(path, fields) "POST " path " HTTP/1.1\r\nHost: sim\r\n" fields "\r\n"
static const struct part parts[] = {
    {"GET /e HTTP/1.1\r\nHost: sim\r\n\r\n" POST(
         "/e", "Content-Length: 5\r\n") "hello"
                                        "HEAD /e HTTP/1.1\r\nHost: sim\r\n\r\n" POST(
                                            "/s", "Content-Length: 3\r\n") "abc",
     0,
     "",
     {{200, 0, false}, {200, 5, false}, {200, 0, true}, {200, 3, false}}},
    {POST("/e", "Transfer-Encoding: chunked\r\n") "5\r\nhello\r\n",
     0,
     "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
     {{200, 8, false}}},
    {POST("/e", "Expect: 100-continue\r\nContent-Length: 5\r\n"), 0, "hello", {{200, 5, false}}},
    {"nonsense\r\n\r\n", 0, "more", {{400, 0, false}}},
    {"GET /e HTTP/1.1\r\nX-Long: ", FIELD_BYTES, "\r\nHost: sim\r\n\r\n", {{200, 0, false}}},
    {POST("/e", "Content-Length: 30000\r\n"),
     BODY_BYTES,
     POST("/z", "Content-Length: 1\r\n") "x",
     {{200, BODY_BYTES, false}, {200, 1, false}}},
    {"GET /e HTTP/1.0\r\n\r\n", 0, "", {{200, 0, false}}},
};

/* What a client may get where something failed: an excuse, after which the connection ends. */
static bool is_excuse(int status)
{
    return status == 503 || status == 500;
}

static void judge_answer(const struct part *part, size_t index, int status)
{
    ck_assert_msg(index < ANSWERS_MAX && part->answers[index].status != 0,
                  "fault %u: answer %zu to %s", fault.at, index, part->first);
    if (is_excuse(status)) {
        return;
    }
    ck_assert_msg(status == part->answers[index].status, "fault %u: %d to %s", fault.at, status,
                  part->first);
    ck_assert_msg(status != 200 || heard.body.len == part->answers[index].body_len,
                  "fault %u: %zu bytes to %s", fault.at, heard.body.len, part->first);
}

/* All answers came, or the connection ended before. */
static void judge_part(const struct part *part, struct visitor *client)
{
    size_t index = 0;
    for (;;) {
        const bool head_only = index < ANSWERS_MAX && part->answers[index].head_only;
        const int status = head_only ? hear_to_head(client) : hear(client);
        if (status == 0) {
            break;
        }
        if (status >= 200) {
            judge_answer(part, index++, status);
        }
    }
    const bool all = index == ANSWERS_MAX || part->answers[index].status == 0;
    ck_assert_msg(all || end_of(client) != SIM_OPEN || sim_end(client->client) != SIM_OPEN,
                  "fault %u: nobody answers %s", fault.at, part->first);
}

static void play_parts(void)
{
    struct visitor *clients[COUNT_OF(parts)];
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        clients[i] = visitor(parts[i].first);
        say_bytes(clients[i], parts[i].filler);
    }
    struct visitor *const leaving = visitor("GET /e HTTP/1.1\r\nHost: sim\r\nX-Half");
    world_run_ms(&world, SCENARIO_MS / 2);
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        say(clients[i], parts[i].later);
    }
    sim_reset(leaving->client);
    world_run_ms(&world, SCENARIO_MS / 2);
    fault.on = false;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        judge_part(&parts[i], clients[i]);
    }
}

/* After the fault the server is as good as before. */
static void check_alive(void)
{
    struct visitor *const client = visitor(POST("/e", "Content-Length: 5\r\n") "hello");
    ck_assert_int_eq(hear_within(client, 5000), 200);
    ck_assert(heard_body("hello"));
}

/* Was a call made to fail? */
static bool play_scenario(enum sys_kind kind, unsigned at, const garm_app_entry *app)
{
    const struct world_options options = {.workers = 2, .app = app};
    fault.kind = kind;
    fault.at = at;
    fault.seen = 0;
    fault.on = true;
    sys_set_fault(fail_one, NULL);
    if (world_new(&world, 1, &options) == 0) {
        play_parts();
        check_alive();
        fault.on = true;
        world_stop(&world, 100);
    }
    sys_set_fault(NULL, NULL);
    close_world();
    return fault.seen >= at;
}

static unsigned play_all(enum sys_kind kind, const garm_app_entry *app)
{
    unsigned at = 1;
    while (at < FAULTS_MAX && play_scenario(kind, at, app)) {
        at++;
    }
    ck_assert_uint_lt(at, FAULTS_MAX);
    return at - 1;
}

START_TEST(any_allocation_may_fail)
{
    ck_assert_uint_gt(play_all(SYS_MEMORY, NULL), 30);
}
END_TEST

START_TEST(any_allocation_may_fail_below_an_application)
{
    ck_assert_uint_gt(play_all(SYS_MEMORY, &garm_app_entry_), 30);
}
END_TEST

START_TEST(any_system_call_may_fail)
{
    ck_assert_uint_gt(play_all(SYS_CALL, NULL), 3);
}
END_TEST

START_TEST(any_system_call_may_fail_below_an_application)
{
    ck_assert_uint_gt(play_all(SYS_CALL, &garm_app_entry_), 3);
}
END_TEST

Suite *faults_suite(void)
{
    Suite *const suite = suite_create("faults");
    TCase *const tests = stage_case("faults");
    tcase_add_test(tests, any_allocation_may_fail);
    tcase_add_test(tests, any_allocation_may_fail_below_an_application);
    tcase_add_test(tests, any_system_call_may_fail);
    tcase_add_test(tests, any_system_call_may_fail_below_an_application);
    suite_add_tcase(suite, tests);
    return suite;
}
