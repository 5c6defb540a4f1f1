/* The pages of errors. */
#include "app/problem.h"
#include "base/compiler.h"

#include <check.h>
#include <errno.h>

Suite *suite_problem(void);

static struct buf text;

static void begin(void)
{
    buf_init(&text, 1 << 16);
}

static void finish(void)
{
    buf_deinit(&text);
}

static const struct {
    struct problem problem;
    const char *json;
} jsons[] = {
    {{.status = 404}, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}"},
    {{.status = 404, .detail = "", .instance = ""},
     "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404}"},
    {{.status = 400, .detail = "no \"id\"\n", .instance = "/log/7"},
     "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"no "
     "\\\"id\\\"\\n\","
     "\"instance\":\"/log/7\"}"},
    {{.status = 499, .detail = "x"},
     "{\"type\":\"about:blank\",\"title\":\"Error\",\"status\":499,\"detail\":\"x\"}"},
    {{.status = 503, .title = "Tired"},
     "{\"type\":\"about:blank\",\"title\":\"Tired\",\"status\":503}"},
};

START_TEST(problem_json_has_the_members_of_rfc9457)
{
    ck_assert_int_eq(problem_json(&jsons[_i].problem, &text), 0);
    ck_assert_str_eq(buf_cstr(&text), jsons[_i].json);
}
END_TEST

START_TEST(problem_html_escapes_everything)
{
    const struct problem problem = {
        .status = 400,
        .title = "<i>&amp;",
        .detail = "<script>alert('x')</script> \xff",
        .instance = "\"><b>",
    };
    ck_assert_int_eq(problem_html(&problem, &text), 0);
    const char *const page = buf_cstr(&text);
    ck_assert_ptr_ne(strstr(page, "<title>400 &lt;i&gt;&amp;amp;</title>"), NULL);
    ck_assert_ptr_ne(strstr(page, "<h1>&lt;i&gt;&amp;amp;</h1>"), NULL);
    ck_assert_ptr_ne(
        strstr(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; \xef\xbf\xbd</span>"), NULL);
    ck_assert_ptr_ne(strstr(page, "<small>&quot;&gt;&lt;b&gt;</small>"), NULL);
    ck_assert_ptr_eq(strstr(page, "<script"), NULL);
    ck_assert_ptr_eq(strchr(page, '\xff'), NULL);
}
END_TEST

START_TEST(problem_html_stands_alone_and_likes_the_dark)
{
    ck_assert_int_eq(problem_html(&(struct problem){.status = 404}, &text), 0);
    const char *const page = buf_cstr(&text);
    ck_assert_int_eq(strncmp(page, "<!doctype html>\n", 16), 0);
    ck_assert_ptr_ne(strstr(page, "<title>404 Not Found</title>"), NULL);
    ck_assert_ptr_ne(strstr(page, "prefers-color-scheme: dark"), NULL);
    ck_assert_ptr_ne(strstr(page, "</html>\n"), NULL);
    ck_assert_ptr_eq(strstr(page, "<p>"), NULL);
    static const char *const foreign[] = {"http", "src=", "href=", "url(", "@import"};
    for (size_t i = 0; i < COUNT_OF(foreign); i++) {
        ck_assert_ptr_eq(strstr(page, foreign[i]), NULL);
    }
}
END_TEST

START_TEST(problem_reports_a_full_buffer)
{
    const struct problem problem = {.status = 404, .detail = "long enough to be cut"};
    for (size_t max = 0; max < 80; max++) {
        struct buf small;
        buf_init(&small, max);
        ck_assert_int_eq(problem_json(&problem, &small), -EMSGSIZE);
        buf_clear(&small);
        ck_assert_int_eq(problem_html(&problem, &small), -EMSGSIZE);
        buf_deinit(&small);
    }
}
END_TEST

Suite *suite_problem(void)
{
    Suite *const suite = suite_create("problem");
    TCase *const tests = tcase_create("problem");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_loop_test(tests, problem_json_has_the_members_of_rfc9457, 0, (int)COUNT_OF(jsons));
    tcase_add_test(tests, problem_html_escapes_everything);
    tcase_add_test(tests, problem_html_stands_alone_and_likes_the_dark);
    tcase_add_test(tests, problem_reports_a_full_buffer);
    suite_add_tcase(suite, tests);
    return suite;
}
