/* Who listens on a port: /proc/net/tcp and tcp6 give a socket's inode number, and a link
 * /proc/PID/fd/N to "socket:[inode]" gives its process. Every failure only means "not found". */
#include "net/port_owner.h"

#include "base/slice.h"
#include "base/sys.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Lines of a file. */
struct lines {
    int fd;
    size_t pos;
    size_t len;
    char data[4096];
};

/* The next line without its newline; longer than the buffer, it ends the file. */
static bool next_line(struct lines *lines, struct slice *ret_line)
{
    for (;;) {
        const struct slice rest = slice_of(lines->data + lines->pos, lines->len - lines->pos);
        const size_t end = slice_find(rest, '\n');
        if (end < rest.len) {
            *ret_line = slice_of(rest.ptr, end);
            lines->pos += end + 1;
            return true;
        }
        memmove(lines->data, rest.ptr, rest.len);
        lines->pos = 0;
        lines->len = rest.len;
        const ssize_t got =
            sys_read(lines->fd, lines->data + lines->len, sizeof(lines->data) - lines->len);
        if (got <= 0) {
            return false;
        }
        lines->len += (size_t)got;
    }
}

/* The next word of a line; empty at its end. */
static struct slice next_word(struct slice *line)
{
    struct slice word;
    while (slice_cut(line, ' ', &word)) {
        if (word.len > 0) {
            return word;
        }
    }
    return slice_of(NULL, 0);
}

/* An address as /proc/net writes it: the words of its bytes in the machine's order, in hex. */
struct proc_address {
    char host[33]; /* 8 digits, or 32 */
    char port[5];
};

static void format_v4(struct in_addr host, char *out)
{
    (void)snprintf(out, 9, "%08X", host.s_addr);
}

static void format_v6(const struct in6_addr *host, char *out)
{
    uint32_t words[4];
    memcpy(words, host, sizeof(words));
    (void)snprintf(out, 33, "%08X%08X%08X%08X", words[0], words[1], words[2], words[3]);
}

static struct proc_address format_address(const struct sockaddr *addr)
{
    struct proc_address text = {.host = ""};
    in_port_t port;
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, addr, sizeof(v4));
        format_v4(v4.sin_addr, text.host);
        port = v4.sin_port;
    } else {
        struct sockaddr_in6 v6;
        memcpy(&v6, addr, sizeof(v6));
        format_v6(&v6.sin6_addr, text.host);
        port = v6.sin6_port;
    }
    (void)snprintf(text.port, sizeof(text.port), "%04X", ntohs(port));
    return text;
}

static bool all_zeros(struct slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] != '0') {
            return false;
        }
    }
    return true;
}

/* Could a socket on the one be in the way of a socket on the other? Equal, or wild, or an IPv4
 * address and its IPv6 disguise. Some pairs that pass could live together; for a message that is
 * near enough. */
static bool hosts_overlap(struct slice a, struct slice b)
{
    if (all_zeros(a) || all_zeros(b)) {
        return true;
    }
    const struct slice longer = a.len > b.len ? a : b;
    const struct slice shorter = a.len > b.len ? b : a;
    const struct slice tail = slice_of(longer.ptr + longer.len - shorter.len, shorter.len);
    return slice_eq(tail, shorter);
}

/* A line of /proc/net/tcp: "0: LOCAL:PORT REMOTE:PORT STATE tx:rx tr:when retr uid timeout INODE
 * ...". */
static bool parse_line(struct slice line, const struct proc_address *wanted, uint64_t *ret_inode)
{
    struct slice host;
    struct slice word = {0};
    (void)next_word(&line);
    struct slice port = next_word(&line);
    if (!slice_cut(&port, ':', &host) || !slice_eq(port, slice_cstr(wanted->port)) ||
        !hosts_overlap(host, slice_cstr(wanted->host))) {
        return false;
    }
    (void)next_word(&line);
    if (!slice_eq(next_word(&line), SLICE("0A"))) { /* TCP_LISTEN */
        return false;
    }
    for (int i = 4; i <= 9; i++) {
        word = next_word(&line);
    }
    return text_to_u64(word, ret_inode) == 0;
}

static bool find_inode(const char *path, const struct proc_address *wanted, uint64_t *ret_inode)
{
    struct lines lines = {.fd = sys_open(path, O_RDONLY)};
    struct slice line;
    bool found = false;
    if (lines.fd < 0) {
        return false;
    }
    while (!found && next_line(&lines, &line)) {
        found = parse_line(line, wanted, ret_inode);
    }
    sys_close(lines.fd);
    return found;
}

/* Names in a directory. */
struct entries {
    int fd;
    size_t pos;
    size_t len;
    alignas(struct dirent64) char data[4096];
};

/* The next name that is a number, as all that we look for in /proc are; valid until the next. */
static const char *next_number(struct entries *entries)
{
    for (;;) {
        if (entries->pos == entries->len) {
            const ssize_t got = sys_getdents(entries->fd, entries->data, sizeof(entries->data));
            if (got <= 0) {
                return NULL;
            }
            entries->pos = 0;
            entries->len = (size_t)got;
        }
        const struct dirent64 *const entry = (const void *)(entries->data + entries->pos);
        entries->pos += entry->d_reclen;
        if (text_is_digit(entry->d_name[0])) {
            return entry->d_name;
        }
    }
}

static bool process_holds(const char *pid, struct slice link)
{
    char path[64];
    char target[64];
    (void)snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
    struct entries entries = {.fd = sys_open(path, O_RDONLY | O_DIRECTORY)};
    const char *number;
    bool found = false;
    if (entries.fd < 0) {
        return false;
    }
    while (!found && (number = next_number(&entries)) != NULL) {
        (void)snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", pid, number);
        const ssize_t len = sys_readlink(path, target, sizeof(target));
        found = len > 0 && slice_eq(slice_of(target, (size_t)len), link);
    }
    sys_close(entries.fd);
    return found;
}

static void read_name(struct port_owner *owner)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)owner->pid);
    memcpy(owner->name, "?", sizeof("?"));
    const int fd = sys_open(path, O_RDONLY);
    if (fd < 0) {
        return;
    }
    const ssize_t len = sys_read(fd, owner->name, sizeof(owner->name) - 1);
    sys_close(fd);
    if (len > 1) {
        owner->name[len - 1] = '\0'; /* the newline */
    }
}

static bool find_process(uint64_t inode, struct port_owner *ret_owner)
{
    char link[64];
    const int link_len = snprintf(link, sizeof(link), "socket:[%llu]", (unsigned long long)inode);
    struct entries entries = {.fd = sys_open("/proc", O_RDONLY | O_DIRECTORY)};
    const char *pid;
    bool found = false;
    if (entries.fd < 0) {
        return false;
    }
    while (!found && (pid = next_number(&entries)) != NULL) {
        uint64_t number = 0;
        found = text_to_u64(slice_cstr(pid), &number) == 0 &&
                process_holds(pid, slice_of(link, (size_t)link_len));
        ret_owner->pid = (pid_t)number;
    }
    sys_close(entries.fd);
    return found;
}

bool port_owner_find(const struct sockaddr *addr, bool dual, struct port_owner *ret_owner)
{
    const struct proc_address wanted = format_address(addr);
    const bool v4 = dual || addr->sa_family == AF_INET;
    struct port_owner owner;
    uint64_t inode = 0;

    const bool listens = (v4 && find_inode("/proc/net/tcp", &wanted, &inode)) ||
                         find_inode("/proc/net/tcp6", &wanted, &inode);
    if (!listens || !find_process(inode, &owner)) {
        return false;
    }
    read_name(&owner);
    *ret_owner = owner;
    return true;
}
