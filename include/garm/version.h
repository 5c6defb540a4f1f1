/* Which Garm this is. */
#ifndef GARM_VERSION_H
#define GARM_VERSION_H

#include <garm/base.h>

#define GARM_VERSION_MAJOR 0
#define GARM_VERSION_MINOR 1
#define GARM_VERSION_PATCH 0
#define GARM_VERSION       "0.1.0"

GARM_BEGIN

/** The version of the library that runs, such as "0.1.0": compare it with GARM_VERSION, that of
 *  the headers. Any thread. Static storage. */
GARM_EXPORT const char *garm_version(void);

GARM_END

#endif
