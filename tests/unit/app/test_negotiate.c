/* Negotiation: the examples of RFC 9110 section 12.5.1, browsers, and malformed fields. */
#include "app/negotiate.h"
#include "base/compiler.h"
#include "base/random.h"

#include <check.h>
#include <stdlib.h>

Suite *suite_negotiate(void);

static const char *const offers[] = {"application/json; charset=utf-8", "text/html", "text/plain"};

static const struct {
    const char *accept;
    int best;
} cases[] = {
    /* No preference. */
    {"", 0},
    {"*/*", 0},
    {"  ", 0},
    /* By type, in any case. */
    {"text/html", 1},
    {"TEXT/Html", 1},
    {"text/plain, text/html", 1},
    {"text/*", 1},
    {"image/png", -1},
    {"image/*", -1},
    {"image/png, */*", 0},
    /* By quality. */
    {"text/html;q=0.5, text/plain", 2},
    {"text/html;q=0.5, text/plain;q=0.4", 1},
    {"text/html;q=0.501, application/json;q=0.5", 1},
    {"application/json ; q=0.1 , text/html ;Q=0.2", 1},
    {"text/html;q=1.000, application/json;q=0.999", 1},
    {"text/html;q=0.5, application/json;q=0.5", 0},
    /* q=0 refuses. */
    {"text/html;q=0", -1},
    {"application/json;q=0, */*", 1},
    {"*/*;q=0", -1},
    {"*/*;q=0.1, application/json;q=0, text/html;q=0.0", 2},
    {"text/*, text/html;q=0.000", 2},
    /* The most specific range counts, wherever it stands. */
    {"application/json;q=0.2, */*;q=0.9", 1},
    {"*/*;q=0.9, application/json;q=0.2, text/*;q=0.1", 0},
    {"text/*;q=0.3, text/plain;q=0.7", 2},
    /* Parameters. */
    {"application/json;charset=utf-8;q=0.2, application/json;q=0.9, text/html;q=0.5", 1},
    {"application/json;charset=\"UTF-8\", text/html;q=0.5", 0},
    {"text/html;level=1, text/plain;q=0.3", 2},
    {"text/html;level=1;q=0.4, text/html;q=0.3", 1},
    {"application/json;x=\",text/html;q=1,\", text/plain", 2},
    {"text/html;q=0.3;ext=\"a;b\", text/plain;q=0.2", 1},
    /* Malformed ranges are skipped. */
    {"garbage", 0},
    {"garbage, text/html", 1},
    {"text, text/html", 1},
    {"*/html, text/plain", 2},
    {"text/, text/plain", 2},
    {"/html, text/plain", 2},
    {"text/html;q=2, text/plain", 2},
    {"text/html;q=1.001, text/plain", 2},
    {"text/html;q=0.0001, text/plain", 2},
    {"text/html;q=-1, text/plain", 2},
    {"text/html;q=.5, text/plain", 2},
    {"text/html;q=, text/plain", 2},
    {"text/html;q, text/plain", 2},
    {"te xt/html, text/plain", 2},
    {",,text/html,,", 1},
    {"text/html;;q=0.5", 1},
    {"text/html;x=\"open", 0},
    /* Browsers and curl. */
    {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", 1},
    {"application/json, text/plain, */*", 0},
};

START_TEST(negotiation_chooses_the_best_type)
{
    /* A copy of its own, so that a read beyond it is seen. */
    const size_t len = strlen(cases[_i].accept);
    char *const accept = malloc(len + 1);
    memcpy(accept, cases[_i].accept, len);
    char *const tight = realloc(accept, len > 0 ? len : 1);
    ck_assert_int_eq(negotiate(slice_of(tight, len), offers, COUNT_OF(offers)), cases[_i].best);
    free(tight);
}
END_TEST

START_TEST(negotiation_without_types_or_field)
{
    ck_assert_int_eq(negotiate(SLICE("*/*"), NULL, 0), -1);
    ck_assert_int_eq(negotiate(slice_of(NULL, 0), offers, 1), 0);
    ck_assert_int_eq(negotiate(SLICE("text/html"), offers, 1), -1);
}
END_TEST

static const struct {
    const char *accept;
    bool named;
} names[] = {
    {"text/html", true},
    {"image/png, Text/HTML;level=1;q=0.1", true},
    {"text/html;q=0, text/html", true},
    {"", false},
    {"*/*", false},
    {"text/*", false},
    {"text/html;q=0.000", false},
    {"text/html;q=x", false},
    {"text/htmlx, xtext/html", false},
    {"a/b;c=\", text/html\"", false},
};

START_TEST(a_type_is_named_by_itself_alone)
{
    ck_assert(accept_names(slice_cstr(names[_i].accept), "text/html") == names[_i].named);
}
END_TEST

START_TEST(negotiation_takes_any_bytes)
{
    static const char alphabet[] = "text/html*;,q=0.15\" \\\x80json";
    struct random random;
    random_seed(&random, 7);
    for (int round = 0; round < 20000; round++) {
        const size_t len = random_below(&random, 24);
        char *const text = malloc(len + 1);
        for (size_t i = 0; i < len; i++) {
            text[i] = alphabet[random_below(&random, sizeof(alphabet) - 1)];
        }
        const int best = negotiate(slice_of(text, len), offers, COUNT_OF(offers));
        ck_assert(best >= -1 && best < (int)COUNT_OF(offers));
        free(text);
    }
}
END_TEST

Suite *suite_negotiate(void)
{
    Suite *const suite = suite_create("negotiate");
    TCase *const tests = tcase_create("negotiate");
    tcase_add_loop_test(tests, negotiation_chooses_the_best_type, 0, (int)COUNT_OF(cases));
    tcase_add_test(tests, negotiation_without_types_or_field);
    tcase_add_loop_test(tests, a_type_is_named_by_itself_alone, 0, (int)COUNT_OF(names));
    tcase_add_test(tests, negotiation_takes_any_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}
