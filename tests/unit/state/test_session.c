/* Sessions: what they keep and for how long, new names, ends, races, flash messages; in a store and
 * in the cookie. */
#include "fake_store.h"
#include "jar.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

Suite *suite_session(void);

#define SECRET "0123456789abcdef0123456789abcdef"

/* Handlers. */

static int last_rc;

static int set(garm_ctx *c)
{
    last_rc = garm_session_set(c, garm_query(c, "name"), garm_query(c, "value"));
    return garm_text(c, 200, "set");
}

static int get(garm_ctx *c)
{
    return garm_text(c, 200, "<%s>", garm_session_get(c, garm_query(c, "name")));
}

static int forget_name(garm_ctx *c)
{
    GARM_TRY(garm_session_remove(c, garm_query(c, "name")));
    return garm_text(c, 200, "removed");
}

static int renew(garm_ctx *c)
{
    GARM_TRY(garm_session_renew(c));
    GARM_TRY(garm_session_set(c, "user", "ada"));
    return garm_text(c, 200, "renewed");
}

static int end_it(garm_ctx *c)
{
    GARM_TRY(garm_session_end(c));
    if (garm_has_query(c, "again")) {
        GARM_TRY(garm_session_set(c, "new", "1"));
    }
    return garm_text(c, 200, "ended");
}

static int leave(garm_ctx *c)
{
    GARM_TRY(garm_flash(c, "info", "one"));
    GARM_TRY(garm_flash(c, "", "two"));
    return garm_text(c, 200, "left");
}

static int take(garm_ctx *c)
{
    const char *kind = "x";
    const char *const text = garm_flash_next(c, &kind);
    return garm_text(c, 200, "%s:%s", kind, text);
}

static int plain(garm_ctx *c)
{
    return garm_text(c, 200, "plain");
}

static int stream(garm_ctx *c)
{
    GARM_TRY(garm_session_set(c, "streamed", "1"));
    GARM_TRY(garm_write(c, "x", 1));
    last_rc = garm_session_set(c, "late", "1");
    return garm_session_get(c, "streamed")[0] == '1' ? 0 : 500;
}

static int stream_late(garm_ctx *c)
{
    GARM_TRY(garm_write(c, "x", 1));
    const char *const value = garm_session_get(c, "a");
    last_rc = garm_session_set(c, "late", "1");
    return garm_write(c, value, strlen(value));
}

static void add_routes(garm_app *app)
{
    garm_route(app, "GET /late", stream_late);
    garm_route(app, "GET /set", set);
    garm_route(app, "GET /get", get);
    garm_route(app, "GET /remove", forget_name);
    garm_route(app, "GET /renew", renew);
    garm_route(app, "GET /end", end_it);
    garm_route(app, "GET /flash", leave);
    garm_route(app, "GET /take", take);
    garm_route(app, "GET /plain", plain);
    garm_route(app, "GET /stream", stream);
}

/* 0: a store; 1: the cookie. */
static int place;

static void setup(garm_app *app)
{
    const garm_session_store own = fake_store_new(app);
    garm_keys *const keys = garm_keys_new(app, .secrets = {SECRET});
    garm_app *const inside = garm_group(app, "");
    if (place == 0) {
        garm_sessions(inside, .keys = keys, .store = &own, .idle_s = 600, .absolute_s = 3600);
    } else {
        garm_sessions(inside, .keys = keys, .in_cookie = true, .idle_s = 600, .absolute_s = 3600);
    }
    add_routes(inside);
}

static void setup_without(garm_app *app)
{
    add_routes(app);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static const garm_app_entry entry_without = GARM_ENTRY(setup_without);
static garm_test *test;
static struct jar jar;

static void begin(void)
{
    jar.pair[0] = '\0';
}

static void end(void)
{
    garm_test_free(test);
    test = NULL;
}

static void start(int where)
{
    place = where;
    test = garm_test_new(&entry, NULL);
}

static const char *body(const char *target)
{
    return jar_body(test, &jar, target);
}

#define expect(target, text) ck_assert_str_eq(body(target), text)

START_TEST(what_is_set_is_there_in_the_next_request)
{
    start(_i);
    expect("/get?name=a", "<>");
    body("/set?name=a&value=one");
    body("/set?name=b&value=two");
    expect("/get?name=a", "<one>");
    expect("/get?name=b", "<two>");
    body("/set?name=a&value=three");
    expect("/get?name=a", "<three>");
    body("/remove?name=a");
    expect("/get?name=a", "<>");
    expect("/get?name=b", "<two>");
}
END_TEST

START_TEST(the_cookie_has_the_safe_attributes)
{
    start(_i);
    body("/set?name=a&value=one");
    const char *const line = garm_test_header(test, "Set-Cookie");
    ck_assert_int_eq(strncmp(line, "__Host-session=", 15), 0);
    ck_assert_str_eq(strchr(line, ';'), "; Path=/; Secure; HttpOnly; SameSite=Lax");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "Cookie");
    ck_assert_str_eq(garm_test_header(test, "Cache-Control"), "private, no-cache");
}
END_TEST

START_TEST(a_request_without_use_costs_nothing)
{
    start(0);
    body("/set?name=a&value=one");
    store.loads = store.saves = 0;
    body("/plain");
    ck_assert_str_eq(garm_test_header(test, "Vary"), "");
    ck_assert_int_eq(store.loads + store.saves, 0);
    body("/get?name=a");
    body("/set?name=a&value=one"); /* nothing new */
    ck_assert_int_eq(store.saves, 0);
    ck_assert_int_eq(store.loads, 2);
}
END_TEST

START_TEST(a_reader_begins_no_session)
{
    static const char *const targets[] = {"/get?name=a", "/remove?name=a", "/end", "/take"};
    start(_i);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        body(targets[i]);
        ck_assert_str_eq(garm_test_header(test, "Set-Cookie"), "");
    }
}
END_TEST

START_TEST(the_store_knows_no_cookie)
{
    start(0);
    body("/set?name=a&value=one");
    ck_assert_uint_eq(strlen(store.key), 43);
    ck_assert_uint_eq(strlen(jar_value(&jar)), 43);
    ck_assert_str_ne(store.key, jar_value(&jar));
    snprintf(jar.pair, sizeof(jar.pair), "__Host-session=%s", store.key);
    expect("/get?name=a", "<>");
}
END_TEST

START_TEST(a_name_that_was_not_given_out_is_not_adopted)
{
    static const char id[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    start(0);
    snprintf(jar.pair, sizeof(jar.pair), "__Host-session=%s", id);
    body("/set?name=a&value=one");
    ck_assert_str_ne(jar_value(&jar), id);
    expect("/get?name=a", "<one>");
}
END_TEST

START_TEST(no_flipped_bit_and_no_cut_finds_it)
{
    start(_i);
    body("/set?name=a&value=one");
    const struct jar good = jar;
    for (size_t at = 15; at < strlen(good.pair); at++) {
        jar = good;
        jar.pair[at] = jar.pair[at] == 'A' ? 'B' : 'A';
        expect("/get?name=a", "<>");
        jar = good;
        jar.pair[at] = '\0';
        expect("/get?name=a", "<>");
    }
    jar = good;
    expect("/get?name=a", "<one>");
}
END_TEST

START_TEST(a_new_name_makes_the_old_one_worthless)
{
    start(0);
    body("/set?name=a&value=one");
    const struct jar before = jar;
    body("/renew");
    ck_assert_str_ne(jar.pair, before.pair);
    expect("/get?name=a", "<one>");
    expect("/get?name=user", "<ada>");
    jar = before;
    expect("/get?name=user", "<>");
    expect("/get?name=a", "<>");
}
END_TEST

START_TEST(an_end_is_for_all)
{
    static const int errors[] = {0, -EIO, -EEXIST}; /* also when nothing can be saved */
    start(0);
    body("/set?name=a&value=one");
    const struct jar before = jar;
    store.save_error = errors[_i];
    body("/end");
    store.save_error = 0;
    ck_assert_str_eq(jar.pair, "");
    jar = before;
    expect("/get?name=a", "<>");
    body("/end?again");
    ck_assert_str_ne(jar.pair, "");
    ck_assert_str_ne(jar.pair, before.pair);
    expect("/get?name=new", "<1>");
}
END_TEST

START_TEST(an_end_removes_the_cookie)
{
    start(1);
    body("/set?name=a&value=one");
    body("/end");
    ck_assert_str_eq(jar.pair, "");
    body("/end?again");
    expect("/get?name=new", "<1>");
    expect("/get?name=a", "<>");
}
END_TEST

START_TEST(it_is_over_when_nobody_uses_it)
{
    start(_i);
    body("/set?name=a&value=one");
    for (int i = 0; i < 5; i++) {
        garm_test_advance(test, GARM_SEC(300));
        expect("/get?name=a", "<one>");
    }
    garm_test_advance(test, GARM_SEC(605));
    expect("/get?name=a", "<>");
}
END_TEST

START_TEST(it_is_over_in_the_end_however_much_it_is_used)
{
    start(_i);
    body("/set?name=a&value=one");
    for (int i = 0; i < 11; i++) {
        garm_test_advance(test, GARM_SEC(300));
        expect("/get?name=a", "<one>");
    }
    garm_test_advance(test, GARM_SEC(310));
    expect("/get?name=a", "<>");
}
END_TEST

START_TEST(others_changes_stay)
{
    start(0);
    body("/set?name=a&value=one");
    store.meddlers = 3;
    body("/set?name=b&value=two");
    expect("/get?name=a", "<one>");
    expect("/get?name=b", "<two>");
    expect("/get?name=other", "<1>");
    store.meddlers = 1;
    body("/remove?name=other"); /* the last one to answer wins */
    expect("/get?name=other", "<>");
}
END_TEST

START_TEST(endless_races_are_an_error)
{
    start(0);
    body("/set?name=a&value=one");
    store.meddlers = 1000;
    ck_assert_int_eq(jar_get(test, &jar, "/set?name=b&value=two")->status, 503);
}
END_TEST

START_TEST(what_was_ended_does_not_come_back)
{
    start(0);
    body("/set?name=a&value=one");
    store.ended = true;
    body("/set?name=b&value=two");
    store.ended = false;
    expect("/get?name=a", "<>");
    expect("/get?name=b", "<>");
}
END_TEST

START_TEST(a_broken_store_is_503)
{
    start(0);
    body("/set?name=a&value=one");
    store.load_error = -EIO;
    ck_assert_int_eq(jar_get(test, &jar, "/get?name=a")->status, 503);
    store.load_error = 0;
    store.save_error = -EIO;
    ck_assert_int_eq(jar_get(test, &jar, "/set?name=a&value=two")->status, 503);
    ck_assert_str_eq(garm_test_header(test, "Set-Cookie"), "");
    store.remove_error = -EIO;
    ck_assert_int_eq(jar_get(test, &jar, "/end")->status, 503);
    store.save_error = store.remove_error = 0;
    expect("/get?name=a", "<one>");
}
END_TEST

START_TEST(names_are_checked_and_sizes_bounded)
{
    char target[8000];
    start(_i);
    body("/set?name=&value=1");
    ck_assert_int_eq(last_rc, -EINVAL);
    body("/set?name=a%01b&value=1");
    ck_assert_int_eq(last_rc, -EINVAL);
    body("/get?name=%01");
    body("/set?name=small&value=1");
    const int count = _i == 0 ? 3 : 1;
    for (int i = 0; i < count; i++) {
        snprintf(target, sizeof(target), "/set?name=a%d&value=", i);
        memset(target + strlen(target), 'x', _i == 0 ? 5000 : 2800);
        target[_i == 0 ? 5017 : 2817] = '\0';
        body(target);
        ck_assert_int_eq(last_rc, 0);
    }
    body("/set?name=small&value=2");
    strcpy(target, "/set?name=b&value=");
    memset(target + strlen(target), 'y', 2000);
    target[2018] = '\0';
    body(target);
    ck_assert_int_eq(last_rc, -EMSGSIZE);
    expect("/get?name=small", "<2>");
    expect("/get?name=b", "<>");
}
END_TEST

START_TEST(flash_messages_are_told_once)
{
    start(_i);
    expect("/take", ":");
    body("/flash");
    expect("/get?name=%0110", "<>");
    expect("/take", "info:one");
    expect("/take", ":two");
    expect("/take", ":");
}
END_TEST

START_TEST(a_streamed_answer_saves_before_its_head)
{
    start(_i);
    body("/stream");
    ck_assert_int_eq(last_rc, -EALREADY);
    expect("/get?name=streamed", "<1>");
    expect("/get?name=late", "<>");
}
END_TEST

START_TEST(after_the_head_it_can_be_read_and_not_changed)
{
    start(_i);
    body("/set?name=a&value=one");
    store.saves = 0;
    garm_test_advance(test, GARM_SEC(300)); /* a use would be noted */
    expect("/late", "xone");
    ck_assert_int_eq(last_rc, -EALREADY);
    ck_assert_int_eq(store.saves, 0);
    expect("/get?name=late", "<>");
    jar.pair[0] = '\0';
    expect("/late", "x");
}
END_TEST

START_TEST(without_the_middleware_it_is_a_bug)
{
    static const char *const targets[] = {"/get?name=a", "/set?name=a", "/remove?name=a", "/renew",
                                          "/end",        "/flash",      "/take"};
    test = garm_test_new(&entry_without, NULL);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        ck_assert_int_eq(jar_get(test, &jar, targets[i])->status, 500);
    }
}
END_TEST

START_TEST(a_failing_allocation_loses_nothing_else)
{
    start(_i);
    for (unsigned nth = 1; nth < 50; nth++) {
        char target[64];
        jar.pair[0] = '\0';
        body("/set?name=a&value=one");
        snprintf(target, sizeof(target), "/set?name=b&value=%u", nth);
        garm_test_fail_alloc(test, nth);
        const int status = jar_get(test, &jar, target)->status;
        garm_test_fail_alloc(test, 0);
        ck_assert_msg(status == 200 || status == 503 || status == 0, "%u: %d", nth, status);
        snprintf(target, sizeof(target), "<%u>", nth);
        expect("/get?name=a", "<one>");
        if (status == 200) {
            expect("/get?name=b", target);
        }
    }
}
END_TEST

Suite *suite_session(void)
{
    Suite *const suite = suite_create("state/session");
    TCase *const tc = tcase_create("session");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, what_is_set_is_there_in_the_next_request, 0, 2);
    tcase_add_loop_test(tc, the_cookie_has_the_safe_attributes, 0, 2);
    tcase_add_test(tc, a_request_without_use_costs_nothing);
    tcase_add_loop_test(tc, a_reader_begins_no_session, 0, 2);
    tcase_add_test(tc, the_store_knows_no_cookie);
    tcase_add_test(tc, a_name_that_was_not_given_out_is_not_adopted);
    tcase_add_loop_test(tc, no_flipped_bit_and_no_cut_finds_it, 0, 2);
    tcase_add_test(tc, a_new_name_makes_the_old_one_worthless);
    tcase_add_loop_test(tc, an_end_is_for_all, 0, 3);
    tcase_add_test(tc, an_end_removes_the_cookie);
    tcase_add_loop_test(tc, it_is_over_when_nobody_uses_it, 0, 2);
    tcase_add_loop_test(tc, it_is_over_in_the_end_however_much_it_is_used, 0, 2);
    tcase_add_test(tc, others_changes_stay);
    tcase_add_test(tc, endless_races_are_an_error);
    tcase_add_test(tc, what_was_ended_does_not_come_back);
    tcase_add_test(tc, a_broken_store_is_503);
    tcase_add_loop_test(tc, names_are_checked_and_sizes_bounded, 0, 2);
    tcase_add_loop_test(tc, flash_messages_are_told_once, 0, 2);
    tcase_add_loop_test(tc, a_streamed_answer_saves_before_its_head, 0, 2);
    tcase_add_loop_test(tc, after_the_head_it_can_be_read_and_not_changed, 0, 2);
    tcase_add_test(tc, without_the_middleware_it_is_a_bug);
    tcase_add_loop_test(tc, a_failing_allocation_loses_nothing_else, 0, 2);
    suite_add_tcase(suite, tc);
    return suite;
}
