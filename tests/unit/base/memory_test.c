/* The allocator: contents, failures on demand, counting. */
#include "suites.h"

#include <stdint.h>
#include <string.h>

static void stop_counting(void)
{
    mem_count(false);
    sys_set_fault(NULL, NULL);
}

START_TEST(zalloc_gives_zeroes)
{
    static const char zeroes[1000];
    char *const ptr = mem_zalloc(sizeof(zeroes));
    ck_assert_ptr_nonnull(ptr);
    ck_assert_mem_eq(ptr, zeroes, sizeof(zeroes));
    mem_free(ptr);
}
END_TEST

START_TEST(realloc_keeps_the_content)
{
    char *ptr = mem_realloc(NULL, 4);
    ck_assert_ptr_nonnull(ptr);
    memcpy(ptr, "abcd", 4);
    ptr = mem_realloc(ptr, 100000);
    ck_assert_ptr_nonnull(ptr);
    ck_assert_mem_eq(ptr, "abcd", 4);
    mem_free(ptr);
}
END_TEST

START_TEST(strndup_copies_and_terminates)
{
    char *const copy = mem_strndup("abcdef", 3);
    ck_assert_str_eq(copy, "abc");
    mem_free(copy);
    char *const empty = mem_strndup(NULL, 0);
    ck_assert_str_eq(empty, "");
    mem_free(empty);
    ck_assert_ptr_null(mem_strndup("x", SIZE_MAX));
}
END_TEST

START_TEST(free_accepts_null)
{
    mem_count(true);
    const int64_t before = mem_live();
    mem_free(NULL);
    ck_assert_int_eq(mem_live(), before);
}
END_TEST

START_TEST(every_allocation_fails_when_the_hook_says_so)
{
    struct failing failing = {.kind = SYS_MEMORY};
    char *const old = mem_strndup("old", 3);
    sys_set_fault(fail_one, &failing);
    ck_assert_ptr_null(mem_alloc(1));
    failing.failed = 0;
    ck_assert_ptr_null(mem_zalloc(1));
    failing.failed = 0;
    ck_assert_ptr_null(mem_strndup("a", 1));
    failing.failed = 0;
    ck_assert_ptr_null(mem_realloc(old, 100));
    ck_assert_str_eq(old, "old");
    mem_free(old);
}
END_TEST

START_TEST(counting_tells_what_was_made_and_what_is_left)
{
    mem_count(true);
    const uint64_t made = mem_allocations();
    const int64_t live = mem_live();
    void *const a = mem_alloc(10);
    void *b = mem_zalloc(10);
    b = mem_realloc(b, 1000);
    char *const c = mem_strndup("c", 1);
    ck_assert_uint_eq(mem_allocations() - made, 4);
    ck_assert_int_eq(mem_live() - live, 3);
    mem_free(a);
    mem_free(b);
    mem_free(c);
    ck_assert_int_eq(mem_live() - live, 0);
}
END_TEST

START_TEST(nothing_is_counted_while_counting_is_off)
{
    const uint64_t made = mem_allocations();
    mem_free(mem_alloc(1));
    ck_assert_uint_eq(mem_allocations(), made);
    ck_assert_int_eq(mem_live(), 0);
}
END_TEST

START_TEST(a_failed_allocation_is_not_counted)
{
    struct failing failing = {.kind = SYS_MEMORY};
    mem_count(true);
    const uint64_t made = mem_allocations();
    sys_set_fault(fail_one, &failing);
    ck_assert_ptr_null(mem_alloc(1));
    ck_assert_uint_eq(mem_allocations(), made);
}
END_TEST

START_TEST(what_is_aside_neither_fails_nor_counts)
{
    static const char zeroes[500];
    struct failing failing = {.kind = SYS_MEMORY};
    mem_count(true);
    const uint64_t made = mem_allocations();
    const int64_t live = mem_live();
    sys_set_fault(fail_one, &failing);
    void *const ptr = mem_zalloc_aside(sizeof(zeroes));
    ck_assert_mem_eq(ptr, zeroes, sizeof(zeroes));
    ck_assert_uint_eq(mem_allocations(), made);
    mem_free_aside(ptr);
    mem_free_aside(NULL);
    ck_assert_int_eq(mem_live(), live);
    ck_assert_uint_eq(failing.failed, 0);
}
END_TEST

START_TEST(trim_leaves_what_is_in_use)
{
    enum { COUNT = 1000 };
    static char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = mem_alloc(2000);
        memset(blocks[i], (int)(i % 100), 2000);
    }
    for (size_t i = 0; i < COUNT; i += 2) {
        mem_free(blocks[i]);
    }
    mem_trim();
    for (size_t i = 1; i < COUNT; i += 2) {
        ck_assert_int_eq(blocks[i][0], (int)(i % 100));
        ck_assert_int_eq(blocks[i][1999], (int)(i % 100));
        mem_free(blocks[i]);
    }
}
END_TEST

Suite *memory_suite(void)
{
    Suite *const suite = suite_create("memory");
    TCase *const tests = tcase_create("memory");
    tcase_add_checked_fixture(tests, NULL, stop_counting);
    tcase_add_test(tests, zalloc_gives_zeroes);
    tcase_add_test(tests, realloc_keeps_the_content);
    tcase_add_test(tests, strndup_copies_and_terminates);
    tcase_add_test(tests, free_accepts_null);
    tcase_add_test(tests, every_allocation_fails_when_the_hook_says_so);
    tcase_add_test(tests, counting_tells_what_was_made_and_what_is_left);
    tcase_add_test(tests, nothing_is_counted_while_counting_is_off);
    tcase_add_test(tests, a_failed_allocation_is_not_counted);
    tcase_add_test(tests, what_is_aside_neither_fails_nor_counts);
    tcase_add_test(tests, trim_leaves_what_is_in_use);
    suite_add_tcase(suite, tests);
    return suite;
}
