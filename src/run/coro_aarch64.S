/* The context switch on arm64 (AAPCS64: x19-x30 and the low halves of v8-v15 are callee-saved). It
 * leaves by `br` where a function would `ret`, for the sake of the return predictor; FPCR stays, it
 * belongs to the thread. No .note.gnu.property: a link with this file is not marked for BTI. */
#include "run/coro_frame.h"

#define FRAME_BYTES 160

        .text

        /* void coro_jump(void **save, void *load), in x0 and x1 */
        .globl  coro_jump
        .hidden coro_jump
        .type   coro_jump, %function
        .p2align 4
coro_jump:
        .cfi_startproc
        sub     sp, sp, #FRAME_BYTES
        .cfi_adjust_cfa_offset FRAME_BYTES
        stp     x19, x20, [sp, #0]
        .cfi_rel_offset x19, 0
        .cfi_rel_offset x20, 8
        stp     x21, x22, [sp, #16]
        .cfi_rel_offset x21, 16
        .cfi_rel_offset x22, 24
        stp     x23, x24, [sp, #32]
        .cfi_rel_offset x23, 32
        .cfi_rel_offset x24, 40
        stp     x25, x26, [sp, #48]
        .cfi_rel_offset x25, 48
        .cfi_rel_offset x26, 56
        stp     x27, x28, [sp, #64]
        .cfi_rel_offset x27, 64
        .cfi_rel_offset x28, 72
        stp     x29, x30, [sp, #80]
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1
        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #FRAME_BYTES
        .cfi_adjust_cfa_offset -FRAME_BYTES
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore x29
        .cfi_restore x30
        mov     x16, x30
        br      x16
        .cfi_endproc
        .size   coro_jump, . - coro_jump

        /* The frame of coro_init brought the coroutine in x19. There is nobody to return to. */
        .globl  coro_entry
        .hidden coro_entry
        .type   coro_entry, %function
        .p2align 4
coro_entry:
        .cfi_startproc
        .cfi_undefined x30
        mov     x0, x19
        bl      coro_main
        brk     #1
        .cfi_endproc
        .size   coro_entry, . - coro_entry

        .section .note.GNU-stack, "", %progbits
