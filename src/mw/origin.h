/* Origins, "https://host:port", as cors and csrf read them (RFC 6454 section 6.2). */
#ifndef GARM_MW_ORIGIN_H
#define GARM_MW_ORIGIN_H

#include <stdbool.h>

/** Is it a scheme, "://", a host, perhaps a port, and no more? */
bool origin_valid(const char *origin);
/** Does it name its scheme's own port ("https://host:443")? Browsers leave that out: it would match
 *  no request. */
bool origin_names_default_port(const char *origin);
/** What stands behind "://"; "" if there is no such thing. Borrowed from `origin`. */
const char *origin_authority(const char *origin);

#endif
