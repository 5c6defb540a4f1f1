/* Forms as handlers read them, through the real server: by name, part by part, refused. */
#include <garm/garm.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MULTIPART "Content-Type: multipart/form-data; boundary=b"
#define PAIRS     "Content-Type: application/x-www-form-urlencoded"

Suite *suite_form(void);

static garm_test *t;

/* Handlers. */

static int login(garm_ctx *c)
{
    const char *const user = garm_form(c, "user");
    const char *const password = garm_form(c, "password");
    return garm_text(c, 200, "%s:%s:%d", user, password, garm_has_form(c, "password"));
}

static int list(garm_ctx *c)
{
    const char *text = "";
    const char *name = NULL;
    GARM_TRY(garm_form_load(c));
    for (size_t i = 0; i < 10; i++) {
        const char *const value = garm_form_at(c, i, &name);
        text = name[0] == '\0' ? text : garm_strf(c, "%s%s=%s;", text, name, value);
    }
    return garm_text(c, 200, "%s", text);
}

static const char *describe(garm_ctx *c, const garm_part *part, const char *value)
{
    return garm_strf(c, "[%zu|%s|%d|%s|%s|%s]", part->index, part->name, part->is_file,
                     part->filename, part->type, value);
}

static int parts(garm_ctx *c)
{
    garm_part part;
    const char *text = "";
    const char *value = NULL;
    int rc = 0;
    while ((rc = garm_form_next(c, &part)) > 0) {
        GARM_TRY(garm_part_text(c, 1 << 20, &value, NULL));
        text = garm_strf(c, "%s%s", text, describe(c, &part, value));
    }
    return rc < 0 ? rc : garm_text(c, 200, "%s", text);
}

static int names(garm_ctx *c)
{
    garm_part part;
    const char *text = "";
    int rc = 0;
    while ((rc = garm_form_next(c, &part)) > 0) {
        text = garm_strf(c, "%s%s ", text, part.name);
    }
    return rc < 0 ? rc : garm_text(c, 200, "%s", text);
}

/* Three bytes at a time. */
static int pieces(garm_ctx *c)
{
    garm_part part;
    char piece[3];
    const char *text = "";
    int rc = 0;
    while ((rc = garm_form_next(c, &part)) > 0) {
        ssize_t n = 0;
        while ((n = garm_part_read(c, piece, sizeof(piece))) > 0) {
            text = garm_strf(c, "%s%.*s,", text, (int)n, piece);
        }
        GARM_TRY((int)n);
        ck_assert_int_eq(garm_part_read(c, piece, sizeof(piece)), 0);
    }
    GARM_TRY(rc);
    ck_assert_int_eq(garm_form_next(c, &part), 0);
    return garm_text(c, 200, "%s", text);
}

static int limited(garm_ctx *c)
{
    ck_assert_int_eq(garm_form_limits(c, .parts_max = -2), -EINVAL);
    ck_assert_int_eq(garm_form_limits(c, .head_bytes_max = 10), -EINVAL);
    GARM_TRY(garm_form_limits(c, .parts_max = 3, .part_bytes_max = 8, .head_bytes_max = 100,
                              .text_bytes_max = 10));
    GARM_TRY(garm_form_load(c));
    ck_assert_int_eq(garm_form_limits(c, .parts_max = 3), -EALREADY);
    return garm_text(c, 200, "%s", garm_form(c, "a"));
}

/* Acts on fields of a broken form as if nothing were wrong. */
static int careless(garm_ctx *c)
{
    ck_assert_str_eq(garm_form(c, "a"), "");
    ck_assert(!garm_has_form(c, "a"));
    ck_assert_int_eq(garm_form_load(c), -EBADMSG);
    return garm_text(c, 200, "all is well");
}

static int after_body(garm_ctx *c)
{
    const void *body = NULL;
    size_t size = 0;
    GARM_TRY(garm_body(c, 1 << 20, &body, &size));
    const char *const a = garm_form(c, "a");
    return garm_text(c, 200, "%s %zu %.*s", a, size, (int)size, (const char *)body);
}

static int wrong_order(garm_ctx *c)
{
    garm_part part;
    char piece[3];
    ck_assert_int_eq(garm_part_read(c, piece, sizeof(piece)), -EINVAL);
    ck_assert_int_eq(garm_form_next(c, &part), 1);
    (void)garm_form(c, "a");
    return garm_text(c, 200, "never seen");
}

static int next_after_name(garm_ctx *c)
{
    garm_part part;
    (void)garm_form(c, "a");
    return garm_text(c, 200, "%d", garm_form_next(c, &part) == -EALREADY);
}

static int random_names(garm_ctx *c)
{
    const char *const a = garm_random_name(c);
    const char *const b = garm_random_name(c);
    ck_assert_str_ne(a, b);
    ck_assert_uint_eq(strspn(a, "abcdefghijklmnopqrstuvwxyz234567"), 26);
    return garm_text(c, 200, "%zu", strlen(a));
}

static void setup(garm_app *app)
{
    garm_route(app, "POST /login", login);
    garm_route(app, "POST /list", list);
    garm_route(app, "POST /parts", parts);
    garm_route(app, "POST /names", names);
    garm_route(app, "POST /pieces", pieces);
    garm_route(app, "POST /limited", limited);
    garm_route(app, "POST /careless", careless);
    garm_route(app, "POST /after-body", after_body);
    garm_route(app, "POST /wrong-order", wrong_order);
    garm_route(app, "POST /next-after-name", next_after_name);
    garm_route(app, "GET /random-names", random_names);
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

static const garm_response *post(const char *path, const char *type, const char *body)
{
    return garm_test_do(t, "POST", path, .headers = {type}, .body = body);
}

#define require_answer(res, expected_status, text)                                                 \
    do {                                                                                           \
        const garm_response *const res_ = (res);                                                   \
        ck_assert_str_eq(res_->body, text);                                                        \
        ck_assert_int_eq(res_->status, expected_status);                                           \
    } while (0)

/* By name. */

START_TEST(a_small_form_is_read_by_name)
{
    require_answer(post("/login", PAIRS, "user=ada&password=a%26b+c"), 200, "ada:a&b c:1");
    require_answer(post("/login", MULTIPART,
                        "--b\r\nContent-Disposition: form-data; name=user\r\n\r\nada\r\n--b--"),
                   200, "ada::0");
    require_answer(post("/login", PAIRS, ""), 200, "::0");
}
END_TEST

START_TEST(fields_keep_their_order_and_repeat)
{
    require_answer(post("/list", PAIRS, "b=1&a=2&&b=3&c"), 200, "b=1;a=2;b=3;c=;");
}
END_TEST

START_TEST(files_are_no_fields)
{
    require_answer(post("/list", MULTIPART,
                        "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nlong\r\n"
                        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--\r\n"),
                   200, "a=1;");
}
END_TEST

START_TEST(a_broken_form_is_answered_whatever_the_handler_does)
{
    const garm_response *const res = post("/careless", MULTIPART, "--b\r\nbad\r\n\r\n");
    ck_assert_int_eq(res->status, 400);
    ck_assert_str_eq(garm_test_json(t, "/detail"),
                     "\"the form: a bad field name in a part's head (at byte 5, before its first "
                     "part)\"");
}
END_TEST

START_TEST(a_form_can_be_read_out_of_a_body_that_was_read)
{
    require_answer(post("/after-body", PAIRS, "a=%41&b=2"), 200, "A 9 a=%41&b=2");
}
END_TEST

START_TEST(by_name_after_part_by_part_is_a_bug)
{
    ck_assert_int_eq(post("/wrong-order", PAIRS, "a=1")->status, 500);
    require_answer(post("/next-after-name", PAIRS, "a=1"), 200, "1");
}
END_TEST

/* Part by part. */

START_TEST(parts_tell_what_they_are)
{
    require_answer(
        post("/parts", MULTIPART,
             "preamble\r\n--b\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\none\r\n"
             "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x \\\"y%22.txt\"\r\n"
             "Content-Type: text/plain\r\n\r\nline\r\nline\r\n\r\n--b--\r\nepilogue"),
        200, "[0|a|0|||one][1|f|1|x \"y\".txt|text/plain|line\r\nline\r\n]");
    require_answer(post("/parts", PAIRS, "a=1&b=%zz%4"), 200, "[0|a|0|||1][1|b|0|||%zz%4]");
    require_answer(post("/parts", MULTIPART, "--b--"), 200, "");
}
END_TEST

START_TEST(what_is_left_of_a_part_is_skipped)
{
    require_answer(post("/names", PAIRS, "a=1&b=2&c=3"), 200, "a b c ");
}
END_TEST

START_TEST(content_comes_in_pieces)
{
    require_answer(post("/pieces", MULTIPART,
                        "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1234567\r\n--b\r\n"
                        "Content-Disposition: form-data; name=b\r\n\r\n\r\n--b--"),
                   200, "123,456,7,");
}
END_TEST

/* Refusals. */

static const struct {
    const char *type, *body, *reason;
    int status;
} refusals[] = {
    {"Content-Type: text/plain", "a=1", "a form is expected, and the Content-Type is another", 415},
    {"X-None: 1", "a=1", "a form is expected, and there is no Content-Type", 415},
    {"Content-Type: multipart/form-data", "--b--", "the Content-Type has no boundary", 400},
    {"Content-Type: multipart/mixed; boundary=b", "--b--",
     "a form is expected, and the Content-Type is another", 415},
    {MULTIPART, "",
     "the form: the body ends before its last boundary (at byte 0, before its first "
     "part)",
     400},
    {MULTIPART, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b",
     "the form: the body ends before its last boundary (at byte 53, in part 1)", 400},
    {MULTIPART, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b\r\n\r\n",
     "the form: a part has no Content-Disposition (at byte 55, behind part 1)", 400},
    {PAIRS, "a%00=1", "the form: a NUL in a name (at byte 3, before its first part)", 400},
    {PAIRS, "a=%00", "the form: a NUL in a value (at byte 5, behind part 1)", 400},
};

START_TEST(a_bad_form_is_refused_with_its_place)
{
    const garm_response *const res = post("/parts", refusals[_i].type, refusals[_i].body);
    ck_assert_int_eq(res->status, refusals[_i].status);
    char detail[256];
    snprintf(detail, sizeof(detail), "\"%s\"", refusals[_i].reason);
    ck_assert_str_eq(garm_test_json(t, "/detail"), detail);
}
END_TEST

/* The field says that the coding is meant, and not the type (RFC 7694 section 3). */
START_TEST(a_coded_form_is_415)
{
    static const char *const types[] = {PAIRS, MULTIPART};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const garm_response *const res =
            garm_test_do(t, "POST", "/parts",
                         .headers = {types[i], "Content-Encoding: identity, Gzip"}, .body = "a=1");
        ck_assert_int_eq(res->status, 415);
        ck_assert_str_eq(garm_test_json(t, "/detail"),
                         "\"a form without a coding is expected, not Gzip\"");
        ck_assert_str_eq(garm_test_header(t, "Accept-Encoding"), "identity");
    }
    require_answer(garm_test_do(t, "POST", "/login",
                                .headers = {PAIRS, "Content-Encoding: , IDENTITY"},
                                .body = "user=ada"),
                   200, "ada::0");
    post("/parts", "Content-Type: text/plain", "a=1");
    ck_assert_str_eq(garm_test_header(t, "Accept-Encoding"), "");
}
END_TEST

static const struct {
    const char *body;
    int status;
} bounded[] = {
    {"a=12345678&b=12&c", 200},
    {"a=1&b=1&c=1&d=1", 413},  /* parts */
    {"a=123456789", 413},      /* of one */
    {"a=12345678&b=123", 413}, /* of all */
    {"a01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901"
     "2"
     "34567890",
     413}, /* of a name */
};

START_TEST(limits_hold_to_the_byte)
{
    ck_assert_int_eq(post("/limited", PAIRS, bounded[_i].body)->status, bounded[_i].status);
}
END_TEST

START_TEST(a_random_name_is_26_safe_letters)
{
    require_answer(garm_test_do(t, "GET", "/random-names"), 200, "26");
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    for (unsigned nth = 1;; nth++) {
        ck_assert_uint_lt(nth, 100);
        garm_test_fail_alloc(t, nth);
        const int status = post("/login", PAIRS, "user=ada&password=x")->status;
        ck_assert(status == 200 || status == 503 || status == 0);
        garm_test_fail_alloc(t, 0);
        if (status == 200 && nth > 20) {
            break;
        }
    }
}
END_TEST

Suite *suite_form(void)
{
    Suite *const suite = suite_create("app/form");
    TCase *const tests = tcase_create("form");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_test(tests, a_small_form_is_read_by_name);
    tcase_add_test(tests, fields_keep_their_order_and_repeat);
    tcase_add_test(tests, files_are_no_fields);
    tcase_add_test(tests, a_broken_form_is_answered_whatever_the_handler_does);
    tcase_add_test(tests, a_form_can_be_read_out_of_a_body_that_was_read);
    tcase_add_test(tests, by_name_after_part_by_part_is_a_bug);
    tcase_add_test(tests, parts_tell_what_they_are);
    tcase_add_test(tests, what_is_left_of_a_part_is_skipped);
    tcase_add_test(tests, content_comes_in_pieces);
    tcase_add_test(tests, a_coded_form_is_415);
    tcase_add_loop_test(tests, a_bad_form_is_refused_with_its_place, 0,
                        (int)(sizeof(refusals) / sizeof(refusals[0])));
    tcase_add_loop_test(tests, limits_hold_to_the_byte, 0,
                        (int)(sizeof(bounded) / sizeof(bounded[0])));
    tcase_add_test(tests, a_random_name_is_26_safe_letters);
    tcase_add_test(tests, every_allocation_may_fail);
    suite_add_tcase(suite, tests);
    return suite;
}
