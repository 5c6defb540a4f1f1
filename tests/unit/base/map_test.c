/* The map, against a plain array. */
#include "suites.h"
#include "base/map.h"
#include "base/random.h"
#include "base/sys.h"

#include <errno.h>
#include <stdio.h>

enum { KEYS = 400 };

static char names[KEYS][16];
static int values[2];

static struct slice key_of(size_t i)
{
    return slice_cstr(names[i]);
}

static void make_keys(void)
{
    mem_count(true);
    for (size_t i = 0; i < KEYS; i++) {
        /* Lengths from 1 to 15, so that every tail of the hash is used. */
        snprintf(names[i], sizeof(names[i]), "%0*zu", (int)(i % 13) + 3, i);
    }
}

static void drop_hooks(void)
{
    sys_set_fault(NULL, NULL);
    mem_count(false);
}

START_TEST(an_empty_map_has_nothing_and_allocates_nothing)
{
    struct map map;
    map_init(&map);
    ck_assert_ptr_null(map_get(&map, SLICE("a")));
    ck_assert_ptr_null(map_remove(&map, SLICE("a")));
    map_deinit(&map);
    ck_assert_int_eq(mem_live(), 0);
}
END_TEST

START_TEST(set_replaces_an_older_value)
{
    struct map map;
    map_init(&map);
    ck_assert_int_eq(map_set(&map, SLICE("a"), &values[0]), 0);
    ck_assert_int_eq(map_set(&map, SLICE("a"), &values[1]), 0);
    ck_assert_uint_eq(map.count, 1);
    ck_assert_ptr_eq(map_get(&map, SLICE("a")), &values[1]);
    map_deinit(&map);
}
END_TEST

START_TEST(keys_are_bytes_of_any_kind)
{
    struct map map;
    map_init(&map);
    ck_assert_int_eq(map_set(&map, slice_of(NULL, 0), &values[0]), 0);
    ck_assert_int_eq(map_set(&map, SLICE("\0"), &values[1]), 0);
    ck_assert_ptr_eq(map_get(&map, SLICE("")), &values[0]);
    ck_assert_ptr_eq(map_get(&map, SLICE("\0")), &values[1]);
    ck_assert_ptr_null(map_get(&map, SLICE("\0\0")));
    map_deinit(&map);
}
END_TEST

/* The map has exactly what the model has. */
static void compare(const struct map *map, void *const model[KEYS])
{
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++) {
        ck_assert_ptr_eq(map_get(map, key_of(i)), model[i]);
        count += model[i] != NULL;
    }
    ck_assert_uint_eq(map->count, count);
}

START_TEST(a_map_does_as_its_model_does)
{
    struct random random;
    random_seed(&random, (uint64_t)_i);
    void *model[KEYS] = {NULL};
    struct map map;
    map_init(&map);
    for (int step = 0; step < 4000; step++) {
        /* The share of removals swings, so that the map fills and empties. */
        const size_t i = (size_t)random_below(&random, KEYS);
        if (random_percent(&random, step / 500 % 2 == 0 ? 25 : 75)) {
            ck_assert_ptr_eq(map_remove(&map, key_of(i)), model[i]);
            model[i] = NULL;
        } else {
            model[i] = &values[random_below(&random, 2)];
            ck_assert_int_eq(map_set(&map, key_of(i), model[i]), 0);
        }
        if (step % 100 == 0) {
            compare(&map, model);
        }
    }
    compare(&map, model);
    map_deinit(&map);
}
END_TEST

START_TEST(each_allocation_may_fail_and_changes_nothing)
{
    for (size_t i = 0;; i++) {
        struct failing failing = {.kind = SYS_MEMORY, .passes = i};
        void *model[KEYS] = {NULL};
        struct map map;
        map_init(&map);
        sys_set_fault(fail_one, &failing);
        for (size_t k = 0; k < KEYS; k++) {
            const size_t failed = failing.failed;
            const int rc = map_set(&map, key_of(k), &values[0]);
            ck_assert_int_eq(rc, failing.failed > failed ? -ENOMEM : 0);
            model[k] = rc == 0 ? &values[0] : NULL;
        }
        sys_set_fault(NULL, NULL);
        compare(&map, model);
        map_deinit(&map);
        ck_assert_int_eq(mem_live(), 0);
        if (failing.failed == 0) {
            ck_assert_uint_ge(i, 3);
            return;
        }
    }
}
END_TEST

START_TEST(two_maps_have_two_secrets)
{
    struct map a;
    struct map b;
    map_init(&a);
    map_init(&b);
    ck_assert_int_eq(map_set(&a, SLICE("x"), &values[0]), 0);
    ck_assert_int_eq(map_set(&b, SLICE("x"), &values[0]), 0);
    ck_assert_mem_ne(a.secret, b.secret, sizeof(a.secret));
    map_deinit(&a);
    map_deinit(&b);
}
END_TEST

START_TEST(deinit_accepts_a_zeroed_map)
{
    struct map map = {0};
    map_deinit(&map);
    ck_assert_ptr_null(map_get(&map, SLICE("x")));
}
END_TEST

Suite *map_suite(void)
{
    Suite *const suite = suite_create("map");
    TCase *const tests = tcase_create("map");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_keys, drop_hooks);
    tcase_add_test(tests, an_empty_map_has_nothing_and_allocates_nothing);
    tcase_add_test(tests, set_replaces_an_older_value);
    tcase_add_test(tests, keys_are_bytes_of_any_kind);
    tcase_add_loop_test(tests, a_map_does_as_its_model_does, 0, 10);
    tcase_add_test(tests, each_allocation_may_fail_and_changes_nothing);
    tcase_add_test(tests, two_maps_have_two_secrets);
    tcase_add_test(tests, deinit_accepts_a_zeroed_map);
    suite_add_tcase(suite, tests);
    return suite;
}
