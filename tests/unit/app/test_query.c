/* Queries, form bodies and cookies. */
#include "app/query.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "base/random.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

Suite *suite_query(void);

static struct arena arena;
static struct buf text;

static void begin(void)
{
    arena_init(&arena, NULL, 0, 1 << 20);
    buf_init(&text, 1 << 16);
}

static void finish(void)
{
    buf_deinit(&text);
    arena_clear(&arena);
}

static const struct {
    const char *raw;
    const char *pairs; /* "[name=value]" each; "!" for an error */
} queries[] = {
    {"", ""},
    {"a=1", "[a=1]"},
    {"a=1&b=2", "[a=1][b=2]"},
    {"a=1&a=2", "[a=1][a=2]"},
    {"a", "[a=]"},
    {"a=", "[a=]"},
    {"=1", "[=1]"},
    {"=", "[=]"},
    {"a=b=c", "[a=b=c]"},
    {"&&a=1&&&b&", "[a=1][b=]"},
    {"a=x+y%2B%20z", "[a=x y+ z]"},
    {"na+me%3D=%26", "[na me==&]"},
    {"gr%C3%BC=%e2%82%ac", "[gr\xc3\xbc=\xe2\x82\xac]"},
    {"a=1;b=2", "[a=1;b=2]"},
    {"a=%zz", "!"},
    {"a=1&b=%4", "[a=1]!"},
    {"%00=1", "!"},
    {"a=x%00y", "!"},
};

START_TEST(query_gives_decoded_pairs_in_order)
{
    struct slice rest = slice_cstr(queries[_i].raw);
    struct query_pair pair;
    int rc = 0;
    while ((rc = query_next(&rest, &arena, &pair)) == 1) {
        buf_printf(&text, "[%s=%s]", pair.name, pair.value);
    }
    if (rc < 0) {
        ck_assert_int_eq(rc, -EINVAL);
        buf_append_byte(&text, '!');
    }
    ck_assert_str_eq(buf_cstr(&text), queries[_i].pairs);
}
END_TEST

static const struct {
    const char *raw;
    const char *name;
    int rc;
    const char *value;
} finds[] = {
    {"a=1&b=2", "b", 1, "2"},
    {"a=1&a=2", "a", 1, "1"},
    {"ab=1&a=2", "a", 1, "2"},
    {"a=1", "ab", 0, NULL},
    {"", "a", 0, NULL},
    {"flag", "flag", 1, ""},
    {"%61=1", "a", 1, "1"},
    {"a+b=x%20y", "a b", 1, "x y"},
    {"%zz=1&a=2", "a", 1, "2"},
    {"a%=1&a=2", "a", 1, "2"},
    {"b=%zz&a=2", "a", 1, "2"},
    {"a=%zz", "a", -EINVAL, NULL},
    {"%C3%BC=1", "\xc3\xbc", 1, "1"},
};

START_TEST(query_find_gives_the_first_of_a_name)
{
    const char *value = NULL;
    const int rc =
        query_find(slice_cstr(finds[_i].raw), slice_cstr(finds[_i].name), &arena, &value);
    ck_assert_int_eq(rc, finds[_i].rc);
    if (rc == 1) {
        ck_assert_str_eq(value, finds[_i].value);
    } else {
        ck_assert_ptr_eq(value, NULL);
    }
}
END_TEST

START_TEST(query_reports_an_exhausted_arena)
{
    struct arena empty;
    arena_init(&empty, NULL, 0, 0);
    struct slice rest = SLICE("a=1");
    struct query_pair pair;
    const char *value = NULL;
    ck_assert_int_eq(query_next(&rest, &empty, &pair), -ENOMEM);
    ck_assert_int_eq(query_find(SLICE("a=1"), SLICE("a"), &empty, &value), -ENOMEM);
    arena_clear(&empty);
}
END_TEST

/* Whatever the bytes: find and next agree, and nothing outside is read. */
START_TEST(query_find_agrees_with_next)
{
    static const char alphabet[] = "ab=&%61+";
    struct random random;
    random_seed(&random, 5);
    for (int round = 0; round < 20000; round++) {
        const size_t len = random_below(&random, 16);
        char *const raw = malloc(len + 1);
        for (size_t i = 0; i < len; i++) {
            raw[i] = alphabet[random_below(&random, sizeof(alphabet) - 1)];
        }
        struct slice rest = slice_of(raw, len);
        struct query_pair pair = {0};
        const char *first = NULL;
        int rc = 0;
        while ((rc = query_next(&rest, &arena, &pair)) == 1) {
            first = first == NULL && strcmp(pair.name, "a") == 0 ? pair.value : first;
        }
        const char *value = NULL;
        const int found = query_find(slice_of(raw, len), SLICE("a"), &arena, &value);
        if (rc == 0) {
            ck_assert_int_eq(found, first != NULL);
            ck_assert(first == NULL || strcmp(first, value) == 0);
        }
        free(raw);
        arena_clear(&arena);
    }
}
END_TEST

static const struct {
    const char *field;
    const char *cookies;
} cookies[] = {
    {"", ""},
    {"a=1", "[a=1]"},
    {"a=1; b=2", "[a=1][b=2]"},
    {"a=1;b=2;", "[a=1][b=2]"},
    {" a=1 ;\t b = 2 ", "[a=1][b=2]"},
    {"a=\"x y\"; b=\"\"", "[a=x y][b=]"},
    {"a=\"open; b=2", "[a=\"open][b=2]"},
    {"a=\"", "[a=\"]"},
    {"a=b=c", "[a=b=c]"},
    {"a=", "[a=]"},
    {"=1; ;; lone; b=2", "[b=2]"},
    {"a=%20+", "[a=%20+]"},
    {"a=1, b=2", "[a=1, b=2]"},
    {"$Version=1; a=1", "[$Version=1][a=1]"},
};

START_TEST(cookies_are_split_and_unquoted)
{
    struct slice rest = slice_cstr(cookies[_i].field);
    struct slice name;
    struct slice value;
    while (cookie_next(&rest, &name, &value)) {
        buf_printf(&text, "[%.*s=%.*s]", SLICE_ARG(name), SLICE_ARG(value));
    }
    ck_assert_str_eq(buf_cstr(&text), cookies[_i].cookies);
}
END_TEST

START_TEST(cookie_find_gives_the_first_of_an_exact_name)
{
    struct slice value = SLICE("untouched");
    ck_assert(!cookie_find(SLICE("ab=1; A=2"), SLICE("a"), &value));
    ck_assert(slice_eq(value, SLICE("untouched")));
    ck_assert(cookie_find(SLICE("ab=1; a=\"2\"; a=3"), SLICE("a"), &value));
    ck_assert(slice_eq(value, SLICE("2")));
}
END_TEST

Suite *suite_query(void)
{
    Suite *const suite = suite_create("query");
    TCase *const tests = tcase_create("query");
    tcase_add_checked_fixture(tests, begin, finish);
    tcase_add_loop_test(tests, query_gives_decoded_pairs_in_order, 0, (int)COUNT_OF(queries));
    tcase_add_loop_test(tests, query_find_gives_the_first_of_a_name, 0, (int)COUNT_OF(finds));
    tcase_add_test(tests, query_reports_an_exhausted_arena);
    tcase_add_test(tests, query_find_agrees_with_next);
    tcase_add_loop_test(tests, cookies_are_split_and_unquoted, 0, (int)COUNT_OF(cookies));
    tcase_add_test(tests, cookie_find_gives_the_first_of_an_exact_name);
    suite_add_tcase(suite, tests);
    return suite;
}
