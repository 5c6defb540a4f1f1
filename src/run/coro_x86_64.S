/* The context switch on x86-64 (System V ABI, callee-saved registers). It leaves by `jmp` where a
 * function would `ret`: the processor predicts returns from a stack of its own, which a switch
 * makes wrong, and each wrong guess costs more than the switch. MXCSR and the x87 control word
 * stay: they belong to the thread. No .note.gnu.property: a link with this file is not marked for
 * shadow stacks. */
#include "run/coro_frame.h"

        .text

        /* void coro_jump(void **save, void *load), in rdi and rsi */
        .globl  coro_jump
        .hidden coro_jump
        .type   coro_jump, @function
        .p2align 4
coro_jump:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        jmp     *%rcx
        .cfi_endproc
        .size   coro_jump, . - coro_jump

        /* The frame of coro_init brought the coroutine in rbx, and rsp is aligned to 16: after the
         * call's push coro_main sees rsp % 16 == 8. There is nobody to return to. */
        .globl  coro_entry
        .hidden coro_entry
        .type   coro_entry, @function
        .p2align 4
coro_entry:
        .cfi_startproc
        .cfi_undefined %rip
        movq    %rbx, %rdi
        call    coro_main
        ud2
        .cfi_endproc
        .size   coro_entry, . - coro_entry

        .section .note.GNU-stack, "", @progbits
