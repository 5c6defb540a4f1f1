/* Entity tags of dynamic answers: the same for the same body, and conditions that they decide. */
#include "refusal.h"

#include <check.h>
#include <garm/garm.h>
#include <stdio.h>
#include <string.h>

Suite *suite_etag(void);

static int show(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, "Cache-Control", "max-age=5"));
    GARM_TRY(garm_set_header(c, "Content-Language", "en"));
    GARM_TRY(garm_set_header(c, "Content-Location", "/here"));
    GARM_TRY(garm_set_header(c, "Expires", "Thu, 01 Jan 1970 00:00:00 GMT"));
    GARM_TRY(garm_set_cookie(c, "a", "b"));
    return garm_text(c, 200, "%s %02000d", garm_query(c, "text"), 7);
}

static int with_field(garm_ctx *c)
{
    GARM_TRY(garm_set_header(c, garm_query(c, "name"), garm_query(c, "value")));
    return garm_text(c, 200, "x");
}

static int created(garm_ctx *c)
{
    return garm_text(c, 201, "x");
}

static int streamed(garm_ctx *c)
{
    return garm_write(c, "x", 1);
}

static void routes(garm_app *app)
{
    garm_route(app, "GET /text", show);
    garm_route(app, "POST /text", show);
    garm_route(app, "GET /field", with_field);
    garm_route(app, "GET /created", created);
    garm_route(app, "GET /streamed", streamed);
}

static void setup(garm_app *app)
{
    garm_app *const alone = garm_group(app, "/alone");
    garm_etag(alone);
    routes(alone);
    garm_app *const around = garm_group(app, "/around");
    garm_etag(around);
    garm_compress(around);
    routes(around);
    garm_app *const within = garm_group(app, "/within");
    garm_compress(within);
    garm_etag(within, .bytes_max = 100000);
    routes(within);
    garm_app *const small = garm_group(app, "/small");
    garm_etag(small, .bytes_max = 10);
    routes(small);
}

static const garm_app_entry entry = GARM_ENTRY(setup);
static garm_test *test;

static void begin(void)
{
    test = garm_test_new(&entry, NULL);
}

static void end(void)
{
    garm_test_free(test);
}

static const char *etag_of(const char *target)
{
    static char etag[200];
    garm_test_do(test, "GET", target);
    snprintf(etag, sizeof(etag), "%s", garm_test_header(test, "ETag"));
    return etag;
}

static int status_with(const char *target, const char *name, const char *value)
{
    char field[300];
    snprintf(field, sizeof(field), "%s: %s", name, value);
    return garm_test_do(test, "GET", target, .headers = {field, "Accept-Encoding: gzip"})->status;
}

START_TEST(equal_bodies_have_equal_tags_and_others_have_not)
{
    char first[200];
    snprintf(first, sizeof(first), "%s", etag_of("/alone/text?text=a"));
    ck_assert_uint_eq(strlen(first), 34);
    ck_assert_int_eq(first[0], '"');
    ck_assert_str_eq(etag_of("/alone/text?text=a"), first);
    ck_assert_str_ne(etag_of("/alone/text?text=b"), first);
    garm_test_do(test, "HEAD", "/alone/text?text=a");
    ck_assert_str_eq(garm_test_header(test, "ETag"), first);
}
END_TEST

START_TEST(who_has_the_body_gets_304)
{
    static const char *const targets[] = {"/alone/text", "/around/text", "/within/text"};
    char list[300];
    const char *const etag = etag_of(targets[_i]);
    ck_assert_int_eq(status_with(targets[_i], "If-None-Match", etag), 304);
    ck_assert_str_eq(garm_test_header(test, "ETag"), etag);
    snprintf(list, sizeof(list), "\"other\", W/%s", etag);
    ck_assert_int_eq(status_with(targets[_i], "If-None-Match", list), 304);
    ck_assert_int_eq(status_with(targets[_i], "If-None-Match", "*"), 304);
    ck_assert_int_eq(status_with(targets[_i], "If-None-Match", "\"other\""), 200);
    ck_assert_int_eq(status_with(targets[_i], "If-Match", "\"other\""), 412);
    ck_assert_int_eq(status_with(targets[_i], "If-Match", etag), 200);
}
END_TEST

START_TEST(what_is_compressed_has_a_weak_tag_in_either_order)
{
    static const char *const targets[] = {"/around/text", "/within/text"};
    char weak[300];
    snprintf(weak, sizeof(weak), "W/%s", etag_of(targets[_i]));
    ck_assert_int_eq(status_with(targets[_i], "If-None-Match", "\"other\""), 200);
    ck_assert_str_eq(garm_test_header(test, "Content-Encoding"), "gzip");
    ck_assert_str_eq(garm_test_header(test, "ETag"), weak);
    ck_assert_int_eq(status_with(targets[_i], "If-None-Match", weak), 304);
    ck_assert_str_eq(garm_test_header(test, "ETag"), weak);
    ck_assert_str_eq(garm_test_header(test, "Vary"), "Accept-Encoding");
}
END_TEST

START_TEST(a_304_keeps_what_it_must_and_drops_the_content)
{
    ck_assert_int_eq(status_with("/alone/text", "If-None-Match", "*"), 304);
    ck_assert_str_eq(garm_test_header(test, "Cache-Control"), "max-age=5");
    ck_assert_str_eq(garm_test_header(test, "Content-Location"), "/here");
    ck_assert_str_eq(garm_test_header(test, "Expires"), "Thu, 01 Jan 1970 00:00:00 GMT");
    ck_assert_str_ne(garm_test_header(test, "Set-Cookie"), "");
    ck_assert_str_ne(garm_test_header(test, "Date"), "");
    ck_assert_str_eq(garm_test_header(test, "Content-Type"), "");
    ck_assert_str_eq(garm_test_header(test, "Content-Language"), "");
    ck_assert_str_eq(garm_test_header(test, "Content-Length"), "");
}
END_TEST

START_TEST(the_handlers_own_validators_count)
{
    ck_assert_str_eq(etag_of("/alone/field?name=ETag&value=%22own%22"), "\"own\"");
    ck_assert_int_eq(
        status_with("/alone/field?name=ETag&value=%22own%22", "If-None-Match", "\"own\""), 304);
    static const char target[] =
        "/alone/field?name=Last-Modified&value=Thu,+01+Jan+1970+00:00:10+GMT";
    ck_assert_int_eq(status_with(target, "If-Modified-Since", "Thu, 01 Jan 1970 00:00:10 GMT"),
                     304);
    ck_assert_int_eq(status_with(target, "If-Modified-Since", "Thu, 01 Jan 1970 00:00:09 GMT"),
                     200);
}
END_TEST

START_TEST(some_answers_get_none)
{
    static const char *const targets[] = {
        "/alone/created",
        "/alone/streamed",
        "/alone/nowhere",
        "/small/text",
        "/alone/field?name=Cache-Control&value=private,+no-store",
        "/alone/field?name=Cache-Control&value=No-Store",
    };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        ck_assert_msg(etag_of(targets[i])[0] == '\0', "%s", targets[i]);
    }
    garm_test_do(test, "POST", "/alone/text", .headers = {"If-None-Match: *"});
    ck_assert_str_eq(garm_test_header(test, "ETag"), "");
}
END_TEST

START_TEST(without_memory_it_is_503)
{
    int ok = 0;
    for (unsigned nth = 1; ok < 3; nth++) {
        garm_test_fail_alloc(test, nth);
        const garm_response *const res =
            garm_test_do(test, "GET", "/within/text", .headers = {"If-None-Match: *"});
        garm_test_fail_alloc(test, 0);
        ok = res->status == 304 ? ok + 1 : 0;
        ck_assert(res->status == 304 || res->status == 503 || !res->complete);
        ck_assert_uint_lt(nth, 200);
    }
}
END_TEST

static void negative(garm_app *app)
{
    garm_etag(app, .bytes_max = -1);
}

START_TEST(a_negative_bound_stops_the_start)
{
    ck_assert_ptr_nonnull(strstr(refusal_of(negative), ".bytes_max"));
}
END_TEST

Suite *suite_etag(void)
{
    Suite *const suite = suite_create("mw/etag");
    TCase *const tc = tcase_create("etag");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, equal_bodies_have_equal_tags_and_others_have_not);
    tcase_add_loop_test(tc, who_has_the_body_gets_304, 0, 3);
    tcase_add_loop_test(tc, what_is_compressed_has_a_weak_tag_in_either_order, 0, 2);
    tcase_add_test(tc, a_304_keeps_what_it_must_and_drops_the_content);
    tcase_add_test(tc, the_handlers_own_validators_count);
    tcase_add_test(tc, some_answers_get_none);
    tcase_add_test(tc, without_memory_it_is_503);
    tcase_add_test(tc, a_negative_bound_stops_the_start);
    suite_add_tcase(suite, tc);
    return suite;
}
