/* The conditions of a request (RFC 9110 section 13), judged for a reply. */
#ifndef GARM_APP_CONDITION_H
#define GARM_APP_CONDITION_H

#include "app/ctx.h"
#include "codec/conditional.h"
#include "codec/field.h"

/** The value of a request's field that Garm knows; empty without it. */
struct slice condition_value(garm_ctx *c, enum field_id id);
/** The time for dates: seconds since 1970. */
int64_t condition_now_s(const garm_ctx *c);
/** What the conditions of a GET or HEAD make of a 200 with these validators. */
enum condition condition_judge(garm_ctx *c, const struct validators *validators);

#endif
