/* See crash.h. The handler calls nothing but write and _exit: the line is made beforehand, up to
 * the name of the signal. */
#include "cli/crash.h"

#include "base/limits.h"
#include "base/slice.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/verb.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    int number;
    const char *text;
} signals[] = {{SIGSEGV, "Segmentation fault\n"},
               {SIGBUS, "Bus error\n"},
               {SIGILL, "Illegal instruction\n"},
               {SIGFPE, "Arithmetic error\n"},
               {SIGABRT, "Aborted\n"}};

/* The object may have run off the thread's stack: the handler has one of its own. */
static char handler_stack[KIB(64)] __attribute__((aligned(16)));
static stack_t stack_before;
static struct sigaction before[COUNT_OF(signals)];
static char line[512];
static size_t line_len; /* of what goes before the signal's name, for which there is room */

static void on_crash(int number)
{
    size_t i = 0;
    while (i + 1 < COUNT_OF(signals) && signals[i].number != number) {
        i++;
    }
    const size_t len = strlen(signals[i].text);
    memcpy(line + line_len, signals[i].text, len);
    /* There is nobody left to tell if this fails. */
    (void)!sys_write(STDERR_FILENO, line, line_len + len);
    _exit(VERB_FAILED);
}

void crash_watch(const char *who, const char *object, const char *doing)
{
    char shown[256];
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    const int len = snprintf(line, sizeof(line) - 32, "%.64s: %s crashed while it was %.64s: ", who,
                             text_printable(slice_cstr(object), shown, sizeof(shown)), doing);
    CHECK(len > 0 && (size_t)len < sizeof(line) - 32);
    line_len = (size_t)len;
    sigfillset(&action.sa_mask);
    sigaltstack(&stack, &stack_before);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        sigaction(signals[i].number, &action, &before[i]);
    }
}

void crash_unwatch(void)
{
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        sigaction(signals[i].number, &before[i], NULL);
    }
    sigaltstack(&stack_before, NULL);
}
