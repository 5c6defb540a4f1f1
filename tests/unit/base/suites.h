/* The suites of the base floor, and what they share. */
#ifndef GARM_TESTS_BASE_SUITES_H
#define GARM_TESTS_BASE_SUITES_H

#include "base/slice.h"
#include "base/sys.h"

#include <check.h>
#include <stddef.h>

Suite *arena_suite(void);
Suite *buf_suite(void);
Suite *check_suite(void);
Suite *date_suite(void);
Suite *list_suite(void);
Suite *log_suite(void);
Suite *map_suite(void);
Suite *memory_suite(void);
Suite *random_suite(void);
Suite *slice_suite(void);
Suite *sys_suite(void);
Suite *text_suite(void);

/* A fault hook that lets `passes` calls of a kind through and fails the next one. */
struct failing {
    enum sys_kind kind;
    size_t passes;
    size_t failed; /* how many calls it made to fail */
};

static inline int fail_one(void *arg, enum sys_kind kind, const char *name)
{
    struct failing *const failing = arg;
    (void)name;
    if (kind != failing->kind || failing->failed > 0) {
        return 0;
    }
    if (failing->passes > 0) {
        failing->passes--;
        return 0;
    }
    failing->failed++;
    return -12; /* -ENOMEM */
}

static inline void assert_slice(struct slice actual, const char *expected)
{
    if (!slice_eq(actual, slice_cstr(expected))) {
        ck_abort_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(actual), expected);
    }
}

#endif
