/* See jar.h. */
#include "jar.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

const garm_response *jar_get(garm_test *test, struct jar *jar, const char *target)
{
    char line[JAR_SIZE + 32] = "X-None: 1";
    if (jar->pair[0] != '\0') {
        snprintf(line, sizeof(line), "Cookie: other=1; %s", jar->pair);
    }
    const garm_response *const res = garm_test_do(test, "GET", target, .headers = {line});
    const char *const set = garm_test_header(test, "Set-Cookie");
    if (set[0] != '\0') {
        const bool gone = strstr(set, "; Max-Age=0") != NULL;
        snprintf(jar->pair, sizeof(jar->pair), "%.*s", gone ? 0 : (int)strcspn(set, ";"), set);
    }
    return res;
}

const char *jar_value(const struct jar *jar)
{
    const char *const equals = strchr(jar->pair, '=');
    return equals != NULL ? equals + 1 : "";
}

const char *jar_body(garm_test *test, struct jar *jar, const char *target)
{
    const garm_response *const res = jar_get(test, jar, target);
    ck_assert_msg(res->status == 200, "%s: %d %s", target, res->status, res->body);
    return res->body;
}
