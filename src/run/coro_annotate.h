/* What the sanitizers and Valgrind must be told of stacks and the switches between them, in one
 * place: without a tool all of it is nothing. Chosen here, by file-level defines; no other file of
 * this floor asks which tool it is built for. */
#ifndef GARM_RUN_CORO_ANNOTATE_H
#define GARM_RUN_CORO_ANNOTATE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__) && !defined(HAS_TSAN)
#define HAS_TSAN 1
#endif

/* Instrumented frames are several times as large. */
#if defined(HAS_ASAN) || defined(HAS_TSAN)
#define ANNOTATE_STACK_FACTOR 4
#else
#define ANNOTATE_STACK_FACTOR 1
#endif

/* A context that stacks are switched between, as the tools see it. */
struct annotate_fiber {
    const void *low; /* of its stack; of a thread's own, learned when it is first left */
    size_t size;
    void *fake_stack;                /* ASan's */
    struct annotate_fiber *previous; /* which was left for this one */
    void *tsan;
};

#if defined(HAS_ASAN)
#include <sanitizer/common_interface_defs.h>

static inline void annotate_asan_leave(struct annotate_fiber *from, struct annotate_fiber *to,
                                       void **save)
{
    to->previous = from;
    __sanitizer_start_switch_fiber(save, to->low, to->size);
}

static inline void annotate_asan_arrive(struct annotate_fiber *self)
{
    __sanitizer_finish_switch_fiber(self->fake_stack, &self->previous->low, &self->previous->size);
}
#else
static inline void annotate_asan_leave(struct annotate_fiber *from, struct annotate_fiber *to,
                                       void **save)
{
    (void)from;
    (void)to;
    (void)save;
}

static inline void annotate_asan_arrive(struct annotate_fiber *self)
{
    (void)self;
}
#endif

#if defined(HAS_TSAN)
#include <sanitizer/tsan_interface.h>

static inline void *annotate_tsan_create(void)
{
    return __tsan_create_fiber(0);
}

static inline void *annotate_tsan_current(void)
{
    return __tsan_get_current_fiber();
}

static inline void annotate_tsan_switch(void *fiber)
{
    __tsan_switch_to_fiber(fiber, 0);
}

static inline void annotate_tsan_destroy(void *fiber)
{
    __tsan_destroy_fiber(fiber);
}
#else
static inline void *annotate_tsan_create(void)
{
    return NULL;
}

static inline void *annotate_tsan_current(void)
{
    return NULL;
}

static inline void annotate_tsan_switch(void *fiber)
{
    (void)fiber;
}

static inline void annotate_tsan_destroy(void *fiber)
{
    (void)fiber;
}
#endif

#if __has_include(<valgrind/valgrind.h>) && !defined(HAS_ASAN) && !defined(HAS_TSAN)
#include <valgrind/valgrind.h>

static inline unsigned annotate_stack_register(void *low, void *top)
{
    return (unsigned)VALGRIND_STACK_REGISTER(low, top);
}

static inline void annotate_stack_deregister(unsigned id)
{
    VALGRIND_STACK_DEREGISTER(id);
}
#else
static inline unsigned annotate_stack_register(void *low, void *top)
{
    (void)low;
    (void)top;
    return 0;
}

static inline void annotate_stack_deregister(unsigned id)
{
    (void)id;
}
#endif

/** A fiber that will run on the stack of `size` bytes at `low`. */
static inline void annotate_fiber_init(struct annotate_fiber *fiber, const void *low, size_t size)
{
    fiber->low = low;
    fiber->size = size;
    fiber->fake_stack = NULL;
    fiber->previous = NULL;
    fiber->tsan = annotate_tsan_create();
}

/** Before the switch away from `from`, of which `last` says that it is never entered again. */
static inline void annotate_leave(struct annotate_fiber *from, struct annotate_fiber *to, bool last)
{
    annotate_asan_leave(from, to, last ? NULL : &from->fake_stack);
    annotate_tsan_switch(to->tsan);
}

/** After the switch, on the stack that was entered. */
static inline void annotate_arrive(struct annotate_fiber *self)
{
    annotate_asan_arrive(self);
}

#endif
