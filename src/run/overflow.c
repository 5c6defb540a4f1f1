/* The fault handler. All that it calls is async-signal-safe; it reads the running task, which is
 * this thread's own and stands still. */
#include "run/overflow.h"

#include "base/limits.h"
#include "base/sys.h"
#include "base/text.h"
#include "run/loop.h"
#include "run/stack.h"
#include "run/task.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* Room for the handler, and for the sanitizers' own when the fault is passed on to them. */
#define HANDLER_STACK_BYTES KIB(64)

/* How far below its stack a task may fault and still be thought to have run off it: a big frame, or
 * several, may step over the guard. */
#define SUSPECT_BYTES MIB(16)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int installed;
static struct sigaction before_segv;
static struct sigaction before_bus;

static size_t put(char *line, size_t len, size_t cap, const char *text)
{
    const size_t size = strlen(text);
    const size_t room = cap - len;
    const size_t count = size < room ? size : room;
    memcpy(line + len, text, count);
    return len + count;
}

/* `what` goes between the task's name and its stack's size. */
static void report(const char *name, const char *what, size_t stack_kib)
{
    char line[256];
    char digits[TEXT_INT_MAX + 1];
    digits[text_from_u64(stack_kib, digits)] = '\0';
    size_t len = put(line, 0, sizeof(line), "garm: task '");
    len = put(line, len, 100, name); /* a long name must not push the remedy out */
    len = put(line, len, sizeof(line), what);
    len = put(line, len, sizeof(line), digits);
    len = put(line, len, sizeof(line), " KiB: raise .stack_kb or move big locals to the heap\n");
    (void)!sys_write(STDERR_FILENO, line, len); /* there is nowhere left to complain to */
}

/* Is it below the stack, in the guard of another one or in between, and not far away? */
static bool is_suspect(const struct stack *stack, const void *address)
{
    const uintptr_t low = (uintptr_t)stack->low;
    return (uintptr_t)address < low && low - (uintptr_t)address <= SUSPECT_BYTES;
}

/* After the return the access faults again, and the default action ends the process with the state
 * of the fault in its core. */
static void die_of(int signal)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

static void pass_on(int signal, siginfo_t *info, void *context)
{
    const struct sigaction *const before = signal == SIGSEGV ? &before_segv : &before_bus;
    if ((before->sa_flags & SA_SIGINFO) != 0) {
        before->sa_sigaction(signal, info, context);
    } else if (before->sa_handler == SIG_DFL || before->sa_handler == SIG_IGN) {
        die_of(signal);
    } else {
        before->sa_handler(signal);
    }
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    const int saved = errno;
    const struct task *const task = task_self();
    const struct stack *const stack = task != NULL ? task_stack(task) : NULL;
    if (stack != NULL && stack_guards(stack, info->si_addr)) {
        report(task_name(task), "' overflowed its stack of ", stack_bytes(stack) / KIB(1));
        die_of(signal);
    } else {
        if (stack != NULL && is_suspect(stack, info->si_addr)) {
            report(task_name(task), "' may have overflowed its stack of ",
                   stack_bytes(stack) / KIB(1));
        }
        pass_on(signal, info, context);
    }
    errno = saved;
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGSEGV, &action, &before_segv) < 0 ||
        sigaction(SIGBUS, &action, &before_bus) < 0) {
        installed = -errno;
    }
}

int overflow_install(void)
{
    pthread_once(&once, install);
    return installed;
}

int overflow_enter(struct overflow_thread *thread)
{
    *thread = (struct overflow_thread){0};
    TRY(sys_mmap(HANDLER_STACK_BYTES, &thread->memory));
    const stack_t stack = {.ss_sp = thread->memory, .ss_size = HANDLER_STACK_BYTES};
    if (sigaltstack(&stack, &thread->before) < 0) {
        const int rc = -errno;
        sys_munmap(thread->memory, HANDLER_STACK_BYTES);
        thread->memory = NULL;
        return rc;
    }
    return 0;
}

/* The stack from before goes back in its place: ASan unmaps whatever it finds there. */
void overflow_leave(struct overflow_thread *thread)
{
    if (thread->memory == NULL) {
        return;
    }
    sigaltstack(&thread->before, NULL);
    sys_munmap(thread->memory, HANDLER_STACK_BYTES);
    thread->memory = NULL;
}
