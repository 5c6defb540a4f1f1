/* A shared object that holds an application. */
#ifndef GARM_CLI_OBJECT_H
#define GARM_CLI_OBJECT_H

#include "base/buf.h"
#include "base/compiler.h"

#include <garm/app.h>

/** Loads the object at `path` for good: what it runs may outlive any caller. A path without a
 *  slash is that of a file here; libraries' directories are never searched. 0; or a negative errno,
 *  with one line in *ret_error. */
MUST_CHECK int object_load(const char *path, const garm_app_entry **ret_entry,
                           struct buf *ret_error);

#endif
