/* Served directories, in virtual time and with calls that fail: the rest is tested end to end. */
#include "fake.h"

#include "base/sys.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Suite *suite_static(void);

static char dir[] = "garm-static-XXXXXX";

static void put(const char *name, const char *content)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    close(fd);
}

static void cut_off(const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    ck_assert_int_eq(unlink(path), 0);
}

static int sleep_on(garm_ctx *c)
{
    GARM_TRY(garm_sleep(c, GARM_MS(LIMIT_FILE_CHECK_MS)));
    return 204;
}

/* What the other listings of the worker hold, and what this one does once it is written. */
static size_t others, held;
static garm_worker *watched;

static int watch_listing(garm_ctx *c)
{
    watched = garm_worker_of(c);
    watched->listing_bytes = others;
    GARM_TRY(garm_next(c));
    held = watched->listing_bytes - others;
    return 0;
}

/* Says who it is, and looks at a session, as the request's fields ask for. */
static int know(garm_ctx *c)
{
    GARM_TRY(garm_set_user(c, garm_header(c, "X-User")));
    if (garm_has_header(c, "X-Session")) {
        (void)garm_session_get(c, "user");
    }
    if (garm_has_header(c, "X-Set")) {
        GARM_TRY(garm_set_header(c, "Cache-Control", "no-store"));
    }
    return garm_next(c);
}

static void set_up_members(garm_app *app)
{
    garm_app *const group = garm_group(app, "/members");
    garm_sessions(group);
    garm_use(group, know);
    garm_static(group, "/s", dir, .list = true);
    garm_static(group, "/aged", dir, .cache_max_age_s = 60, .immutable = true);
    garm_static(group, "/none", dir, .cache_max_age_s = GARM_NONE);
}

static void set_up(garm_app *app)
{
    set_up_members(app);
    garm_app *const group = garm_group(app, "/watched");
    garm_use(group, watch_listing);
    garm_static(group, "/", dir, .list = true);
    garm_route(app, "/sleep", sleep_on);
    garm_static(app, "/s", dir, .list = true, .precompressed = true);
    garm_static(app, "/spa", dir, .spa = true);
    garm_static(app, "/descriptor", dir, .no_cache = true);
}

static void begin(void)
{
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    put("a.txt", "content");
    fake_start(set_up);
}

static void end(void)
{
    cut_off("a.txt");
    fake_end();
    ck_assert_int_eq(rmdir(dir), 0);
}

static const struct answer *get(const char *path)
{
    char head[256];
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\nHost: a", path);
    return fake_ask(head);
}

/* Lets as much virtual time pass as a look is good for. */
static void pass_time(void)
{
    ck_assert_uint_eq(get("/sleep")->status, 204);
}

START_TEST(a_change_is_seen_after_the_time_for_a_look)
{
    begin();
    ck_assert_str_eq(get("/s/a.txt")->body, "content");
    put("a.txt", "changed");
    ck_assert_str_eq(get("/s/a.txt")->body, "content");
    pass_time();
    ck_assert_str_eq(get("/s/a.txt")->body, "changed");
    end();
}
END_TEST

START_TEST(without_a_cache_a_change_is_seen_at_once)
{
    begin();
    ck_assert_str_eq(get("/descriptor/a.txt")->body, "content");
    put("a.txt", "changed");
    ck_assert_str_eq(get("/descriptor/a.txt")->body, "changed");
    end();
}
END_TEST

/* A call that fails, each time or once, when its turn comes. */
static struct {
    const char *name;
    int error;
    unsigned skip, times, seen;
} fault;

static int fail_named(void *arg, enum sys_kind kind, const char *name)
{
    (void)arg;
    (void)kind;
    if (fault.name != NULL && strcmp(name, fault.name) != 0) {
        return 0;
    }
    fault.seen++;
    if (fault.seen <= fault.skip || fault.seen > fault.skip + fault.times) {
        return 0;
    }
    return fault.error;
}

static void fail_call(const char *name, int error, unsigned skip, unsigned times)
{
    fault.name = name;
    fault.error = error;
    fault.skip = skip;
    fault.times = times;
    fault.seen = 0;
    sys_set_fault(fail_named, NULL);
}

static const struct {
    const char *name;
    int error;
} slow[] = {
    {"openat2_cached", -EAGAIN}, /* names that are not at hand; a kernel before 5.12 */
    {"preadv2", -EAGAIN},        /* content that is not */
    {"preadv2", -EOPNOTSUPP},    /* a file system that cannot tell */
};

START_TEST(what_is_not_at_hand_is_waited_for_elsewhere)
{
    begin();
    put("a.txt.gz", "coded");
    fail_call(slow[_i].name, slow[_i].error, 0, UINT32_MAX);
    ck_assert_str_eq(get("/s/a.txt")->body, "content");
    ck_assert_str_eq(get("/descriptor/a.txt")->body, "content");
    ck_assert_uint_eq(get("/s/missing")->status, 404);
    const struct answer *const coded =
        fake_ask("GET /s/a.txt HTTP/1.1\nHost: a\nAccept-Encoding: gzip");
    ck_assert_str_eq(coded->body, "coded");
    ck_assert(answer_has(coded, "Content-Encoding: gzip"));
    ck_assert_uint_gt(fault.seen, 0);
    sys_set_fault(NULL, NULL);
    cut_off("a.txt.gz");
    end();
}
END_TEST

START_TEST(the_cache_gives_way_when_descriptors_run_out)
{
    begin();
    fail_call("openat2_cached", -EMFILE, 0, 1);
    ck_assert_str_eq(get("/s/a.txt")->body, "content");
    fail_call("openat2_cached", -EMFILE, 0, UINT32_MAX);
    pass_time();
    ck_assert_uint_eq(get("/s/a.txt")->status, 503);
    sys_set_fault(NULL, NULL);
    ck_assert_str_eq(get("/s/a.txt")->body, "content");
    end();
}
END_TEST

static const char *const requests[] = {
    "GET /s/a.txt HTTP/1.1\nHost: a",
    "GET /descriptor/a.txt HTTP/1.1\nHost: a\nRange: bytes=0-0,2-3",
    "GET /s/ HTTP/1.1\nHost: a\nAccept: application/json",
    "GET /s HTTP/1.1\nHost: a",
};

/* Whatever call fails, the answer is the right one, an error or cut, and nothing is left over. */
START_TEST(any_call_may_fail_once)
{
    begin();
    const uint16_t sound = fake_ask(requests[_i])->status;
    for (unsigned nth = 0; nth < 60; nth++) {
        pass_time();
        fail_call(NULL, -ENOMEM, nth, 1);
        const struct answer *const answer = fake_ask(requests[_i]);
        sys_set_fault(NULL, NULL);
        ck_assert_msg(answer->status == sound || answer->status >= 500 || answer->aborts > 0,
                      "call %u: %u", nth, answer->status);
    }
    ck_assert_uint_eq(fake_ask(requests[_i])->status, sound);
    end();
}
END_TEST

START_TEST(a_listing_has_what_is_there)
{
    begin();
    const struct answer *const answer =
        fake_ask("GET /s/ HTTP/1.1\nHost: a\nAccept: application/json");
    ck_assert_uint_eq(answer->status, 200);
    ck_assert_ptr_nonnull(strstr(answer->body, "\"name\":\"a.txt\",\"type\":\"file\",\"size\":7"));
    end();
}
END_TEST

/* The first is refused before it is read, the second when its size is known. */
START_TEST(listings_hold_so_much_and_no_more)
{
    static const size_t before[] = {LIMIT_LISTING_BYTES, LIMIT_LISTING_BYTES - 1};
    begin();
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        others = before[i];
        const struct answer *const answer = get("/watched/");
        ck_assert_uint_eq(answer->status, 503);
        ck_assert_ptr_nonnull(strstr(answer->head, "Retry-After: 5\n"));
        ck_assert_uint_eq(held, 0);
        ck_assert_uint_eq(watched->listing_bytes, others);
    }
    others = 1;
    ck_assert_uint_eq(get("/watched/")->status, 200);
    ck_assert_uint_gt(held, 0);
    ck_assert_uint_eq(watched->listing_bytes, 1);
    end();
}
END_TEST

START_TEST(a_page_that_is_refused_is_not_given)
{
    begin();
    put("index.html", "page");
    ck_assert_uint_eq(fake_ask("GET /spa/x HTTP/1.1\nHost: a\nAccept: text/html")->status, 200);
    ck_assert_uint_eq(fake_ask("GET /spa/x HTTP/1.1\nHost: a\nAccept: */*")->status, 404);
    ck_assert_uint_eq(fake_ask("GET /spa/x HTTP/1.1\nHost: a\nAccept: text/html;q=0, a/b")->status,
                      404);
    ck_assert_uint_eq(fake_ask("GET /spa/x HTTP/1.1\nHost: a\nAccept: text/html; Q=0.00")->status,
                      404);
    ck_assert_uint_eq(
        fake_ask("GET /spa/x HTTP/1.1\nHost: a\nAccept: text/html;level=1;q=0.1")->status, 200);
    cut_off("index.html");
    end();
}
END_TEST

static void missing_dir(garm_app *app)
{
    garm_static(app, "/", "/nonexistent");
}
static void no_dir(garm_app *app)
{
    garm_static(app, "/", NULL);
}
static void bad_age(garm_app *app)
{
    garm_static(app, "/", "/", .cache_max_age_s = -2);
}
static void bad_index(garm_app *app)
{
    garm_static(app, "/", "/", .index = "a/b");
}
static void spa_without_index(garm_app *app)
{
    garm_static(app, "/", "/", .index = "", .spa = true);
}
static void bad_prefix(garm_app *app)
{
    garm_static(app, "assets", "/");
}

static const struct {
    void (*setup)(garm_app *app);
    const char *reason;
} refusals[] = {
    {missing_dir, "no directory \"/nonexistent\": No such file or directory"},
    {no_dir, "needs a prefix and a directory"},
    {bad_age, "cache_max_age_s is negative"},
    {bad_index, "the index is a name"},
    {spa_without_index, "spa needs an index"},
    {bad_prefix, "the prefix begins with a '/'"},
};

START_TEST(what_cannot_be_served_stops_the_start)
{
    const char *const line = fake_refusal(refusals[_i].setup);
    ck_assert_msg(strstr(line, refusals[_i].reason) != NULL, "%s", line);
    ck_assert_msg(strstr(line, "test_static.c:") != NULL, "%s", line);
}
END_TEST

/* Valgrind, and emulators of another architecture, lack the call. */
static bool can_open_beneath(void)
{
    const int fd = sys_open_beneath(AT_FDCWD, ".", O_PATH | O_DIRECTORY);
    sys_close(fd);
    return fd != -ENOSYS;
}

/* Who may keep an answer. */

static const struct {
    const char *path, *shared, *own;
} kept[] = {
    {"/s/a.txt", "no-cache", "private, no-cache"},
    {"/s/", "no-cache", "private, no-cache"},
    {"/s", "", "private, no-cache"},
    {"/s/p.html", "no-cache", "private, no-cache"},
    {"/aged/a.txt", "max-age=60", "private, max-age=60"},
    {"/aged/p.html", "no-cache", "private, no-cache"},
    {"/aged/a.3f9a0c21.js", "max-age=31536000, immutable", "private, max-age=31536000, immutable"},
    {"/none/a.txt", "", "private, no-cache"},
};

static void require_control(const char *path, const char *fields, const char *control)
{
    char head[512];
    char line[128];
    snprintf(head, sizeof(head), "GET /members%s HTTP/1.1\nHost: a%s", path, fields);
    snprintf(line, sizeof(line), "Cache-Control: %s", control);
    const struct answer *const answer = fake_ask(head);
    ck_assert_msg(answer_has(answer, line) == (control[0] != '\0'), "%s%s: %s", path, fields,
                  answer->head);
    ck_assert(control[0] != '\0' || strstr(answer->head, "Cache-Control") == NULL);
}

START_TEST(what_is_for_one_user_is_kept_by_no_shared_cache)
{
    static const char *const own[] = {
        "\nX-User: ada",
        "\nAuthorization: Basic eDp5",
        "\nX-Session: 1",
        "\nX-User: ada\nIf-None-Match: *",
        "\nX-User: ada\nRange: bytes=0-1",
    };
    begin();
    put("p.html", "page");
    put("a.3f9a0c21.js", "script");
    for (size_t round = 0; round < 2; round++) {
        require_control(kept[_i].path, "", kept[_i].shared);
        for (size_t i = 0; i < COUNT_OF(own); i++) {
            require_control(kept[_i].path, own[i], kept[_i].own);
        }
    }
    require_control(kept[_i].path, "\nX-User: ada\nX-Set: 1", "no-store");
    require_control(kept[_i].path, "\nX-Set: 1", "no-store");
    cut_off("p.html");
    cut_off("a.3f9a0c21.js");
    end();
}
END_TEST

/* Directories that this user may not use. Root may use all of them: it becomes another one. */

#define NOBODY 65534

static const char closed[] = "closed";

static void serve_closed(garm_app *app)
{
    garm_static(app, "/", closed);
}

static void list_closed(garm_app *app)
{
    garm_static(app, "/", closed, .list = true);
}

static const struct {
    mode_t mode;
    void (*setup)(garm_app *app);
    const char *reason; /* "": none */
} permissions[] = {
    {0000, serve_closed, "may not open the files in \"closed\""},
    {0444, serve_closed, "may not open the files in \"closed\""},
    {0111, list_closed, "may not list \"closed\""},
    {0111, serve_closed, ""},
    {0555, list_closed, ""},
};

START_TEST(a_directory_that_may_not_be_used_stops_the_start)
{
    const bool root = geteuid() == 0;
    char around[] = "garm-around-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(around));
    ck_assert_int_eq(chmod(around, 0755), 0);
    ck_assert_int_eq(chdir(around), 0);
    ck_assert_int_eq(mkdir(closed, 0755), 0);
    ck_assert_int_eq(chmod(closed, permissions[_i].mode), 0);
    ck_assert_int_eq(root ? seteuid(NOBODY) : 0, 0);
    const char *const line = fake_refusal(permissions[_i].setup);
    ck_assert_int_eq(root ? seteuid(0) : 0, 0);
    ck_assert_int_eq(rmdir(closed), 0);
    ck_assert_int_eq(chdir(".."), 0);
    ck_assert_int_eq(rmdir(around), 0);
    if (permissions[_i].reason[0] == '\0') {
        ck_assert_str_eq(line, "");
    } else {
        ck_assert_msg(strstr(line, permissions[_i].reason) != NULL, "%s", line);
        ck_assert_msg(strstr(line, "Permission denied") != NULL, "%s", line);
        ck_assert_msg(strstr(line, "test_static.c:") != NULL, "%s", line);
    }
}
END_TEST

Suite *suite_static(void)
{
    Suite *const suite = suite_create("app/static");
    TCase *const tests = tcase_create("static");
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, what_cannot_be_served_stops_the_start, 0, (int)COUNT_OF(refusals));
    tcase_add_loop_test(tests, a_directory_that_may_not_be_used_stops_the_start, 0,
                        (int)COUNT_OF(permissions));
    if (!can_open_beneath()) {
        return suite;
    }
    tcase_add_test(tests, a_change_is_seen_after_the_time_for_a_look);
    tcase_add_test(tests, without_a_cache_a_change_is_seen_at_once);
    tcase_add_loop_test(tests, what_is_not_at_hand_is_waited_for_elsewhere, 0, (int)COUNT_OF(slow));
    tcase_add_test(tests, the_cache_gives_way_when_descriptors_run_out);
    tcase_add_loop_test(tests, any_call_may_fail_once, 0, (int)COUNT_OF(requests));
    tcase_add_loop_test(tests, what_is_for_one_user_is_kept_by_no_shared_cache, 0,
                        (int)COUNT_OF(kept));
    tcase_add_test(tests, a_listing_has_what_is_there);
    tcase_add_test(tests, a_page_that_is_refused_is_not_given);
    tcase_add_test(tests, listings_hold_so_much_and_no_more);
    return suite;
}
