/* Who listens on a port: asked of /proc, for an error message. */
#ifndef GARM_NET_PORT_OWNER_H
#define GARM_NET_PORT_OWNER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

struct port_owner {
    pid_t pid;
    char name[32]; /* as in /proc/PID/comm: whatever bytes the process chose; "?" if unknown */
};

/** Finds a process that listens on an address that overlaps `addr` (AF_INET or AF_INET6; `dual`:
 *  [::] that takes IPv4 too). False if there is none, or /proc does not let us see it. Walks all
 *  processes' descriptors: not for a running server. */
bool port_owner_find(const struct sockaddr *addr, bool dual, struct port_owner *ret_owner);

#endif
