/* The fault hook, as sys.c and memory.c ask it. No other file includes this; tests set the hook by
 * sys_set_fault. */
#ifndef GARM_BASE_FAULT_H
#define GARM_BASE_FAULT_H

#include "base/compiler.h"
#include "base/sys.h"

struct fault_hook {
    sys_fault_fn *fn; /* NULL: no call is made to fail */
    void *arg;
};

extern struct fault_hook fault_hook;

/* 0, or the negative errno with which the call `name` shall fail. */
static inline int fault_ask(enum sys_kind kind, const char *name)
{
    return LIKELY(fault_hook.fn == NULL) ? 0 : fault_hook.fn(fault_hook.arg, kind, name);
}

#endif
