/* Locks this process to reading one directory, by landlock(7). */
#ifndef GARM_CLI_SANDBOX_H
#define GARM_CLI_SANDBOX_H

#include "base/compiler.h"

#include <stdbool.h>

struct sandbox {
    int ruleset_fd; /* -1: the kernel has no landlock */
    int version;    /* of landlock's ABI */
};

/** Prepares the lock: from sandbox_enter on, files beneath the directory can be opened for reading
 *  and directories listed, and nothing else can be opened, made, changed or removed. What is open
 *  stays so. Where the kernel can (version 4): no port is bound and no TCP connection made any
 *  more; (6): no signal leaves, and no abstract unix socket is connected to. 0, also where the
 *  kernel has no landlock, or a negative errno. */
MUST_CHECK int sandbox_prepare(struct sandbox *ret_sandbox, int dir_fd);
/** Locks the calling thread, and those that it will start, for good; its programs gain no
 *  privileges any more. 0, also where there is no landlock, or a negative errno. */
MUST_CHECK int sandbox_enter(const struct sandbox *sandbox);
/** Accepts one that was not prepared if it is zeroed but for ruleset_fd = -1. */
void sandbox_deinit(struct sandbox *sandbox);

#endif
