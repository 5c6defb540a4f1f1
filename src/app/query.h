/* Names and values of a query or form body (application/x-www-form-urlencoded), and of Cookie
 * fields (RFC 6265 section 4.2). Pure. */
#ifndef GARM_APP_QUERY_H
#define GARM_APP_QUERY_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/slice.h"

#include <stdbool.h>

/* A decoded pair, both NUL-terminated. */
struct query_pair {
    const char *name;
    const char *value; /* "" where there is no '=' */
};

/** Takes the next pair off the raw `*rest` ("a=1&b=x%20y+z") and decodes it into `arena`; empty
 *  pairs are skipped. 1, 0 at the end, -ENOMEM, or -EINVAL for a bad escape or one of NUL. */
MUST_CHECK int query_next(struct slice *rest, struct arena *arena, struct query_pair *ret_pair);

/** The decoded value of the first pair called `name` (decoded), NUL-terminated, in `arena`. 1, 0
 *  if there is none, -ENOMEM, or -EINVAL if its value has a bad escape. */
MUST_CHECK int query_find(struct slice raw, struct slice name, struct arena *arena,
                          const char **ret_value);

/** Takes the next cookie off `*rest`, the value of a Cookie field ("a=1; b=\"x\""): name and
 *  value are slices of it, quotes around the value removed. What is no pair with a name is
 *  skipped. False at the end. */
bool cookie_next(struct slice *rest, struct slice *ret_name, struct slice *ret_value);

/** The value of the first cookie called `name` in one Cookie field; with several fields ask them
 *  in turn. */
bool cookie_find(struct slice field, struct slice name, struct slice *ret_value);

#endif
