/* What garm_kv and its like make, as JSON. */
#ifndef GARM_APP_JSON_MEMBER_H
#define GARM_APP_JSON_MEMBER_H

#include "app/json_out.h"

#include <garm/json.h>

/** Writes a member's value, without its name. A member of an object that has no name is the error
 *  -EINVAL. */
void json_write_member(struct json *json, const garm_json_member *member);
/** Writes the name that a value needs where the writer stands, if it needs one. */
void json_write_name(struct json *json, const char *name);

#endif
