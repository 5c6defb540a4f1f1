/* The client's address behind proxies. */
#ifndef GARM_MW_REAL_IP_H
#define GARM_MW_REAL_IP_H

#include <garm/base.h>

#define GARM_REAL_IP_TRUSTED_MAX 32

/* In which field proxies say whom they serve. There is one, and the proxy must overwrite or extend
 * it: a field that a proxy passes on untouched is the client's word. */
enum garm_real_ip_field {
    GARM_X_FORWARDED_FOR, /* the default */
    GARM_FORWARDED,       /* RFC 7239 */
    GARM_X_REAL_IP,       /* one address */
};

typedef struct garm_real_ip_opts {
    size_t size;
    const char *where;
    /* proxies: "10.0.0.0/8", "2001:db8::1", "loopback", "private" (RFC 1918, RFC 4193),
     * "unix" (whoever connects to a unix socket). Needed. */
    const char *trusted[GARM_REAL_IP_TRUSTED_MAX] GARM_UNSET_;
    enum garm_real_ip_field field GARM_UNSET_;
} garm_real_ip_opts;

GARM_BEGIN

/** Makes garm_client_ip the address of the client that the proxies listed serve. If the peer is
 *  one of them the field is walked from its end, where the nearest proxy wrote, to the first
 *  address that is none of them; a part that is no address ends the walk before it. Requests of
 *  other peers keep the peer's address, whatever they say. See garm_real_ip. */
GARM_EXPORT void garm_real_ip_with(garm_app *app, const garm_real_ip_opts *opts);
/* garm_real_ip(app, .trusted = {"loopback", "10.0.0.0/8"}) */
#define garm_real_ip(...)                                                                          \
    garm_real_ip_with(GARM_HEAD_(__VA_ARGS__, ), GARM_OPTS_(garm_real_ip_opts, __VA_ARGS__))

GARM_END

#endif
