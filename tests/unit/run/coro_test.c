/* The context switch. */
#include "suites.h"

#include "base/sys.h"
#include "run/coro.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <unwind.h>

#define STACK_SIZE ((size_t)256 * 1024)

static struct coro home;
static struct coro other;
static void *stack;
static unsigned long counter;

static void start(void (*fn)(void *arg), void *arg)
{
    coro_init_thread(&home);
    ck_assert_int_eq(sys_mmap(STACK_SIZE, &stack), 0);
    coro_init(&other, stack, STACK_SIZE, fn, arg);
}

static void finish(void)
{
    coro_deinit(&other);
    sys_munmap(stack, STACK_SIZE);
}

static void count_up(void *arg)
{
    const unsigned long rounds = *(const unsigned long *)arg;
    for (unsigned long i = 0; i < rounds; i++) {
        counter++;
        coro_switch(&other, &home);
    }
    coro_finish(&other, &home);
}

START_TEST(each_switch_goes_on_where_the_last_one_left)
{
    unsigned long rounds = 100000;
    start(count_up, &rounds);
    for (unsigned long i = 0; i < rounds; i++) {
        coro_switch(&home, &other);
        ck_assert_uint_eq(counter, i + 1);
    }
    coro_switch(&home, &other);
    finish();
}
END_TEST

/* More live values than there are callee-saved registers, of both kinds, across each switch. */
NOINLINE static uint64_t churn(struct coro *from, struct coro *to, uint64_t seed, unsigned rounds)
{
    uint64_t a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, f = seed * 13;
    uint64_t g = seed * 17, h = seed * 19, i = seed * 23, j = seed * 29, k = seed * 31;
    double p = (double)seed, q = p * 2, r = p * 3, s = p * 4, t = p * 5, u = p * 6, v = p * 7,
           w = p * 8;
    while (rounds-- > 0) {
        coro_switch(from, to);
        a += b, b ^= c, c += d, d ^= e, e += f, f ^= g, g += h, h ^= i, i += j, j ^= k, k += a;
        p += 1, q += p, r += 2, s += r, t += 3, u += t, v += 4, w += v;
    }
    const double sum = p + q + r + s + t + u + v + w;
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ i ^ j ^ k ^ (uint64_t)sum;
}

static void churn_there(void *arg)
{
    *(uint64_t *)arg = churn(&other, &home, 42, 1000);
    coro_finish(&other, &home);
}

static void count_forever(void *arg)
{
    (void)arg;
    for (;;) {
        counter++;
        coro_switch(&other, &home);
    }
}

START_TEST(registers_survive_on_both_sides)
{
    uint64_t there = 0;
    start(churn_there, &there);
    const uint64_t here = churn(&home, &other, 42, 1000);
    coro_switch(&home, &other);
    finish();
    ck_assert_uint_eq(here, there);
    start(count_forever, NULL);
    ck_assert_uint_eq(churn(&home, &other, 42, 1000), here);
    finish();
}
END_TEST

static void set_errno(void *arg)
{
    (void)arg;
    errno = EDOM;
    coro_switch(&other, &home);
    ck_assert_int_eq(errno, EDOM);
    coro_finish(&other, &home);
}

START_TEST(errno_is_each_sides_own)
{
    start(set_errno, NULL);
    errno = ERANGE;
    coro_switch(&home, &other);
    ck_assert_int_eq(errno, ERANGE);
    errno = EILSEQ;
    coro_switch(&home, &other);
    finish();
}
END_TEST

/* An aligned local is aligned by the frame, which trusts the stack pointer at entry. */
static void check_alignment(void *arg)
{
    alignas(16) volatile char local[16] = {0};
    *(bool *)arg = (uintptr_t)local % 16 == 0 && (uintptr_t)__builtin_frame_address(0) % 16 == 0;
    coro_finish(&other, &home);
}

START_TEST(stack_is_aligned_at_entry)
{
    bool aligned = false;
    start(check_alignment, &aligned);
    coro_switch(&home, &other);
    finish();
    ck_assert(aligned);
}
END_TEST

NOINLINE static unsigned dig(unsigned depth)
{
    volatile char frame[64] = {0};
    frame[depth % sizeof(frame)] = 1;
    if (depth == 0) {
        coro_switch(&other, &home);
        return (unsigned)frame[0];
    }
    return dig(depth - 1) + (unsigned)frame[depth % sizeof(frame)];
}

static void dig_deep(void *arg)
{
    *(unsigned *)arg = dig(300);
    coro_finish(&other, &home);
}

START_TEST(deep_frames_survive_a_switch)
{
    unsigned depth = 0;
    start(dig_deep, &depth);
    coro_switch(&home, &other);
    ck_assert_uint_eq(depth, 0);
    coro_switch(&home, &other);
    finish();
    ck_assert_uint_eq(depth, 301);
}
END_TEST

static _Unwind_Reason_Code count_frame(struct _Unwind_Context *context, void *arg)
{
    (void)context;
    ++*(unsigned *)arg;
    return _URC_NO_REASON;
}

static void look_back(void *arg)
{
    ck_assert_int_eq(_Unwind_Backtrace(count_frame, arg), _URC_END_OF_STACK);
    coro_finish(&other, &home);
}

START_TEST(backtrace_ends_at_the_first_frame)
{
    unsigned frames = 0;
    start(look_back, &frames);
    coro_switch(&home, &other);
    finish();
    ck_assert_uint_ge(frames, 2);
    ck_assert_uint_le(frames, 6);
}
END_TEST

Suite *coro_suite(void)
{
    Suite *const suite = suite_create("coro");
    TCase *const tcase = tcase_create("coro");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, each_switch_goes_on_where_the_last_one_left);
    tcase_add_test(tcase, registers_survive_on_both_sides);
    tcase_add_test(tcase, errno_is_each_sides_own);
    tcase_add_test(tcase, stack_is_aligned_at_entry);
    tcase_add_test(tcase, deep_frames_survive_a_switch);
    tcase_add_test(tcase, backtrace_ends_at_the_first_frame);
    suite_add_tcase(suite, tcase);
    return suite;
}
