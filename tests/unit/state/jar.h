/* A client's cookie. */
#ifndef TESTS_UNIT_STATE_JAR_H
#define TESTS_UNIT_STATE_JAR_H

#include <garm/garm.h>

#define JAR_SIZE 8192

/* One cookie: "name=value"; "" while there is none. */
struct jar {
    char pair[JAR_SIZE];
};

/** GETs the target with the jar's cookie, and keeps the one that comes back. */
const garm_response *jar_get(garm_test *test, struct jar *jar, const char *target);
/** The cookie's value, as the client holds it. */
const char *jar_value(const struct jar *jar);
/** The body of the answer to it. */
const char *jar_body(garm_test *test, struct jar *jar, const char *target);

#endif
