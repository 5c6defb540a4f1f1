/* Field names and values (RFC 9110 section 5): the names that Garm itself looks at, and what is
 * valid. */
#ifndef GARM_CODEC_FIELD_H
#define GARM_CODEC_FIELD_H

#include "base/slice.h"

#include <stdbool.h>

/* X(enumerator, name): every field that some part of Garm reads or writes by id. */
#define FIELD_TABLE(X)                                                                             \
    X(ACCEPT, "Accept")                                                                            \
    X(ACCEPT_ENCODING, "Accept-Encoding")                                                          \
    X(ALLOW, "Allow")                                                                              \
    X(AUTHORIZATION, "Authorization")                                                              \
    X(CACHE_CONTROL, "Cache-Control")                                                              \
    X(CONNECTION, "Connection")                                                                    \
    X(CONTENT_ENCODING, "Content-Encoding")                                                        \
    X(CONTENT_LANGUAGE, "Content-Language")                                                        \
    X(CONTENT_LENGTH, "Content-Length")                                                            \
    X(CONTENT_RANGE, "Content-Range")                                                              \
    X(CONTENT_TYPE, "Content-Type")                                                                \
    X(COOKIE, "Cookie")                                                                            \
    X(DATE, "Date")                                                                                \
    X(ETAG, "ETag")                                                                                \
    X(EXPECT, "Expect")                                                                            \
    X(HOST, "Host")                                                                                \
    X(IF_MATCH, "If-Match")                                                                        \
    X(IF_MODIFIED_SINCE, "If-Modified-Since")                                                      \
    X(IF_NONE_MATCH, "If-None-Match")                                                              \
    X(IF_RANGE, "If-Range")                                                                        \
    X(IF_UNMODIFIED_SINCE, "If-Unmodified-Since")                                                  \
    X(KEEP_ALIVE, "Keep-Alive")                                                                    \
    X(LAST_MODIFIED, "Last-Modified")                                                              \
    X(LOCATION, "Location")                                                                        \
    X(MAX_FORWARDS, "Max-Forwards")                                                                \
    X(ORIGIN, "Origin")                                                                            \
    X(PROXY_AUTHORIZATION, "Proxy-Authorization")                                                  \
    X(PROXY_CONNECTION, "Proxy-Connection")                                                        \
    X(RANGE, "Range")                                                                              \
    X(SERVER, "Server")                                                                            \
    X(SET_COOKIE, "Set-Cookie")                                                                    \
    X(TE, "TE")                                                                                    \
    X(TRAILER, "Trailer")                                                                          \
    X(TRANSFER_ENCODING, "Transfer-Encoding")                                                      \
    X(UPGRADE, "Upgrade")                                                                          \
    X(USER_AGENT, "User-Agent")                                                                    \
    X(VARY, "Vary")

enum field_id {
    FIELD_OTHER,
#define X(id, name) FIELD_##id,
    FIELD_TABLE(X)
#undef X
        FIELD_COUNT_,
};

/** The id of a name, in any case; FIELD_OTHER if it is not in the table. */
enum field_id field_lookup(struct slice name);
/** The registered spelling; "" for FIELD_OTHER. */
struct slice field_name(enum field_id id);

/** May a field with this id stand in a trailer section? Not what frames, routes, authenticates or
 *  controls the message (RFC 9110 section 6.5.1). */
bool field_trailer_allowed(enum field_id id);

/** Is it a token (RFC 9110 section 5.6.2), not empty? */
bool field_name_valid(struct slice name);
/** No control byte but HTAB; bytes from 0x80 on are opaque. Blanks at the ends are not valid. */
bool field_value_valid(struct slice value);

/** Is it a product with others and comments behind it, one blank between them, such as "garm/0.1
 *  (linux)": what Server may say (RFC 9110 section 10.2.4)? Quoted pairs are not valid. */
bool field_products_valid(struct slice value);

/** Where the first `byte` stands that is in no quoted string (RFC 9110 section 5.6.4); value.len if
 *  there is none. */
size_t field_find_unquoted(struct slice value, char byte);

/** Does the comma-separated list hold `token`, in any case? Empty elements are skipped. */
bool field_list_has(struct slice list, struct slice token);

#endif
