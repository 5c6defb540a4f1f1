/* Socket addresses as values and as text. No name is ever looked up here. */
#include "net/address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

void address_from_sockaddr(const struct sockaddr *addr, struct address *ret_address)
{
    struct address address = {.family = AF_UNIX};
    if (addr->sa_family == AF_INET) {
        memcpy(&address.v4, addr, sizeof(address.v4));
    } else if (addr->sa_family == AF_INET6) {
        memcpy(&address.v6, addr, sizeof(address.v6));
        const struct sockaddr_in6 v6 = address.v6;
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            address.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = v6.sin6_port};
            memcpy(&address.v4.sin_addr, &v6.sin6_addr.s6_addr[12], sizeof(address.v4.sin_addr));
        }
    }
    *ret_address = address;
}

const char *address_text(const struct address *address, char *out)
{
    char host[INET6_ADDRSTRLEN];
    if (address->family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
        (void)snprintf(out, ADDRESS_TEXT_SIZE, "%s:%u", host, address_port(address));
    } else if (address->family == AF_INET6) {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
        (void)snprintf(out, ADDRESS_TEXT_SIZE, "[%s]:%u", host, address_port(address));
    } else {
        memcpy(out, "unix:", sizeof("unix:"));
    }
    return out;
}

/* Access logs want it for every request, and inet_ntop goes through printf. */
static void put_v4(const struct in_addr *ip, char *out)
{
    unsigned char bytes[sizeof(*ip)];
    char digits[TEXT_INT_MAX];
    memcpy(bytes, ip, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        const size_t len = text_from_u64(bytes[i], digits);
        memcpy(out, digits, len);
        out[len] = i + 1 < sizeof(bytes) ? '.' : '\0';
        out += len + 1;
    }
}

const char *address_host_text(const struct address *address, char *out)
{
    if (address->family == AF_INET) {
        put_v4(&address->v4.sin_addr, out);
    } else if (address->family == AF_INET6) {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, out, ADDRESS_TEXT_SIZE);
    } else {
        memcpy(out, "unix", sizeof("unix"));
    }
    return out;
}

uint16_t address_port(const struct address *address)
{
    if (address->family == AF_INET) {
        return ntohs(address->v4.sin_port);
    }
    return address->family == AF_INET6 ? ntohs(address->v6.sin6_port) : 0;
}
