/* The growing buffer. */
#include "suites.h"
#include "base/buf.h"
#include "base/sys.h"

#include <errno.h>
#include <stdint.h>

static struct buf buf;

static void begin(void)
{
    mem_count(true);
    buf_init(&buf, 1000);
}

static void end(void)
{
    sys_set_fault(NULL, NULL);
    buf_deinit(&buf);
    mem_count(false);
}

START_TEST(a_new_buffer_is_empty_and_has_allocated_nothing)
{
    const uint64_t made = mem_allocations();
    buf_init(&buf, 10);
    ck_assert_uint_eq(buf_slice(&buf).len, 0);
    ck_assert_str_eq(buf_cstr(&buf), "");
    ck_assert_uint_eq(mem_allocations(), made);
}
END_TEST

START_TEST(appends_come_one_after_another)
{
    ck_assert_int_eq(buf_append(&buf, "ab", 2), 0);
    ck_assert_int_eq(buf_append_slice(&buf, SLICE("cd")), 0);
    ck_assert_int_eq(buf_append_byte(&buf, 'e'), 0);
    ck_assert_int_eq(buf_printf(&buf, "%d%s", 12, "f"), 0);
    ck_assert_int_eq(buf_append(&buf, NULL, 0), 0);
    assert_slice(buf_slice(&buf), "abcde12f");
    ck_assert_str_eq(buf_cstr(&buf), "abcde12f");
    ck_assert_uint_eq(buf.len, 8);
}
END_TEST

START_TEST(a_buffer_holds_its_maximum_and_no_byte_more)
{
    for (size_t max = 0; max < 300; max++) {
        buf_deinit(&buf);
        buf_init(&buf, max);
        for (size_t i = 0; i < max; i++) {
            ck_assert_int_eq(buf_append_byte(&buf, 'x'), 0);
        }
        ck_assert_uint_eq(strlen(buf_cstr(&buf)), max);
        ck_assert_int_eq(buf_append_byte(&buf, 'x'), -EMSGSIZE);
        ck_assert_uint_eq(buf.len, max);
    }
}
END_TEST

START_TEST(printf_formats_texts_of_every_length)
{
    for (int width = 0; width <= 1000; width++) {
        buf_clear(&buf);
        ck_assert_int_eq(buf_printf(&buf, "%*s", width, ""), 0);
        ck_assert_uint_eq(buf.len, (size_t)width);
    }
    buf_clear(&buf);
    ck_assert_int_eq(buf_printf(&buf, "%*s", 1001, ""), -EMSGSIZE);
    ck_assert_uint_eq(buf.len, 0);
}
END_TEST

START_TEST(an_error_stays_until_clear)
{
    ck_assert_int_eq(buf_append(&buf, "abc", 3), 0);
    ck_assert_int_eq(buf_reserve(&buf, 998), -EMSGSIZE);
    ck_assert_int_eq(buf_append_byte(&buf, 'd'), -EMSGSIZE);
    ck_assert_int_eq(buf_printf(&buf, "d"), -EMSGSIZE);
    ck_assert_int_eq(buf.error, -EMSGSIZE);
    assert_slice(buf_slice(&buf), "abc");
    ck_assert_str_eq(buf_cstr(&buf), "");
    buf_clear(&buf);
    ck_assert_int_eq(buf_append_byte(&buf, 'd'), 0);
    ck_assert_str_eq(buf_cstr(&buf), "d");
}
END_TEST

START_TEST(absurd_sizes_are_refused)
{
    buf_init(&buf, SIZE_MAX);
    ck_assert_int_eq(buf_append_byte(&buf, 'a'), 0);
    ck_assert_int_eq(buf_reserve(&buf, SIZE_MAX), -EMSGSIZE);
    ck_assert_str_eq(buf_cstr(&buf), "");
    buf_clear(&buf);
    ck_assert_int_eq(buf_append_byte(&buf, 'b'), 0);
}
END_TEST

START_TEST(reserved_room_is_used_without_a_further_allocation)
{
    ck_assert_int_eq(buf_reserve(&buf, 500), 0);
    const uint64_t made = mem_allocations();
    for (int i = 0; i < 500; i++) {
        ck_assert_int_eq(buf_append_byte(&buf, 'x'), 0);
    }
    ck_assert_uint_eq(mem_allocations(), made);
    buf_clear(&buf);
    ck_assert_int_eq(buf_printf(&buf, "%*s", 500, ""), 0);
    ck_assert_uint_eq(mem_allocations(), made);
}
END_TEST

START_TEST(consume_drops_bytes_from_the_front)
{
    buf_consume(&buf, 0);
    ck_assert_int_eq(buf_append_slice(&buf, SLICE("abcdef")), 0);
    buf_consume(&buf, 0);
    buf_consume(&buf, 2);
    ck_assert_str_eq(buf_cstr(&buf), "cdef");
    buf_consume(&buf, 4);
    ck_assert_str_eq(buf_cstr(&buf), "");
}
END_TEST

START_TEST(each_allocation_may_fail_and_changes_nothing)
{
    for (size_t i = 0;; i++) {
        struct failing failing = {.kind = SYS_MEMORY, .passes = i};
        sys_set_fault(fail_one, &failing);
        size_t expected = 0;
        for (int k = 0; k < 20 && failing.failed == 0; k++) {
            const int rc = k % 2 == 0 ? buf_append(&buf, "0123456789012345678901234567890", 31)
                                      : buf_printf(&buf, "%50d", k);
            ck_assert_int_eq(rc, failing.failed == 0 ? 0 : -ENOMEM);
            expected += rc < 0 ? 0 : k % 2 == 0 ? 31 : 50;
            ck_assert_uint_eq(buf.len, expected);
        }
        sys_set_fault(NULL, NULL);
        buf_deinit(&buf);
        ck_assert_int_eq(mem_live(), 0);
        if (failing.failed == 0) {
            ck_assert_uint_ge(i, 3);
            return;
        }
    }
}
END_TEST

START_TEST(deinit_accepts_a_zeroed_buffer)
{
    struct buf zeroed = {0};
    buf_deinit(&zeroed);
    ck_assert_int_eq(buf_append_byte(&zeroed, 'x'), -EMSGSIZE);
}
END_TEST

Suite *buf_suite(void)
{
    Suite *const suite = suite_create("buf");
    TCase *const tests = tcase_create("buf");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_new_buffer_is_empty_and_has_allocated_nothing);
    tcase_add_test(tests, appends_come_one_after_another);
    tcase_add_test(tests, a_buffer_holds_its_maximum_and_no_byte_more);
    tcase_add_test(tests, printf_formats_texts_of_every_length);
    tcase_add_test(tests, an_error_stays_until_clear);
    tcase_add_test(tests, absurd_sizes_are_refused);
    tcase_add_test(tests, reserved_room_is_used_without_a_further_allocation);
    tcase_add_test(tests, consume_drops_bytes_from_the_front);
    tcase_add_test(tests, each_allocation_may_fail_and_changes_nothing);
    tcase_add_test(tests, deinit_accepts_a_zeroed_buffer);
    suite_add_tcase(suite, tests);
    return suite;
}
