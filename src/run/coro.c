/* What surrounds the switch itself (coro_x86_64.S, coro_aarch64.S): the first frame, errno, and the
 * words with the sanitizers. */
#include "run/coro.h"

#include "run/coro_frame.h"

#include <errno.h>
#include <string.h>

#define HIDDEN __attribute__((visibility("hidden")))

/* Saves the callee-saved registers on the running stack and its pointer in *save, then takes up the
 * stack at `load`, where an earlier call, or coro_init, left the same frame. */
HIDDEN void coro_jump(void **save, void *load);
/* Where a new stack begins: calls coro_main with the coroutine. */
HIDDEN void coro_entry(void);
NORETURN HIDDEN void coro_main(struct coro *coro);

void coro_init(struct coro *coro, void *low, size_t size, void (*fn)(void *arg), void *arg)
{
    void *frame[CORO_FRAME_WORDS] = {0};
    frame[CORO_FRAME_ARG] = coro;
    void (*const entry)(void) = coro_entry;
    memcpy(&frame[CORO_FRAME_PC], &entry, sizeof(entry));
    coro->sp = (char *)low + size - sizeof(frame);
    memcpy(coro->sp, frame, sizeof(frame));
    coro->fn = fn;
    coro->arg = arg;
    annotate_fiber_init(&coro->fiber, low, size);
}

void coro_init_thread(struct coro *coro)
{
    *coro = (struct coro){.fiber = {.tsan = annotate_tsan_current()}};
}

void coro_main(struct coro *coro)
{
    annotate_arrive(&coro->fiber);
    coro->fn(coro->arg);
    check_failed(__FILE__, __LINE__, "a coroutine returned");
}

void coro_switch(struct coro *from, struct coro *to)
{
    const int saved = errno;
    annotate_leave(&from->fiber, &to->fiber, false);
    coro_jump(&from->sp, to->sp);
    annotate_arrive(&from->fiber);
    errno = saved;
}

void coro_finish(struct coro *from, struct coro *to)
{
    annotate_leave(&from->fiber, &to->fiber, true);
    coro_jump(&from->sp, to->sp);
    check_failed(__FILE__, __LINE__, "a finished coroutine was entered");
}

void coro_deinit(struct coro *coro)
{
    if (coro->fiber.tsan != NULL) {
        annotate_tsan_destroy(coro->fiber.tsan);
    }
    coro->fiber.tsan = NULL;
}
