/* Trailer fields of streamed replies, as a client sees them. */
#include <garm/garm.h>

#include <check.h>
#include <errno.h>
#include <stdlib.h>

Suite *suite_trailers(void);

static garm_test *t;

static int stream(garm_ctx *c)
{
    GARM_TRY(garm_set_trailer(c, "X-Early", "1"));
    GARM_TRY(garm_write(c, "hello", 5));
    GARM_TRY(garm_set_trailer(c, "X-Late", "2"));
    GARM_TRY(garm_set_trailer(c, "x-early", "3"));
    return 0;
}

static const char *const refused[] = {"Content-Length",
                                      "Transfer-Encoding",
                                      "Set-Cookie",
                                      "Trailer",
                                      "Authorization",
                                      "Content-Type",
                                      "Location",
                                      "date",
                                      "Vary",
                                      "Host",
                                      "a b",
                                      ""};

static int refuse(garm_ctx *c)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert_int_eq(garm_set_trailer(c, refused[i], "x"), -EINVAL);
    }
    ck_assert_int_eq(garm_set_trailer(c, "X", "a\nb"), -EINVAL);
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(garm_set_trailer(c, garm_strf(c, "X-%d", i), "x"), 0);
    }
    ck_assert_int_eq(garm_set_trailer(c, "X-16", "x"), -EMSGSIZE);
    GARM_TRY(garm_text(c, 200, "held"));
    ck_assert_int_eq(garm_set_trailer(c, "X", "x"), -EALREADY);
    return 0;
}

/* There is no memory for a field, nor for anything else: the reply shall not look complete. */
static int starve(garm_ctx *c)
{
    GARM_TRY(garm_set_trailer(c, "X-Early", "1"));
    GARM_TRY(garm_write(c, "hello", 5));
    for (size_t size = 65536; size >= 16; size /= 2) {
        while (garm_alloc(c, size) != NULL) {
        }
    }
    ck_assert_int_eq(garm_set_trailer(c, "X-Late", "a value of some length"), -ENOMEM);
    return 0;
}

static void setup(garm_app *app)
{
    garm_route(app, "GET /stream", stream);
    garm_route(app, "GET /refuse", refuse);
    garm_route(app, "GET /starve", starve);
}

static void begin(void)
{
    static const garm_app_entry entry = GARM_ENTRY(setup);
    t = garm_test_new(&entry, NULL);
}

static void finish(void)
{
    garm_test_free(t);
}

START_TEST(trailers_reach_the_client_that_wants_them)
{
    const garm_response *res =
        garm_test_do(t, "GET", "/stream", .headers = {"TE: gzip, Trailers", "Connection: TE"});
    ck_assert_int_eq(res->status, 200);
    ck_assert(res->complete);
    ck_assert_str_eq(res->body, "hello");
    ck_assert_str_eq(garm_test_header(t, "Trailer"), "X-Early");
}
END_TEST

START_TEST(nobody_else_gets_them)
{
    ck_assert_int_eq(garm_test_do(t, "GET", "/stream")->status, 200);
    ck_assert_str_eq(garm_test_header(t, "Trailer"), "");
}
END_TEST

START_TEST(a_stream_without_memory_for_its_trailers_is_cut)
{
    const garm_response *res = garm_test_do(t, "GET", "/starve", .headers = {"TE: trailers"});
    ck_assert(!res->complete);
}
END_TEST

START_TEST(fields_that_may_not_stand_there_are_refused)
{
    ck_assert_int_eq(garm_test_do(t, "GET", "/refuse", .headers = {"TE: trailers"})->status, 200);
}
END_TEST

Suite *suite_trailers(void)
{
    Suite *const suite = suite_create("app/trailers");
    TCase *const tests = tcase_create("trailers");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_test(tests, trailers_reach_the_client_that_wants_them);
    tcase_add_test(tests, nobody_else_gets_them);
    tcase_add_test(tests, a_stream_without_memory_for_its_trailers_is_cut);
    tcase_add_test(tests, fields_that_may_not_stand_there_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
