/* Trees: what is in them, how it is found, what they cost. */
#include "suites.h"

#include "base/buf.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/sys.h"
#include "json_support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct garm_json_value *at(const struct garm_json_value *root, const char *pointer)
{
    return json_at(root, slice_cstr(pointer));
}

START_TEST(a_tree_holds_what_the_text_says)
{
    const struct garm_json_value *const root = json_test_tree(
        "{\"i\":-7,\"u\":18446744073709551615,\"d\":2.5,\"s\":\"a\\u0000\\n\\ud83d\\ude00\","
        "\"t\":true,\"f\":false,\"n\":null,\"a\":[1,[],{}],\"z\":-0,\"nz\":-0.0}");
    ck_assert(root->type == JSON_OBJECT && root->count == 10);
    ck_assert(at(root, "/i")->type == JSON_INT && at(root, "/i")->as.integer == -7);
    ck_assert(at(root, "/u")->type == JSON_UINT && at(root, "/u")->as.natural == UINT64_MAX);
    ck_assert(at(root, "/d")->type == JSON_DOUBLE && at(root, "/d")->as.number == 2.5);
    ck_assert(at(root, "/s")->type == JSON_STRING && at(root, "/s")->count == 7);
    ck_assert_mem_eq(at(root, "/s")->as.text, "a\0\n\xf0\x9f\x98\x80", 8);
    ck_assert(at(root, "/t")->type == JSON_BOOL && at(root, "/t")->as.boolean);
    ck_assert(at(root, "/f")->type == JSON_BOOL && !at(root, "/f")->as.boolean);
    ck_assert(at(root, "/n")->type == JSON_NULL);
    ck_assert(at(root, "/a")->type == JSON_ARRAY && at(root, "/a")->count == 3);
    ck_assert(at(root, "/a/1")->type == JSON_ARRAY && at(root, "/a/1")->count == 0);
    ck_assert(at(root, "/a/2")->type == JSON_OBJECT && at(root, "/a/2")->count == 0);
    ck_assert(at(root, "/z")->type == JSON_INT && at(root, "/z")->as.integer == 0);
    ck_assert(at(root, "/nz")->type == JSON_DOUBLE && at(root, "/nz")->as.natural == 1ULL << 63);
}
END_TEST

START_TEST(items_come_in_the_texts_order_with_their_names)
{
    const struct garm_json_value *const root = json_test_tree("{\"b\":1,\"a\":[2,3],\"b\":4}");
    struct slice name = {0};
    ck_assert(json_item(root, 0, &name)->as.integer == 1 && slice_eq(name, SLICE("b")));
    ck_assert(json_item(root, 1, &name)->count == 2 && slice_eq(name, SLICE("a")));
    ck_assert(json_item(root, 2, &name)->as.integer == 4 && slice_eq(name, SLICE("b")));
    ck_assert_ptr_null(json_item(root, 3, &name));
    ck_assert(json_item(at(root, "/a"), 1, &name)->as.integer == 3 && name.len == 0);
    ck_assert_ptr_null(json_item(at(root, "/a"), 2, &name));
    ck_assert_ptr_null(json_item(at(root, "/a/0"), 0, &name));
    ck_assert_ptr_null(json_item(NULL, 0, &name));
    ck_assert_uint_eq(name.len, 0);
}
END_TEST

START_TEST(the_last_of_members_with_one_name_is_found)
{
    const struct garm_json_value *const root =
        json_test_tree("{\"a\":1,\"a\":2,\"\":3,\"b\":4,\"\":5}");
    ck_assert_int_eq(at(root, "/a")->as.integer, 2);
    ck_assert_int_eq(at(root, "/")->as.integer, 5);
    ck_assert_int_eq(json_member(root, SLICE("b"))->as.integer, 4);
    ck_assert_ptr_null(json_member(root, SLICE("c")));
}
END_TEST

/* The examples of RFC 6901 section 5, in words of ours, and what is none. */
static const struct {
    const char *pointer;
    int64_t value; /* -1: nothing is found */
} pointers[] = {
    {"/list/0", 10},   {"/list/1", 11},
    {"/list/00", -1},  {"/list/01", -1},
    {"/list/-", -1},   {"/list/2", -1},
    {"/list/", -1},    {"/list/-1", -1},
    {"/list/+1", -1},  {"/list/1 ", -1},
    {"/list/1e0", -1}, {"/list/1/", -1},
    {"/", 0},          {"/a~1b", 1},
    {"/c%d", 2},       {"/e^f", 3},
    {"/g|h", 4},       {"/ ", 7},
    {"/m~0n", 8},      {"/~01", 9},
    {"/~1", 12},       {"/m~n", -1},
    {"/m~", -1},       {"/m~2n", -1},
    {"/a/b", -1},      {"list", -1},
    {"#/list/0", -1},  {"list/0", -1},
    {"/none", -1},     {"/none/0", -1},
    {"//", -1},        {"/deep//x", 13},
    {"/0", 14},        {"/list/18446744073709551616", -1},
    {"/~", -1},        {"/~0", -1},
    {"/~10", -1},      {"/list/4294967296", -1},
};

START_TEST(a_pointer_names_what_rfc_6901_says)
{
    const struct garm_json_value *const root = json_test_tree(
        "{\"list\":[10,11],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,\" \":7,\"m~n\":8,"
        "\"~1\":9,\"/\":12,\"deep\":{\"\":{\"x\":13}},\"0\":14}");
    const struct garm_json_value *const found = at(root, pointers[_i].pointer);
    if (pointers[_i].value < 0) {
        ck_assert_ptr_null(found);
    } else {
        ck_assert_ptr_nonnull(found);
        ck_assert_int_eq(found->as.integer, pointers[_i].value);
    }
    ck_assert_ptr_eq(at(root, ""), root);
    ck_assert_ptr_null(at(NULL, pointers[_i].pointer));
}
END_TEST

/* An object of `count` members "0" to "count - 1", twice if asked. */
static void make_object(struct buf *text, size_t count, bool twice)
{
    buf_init(text, MIB(32));
    for (int round = 0; round <= (twice ? 1 : 0); round++) {
        for (size_t i = 0; i < count; i++) {
            buf_printf(text, "%c\"%zu\":%zu", round == 0 && i == 0 ? '{' : ',', i,
                       i + (size_t)round);
        }
    }
    buf_append_byte(text, '}');
}

START_TEST(members_are_found_in_objects_of_any_size)
{
    for (size_t count = 1; count < 300; count += count < 70 ? 1 : 29) {
        for (int twice = 0; twice <= 1; twice++) {
            struct buf text;
            make_object(&text, count, twice == 1);
            const struct garm_json_value *const root = json_test_tree(buf_cstr(&text));
            for (size_t i = 0; i < count; i++) {
                char name[24];
                (void)snprintf(name, sizeof(name), "%zu", i);
                const struct garm_json_value *const v = json_member(root, slice_cstr(name));
                ck_assert(v != NULL && v->as.integer == (int64_t)i + twice);
            }
            ck_assert_ptr_null(json_member(root, SLICE("-1")));
            ck_assert_ptr_null(json_member(root, SLICE("")));
            json_test_free();
            buf_deinit(&text);
        }
    }
}
END_TEST

/* A walk for each of them would compare five thousand million names. */
START_TEST(looking_up_each_of_100000_members_is_no_square)
{
    struct buf text;
    make_object(&text, 100000, false);
    const struct garm_json_value *const root = json_test_tree(buf_cstr(&text));
    for (size_t i = 0; i < 100000; i++) {
        char name[24];
        const size_t size = (size_t)snprintf(name, sizeof(name), "%zu", i);
        const struct garm_json_value *const v = json_member(root, slice_of(name, size));
        ck_assert(v != NULL && v->as.integer == (int64_t)i);
    }
    buf_deinit(&text);
}
END_TEST

START_TEST(large_objects_lie_within_one_another)
{
    struct buf inner;
    struct buf text;
    make_object(&inner, 100, false);
    buf_init(&text, MIB(1));
    for (int i = 0; i < 50; i++) {
        buf_printf(&text, "%c\"o%d\":%s", i == 0 ? '{' : ',', i, buf_cstr(&inner));
    }
    buf_append_byte(&text, '}');
    const struct garm_json_value *const root = json_test_tree(buf_cstr(&text));
    ck_assert_int_eq(at(root, "/o0/99")->as.integer, 99);
    ck_assert_int_eq(at(root, "/o49/37")->as.integer, 37);
    ck_assert_ptr_null(at(root, "/o49/100"));
    buf_deinit(&text);
    buf_deinit(&inner);
}
END_TEST

/* `depth` levels of `open`, which ends in what is within. */
static void make_nested(struct buf *text, const char *open, const char *core, const char *close,
                        size_t depth)
{
    buf_init(text, MIB(8));
    for (size_t i = 0; i < depth; i++) {
        buf_append(text, open, strlen(open));
    }
    buf_append(text, core, strlen(core));
    for (size_t i = 0; close != NULL && i < depth; i++) {
        buf_append(text, close, strlen(close));
    }
}

static const char *const nestings[][3] = {{"[", "", "]"},
                                          {"[", "1", "]"},
                                          {"{\"a\":", "1", "}"},
                                          {"[{\"a\":", "[]", "}]"},
                                          {"{\"a\":[", "", "]}"}};

START_TEST(nesting_ends_at_the_limit)
{
    const char *const *const n = nestings[_i];
    const size_t step = strlen(n[0]) > 1 && strchr(n[0], '[') != NULL ? 2 : 1;
    for (size_t depth = 1; depth < 200; depth++) {
        struct buf text;
        const struct garm_json_value *root = NULL;
        make_nested(&text, n[0], n[1], n[2], depth);
        const size_t levels = depth * step + (strcmp(n[1], "[]") == 0 ? 1 : 0);
        ck_assert_int_eq(json_test_parse(buf_slice(&text), &root, NULL),
                         levels <= LIMIT_JSON_DEPTH ? 0 : -EBADMSG);
        buf_deinit(&text);
        json_test_free();
    }
}
END_TEST

START_TEST(a_hundred_thousand_levels_are_refused)
{
    static const char *const opens[] = {"[", "{\"a\":", "[{\"a\":", "[[[1],"};
    for (size_t i = 0; i < COUNT_OF(opens); i++) {
        struct buf text;
        struct json_error error = {0};
        const struct garm_json_value *root = NULL;
        make_nested(&text, opens[i], "", NULL, 100000);
        ck_assert_int_eq(json_test_parse(buf_slice(&text), &root, &error), -EBADMSG);
        ck_assert_str_eq(error.reason, "more than 128 objects and arrays within one another");
        buf_deinit(&text);
    }
}
END_TEST

START_TEST(a_text_past_the_limit_is_too_long)
{
    struct json_error error = {0};
    const struct garm_json_value *root = NULL;
    char *const text = calloc(1, LIMIT_JSON_BYTES + 1);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(json_parse(json_test_engine(), slice_of(text, LIMIT_JSON_BYTES + 1),
                                &json_test_memory, &root, &error),
                     -EMSGSIZE);
    free(text);
}
END_TEST

START_TEST(the_densest_texts_fit_their_memory)
{
    static const char *const elements[] = {"1,",   "\"\",",     "[],",         "{},",
                                           "1.5,", "\"abcd\",", "null,",       "[[]],",
                                           "[1],", "{\"\":1},", "{\"\":\"\"},"};
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        struct buf text;
        buf_init(&text, MIB(1));
        buf_append_byte(&text, '[');
        for (int n = 0; n < 5000; n++) {
            buf_append(&text, elements[i], strlen(elements[i]));
        }
        text.data[text.len - 1] = ']';
        const struct garm_json_value *root = NULL;
        ck_assert_int_eq(json_test_parse(buf_slice(&text), &root, NULL), 0);
        ck_assert_uint_eq(root->count, 5000);
        buf_deinit(&text);
        json_test_free();
    }
}
END_TEST

/* C++'s allocations that may fail, all of simdjson's among them, come here: one in turn does. */
static unsigned fail_nth;

void *plain_new(size_t size) __asm__("_Znwm");
void *plain_new_array(size_t size) __asm__("_Znam");
__attribute__((visibility("default"))) void *new_nothrow(size_t size, const void *tag) //
    __asm__("_ZnwmRKSt9nothrow_t");
__attribute__((visibility("default"))) void *new_array_nothrow(size_t size, const void *tag) //
    __asm__("_ZnamRKSt9nothrow_t");

static bool fails(void)
{
    return fail_nth > 0 && --fail_nth == 0;
}

void *new_nothrow(size_t size, const void *tag)
{
    (void)tag;
    return fails() ? NULL : plain_new(size);
}

void *new_array_nothrow(size_t size, const void *tag)
{
    (void)tag;
    return fails() ? NULL : plain_new_array(size);
}

static int parse_anew(struct slice text)
{
    const struct garm_json_value *root = NULL;
    struct json_error error = {0};
    struct json_engine *const engine = json_engine_new();
    const int rc =
        engine == NULL ? -ENOMEM : json_parse(engine, text, &json_test_memory, &root, &error);
    json_engine_free(engine);
    json_test_free();
    return rc;
}

START_TEST(an_allocation_of_simdjsons_that_fails_is_enomem)
{
    struct buf text;
    make_object(&text, 500, false);
    unsigned n = 1;
    for (int rc = -ENOMEM; rc < 0; n++) {
        fail_nth = n;
        rc = parse_anew(buf_slice(&text));
        ck_assert_int_eq(rc, fail_nth == 0 ? -ENOMEM : 0);
    }
    ck_assert_uint_gt(n, 4);
    fail_nth = 0;
    buf_deinit(&text);
}
END_TEST

START_TEST(an_engine_works_on_after_a_failed_allocation)
{
    struct buf text;
    const struct garm_json_value *root = NULL;
    struct json_error error = {0};
    make_object(&text, 2000, false);
    struct json_engine *const engine = json_engine_new();
    for (unsigned n = 1; n < 10; n++) {
        fail_nth = n;
        (void)!json_parse(engine, buf_slice(&text), &json_test_memory, &root, &error);
        fail_nth = 0;
        ck_assert_int_eq(json_parse(engine, SLICE("[1]"), &json_test_memory, &root, &error), 0);
        ck_assert_uint_eq(root->count, 1);
    }
    ck_assert_int_eq(json_parse(engine, buf_slice(&text), &json_test_memory, &root, &error), 0);
    json_engine_free(engine);
    buf_deinit(&text);
}
END_TEST

static int fail_our_nth(void *arg, enum sys_kind kind, const char *name)
{
    unsigned *const nth = arg;
    (void)name;
    return kind == SYS_MEMORY && *nth > 0 && --*nth == 0 ? -ENOMEM : 0;
}

START_TEST(a_trees_allocation_that_fails_is_enomem)
{
    struct buf text;
    make_object(&text, 500, false);
    for (unsigned n = 1; n <= 2; n++) {
        unsigned nth = n;
        sys_set_fault(fail_our_nth, &nth);
        ck_assert_int_eq(parse_anew(buf_slice(&text)), -ENOMEM);
        sys_set_fault(NULL, NULL);
    }
    ck_assert_int_eq(parse_anew(buf_slice(&text)), 0);
    buf_deinit(&text);
}
END_TEST

Suite *json_tree_suite(void)
{
    Suite *const suite = suite_create("json_tree");
    TCase *const tc = tcase_create("trees");
    tcase_add_checked_fixture(tc, NULL, json_test_free);
    tcase_add_test(tc, a_tree_holds_what_the_text_says);
    tcase_add_test(tc, items_come_in_the_texts_order_with_their_names);
    tcase_add_test(tc, the_last_of_members_with_one_name_is_found);
    tcase_add_loop_test(tc, a_pointer_names_what_rfc_6901_says, 0, COUNT_OF(pointers));
    tcase_add_test(tc, members_are_found_in_objects_of_any_size);
    tcase_add_test(tc, looking_up_each_of_100000_members_is_no_square);
    tcase_add_test(tc, large_objects_lie_within_one_another);
    tcase_add_loop_test(tc, nesting_ends_at_the_limit, 0, COUNT_OF(nestings));
    tcase_add_test(tc, a_hundred_thousand_levels_are_refused);
    tcase_add_test(tc, a_text_past_the_limit_is_too_long);
    tcase_add_test(tc, the_densest_texts_fit_their_memory);
    if (getenv("GARM_UNDER_VALGRIND") == NULL) { /* which has an operator new of its own */
        tcase_add_test(tc, an_allocation_of_simdjsons_that_fails_is_enomem);
    }
    tcase_add_test(tc, an_engine_works_on_after_a_failed_allocation);
    tcase_add_test(tc, a_trees_allocation_that_fails_is_enomem);
    suite_add_tcase(suite, tc);
    return suite;
}
