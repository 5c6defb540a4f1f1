/* Pools of blocks. */
#include "suites.h"
#include "support.h"

#include "base/sys.h"
#include "run/pool.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

START_TEST(block_that_was_put_back_is_given_out_next)
{
    struct pool pool;
    pool_init(&pool, 100, 8);
    void *const first = pool_get(&pool);
    void *const second = pool_get(&pool);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_uint_eq(pool.used_count, 2);
    pool_put(&pool, first);
    pool_put(&pool, second);
    ck_assert_uint_eq(pool.used_count, 0);
    ck_assert_ptr_eq(pool_get(&pool), second);
    ck_assert_ptr_eq(pool_get(&pool), first);
    pool_put(&pool, second);
    pool_put(&pool, first);
    pool_deinit(&pool);
}
END_TEST

START_TEST(blocks_are_aligned_and_writable_to_the_end)
{
    struct pool pool;
    pool_init(&pool, 1, 4);
    for (int round = 0; round < 2; round++) {
        void *const block = pool_get(&pool);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % 16, 0);
        memset(block, 0xa5, pool.block_size);
        pool_put(&pool, block);
    }
    pool_deinit(&pool);
}
END_TEST

START_TEST(pool_keeps_no_more_than_it_may)
{
    struct pool pool;
    void *blocks[5];
    pool_init(&pool, 64, 2);
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = pool_get(&pool);
        ck_assert_ptr_nonnull(blocks[i]);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        pool_put(&pool, blocks[i]);
    }
    ck_assert_uint_eq(pool.free_count, 2);
    pool_trim(&pool, 1);
    ck_assert_uint_eq(pool.free_count, 1);
    pool_deinit(&pool);
    ck_assert_uint_eq(pool.free_count, 0);
}
END_TEST

START_TEST(get_is_null_when_memory_is_out)
{
    struct pool pool;
    pool_init(&pool, 64, 2);
    fail_call("malloc", 0, -ENOMEM);
    ck_assert_ptr_null(pool_get(&pool));
    fail_nothing();
    ck_assert_uint_eq(pool.used_count, 0);
    pool_put(&pool, NULL);
    pool_deinit(&pool);
}
END_TEST

Suite *pool_suite(void)
{
    Suite *const suite = suite_create("pool");
    TCase *const tcase = tcase_create("pool");
    tcase_add_test(tcase, block_that_was_put_back_is_given_out_next);
    tcase_add_test(tcase, blocks_are_aligned_and_writable_to_the_end);
    tcase_add_test(tcase, pool_keeps_no_more_than_it_may);
    tcase_add_test(tcase, get_is_null_when_memory_is_out);
    suite_add_tcase(suite, tcase);
    return suite;
}
