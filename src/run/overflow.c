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

static void report(const char *name, size_t stack_kib)
{
    char line[256];
    char digits[TEXT_INT_MAX + 1];
    digits[text_from_u64(stack_kib, digits)] = '\0';
    size_t len = put(line, 0, sizeof(line), "garm: task '");
    len = put(line, len, 100, name); /* a long name must not push the remedy out */
    len = put(line, len, sizeof(line), "' overflowed its stack of ");
    len = put(line, len, sizeof(line), digits);
    len = put(line, len, sizeof(line), " KiB: raise .stack_kb or move big locals to the heap\n");
    const ssize_t rc = sys_write(STDERR_FILENO, line, len);
    (void)rc; /* there is nowhere left to complain to */
}

static bool is_overflow(const void *address)
{
    const struct task *const task = task_self();
    return task != NULL && stack_guards(task_stack(task), address);
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
    if (is_overflow(info->si_addr)) {
        const struct task *const task = task_self();
        report(task_name(task), stack_bytes(task_stack(task)) / KIB(1));
        die_of(signal);
    } else {
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
