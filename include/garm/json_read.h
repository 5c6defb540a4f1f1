/* JSON in (RFC 8259): a request's body, or any text, as a tree that is read by pointers. */
#ifndef GARM_JSON_READ_H
#define GARM_JSON_READ_H

#include <garm/base.h>
#include <garm/json.h>

/* For example:
 *
 *     const garm_json_value *user = NULL;
 *     const char *name = NULL;
 *     int64_t age = 0;
 *     GARM_TRY(garm_body_json(c, &user));
 *     GARM_TRY(garm_json_string_at(c, user, "/name", &name));
 *     if (garm_json_at(user, "/age") != NULL) {
 *         GARM_TRY(garm_json_int_at(c, user, "/age", &age));
 *     }
 *
 * An error of these functions that the handler returns is answered for you: 400 that says where the
 * text is broken, or which pointer names no value of the type expected. A handler that replies
 * itself may do as it likes.
 *
 * What is taken: UTF-8, one value with blanks around it, at most 128 objects and arrays within one
 * another. Refused: a byte order mark, anything behind the value, bytes that are not UTF-8, escapes
 * of half a surrogate pair, numbers that no double and no 64-bit integer can hold: 1e400, and whole
 * numbers written without fraction and exponent below -2^63 or from 2^64 on (1e20 is a double, and
 * taken). -0 is the integer 0; -0.0 and -0e0 keep their sign. Of members with one name a lookup
 * finds the last; all of them are counted. */

/* Why a text is no JSON, and where: lines and columns count from 1, columns in bytes. */
typedef struct garm_json_error {
    size_t offset; /* of the first byte that cannot stand there, from 0 */
    size_t line, column;
    const char *reason; /* a phrase such as "a comma or the array's end is expected" */
} garm_json_error;

GARM_BEGIN

/** Reads the whole body, as garm_body with the route's limit, and parses it. The tree lives as the
 *  request does; a second call gives the same one.
 *  returns  0; -ENOTSUP the Content-Type is neither application/json nor one that ends in +json, or
 *           is missing, or names another charset than UTF-8, or there is a Content-Encoding other
 *           than identity (415 once returned); -EBADMSG it is no JSON (400 once returned, with line
 *           and column); or as garm_body.
 *  May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_body_json(garm_ctx *c, const garm_json_value **ret_value);

/** Parses `size` bytes of any text, which may be freed after the call.
 *  ret_error  where the text is broken; NULL if that is of no interest.
 *  returns    0; -EBADMSG no JSON; -ENOMEM.
 *  Nothing is answered for you. Takes up to eleven times the size in memory, as long as `c`. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_json_parse(garm_ctx *c, const char *data, size_t size,
                                                 const garm_json_value **ret_value,
                                                 garm_json_error *ret_error);

/* Looking around: any thread; NULL stands for what is absent, so that lookups can be chained. */

/** The value's type: GARM_JSON_NULL, _BOOL, _INT, _UINT (only from 2^63 on), _DOUBLE, _STRING,
 *  _OBJECT or _ARRAY; GARM_JSON_END for NULL. */
GARM_EXPORT enum garm_json_type garm_json_type_of(const garm_json_value *value);
/** What `pointer` names, seen from `value`: "" is itself, "/users/0/id" goes down; "~0" is a '~'
 *  and "~1" a '/' within a name. An index has no leading zeros; "-" names nothing.
 *  NULL if there is no such thing. RFC 6901. */
GARM_EXPORT const garm_json_value *garm_json_at(const garm_json_value *value, const char *pointer);
/** The member `name` of an object, as it is, without escapes; of several the last. NULL if there is
 *  none, or `value` is no object. Takes the time of a walk over up to 32 members; larger objects
 *  have an index. */
GARM_EXPORT const garm_json_value *garm_json_member_of(const garm_json_value *value,
                                                       const char *name);
/** How many elements an array or members an object has; 0 for anything else. */
GARM_EXPORT size_t garm_json_count(const garm_json_value *value);
/** The element or member at `index`, in the text's order; NULL past the last one.
 *  ret_name  a member's name, or "" for an element; may be NULL. */
GARM_EXPORT const garm_json_value *garm_json_item(const garm_json_value *value, size_t index,
                                                  const char **ret_name);
/** A string's bytes with a NUL behind them, and how many there are (there may be NULs among them);
 *  NULL for anything else. */
GARM_EXPORT const char *garm_json_text(const garm_json_value *value, size_t *ret_size);

/* Reading with an expected type. `c` may be NULL, and then nothing is noted for an answer.
 * returns  0; -ENODATA there is no such value; -EBADMSG it has another type; -ERANGE it does not
 *          fit. Each of them, returned from the handler, gives the client 400 that names the
 *          pointer and the type. *ret_value is set on success only. */

/** A string; one with a NUL in it is -EBADMSG (see garm_json_text). */
GARM_EXPORT GARM_MUST_CHECK_ int garm_json_string_at(garm_ctx *c, const garm_json_value *value,
                                                     const char *pointer, const char **ret_value);
/** A whole number, 5.0 and 5e0 too, below 2^53: from there on a double may stand for another number
 *  than the one that was sent, and is -ERANGE. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_json_int_at(garm_ctx *c, const garm_json_value *value,
                                                  const char *pointer, int64_t *ret_value);
/** Any number, rounded to the nearest double. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_json_double_at(garm_ctx *c, const garm_json_value *value,
                                                     const char *pointer, double *ret_value);
/** true or false. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_json_bool_at(garm_ctx *c, const garm_json_value *value,
                                                   const char *pointer, bool *ret_value);

GARM_END

#endif
