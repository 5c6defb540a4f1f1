/* What a path that a client chose may be, before a file system sees it. Pure. */
#ifndef GARM_APP_FILE_PATH_H
#define GARM_APP_FILE_PATH_H

#include "base/slice.h"

#include <stdbool.h>

/** Has it bytes that no path from a request should bring to the file system: controls, the
 *  separator of other systems, or one of either kind that was encoded twice? */
bool file_path_suspect(struct slice path);

/** May `path` (decoded, relative, "" and "a/b/" are directories) name something below a served
 *  directory? Not with what is suspect, empty segments within, "." or "..", and without `dotfiles`
 *  no segment that begins with a dot, but a first one ".well-known" (RFC 8615). */
bool file_path_servable(struct slice path, bool dotfiles);

/** Does the last segment carry a hash of its content, as build tools write it: name.HASH.ext or
 *  name-HASH.ext, where HASH has 8 to 64 letters, digits or '_', of which at least one letter and
 *  two digits? */
bool file_path_hashed(struct slice path);

/** Has the last segment an extension? */
bool file_path_has_extension(struct slice path);

#endif
