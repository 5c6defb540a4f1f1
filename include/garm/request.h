/* What the client asked. RFC 9110. */
#ifndef GARM_REQUEST_H
#define GARM_REQUEST_H

#include <garm/base.h>

GARM_BEGIN

/** The method as sent, such as "GET"; case matters. */
GARM_EXPORT const char *garm_method(garm_ctx *c);
/** The version of HTTP that the request came in: "1.0" or "1.1". RFC 9112 section 2.3. */
GARM_EXPORT const char *garm_http_version(garm_ctx *c);
/** The request target as sent, query and all. RFC 9112 section 3.2. */
GARM_EXPORT const char *garm_target(garm_ctx *c);
/** The path with its dot segments resolved, escapes left as sent, without the query. "*" for
 *  `OPTIONS *`, "" for CONNECT. */
GARM_EXPORT const char *garm_path(garm_ctx *c);
/** The host asked for, with its port if one was given: from the target, else from Host. */
GARM_EXPORT const char *garm_host(garm_ctx *c);
/** The pattern of the route that matched, its group's prefix included; "" for none (404, 405,
 *  OPTIONS). */
GARM_EXPORT const char *garm_pattern(garm_ctx *c);
/** The client's address, such as "192.0.2.1" or "2001:db8::1"; "unix" for a local socket. */
GARM_EXPORT const char *garm_client_ip(garm_ctx *c);
/** Who was authenticated, as a middleware found out (garm_basic_auth, garm_jwt ...); "" for
 *  nobody. */
GARM_EXPORT const char *garm_user(garm_ctx *c);

/** The route's parameter {name}, percent-decoded once. A name that the pattern lacks is a bug:
 *  it is logged and the answer is 500. In the value of a {name...}, "%2F" and "%5C" stay as they
 *  were sent, so that a '/' in it is always a separator of the path; in that of a {name} they are
 *  a '/' and a '\' like any other byte. */
GARM_EXPORT const char *garm_param(garm_ctx *c, const char *name);
/** The same for {name:int}. 0 beside the 500 for a name that the pattern lacks or that is no
 *  int. */
GARM_EXPORT int64_t garm_param_int(garm_ctx *c, const char *name);

/** The first query parameter `name`, decoded as HTML forms do ('+' is a blank); "" if absent. */
GARM_EXPORT const char *garm_query(garm_ctx *c, const char *name);
/** Is it there, with or without a value? */
GARM_EXPORT bool garm_has_query(garm_ctx *c, const char *name);
/** The value of the i-th query parameter, in the order sent, both decoded; its name in *ret_name.
 *  Past the last one "", and "" in *ret_name: there is no parameter of which both are empty. */
GARM_EXPORT const char *garm_query_at(garm_ctx *c, size_t index, const char **ret_name);
/** It as an integer within [min, max]; `def` goes to *ret_value if it is absent. 0; -EBADMSG not
 *  a number; -ERANGE out of bounds: then *ret_value stays as it was. Either, returned from the
 *  handler, gives the client 400 that names the parameter and its bounds. -ENOMEM.
 *  They are the codes of json_read.h, and what the last such call said is what is answered: a
 *  handler that goes on after one must not return the same code for another reason. -EINVAL, a
 *  handler's own mistake, and -EBADMSG of garm_json_parse are 500 whatever came before. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_query_int(garm_ctx *c, const char *name, int64_t min,
                                                int64_t max, int64_t def, int64_t *ret_value);

/** The value of a field, its name in any case; "" if absent. Several lines of it are joined with
 *  ", " (Cookie: "; "). RFC 9110 section 5.3. */
GARM_EXPORT const char *garm_header(garm_ctx *c, const char *name);
GARM_EXPORT bool garm_has_header(garm_ctx *c, const char *name);
/** The i-th field line as sent, its name in *ret_name. Past the last one "", and "" in
 *  *ret_name. */
GARM_EXPORT const char *garm_header_at(garm_ctx *c, size_t index, const char **ret_name);
/** The value of a cookie; "" if absent. RFC 6265 section 5.4. */
GARM_EXPORT const char *garm_cookie(garm_ctx *c, const char *name);
/** The value of the i-th cookie, in the order sent, its name in *ret_name. Past the last one "",
 *  and "" in *ret_name. */
GARM_EXPORT const char *garm_cookie_at(garm_ctx *c, size_t index, const char **ret_name);
/** The i-th field line behind a chunked body, as sent, its name in *ret_name. "", and "" in
 *  *ret_name, past the last one, and before the body was read to its end. RFC 9110 section 6.5. */
GARM_EXPORT const char *garm_trailer_at(garm_ctx *c, size_t index, const char **ret_name);

/** Reads the next piece of the request body.
 *  buf, cap   where to write, and how many bytes fit (cap > 0).
 *  returns    bytes written (> 0); 0 at the end of the body; or a negative error:
 *             -ECONNRESET the client is gone,
 *             -EMSGSIZE past the route's body limit (413 is sent for you),
 *             -EBADMSG the body is malformed (400 is sent for you),
 *             -ETIMEDOUT it came slower than the server's floor (408 is sent for you),
 *             -ECANCELED, -ENOMEM, -ENOTCONN without a request.
 *  May suspend. RFC 9112 section 6. */
GARM_EXPORT GARM_MUST_CHECK_ ssize_t garm_read(garm_ctx *c, void *buf, size_t cap);
/** Reads the whole body, or what is left of it, into memory that lives as the request does, with
 *  a NUL behind it.
 *  max        how many bytes to take; the route's limit counts too. More is -EMSGSIZE, and 413 is
 *             sent for you.
 *  ret_data   the bytes as they came: a Content-Encoding is not undone.
 *  returns    0, or as garm_read. A second call gives the same bytes.
 *  May suspend. */
GARM_EXPORT GARM_MUST_CHECK_ int garm_body(garm_ctx *c, size_t max, const void **ret_data,
                                           size_t *ret_size);

/** Are two secrets equal? Takes the same time for all texts of one length, and is false if
 *  either is empty. Any thread. */
GARM_EXPORT bool garm_secret_equal(const char *a, const char *b);

/** `size` bytes that nobody can guess: for keys, tokens, names. Any thread. getrandom(2). */
GARM_EXPORT void garm_random_bytes(void *out, size_t size);

/** Keeps a pointer with the request, for other functions of the chain. `key` is any address of
 *  yours. Setting NULL forgets. 0 or -ENOMEM. */
GARM_EXPORT int garm_set(garm_ctx *c, const void *key, void *value);
/** The pointer set under `key`, or NULL. */
GARM_EXPORT void *garm_get(garm_ctx *c, const void *key);

GARM_END

#endif
