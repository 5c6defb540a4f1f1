/* The chain: who is called in which order, and with what argument. */
#include "fake.h"

#include <check.h>
#include <string.h>

Suite *suite_chain(void);

/* A literal as an argument that nobody writes to. */
#define WORD(text) ((void *)(uintptr_t)(text))

static char trace[512];

static void note(const char *text)
{
    strncat(trace, text, sizeof(trace) - strlen(trace) - 1);
}

static int surround(garm_ctx *c, const char *before, const char *after)
{
    note(before);
    const int rc = garm_next(c);
    note(after);
    return rc;
}

static int outer(garm_ctx *c)
{
    return surround(c, "(o", "o)");
}

static int middle(garm_ctx *c)
{
    return surround(c, "(m", "m)");
}

static int inner(garm_ctx *c)
{
    return surround(c, "(i", "i)");
}

static int handler(garm_ctx *c)
{
    note(" h ");
    return garm_text(c, 200, "hello");
}

static void setup_onion(garm_app *app)
{
    garm_use(app, outer);
    garm_app *const group = garm_group(app, "/g", .use = {middle});
    garm_route(group, "GET /x", handler, .use = {inner, inner});
    garm_route(app, "GET /{$}", handler);
    garm_use(group, inner);
}

static const struct {
    const char *request;
    const char *trace;
    uint16_t status;
} onions[] = {
    {"GET /g/x HTTP/1.1\nHost: a", "(o(m(i(i(i h i)i)i)m)o)", 200},
    {"HEAD /g/x HTTP/1.1\nHost: a", "(o(m(i(i(i h i)i)i)m)o)", 200},
    {"GET / HTTP/1.1\nHost: a", "(o h o)", 200},
    {"GET /nope HTTP/1.1\nHost: a", "(oo)", 404},
    {"GET /g/nope HTTP/1.1\nHost: a", "(o(m(ii)m)o)", 404},
    {"GET /g HTTP/1.1\nHost: a", "(o(m(ii)m)o)", 404},
    {"GET /gg HTTP/1.1\nHost: a", "(oo)", 404},
    {"POST /g/x HTTP/1.1\nHost: a", "(o(m(ii)m)o)", 405},
    {"OPTIONS /g/x HTTP/1.1\nHost: a", "(o(m(ii)m)o)", 204},
    {"OPTIONS * HTTP/1.1\nHost: a", "(oo)", 204},
    {"BREW /g/x HTTP/1.1\nHost: a", "(o(m(ii)m)o)", 501},
    {"TRACE /nope HTTP/1.1\nHost: a", "(oo)", 405},
    {"CONNECT a:1 HTTP/1.1\nHost: a:1", "(oo)", 405},
};

START_TEST(middleware_runs_from_the_outside_in)
{
    fake_start(setup_onion);
    trace[0] = '\0';
    const struct answer *const answer = fake_ask(onions[_i].request);
    ck_assert_str_eq(trace, onions[_i].trace);
    ck_assert_uint_eq(answer->status, onions[_i].status);
    if (answer->status == 405 || answer->status == 204) {
        ck_assert(answer_has(answer, "Allow: GET, HEAD, OPTIONS"));
    }
    fake_end();
}
END_TEST

/* Arguments. */

static int named(garm_ctx *c)
{
    note("(");
    note(garm_arg(c));
    const int rc = garm_next(c);
    note(garm_arg(c));
    note(")");
    return rc;
}

static int named_handler(garm_ctx *c)
{
    note(garm_arg(c) != NULL ? garm_arg(c) : "-");
    return garm_text(c, 200, "hello");
}

static void say_bye(void *arg)
{
    note(arg);
}

static void setup_arguments(garm_app *app)
{
    char *const made = garm_app_alloc(app, 4);
    ck_assert_ptr_nonnull(made);
    memcpy(made, "a", 2);
    garm_use(app, named, .arg = made, .name = "first");
    garm_use(app, named, .arg = WORD("b"));
    garm_route(app, "GET /with", named_handler, .arg = WORD("h"));
    garm_route(app, "GET /without", named_handler);
    garm_app_defer(app, say_bye, WORD(" bye"));
    garm_app_defer(app, say_bye, WORD(" good"));
}

START_TEST(each_function_of_the_chain_has_its_own_argument)
{
    trace[0] = '\0';
    fake_start(setup_arguments);
    fake_ask("GET /with HTTP/1.1\nHost: a");
    fake_ask("GET /without HTTP/1.1\nHost: a");
    ck_assert_str_eq(trace, "(a(bhb)a)(a(b-b)a)");
    fake_end();
    ck_assert_str_eq(trace, "(a(bhb)a)(a(b-b)a) good bye");
}
END_TEST

Suite *suite_chain(void)
{
    Suite *const suite = suite_create("app/chain");
    TCase *const tc = tcase_create("chain");
    tcase_add_loop_test(tc, middleware_runs_from_the_outside_in, 0, (int)COUNT_OF(onions));
    tcase_add_test(tc, each_function_of_the_chain_has_its_own_argument);
    suite_add_tcase(suite, tc);
    return suite;
}
