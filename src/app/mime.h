/* Content types by file name: our own table, so that no file of the system changes what is
 * served. */
#ifndef GARM_APP_MIME_H
#define GARM_APP_MIME_H

#include "base/slice.h"

/** The type for the extension of `path`'s last segment, in any case, with charset=utf-8 for text;
 *  "application/octet-stream" if it has none that we know. Static storage. */
const char *mime_type(struct slice path);

#endif
