/* What we ask of the compiler, under one name each. Knows nothing else. */
#ifndef GARM_BASE_COMPILER_H
#define GARM_BASE_COMPILER_H

#include <stddef.h>

#define LIKELY(x)         __builtin_expect(!!(x), 1)
#define UNLIKELY(x)       __builtin_expect(!!(x), 0)
#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NORETURN          __attribute__((noreturn))
#define NOINLINE          __attribute__((noinline))
#define COUNT_OF(a)       (sizeof(a) / sizeof((a)[0]))

/* The structure of type T whose member M is at P. */
/* clang-format off */
#define CONTAINER_OF(p, T, M) ((T *)(void *)((char *)(p) - offsetof(T, M)))
/* clang-format on */

/* Leaves the function with the value of `x` if it is negative: the house's only hidden control
 * flow. */
#define TRY(x)                                                                                     \
    do {                                                                                           \
        const int try_rc_ = (x);                                                                   \
        if (UNLIKELY(try_rc_ < 0)) {                                                               \
            return try_rc_;                                                                        \
        }                                                                                          \
    } while (0)

/* Memory that must not be touched, and may be again: for AddressSanitizer, where it is built in. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#define MEMORY_POISON(ptr, size)   __asan_poison_memory_region(ptr, size)
#define MEMORY_UNPOISON(ptr, size) __asan_unpoison_memory_region(ptr, size)
#else
#define MEMORY_POISON(ptr, size)   ((void)(ptr), (void)(size))
#define MEMORY_UNPOISON(ptr, size) ((void)(ptr), (void)(size))
#endif

/* For our own bugs only, never for input or the result of a system call. Stays on in release. */
#define CHECK(x) (LIKELY(x) ? (void)0 : check_failed(__FILE__, __LINE__, #x))

/** Writes `file:line: check failed: what` to standard error and aborts. Async-signal-safe. */
NORETURN void check_failed(const char *file, int line, const char *what);

#endif
