/* The arena: alignment, bounds, marks, failures, and what AddressSanitizer is told. */
#include "suites.h"
#include "base/arena.h"
#include "base/random.h"
#include "base/sys.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#ifdef HAS_ASAN
#define POISON_RUNS 1
static bool is_poisoned(const void *ptr)
{
    return __asan_address_is_poisoned(ptr) != 0;
}
#else
#define POISON_RUNS 0 /* there is nobody to tell */
static bool is_poisoned(const void *ptr)
{
    return ptr == NULL;
}
#endif

static alignas(16) char lent[1024];

static void count_memory(void)
{
    mem_count(true);
}

static void drop_hooks(void)
{
    mem_count(false);
    sys_set_fault(NULL, NULL);
}

START_TEST(small_allocations_stay_in_the_lent_memory)
{
    struct arena arena;
    arena_init(&arena, lent, sizeof(lent), 1 << 20);
    const uint64_t made = mem_allocations();
    for (int i = 0; i < 64; i++) {
        char *const ptr = arena_alloc(&arena, 16);
        ck_assert_ptr_eq(ptr, lent + 16 * i);
        memset(ptr, i, 16);
    }
    ck_assert_uint_eq(mem_allocations(), made);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 1));
    ck_assert_uint_eq(mem_allocations(), made + 1);
    arena_deinit(&arena);
}
END_TEST

START_TEST(every_allocation_is_aligned_and_its_own)
{
    enum { COUNT = 500 };
    static struct slice pieces[COUNT];
    struct random random;
    random_seed(&random, 1);
    struct arena arena;
    arena_init(&arena, lent + 3, 500, 8 << 20);
    for (size_t i = 0; i < COUNT; i++) {
        const bool big = random_percent(&random, 5);
        const size_t size = (size_t)random_below(&random, big ? 20000 : 200);
        char *const ptr = arena_alloc(&arena, size);
        ck_assert_ptr_nonnull(ptr);
        ck_assert_uint_eq((uintptr_t)ptr % 16, 0);
        memset(ptr, (int)(i % 251), size);
        pieces[i] = slice_of(ptr, size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < pieces[i].len; j++) {
            if ((unsigned char)pieces[i].ptr[j] != i % 251) {
                ck_abort_msg("piece %zu was overwritten at byte %zu", i, j);
            }
        }
    }
    arena_deinit(&arena);
    ck_assert_int_eq(mem_live(), 0);
}
END_TEST

START_TEST(an_arena_without_lent_memory_works)
{
    struct arena arena;
    arena_init(&arena, NULL, 0, 1 << 20);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 0));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
    arena_clear(&arena);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
    arena_deinit(&arena);
    ck_assert_int_eq(mem_live(), 0);
}
END_TEST

START_TEST(lent_memory_too_small_for_one_allocation_is_not_used)
{
    for (size_t skip = 0; skip < 16; skip++) {
        struct arena arena;
        arena_init(&arena, lent + skip, 15, 0);
        ck_assert_ptr_null(arena_alloc(&arena, 1));
        arena_deinit(&arena);
    }
}
END_TEST

START_TEST(an_empty_allocation_is_a_pointer)
{
    struct arena arena;
    arena_init(&arena, lent, 32, 0);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 0));
    ck_assert_ptr_nonnull(arena_alloc(&arena, 16));
    arena_deinit(&arena);
}
END_TEST

START_TEST(growth_stops_at_the_bound)
{
    for (size_t bound = 0; bound < 20000; bound += 37) {
        struct arena arena;
        arena_init(&arena, NULL, 0, bound);
        size_t count = 0;
        while (arena_alloc(&arena, 100) != NULL) {
            ck_assert_uint_le(arena.grown, bound);
            count += 112;
        }
        ck_assert_uint_le(count, bound);
        /* No more than a header per chunk and the end of the last one may be lost. */
        ck_assert_uint_ge(count + 8 * 128, bound > 8 * 128 ? bound : 8 * 128);
        arena_deinit(&arena);
    }
}
END_TEST

START_TEST(absurd_sizes_are_refused)
{
    struct arena arena;
    arena_init(&arena, lent, sizeof(lent), SIZE_MAX);
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 15));
    arena_deinit(&arena);
    arena_init(&arena, lent, sizeof(lent), 1 << 20);
    for (size_t size = SIZE_MAX; size > SIZE_MAX - 100; size--) {
        ck_assert_ptr_null(arena_alloc(&arena, size));
        ck_assert_ptr_null(arena_zalloc(&arena, size));
    }
    ck_assert_ptr_null(arena_dup(&arena, slice_of(lent, SIZE_MAX)));
    ck_assert_ptr_eq(arena_alloc(&arena, 1), lent);
    arena_deinit(&arena);
}
END_TEST

START_TEST(a_big_allocation_leaves_the_current_chunk_in_use)
{
    struct arena arena;
    arena_init(&arena, lent, sizeof(lent), 1 << 20);
    ck_assert_ptr_eq(arena_alloc(&arena, 16), lent);
    char *const big = arena_alloc(&arena, 100000);
    ck_assert_ptr_nonnull(big);
    memset(big, 1, 100000);
    ck_assert_ptr_eq(arena_alloc(&arena, 16), lent + 16);
    arena_deinit(&arena);
}
END_TEST

START_TEST(zalloc_zeroes_memory_that_was_used)
{
    static const char zeroes[64];
    struct arena arena;
    arena_init(&arena, lent, sizeof(lent), 0);
    memset(arena_alloc(&arena, 64), 0xff, 64);
    arena_clear(&arena);
    ck_assert_mem_eq(arena_zalloc(&arena, 64), zeroes, 64);
    arena_deinit(&arena);
}
END_TEST

START_TEST(clear_frees_what_was_grown_and_begins_anew)
{
    struct arena arena;
    arena_init(&arena, lent, sizeof(lent), 1 << 20);
    for (int i = 0; i < 1000; i++) {
        ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
    }
    ck_assert_int_gt(mem_live(), 0);
    arena_clear(&arena);
    ck_assert_int_eq(mem_live(), 0);
    ck_assert_uint_eq(arena.grown, 0);
    ck_assert_ptr_eq(arena_alloc(&arena, 1), lent);
    arena_deinit(&arena);
}
END_TEST

START_TEST(a_zeroed_arena_may_be_cleared)
{
    struct arena arena = {0};
    arena_clear(&arena);
    arena_deinit(&arena);
    ck_assert_ptr_null(arena_alloc(&arena, 1));
}
END_TEST

START_TEST(release_frees_what_came_after_the_mark)
{
    struct arena arena;
    arena_init(&arena, lent, sizeof(lent), 1 << 20);
    char *const kept = arena_dup(&arena, SLICE("kept"));
    const struct arena_mark outer = arena_mark(&arena);
    char *const grown = arena_alloc(&arena, 2000);
    memset(grown, 'g', 2000);
    const struct arena_mark inner = arena_mark(&arena);
    const int64_t live = mem_live();
    for (int i = 0; i < 100; i++) {
        ck_assert_ptr_nonnull(arena_alloc(&arena, 300));
        ck_assert_ptr_nonnull(arena_alloc(&arena, 9000));
    }
    arena_release(&arena, inner);
    ck_assert_int_eq(mem_live(), live);
    ck_assert_int_eq(grown[1999], 'g');
    arena_release(&arena, outer);
    ck_assert_int_eq(mem_live(), 0);
    ck_assert_str_eq(kept, "kept");
    ck_assert_ptr_eq(arena_alloc(&arena, 1), lent + 16);
    arena_deinit(&arena);
}
END_TEST

START_TEST(dup_copies_and_terminates)
{
    struct arena arena;
    arena_init(&arena, lent, sizeof(lent), 0);
    const char *const copy = arena_dup(&arena, SLICE("a\0b"));
    ck_assert_mem_eq(copy, "a\0b", 4);
    ck_assert_str_eq(arena_dup(&arena, slice_of(NULL, 0)), "");
    arena_deinit(&arena);
}
END_TEST

START_TEST(printf_formats_texts_of_every_length)
{
    struct arena arena;
    arena_init(&arena, NULL, 0, 1 << 20);
    for (int width = 0; width < 600; width++) {
        size_t len = 12345;
        const char *const text = arena_printf(&arena, &len, "%*s", width, "");
        ck_assert_uint_eq(len, (size_t)width);
        ck_assert_uint_eq(strlen(text), (size_t)width);
        arena_clear(&arena);
    }
    ck_assert_str_eq(arena_printf(&arena, NULL, "%d-%s", 7, "x"), "7-x");
    arena_deinit(&arena);
}
END_TEST

START_TEST(a_failed_printf_leaves_the_length_alone)
{
    struct arena arena;
    size_t len = 77;
    arena_init(&arena, lent, 32, 0);
    ck_assert_ptr_null(arena_printf(&arena, &len, "%*s", 400, ""));
    ck_assert_ptr_null(arena_printf(&arena, &len, "%*s", 32, ""));
    ck_assert_uint_eq(len, 77);
    ck_assert_ptr_nonnull(arena_printf(&arena, &len, "%*s", 31, ""));
    arena_deinit(&arena);
}
END_TEST

/* Everything that allocates, once. */
static bool use_all(struct arena *arena)
{
    return arena_alloc(arena, 600) != NULL && arena_zalloc(arena, 9000) != NULL &&
           arena_dup(arena, SLICE("text")) != NULL &&
           arena_printf(arena, NULL, "%5000d", 1) != NULL && arena_alloc(arena, 900) != NULL &&
           arena_alloc(arena, 3500) != NULL;
}

START_TEST(each_allocation_may_fail_without_harm)
{
    for (size_t i = 0;; i++) {
        struct failing failing = {.kind = SYS_MEMORY, .passes = i};
        struct arena arena;
        arena_init(&arena, lent, sizeof(lent), 1 << 20);
        sys_set_fault(fail_one, &failing);
        const bool done = use_all(&arena);
        ck_assert_int_eq(done, failing.failed == 0);
        sys_set_fault(NULL, NULL);
        ck_assert(use_all(&arena)); /* the arena is as good as before */
        arena_deinit(&arena);
        ck_assert_int_eq(mem_live(), 0);
        if (done) {
            ck_assert_uint_ge(i, 3);
            return;
        }
    }
}
END_TEST

START_TEST(memory_not_handed_out_is_poisoned)
{
    struct arena arena;
    arena_init(&arena, lent, sizeof(lent), 1 << 20);
    ck_assert(is_poisoned(lent));
    const struct arena_mark mark = arena_mark(&arena);
    const char *const a = arena_alloc(&arena, 20);
    ck_assert(!is_poisoned(a + 19));
    ck_assert(is_poisoned(a + 20));
    arena_release(&arena, mark);
    ck_assert(is_poisoned(a));
    const char *const b = arena_alloc(&arena, 8);
    arena_clear(&arena);
    ck_assert(is_poisoned(b));
    const char *const grown = arena_alloc(&arena, 1040);
    ck_assert(is_poisoned(lent));
    ck_assert(!is_poisoned(grown));
    arena_deinit(&arena);
    ck_assert(!is_poisoned(lent));
    ck_assert(!is_poisoned(lent + sizeof(lent) - 1));
}
END_TEST

Suite *arena_suite(void)
{
    Suite *const suite = suite_create("arena");
    TCase *const tests = tcase_create("arena");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, count_memory, drop_hooks);
    tcase_add_test(tests, small_allocations_stay_in_the_lent_memory);
    tcase_add_test(tests, every_allocation_is_aligned_and_its_own);
    tcase_add_test(tests, an_arena_without_lent_memory_works);
    tcase_add_test(tests, lent_memory_too_small_for_one_allocation_is_not_used);
    tcase_add_test(tests, an_empty_allocation_is_a_pointer);
    tcase_add_test(tests, growth_stops_at_the_bound);
    tcase_add_test(tests, absurd_sizes_are_refused);
    tcase_add_test(tests, a_big_allocation_leaves_the_current_chunk_in_use);
    tcase_add_test(tests, zalloc_zeroes_memory_that_was_used);
    tcase_add_test(tests, clear_frees_what_was_grown_and_begins_anew);
    tcase_add_test(tests, a_zeroed_arena_may_be_cleared);
    tcase_add_test(tests, release_frees_what_came_after_the_mark);
    tcase_add_test(tests, dup_copies_and_terminates);
    tcase_add_test(tests, printf_formats_texts_of_every_length);
    tcase_add_test(tests, a_failed_printf_leaves_the_length_alone);
    tcase_add_test(tests, each_allocation_may_fail_without_harm);
    tcase_add_loop_test(tests, memory_not_handed_out_is_poisoned, 0, POISON_RUNS);
    suite_add_tcase(suite, tests);
    return suite;
}
