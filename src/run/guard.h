/* Guards: stretches of memory that no access survives. Made by MADV_GUARD_INSTALL where the kernel
 * has it (6.13), which costs no map entry; else by mprotect, which costs two of the process's
 * vm.max_map_count, so that their number is bounded. */
#ifndef GARM_RUN_GUARD_H
#define GARM_RUN_GUARD_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

/** Finds out now which kind it is, which else happens with the first guard: it takes a file of
 * /proc, which may be out of reach later. */
void guard_find_kind(void);

/** Guards the first `guard_size` bytes of each of `count` blocks of `block_size` bytes that begin
 *  at `ptr` (all whole pages, freshly mapped): 0, or -EAGAIN. From any thread. */
MUST_CHECK int guard_install(void *ptr, size_t count, size_t block_size, size_t guard_size);

/** Says that the memory of `count` guards is about to be unmapped. */
void guard_forget(size_t count);

/** For tests: uses mprotect from now on, and allows `max` guards in all. */
void guard_force_mprotect(size_t max);

#endif
