/* The heap's half of sys.h: malloc and its family behind the fault hook, counted on demand. */
#include "base/sys.h"
#include "base/fault.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool counting;
static atomic_uint_least64_t allocations;
static atomic_int_least64_t live;

void mem_count(bool on)
{
    atomic_store_explicit(&counting, on, memory_order_relaxed);
}

uint64_t mem_allocations(void)
{
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}

int64_t mem_live(void)
{
    return atomic_load_explicit(&live, memory_order_relaxed);
}

/* Relaxed: the figures are read when the threads that made them are at rest. */
static bool is_counting(void)
{
    return UNLIKELY(atomic_load_explicit(&counting, memory_order_relaxed));
}

static void *counted(void *ptr, int blocks)
{
    if (is_counting() && ptr != NULL) {
        atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&live, blocks, memory_order_relaxed);
    }
    return ptr;
}

void *mem_alloc(size_t size)
{
    return fault_ask(SYS_MEMORY, "malloc") < 0 ? NULL : counted(malloc(size), 1);
}

void *mem_zalloc(size_t size)
{
    return fault_ask(SYS_MEMORY, "calloc") < 0 ? NULL : counted(calloc(1, size), 1);
}

void *mem_realloc(void *ptr, size_t size)
{
    CHECK(size > 0); /* realloc would free, and NULL would look like a failure */
    if (fault_ask(SYS_MEMORY, "realloc") < 0) {
        return NULL;
    }
    const int blocks = ptr == NULL ? 1 : 0;
    return counted(realloc(ptr, size), blocks);
}

char *mem_strndup(const char *text, size_t count)
{
    char *const copy = count == SIZE_MAX ? NULL : mem_alloc(count + 1);
    if (copy == NULL) {
        return NULL;
    }
    if (count > 0) {
        memcpy(copy, text, count);
    }
    copy[count] = '\0';
    return copy;
}

void mem_free(void *ptr)
{
    if (is_counting() && ptr != NULL) {
        atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    }
    free(ptr);
}

/* Under the sanitizers the heap is theirs; libc's, which nobody has begun to use, is not safe to
 * trim from two threads. */
#if defined(HAS_ASAN) || defined(__SANITIZE_THREAD__)
#define HEAP_TRIM() ((void)0)
#else
#define HEAP_TRIM() ((void)malloc_trim(0))
#endif

void mem_trim(void)
{
    HEAP_TRIM();
}

void *mem_zalloc_aside(size_t size)
{
    void *const ptr = calloc(1, size);
    CHECK(ptr != NULL);
    return ptr;
}

void mem_free_aside(void *ptr)
{
    free(ptr);
}
