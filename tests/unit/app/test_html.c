/* Text on its way into HTML. */
#include "fake.h"

#include <check.h>
#include <errno.h>
#include <string.h>

Suite *suite_html(void);

static const struct answer *ask(garm_handler *fn)
{
    fake_handler = fn;
    return fake_ask("GET / HTTP/1.1\nHost: a");
}

static void begin(void)
{
    fake_start(fake_setup_one);
}

static int escape_html(garm_ctx *c)
{
    return garm_text(c, 200, "%s|%s|%s", garm_html_escape(c, "<a b=\"c\" d='e'>&amp;\xc3\xa4</a>"),
                     garm_html_escape(c, ""), garm_html_escape(c, "plain"));
}

START_TEST(text_for_html_is_escaped)
{
    ck_assert_str_eq(ask(escape_html)->body,
                     "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;\xc3\xa4&lt;/a&gt;||plain");
}
END_TEST

static int escape_without_memory(garm_ctx *c)
{
    for (size_t size = 65536; size > 0; size /= 2) {
        while (garm_alloc(c, size) != NULL) {
        }
    }
    ck_assert_str_eq(garm_html_escape(c, "<"), "");
    return 204;
}

START_TEST(text_for_html_without_memory_is_503)
{
    ck_assert_uint_eq(ask(escape_without_memory)->status, 503);
}
END_TEST

Suite *suite_html(void)
{
    Suite *const suite = suite_create("app/html");
    TCase *const tc = tcase_create("html");
    tcase_add_checked_fixture(tc, begin, fake_end);
    tcase_add_test(tc, text_for_html_is_escaped);
    tcase_add_test(tc, text_for_html_without_memory_is_503);
    suite_add_tcase(suite, tc);
    return suite;
}
