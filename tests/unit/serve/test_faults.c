/* The i-th system call fails, for every i that a fixed scenario over real sockets reaches: no
 * crash, no leak, no wrong answer, nobody left hanging, and the next client is served. */
#include "caller.h"
#include "suites.h"

#include "base/sys.h"

#include <dirent.h>
#include <errno.h>

#define FAULTS_MAX  500
#define ANSWERS_MAX 3
#define PATIENCE_NS (10 * NS_PER_SEC)

static const struct script {
    const char *text;
    size_t body_lens[ANSWERS_MAX];
    size_t count;
} scripts[] = {
    {"GET /e HTTP/1.1\r\nHost: a\r\n\r\nPOST /e HTTP/1.1\r\nHost: a\r\nContent-Length: "
     "5\r\n\r\nhello"
     "GET /e HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     {0, 5, 0},
     3},
    {"GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", {SITE_BIG}, 1},
    {"GET /f HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", {SITE_BIG}, 1},
};

static struct {
    unsigned at, seen;
    const char *name; /* of the call that failed */
} fault;
static struct site site;

/* The errors that these calls are most likely to fail with. */
static int fail_one(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    if (kind != SYS_CALL || ++fault.seen != fault.at) {
        return 0;
    }
    fault.name = name;
    if (strcmp(name, "recv") == 0 || strcmp(name, "send") == 0 || strcmp(name, "sendmsg") == 0) {
        return -ECONNRESET;
    }
    return strcmp(name, "accept4") == 0 ? -EMFILE : -ENOMEM;
}

static size_t count_fds(void)
{
    size_t count = 0;
    DIR *const dir = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

/* Turns until every caller has been ended by the server. */
static void serve(struct caller *callers, size_t count)
{
    const int64_t end_ns = sys_monotonic_ns() + PATIENCE_NS;
    for (size_t ended = 0; ended < count && sys_monotonic_ns() < end_ns;) {
        const int rc = server_turn(site.server, NS_PER_MS);
        ck_assert_int_le(rc, 0);
        ended = 0;
        for (size_t i = 0; i < count; i++) {
            caller_move(&callers[i]);
            ended += callers[i].ended;
        }
    }
}

static void judge(const struct script *script, struct caller *caller)
{
    size_t len;
    size_t count = 0;
    ck_assert_msg(caller->ended, "%s fails: left hanging after %s", fault.name, script->text);
    for (int status; (status = caller_hear(caller, &len)) != 0; count++) {
        ck_assert_uint_lt(count, script->count);
        ck_assert_msg(status == 503 || (status == 200 && len == script->body_lens[count]),
                      "%s fails: %d with %zu bytes to %s", fault.name, status, len, script->text);
    }
}

static void play_scripts(void)
{
    struct caller callers[COUNT_OF(scripts)];
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        caller_open(&callers[i], &site, scripts[i].text);
    }
    serve(callers, COUNT_OF(scripts));
    sys_set_fault(NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        judge(&scripts[i], &callers[i]);
        caller_close(&callers[i]);
    }
}

static void check_alive(void)
{
    struct caller caller;
    size_t len;
    caller_open(&caller, &site, scripts[1].text);
    serve(&caller, 1);
    ck_assert_msg(caller_hear(&caller, &len) == 200 && len == SITE_BIG,
                  "%s failed: no service after it", fault.name);
    caller_close(&caller);
}

static void stop(void)
{
    server_stop(site.server, 0);
    const int64_t end_ns = sys_monotonic_ns() + PATIENCE_NS;
    int rc = 0;
    while (rc != 1 && sys_monotonic_ns() < end_ns) {
        rc = server_turn(site.server, NS_PER_MS);
    }
    ck_assert_int_eq(rc, 1);
}

/* Was a call made to fail? */
static bool play_scenario(unsigned at)
{
    const size_t fds = count_fds();
    const int64_t live = mem_live();
    site_open(&site, 1);
    fault.at = at;
    fault.seen = 0;
    fault.name = "nothing";
    sys_set_fault(fail_one, NULL);
    if (site_attach(&site) == 0) {
        play_scripts();
        check_alive();
        stop();
    }
    sys_set_fault(NULL, NULL);
    site_close(&site);
    ck_assert_msg(count_fds() == fds, "%s failed: descriptors leaked", fault.name);
    ck_assert_msg(mem_live() == live, "%s failed: memory leaked", fault.name);
    return fault.seen >= at;
}

START_TEST(any_system_call_may_fail)
{
    unsigned at = 1;
    mem_count(true);
    while (at < FAULTS_MAX && play_scenario(at)) {
        at++;
    }
    ck_assert_uint_gt(at, 40);
    ck_assert_uint_lt(at, FAULTS_MAX);
}
END_TEST

/* Makes the `at`-th call of server_fd fail: what server_fd returns. */
static int ask_fd(unsigned at)
{
    fault.at = at;
    fault.seen = 0;
    sys_set_fault(fail_one, NULL);
    const int fd = server_fd(site.server);
    sys_set_fault(NULL, NULL);
    return fd;
}

/* It takes two descriptors, two entries of what to watch, and the timer's first set. */
START_TEST(a_descriptor_to_poll_that_fails_is_made_anew)
{
    unsigned at = 1;
    site_open(&site, 1);
    ck_assert_int_eq(site_attach(&site), 0);
    const size_t fds = count_fds();
    while (ask_fd(at) < 0) {
        ck_assert_msg(count_fds() == fds, "%s failed: descriptors leaked", fault.name);
        at++;
    }
    ck_assert_uint_eq(at, 6);
    stop();
    site_close(&site);
}
END_TEST

Suite *faults_suite(void)
{
    Suite *const suite = suite_create("faults");
    TCase *const tests = tcase_create("faults");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, any_system_call_may_fail);
    tcase_add_test(tests, a_descriptor_to_poll_that_fails_is_made_anew);
    suite_add_tcase(suite, tests);
    return suite;
}
