/* A place for bytes whose end is the end of the readable memory: a read beyond it is a crash. */
#ifndef GARM_TESTS_GUARD_H
#define GARM_TESTS_GUARD_H

#include "base/slice.h"

/** A copy of `s` (at most 1 MiB) whose last byte stands before an unreadable page. Valid until
 *  the next call. */
const char *guard_copy(struct slice s);

#endif
