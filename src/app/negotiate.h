/* Proactive negotiation: which of the types at hand a client likes best, by its Accept field (RFC
 * 9110 section 12.5.1). Pure. */
#ifndef GARM_APP_NEGOTIATE_H
#define GARM_APP_NEGOTIATE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/** The index of the best of `types` ("text/html", "application/json; charset=utf-8"), which come
 *  in the server's own order of preference, or -1 if the client takes none of them. For each type
 *  its most specific range counts; of the types with the highest quality the first is chosen. q=0
 *  refuses. `accept` is the field's value, several lines joined by commas; malformed ranges are
 *  skipped, and without any range the first type is the best. */
int negotiate(struct slice accept, const char *const *types, size_t count);

/** Does a range of `accept` name `type` itself, with any parameters, and not refuse it? */
bool accept_names(struct slice accept, const char *type);

#endif
