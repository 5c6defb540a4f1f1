/* What a token is good for. RFC 6749 section 3.3, RFC 8693 section 4.2. */
#ifndef GARM_MW_JWT_SCOPE_H
#define GARM_MW_JWT_SCOPE_H

#include <garm/garm.h>

/** Is the text a list of scopes as RFC 6749 writes it: one or more, of printable ASCII without '"'
 *  and '\', a single space between them? */
bool jwt_scope_valid(const char *scope);

/** Do the claims grant every scope of a valid list? They do so by "scope" or, where that is not, by
 *  "scp": a text with spaces between scopes, or an array of texts. Anything else grants nothing. */
bool jwt_scope_granted(const garm_json_value *claims, const char *scope);

#endif
