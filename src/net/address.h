/* Socket addresses: parsed from what a user writes, printed as a user reads. Numeric only: names
 * are resolved elsewhere (a resolver blocks). */
#ifndef GARM_NET_ADDRESS_H
#define GARM_NET_ADDRESS_H

#include "base/compiler.h"
#include "base/slice.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* A peer's address: IPv4 or IPv6, or AF_UNIX without a name. Small, for each connection has one. */
struct address {
    union {
        sa_family_t family;
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* Bytes of the longest printed address with its NUL: "[ffff:...:255.255.255.255]:65535". */
#define ADDRESS_TEXT_SIZE 64

/** From what accept gave; an unknown family becomes AF_UNIX. IPv4 mapped into IPv6 becomes IPv4. */
void address_from_sockaddr(const struct sockaddr *addr, struct address *ret_address);
/** "127.0.0.1:80", "[::1]:80" or "unix:", NUL-terminated, to `out` (ADDRESS_TEXT_SIZE). Returns
 *  `out`. */
const char *address_text(const struct address *address, char *out);
/** Without the port: "127.0.0.1", "::1", "unix", to `out` (ADDRESS_TEXT_SIZE). Returns `out`. */
const char *address_host_text(const struct address *address, char *out);
/** In the host's byte order; 0 for AF_UNIX. */
uint16_t address_port(const struct address *address);

#endif
