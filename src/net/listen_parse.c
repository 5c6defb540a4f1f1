/* The text of --listen: what it asks for, or one sentence that says what to write instead. Pure:
 * asks the machine nothing. */
#include "net/listener.h"

#include "base/text.h"
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The longest path or abstract name; both need one byte more, a NUL behind or before them. */
#define LOCAL_NAME_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

/* A user's text, and the same made fit to be shown back. */
struct shown {
    char text[128];
};

static struct shown show(struct slice s)
{
    struct shown shown;
    (void)text_printable(s, shown.text, sizeof(shown.text));
    return shown;
}

static int refuse(struct buf *error, struct slice text, const char *format, ...) PRINTF_LIKE(3, 4);

static int refuse(struct buf *error, struct slice text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)buf_printf(error, "--listen '%s': ", show(text).text);
    (void)buf_vprintf(error, format, args);
    va_end(args);
    return -EINVAL;
}

static struct slice after(struct slice s, size_t count)
{
    return slice_of(s.ptr + count, s.len - count);
}

static bool all_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!text_is_digit(s.ptr[i])) {
            return false;
        }
    }
    return s.len > 0;
}

/* Is `host` a numeric address of `family`? */
static bool parse_host(int family, struct slice host, void *ret_addr)
{
    char text[INET6_ADDRSTRLEN];
    if (host.len >= sizeof(text) || memchr(host.ptr, '\0', host.len) != NULL) {
        return false;
    }
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(family, text, ret_addr) == 1;
}

static int parse_unix(struct slice text, struct listen_spec *spec, struct buf *error)
{
    const struct slice path = after(text, strlen("unix:"));
    const bool abstract = path.len > 0 && path.ptr[0] == '@';
    const struct slice name = abstract ? after(path, 1) : path;

    if (name.len == 0) {
        return refuse(error, text, "no %s after '%s'; write 'unix:/run/app.sock'",
                      abstract ? "name" : "path", abstract ? "unix:@" : "unix:");
    }
    if (name.len > LOCAL_NAME_MAX) {
        return refuse(error, text,
                      "a path of %zu bytes is too long for a unix socket; "
                      "write one of at most %zu bytes",
                      name.len, LOCAL_NAME_MAX);
    }
    if (memchr(name.ptr, '\0', name.len) != NULL) {
        return refuse(error, text, "the path has a NUL byte in it; write it without");
    }
    spec->kind = LISTEN_UNIX;
    spec->addr.local.sun_family = AF_UNIX;
    memcpy(spec->addr.local.sun_path + (abstract ? 1 : 0), name.ptr, name.len);
    /* An abstract name ends with the address, a path with its NUL: both are one byte longer. */
    spec->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name.len + 1);
    return 0;
}

static int parse_fd(struct slice text, struct listen_spec *spec, struct buf *error)
{
    const struct slice number = after(text, strlen("fd:"));
    uint64_t fd = 0;
    if (!all_digits(number) || text_to_u64(number, &fd) < 0 || fd > INT_MAX) {
        return refuse(error, text,
                      "'%s' is not a descriptor's number; write 'fd:3' for the first "
                      "one that is passed on",
                      show(number).text);
    }
    spec->kind = LISTEN_FD;
    spec->fd = (int)fd;
    return 0;
}

/* The port after the separator, in the network's byte order. */
static int parse_port(struct slice text, struct slice port, in_port_t *ret_port, struct buf *error)
{
    uint64_t value = 0;
    if (port.len == 0) {
        return refuse(error, text, "no port after ':'; write ':8000', or ':0' for any free port");
    }
    if (!all_digits(port)) {
        return refuse(error, text,
                      "'%s' is not a port number; write ':8000', or ':0' for any free "
                      "port",
                      show(port).text);
    }
    if (text_to_u64(port, &value) < 0 || value > UINT16_MAX) {
        return refuse(error, text,
                      "port %s is out of range; write one from 1 to 65535, or 0 for "
                      "any free port",
                      show(port).text);
    }
    *ret_port = htons((uint16_t)value);
    return 0;
}

static void set_v6(struct listen_spec *spec, struct in6_addr host, in_port_t port, bool dual)
{
    spec->kind = LISTEN_TCP;
    spec->dual = dual;
    spec->len = sizeof(spec->addr.v6);
    spec->addr.v6 =
        (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = host};
}

static void set_v4(struct listen_spec *spec, struct in_addr host, in_port_t port)
{
    spec->kind = LISTEN_TCP;
    spec->len = sizeof(spec->addr.v4);
    spec->addr.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port, .sin_addr = host};
}

/* [v6]:PORT */
static int parse_bracketed(struct slice text, struct listen_spec *spec, struct buf *error)
{
    const size_t close = slice_find(text, ']');
    if (close == text.len) {
        return refuse(error, text, "no ']' after the address; write '[::1]:8000'");
    }
    const struct slice host = slice_of(text.ptr + 1, close - 1);
    const struct slice rest = after(text, close + 1);
    struct in6_addr addr;
    in_port_t port = 0;

    if (slice_find(host, '%') < host.len) {
        return refuse(error, text,
                      "an address with a zone ('%%') cannot be listened on; "
                      "write '[::]:8000' for all addresses");
    }
    if (!parse_host(AF_INET6, host, &addr)) {
        return refuse(error, text, "'%s' is not an IPv6 address; write one such as '[::1]:8000'",
                      show(host).text);
    }
    if (rest.len == 0 || rest.ptr[0] != ':') {
        return refuse(error, text, "no port after ']'; write '[%s]:8000'", show(host).text);
    }
    TRY(parse_port(text, after(rest, 1), &port, error));
    if (IN6_IS_ADDR_V4MAPPED(&addr)) {
        struct in_addr v4;
        memcpy(&v4, &addr.s6_addr[12], sizeof(v4));
        set_v4(spec, v4, port);
    } else {
        set_v6(spec, addr, port, false);
    }
    return 0;
}

static bool is_v4_host(struct slice host, struct in_addr *ret_addr)
{
    if (slice_eq_nocase(host, SLICE("localhost"))) {
        ret_addr->s_addr = htonl(INADDR_LOOPBACK);
        return true;
    }
    return parse_host(AF_INET, host, ret_addr);
}

/* A text without a colon outside of brackets. */
static int refuse_portless(struct slice text, struct buf *error)
{
    const struct shown shown = show(text);
    if (text.len == 0) {
        return refuse(error, text,
                      "nothing to listen on; write ':8000' for all addresses or "
                      "'127.0.0.1:8000' for this machine only");
    }
    if (all_digits(text)) {
        return refuse(error, text,
                      "no port separator; write ':%s' for all addresses or "
                      "'127.0.0.1:%s' for this machine only",
                      shown.text, shown.text);
    }
    struct in_addr v4;
    if (!is_v4_host(text, &v4)) {
        return refuse(error, text,
                      "not an address, and names are not looked up; write ':8000' for all "
                      "addresses or '127.0.0.1:8000' for this machine only");
    }
    return refuse(error, text, "no port; write '%s:8000'", shown.text);
}

static int parse_hosted(struct slice text, size_t colon, struct listen_spec *spec,
                        struct buf *error)
{
    const struct slice host = slice_of(text.ptr, colon);
    const struct slice port_text = after(text, colon + 1);
    struct in_addr v4;
    struct in6_addr v6;
    in_port_t port = 0;

    if (parse_host(AF_INET6, host, &v6)) {
        return refuse(error, text, "an IPv6 address wants brackets; write '[%s]:%s'",
                      show(host).text, show(port_text).text);
    }
    if (parse_host(AF_INET6, text, &v6)) {
        return refuse(error, text, "an IPv6 address wants brackets and a port; write '[%s]:8000'",
                      show(text).text);
    }
    TRY(parse_port(text, port_text, &port, error));
    if (host.len == 0) {
        set_v6(spec, in6addr_any, port, true);
        return 0;
    }
    if (slice_eq(host, SLICE("*"))) {
        return refuse(error, text, "'*' is not an address; write ':%s' for all addresses",
                      show(port_text).text);
    }
    if (!is_v4_host(host, &v4)) {
        return refuse(error, text,
                      "'%s' is not an IP address, and names are not looked up; write "
                      "'127.0.0.1:%s' for this machine only or ':%s' for all addresses",
                      show(host).text, show(port_text).text, show(port_text).text);
    }
    set_v4(spec, v4, port);
    return 0;
}

static bool is_url(struct slice text)
{
    return slice_starts_with(text, SLICE("http://")) || slice_starts_with(text, SLICE("https://"));
}

static size_t last_colon(struct slice text)
{
    const char *const colon = text.len == 0 ? NULL : memrchr(text.ptr, ':', text.len);
    return colon == NULL ? text.len : (size_t)(colon - text.ptr);
}

/* A path of the file system: it has a slash, and what a colon in it would divide is no address. */
static bool is_path(struct slice text)
{
    const bool slash = slice_find(text, '/') < text.len;
    return slash && (text.ptr[0] == '/' || text.ptr[0] == '.' || last_colon(text) == text.len);
}

static int parse_any(struct slice text, struct listen_spec *spec, struct buf *error)
{
    if (slice_starts_with(text, SLICE("unix:"))) {
        return parse_unix(text, spec, error);
    }
    if (slice_starts_with(text, SLICE("fd:"))) {
        return parse_fd(text, spec, error);
    }
    if (slice_eq(text, SLICE("systemd"))) {
        spec->kind = LISTEN_SYSTEMD;
        return 0;
    }
    if (is_url(text)) {
        return refuse(error, text, "an address is wanted here, not a URL; write '127.0.0.1:8000'");
    }
    if (is_path(text)) {
        return refuse(error, text, "a path needs 'unix:' before it; write 'unix:%s'",
                      show(text).text);
    }
    if (text.len > 0 && text.ptr[0] == '[') {
        return parse_bracketed(text, spec, error);
    }
    const size_t colon = last_colon(text);
    if (colon == text.len) {
        return refuse_portless(text, error);
    }
    return parse_hosted(text, colon, spec, error);
}

int listen_parse(struct slice text, struct listen_spec *ret_spec, struct buf *ret_error)
{
    struct listen_spec spec = {.fd = -1};
    TRY(parse_any(text, &spec, ret_error));
    *ret_spec = spec;
    return 0;
}

static void unix_text(const struct listen_spec *spec, char *out)
{
    const struct sockaddr_un *const local = &spec->addr.local;
    const size_t len = spec->len - offsetof(struct sockaddr_un, sun_path);
    const bool abstract = len > 0 && local->sun_path[0] == '\0';
    const int prefix = snprintf(out, LISTEN_TEXT_SIZE, "unix:%s", abstract ? "@" : "");
    const struct slice name = abstract ? slice_of(local->sun_path + 1, len - 1)
                                       : slice_of(local->sun_path, strnlen(local->sun_path, len));
    (void)text_printable(name, out + prefix, LISTEN_TEXT_SIZE - (size_t)prefix);
}

static void tcp_text(const struct listen_spec *spec, char *out)
{
    struct address address;
    address_from_sockaddr(&spec->addr.any, &address);
    if (spec->dual) {
        (void)snprintf(out, LISTEN_TEXT_SIZE, ":%u", address_port(&address));
    } else {
        (void)address_text(&address, out);
    }
}

const char *listen_spec_text(const struct listen_spec *spec, char *out)
{
    switch (spec->kind) {
    case LISTEN_TCP: tcp_text(spec, out); break;
    case LISTEN_UNIX: unix_text(spec, out); break;
    case LISTEN_FD: (void)snprintf(out, LISTEN_TEXT_SIZE, "fd:%d", spec->fd); break;
    case LISTEN_SYSTEMD: (void)snprintf(out, LISTEN_TEXT_SIZE, "systemd"); break;
    }
    return out;
}
