/* The frame that coro_jump leaves on a stack, as the assembly lays it out: in words from its lowest
 * address. Included by coro.c and by coro_x86_64.S and coro_aarch64.S. */
#ifndef GARM_RUN_CORO_FRAME_H
#define GARM_RUN_CORO_FRAME_H

#if defined(__x86_64__)
/* r15 r14 r13 r12 rbx rbp rip */
#define CORO_FRAME_WORDS 7
#define CORO_FRAME_ARG   4
#define CORO_FRAME_PC    6
#elif defined(__aarch64__)
/* x19 ... x28 x29 x30 d8 ... d15 */
#define CORO_FRAME_WORDS 20
#define CORO_FRAME_ARG   0
#define CORO_FRAME_PC    11
#else
#error "coroutines are written for x86-64 and arm64 only"
#endif

#endif
