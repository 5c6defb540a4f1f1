/* Request methods (RFC 9110 section 9 and IANA's registry). */
#ifndef GARM_CODEC_METHOD_H
#define GARM_CODEC_METHOD_H

#include "base/slice.h"

/* X(enumerator, name): the whole IANA HTTP Method Registry. */
#define METHOD_TABLE(X)                                                                            \
    X(GET, "GET")                                                                                  \
    X(HEAD, "HEAD")                                                                                \
    X(POST, "POST")                                                                                \
    X(PUT, "PUT")                                                                                  \
    X(DELETE, "DELETE")                                                                            \
    X(OPTIONS, "OPTIONS")                                                                          \
    X(PATCH, "PATCH")                                                                              \
    X(CONNECT, "CONNECT")                                                                          \
    X(TRACE, "TRACE")                                                                              \
    X(ACL, "ACL")                                                                                  \
    X(BASELINE_CONTROL, "BASELINE-CONTROL")                                                        \
    X(BIND, "BIND")                                                                                \
    X(CHECKIN, "CHECKIN")                                                                          \
    X(CHECKOUT, "CHECKOUT")                                                                        \
    X(COPY, "COPY")                                                                                \
    X(LABEL, "LABEL")                                                                              \
    X(LINK, "LINK")                                                                                \
    X(LOCK, "LOCK")                                                                                \
    X(MERGE, "MERGE")                                                                              \
    X(MKACTIVITY, "MKACTIVITY")                                                                    \
    X(MKCALENDAR, "MKCALENDAR")                                                                    \
    X(MKCOL, "MKCOL")                                                                              \
    X(MKREDIRECTREF, "MKREDIRECTREF")                                                              \
    X(MKWORKSPACE, "MKWORKSPACE")                                                                  \
    X(MOVE, "MOVE")                                                                                \
    X(ORDERPATCH, "ORDERPATCH")                                                                    \
    X(PRI, "PRI")                                                                                  \
    X(PROPFIND, "PROPFIND")                                                                        \
    X(PROPPATCH, "PROPPATCH")                                                                      \
    X(QUERY, "QUERY")                                                                              \
    X(REBIND, "REBIND")                                                                            \
    X(REPORT, "REPORT")                                                                            \
    X(SEARCH, "SEARCH")                                                                            \
    X(UNBIND, "UNBIND")                                                                            \
    X(UNCHECKOUT, "UNCHECKOUT")                                                                    \
    X(UNLINK, "UNLINK")                                                                            \
    X(UNLOCK, "UNLOCK")                                                                            \
    X(UPDATE, "UPDATE")                                                                            \
    X(UPDATEREDIRECTREF, "UPDATEREDIRECTREF")                                                      \
    X(VERSION_CONTROL, "VERSION-CONTROL")

enum method {
    METHOD_OTHER, /* a token that the registry does not hold */
#define X(id, name) METHOD_##id,
    METHOD_TABLE(X)
#undef X
        METHOD_COUNT_,
};

/** The method of this exact, case-sensitive spelling, else METHOD_OTHER. */
enum method method_lookup(struct slice name);
/** Its spelling; "" for METHOD_OTHER. */
struct slice method_name(enum method method);

#endif
