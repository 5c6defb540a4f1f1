/* Validators and preconditions (RFC 9110 sections 8.8 and 13). Pure. */
#ifndef GARM_CODEC_CONDITIONAL_H
#define GARM_CODEC_CONDITIONAL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* What tells one version of a representation from another. */
struct validators {
    struct slice etag; /* as in the field: "\"x\"" or "W/\"x\""; empty: none */
    bool has_modified;
    int64_t modified_s; /* since 1970 */
};

/* The values of the request's fields; without a pointer: absent. An empty one is a list that no tag
 * is in, or no date. Several lines of one are joined by commas. */
struct conditions {
    struct slice if_match;
    struct slice if_none_match;
    struct slice if_modified_since;
    struct slice if_unmodified_since;
};

enum condition {
    CONDITION_MET,          /* go on */
    CONDITION_NOT_MODIFIED, /* 304 */
    CONDITION_FAILED,       /* 412 */
};

/** Judges the conditions of a GET or HEAD that would be answered with 200, in the order of RFC 9110
 *  section 13.2.2. `now_s`: the time, in seconds since 1970, for two-digit years. */
enum condition conditions_judge(const struct conditions *conditions,
                                const struct validators *validators, int64_t now_s);

/** Does If-Range let the Range count? Absent: yes. Else an entity tag must be equal and both must
 *  be strong; a date must be the modification time to the second, and that at least a second ago
 *  (RFC 9110 sections 13.1.5 and 8.8.2.2). */
bool if_range_holds(struct slice if_range, const struct validators *validators, int64_t now_s);

/** Is `etag` in the list, or the list "*"? Weak comparison: W/ does not matter. Strong: neither may
 *  be weak. What is no entity tag in the list is skipped. RFC 9110 section 8.8.3.2. */
bool etag_list_has(struct slice list, struct slice etag, bool weak);

#endif
