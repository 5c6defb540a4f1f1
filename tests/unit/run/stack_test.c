/* Pooled stacks, their guards, and what goes back to the kernel. */
#include "suites.h"
#include "support.h"

#include "base/sys.h"
#include "run/guard.h"
#include "run/stack.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stack_pool *pool;

static void setup(void)
{
    ck_assert_int_eq(stack_pool_new(&pool), 0);
}

static void teardown(void)
{
    stack_pool_free(pool);
}

static struct stack *get(size_t bytes)
{
    struct stack *stack = NULL;
    ck_assert_int_eq(stack_get(pool, bytes, &stack), 0);
    return stack;
}

static struct stack_pool_stats stats(void)
{
    struct stack_pool_stats stats;
    stack_pool_stats(pool, &stats);
    return stats;
}

static size_t usable(const struct stack *stack)
{
    return (size_t)(stack->top - stack->low);
}

START_TEST(whole_stack_is_usable_and_aligned)
{
    struct stack *const stack = get(0);
    ck_assert_uint_eq((uintptr_t)stack->top % 16, 0);
    ck_assert_uint_ge(usable(stack), STACK_BYTES_DEFAULT - 1024);
    memset(stack->low, 1, usable(stack));
    stack_put(pool, stack);
}
END_TEST

START_TEST(stack_put_back_last_is_given_out_first)
{
    struct stack *const first = get(0);
    struct stack *const second = get(0);
    stack_put(pool, first);
    stack_put(pool, second);
    ck_assert_ptr_eq(get(0), second);
    ck_assert_ptr_eq(get(0), first);
    stack_put(pool, first);
    stack_put(pool, second);
}
END_TEST

START_TEST(tops_are_not_all_alike_in_the_cache)
{
    struct stack *stacks[16];
    unsigned colours = 0;
    for (size_t i = 0; i < COUNT_OF(stacks); i++) {
        stacks[i] = get(0);
        colours |= 1u << ((uintptr_t)stacks[i]->top / 64 % 16);
    }
    for (size_t i = 0; i < COUNT_OF(stacks); i++) {
        stack_put(pool, stacks[i]);
    }
    ck_assert_uint_eq(colours, 0xffff);
}
END_TEST

START_TEST(larger_stacks_come_in_doublings)
{
    static const size_t asked[] = {1, KIB(64), KIB(65), KIB(200), KIB(512), KIB(1024)};
    static const size_t got[] = {KIB(64), KIB(64), KIB(128), KIB(256), KIB(512), KIB(1024)};
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        struct stack *const stack = get(asked[i]);
        ck_assert_uint_eq(stack_bytes(stack), got[i]);
        ck_assert_uint_ge(usable(stack), got[i] - 1024);
        memset(stack->low, 1, usable(stack));
        stack_put(pool, stack);
    }
    struct stack *none = NULL;
    ck_assert_int_eq(stack_get(pool, KIB(1024) + 1, &none), -EINVAL);
}
END_TEST

START_TEST(no_more_stacks_are_out_than_the_limit_says)
{
    struct stack *stack = NULL;
    stack_pool_set_max(pool, 2);
    struct stack *const first = get(0);
    struct stack *const second = get(KIB(256));
    ck_assert_int_eq(stack_get(pool, 0, &stack), -EAGAIN);
    stack_put(pool, first);
    ck_assert_int_eq(stack_get(pool, 0, &stack), 0);
    stack_put(pool, stack);
    stack_put(pool, second);
}
END_TEST

START_TEST(failing_map_is_eagain_and_passes)
{
    static const char *const calls[] = {"mmap", "calloc"};
    struct stack *stack = NULL;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        fail_call(calls[i], 0, -ENOMEM);
        ck_assert_int_eq(stack_get(pool, 0, &stack), -EAGAIN);
        fail_nothing();
    }
    ck_assert_uint_eq(stats().mapped, 0);
    stack_put(pool, get(0));
}
END_TEST

START_TEST(failing_guard_is_eagain_and_passes)
{
    struct stack *stack = NULL;
    guard_force_mprotect(1000);
    fail_call("mprotect", 5, -ENOMEM);
    ck_assert_int_eq(stack_get(pool, 0, &stack), -EAGAIN);
    fail_nothing();
    ck_assert_uint_eq(stats().mapped, 0);
    stack_put(pool, get(0));
}
END_TEST

START_TEST(protected_guards_are_bounded_in_number)
{
    struct stack *stack = NULL;
    struct stack *all[40];
    size_t count = 0;
    guard_force_mprotect(COUNT_OF(all));
    while (count < COUNT_OF(all) && stack_get(pool, 0, &stack) == 0) {
        all[count++] = stack;
    }
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_lt(count, COUNT_OF(all));
    while (count > 0) {
        stack_put(pool, all[--count]);
    }
    /* Those of a pool that is gone can be had again. */
    stack_pool_free(pool);
    setup();
    stack_put(pool, get(0));
}
END_TEST

/* How a child dies that writes to `ptr`; 0: it lives. */
static int death_by_writing(char *ptr)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGSEGV, SIG_DFL);
        *(volatile char *)ptr = 1;
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

START_TEST(guard_lies_below_each_stack)
{
    if (_i == 1) {
        guard_force_mprotect(1000);
    }
    struct stack *const stack = get(0);
    ck_assert(stack_guards(stack, stack->low - 1));
    ck_assert(stack_guards(stack, stack->low - STACK_GUARD_BYTES));
    ck_assert(!stack_guards(stack, stack->low));
    ck_assert(!stack_guards(stack, stack->low - STACK_GUARD_BYTES - 1));
    ck_assert_int_eq(death_by_writing(stack->low), 0);
    ck_assert_int_eq(death_by_writing(stack->low - 1), SIGSEGV);
    ck_assert_int_eq(death_by_writing(stack->low - STACK_GUARD_BYTES), SIGSEGV);
    stack_put(pool, stack);
}
END_TEST

START_TEST(deepest_use_is_measured_in_pages)
{
    struct stack *const stack = get(0);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    memset(stack->top - 100, 1, 100);
    ck_assert_uint_eq(stats().deepest, page);
    memset(stack->top - 3 * page, 1, 10);
    const size_t deepest = stats().deepest;
    ck_assert_uint_ge(deepest, 3 * page);
    ck_assert_uint_le(deepest, 5 * page);
    stack_put(pool, stack);
    ck_assert_uint_eq(stats().deepest, deepest);
}
END_TEST

#define BURST 600

static void burst(void)
{
    static struct stack *stacks[BURST];
    for (size_t i = 0; i < BURST; i++) {
        stacks[i] = get(0);
        memset(stacks[i]->top - 5000, 1, 5000);
    }
    for (size_t i = 0; i < BURST; i++) {
        stack_put(pool, stacks[i]);
    }
}

/* Calls of stack_pool_trim until it has nothing left to do. */
static unsigned trim_all(void)
{
    unsigned calls = 1;
    while (stack_pool_trim(pool) > 0) {
        calls++;
        ck_assert_uint_lt(calls, 100);
    }
    return calls;
}

START_TEST(memory_goes_back_some_time_after_a_burst)
{
    burst();
    ck_assert_uint_eq(stats().free_warm, BURST);
    ck_assert_int_gt(stack_pool_trim(pool), 0);
    ck_assert_uint_eq(stats().free_warm, BURST); /* the peak is but a moment ago */
    ck_assert_uint_ge(trim_all(), 5);
    ck_assert_uint_le(stats().free_warm, 8);
    ck_assert_uint_ge(stats().free, BURST);
    ck_assert_uint_ge(stats().deepest, 5000);
    burst(); /* cold stacks are as good as new ones */
}
END_TEST

START_TEST(steady_use_keeps_its_stacks_warm)
{
    burst();
    for (int i = 0; i < 10; i++) {
        stack_pool_trim(pool);
        burst();
    }
    ck_assert_uint_eq(stats().free_warm, BURST);
}
END_TEST

START_TEST(few_free_stacks_are_not_worth_trimming)
{
    struct stack *const stack = get(0);
    ck_assert(!stack_put(pool, stack));
    ck_assert_int_eq(stack_pool_trim(pool), 0);
    ck_assert_uint_eq(stats().free_warm, 1);
}
END_TEST

Suite *stack_suite(void)
{
    Suite *const suite = suite_create("stack");
    TCase *const tcase = tcase_create("stack");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, whole_stack_is_usable_and_aligned);
    tcase_add_test(tcase, stack_put_back_last_is_given_out_first);
    tcase_add_test(tcase, tops_are_not_all_alike_in_the_cache);
    tcase_add_test(tcase, larger_stacks_come_in_doublings);
    tcase_add_test(tcase, no_more_stacks_are_out_than_the_limit_says);
    tcase_add_test(tcase, failing_map_is_eagain_and_passes);
    tcase_add_test(tcase, failing_guard_is_eagain_and_passes);
    tcase_add_test(tcase, protected_guards_are_bounded_in_number);
    tcase_add_loop_test(tcase, guard_lies_below_each_stack, 0, 2);
    tcase_add_test(tcase, deepest_use_is_measured_in_pages);
    tcase_add_test(tcase, memory_goes_back_some_time_after_a_burst);
    tcase_add_test(tcase, steady_use_keeps_its_stacks_warm);
    tcase_add_test(tcase, few_free_stacks_are_not_worth_trimming);
    suite_add_tcase(suite, tcase);
    return suite;
}
