/* What the listener tests share: opening from a text, clients, a count of descriptors, faults. */
#ifndef GARM_TESTS_UNIT_NET_SUPPORT_H
#define GARM_TESTS_UNIT_NET_SUPPORT_H

#include "base/buf.h"
#include "base/sys.h"
#include "net/listener.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Parses `text`, which must be right. */
struct listen_spec spec_of(const char *text);
/** Opens `text`, which must work. */
struct listener open_text(const char *text, size_t workers);
/** Opens `text`, which must fail with a sentence, kept until the next call in *ret_error. */
int open_failing(const char *text, size_t workers, const char **ret_error);

uint16_t listener_port(const struct listener *listener);
/** A TCP client of [::1] or 127.0.0.1: a descriptor, or -errno. */
int connect_v4(uint16_t port);
int connect_v6(uint16_t port);
/** A listening loopback socket of the test's own, SO_REUSEADDR and, if told, SO_REUSEPORT. */
int listen_v4(bool reuse_port, uint16_t *ret_port);
/** Waits until a connection is there and takes it. */
int accept_one(int fd);
bool has_ipv6(void);

/** How many descriptors this process has open. */
size_t open_descriptors(void);

/** A new empty directory; its name is static. The test removes it with remove_directory. */
const char *make_directory(void);
void remove_directory(const char *path);

/* Makes one call fail: the one at `index` of its kind, counted from 0; if `name` is set, only calls
 * of that name are counted. */
struct fault {
    enum sys_kind kind;
    const char *name;
    int error;
    size_t index;
    size_t seen;
};
void fault_set(struct fault *fault);
void fault_clear(void);

/** Does the text hold this? Fails the test with both if not. */
void assert_contains(const char *text, const char *part);

#endif
