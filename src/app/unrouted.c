/* See unrouted.h. */
#include "app/unrouted.h"

#include "app/router.h"

#include <string.h>

uint16_t unrouted_status(const struct h1_head *head, uint16_t status)
{
    if (head->form == TARGET_ASTERISK) {
        return 204;
    }
    if (head->form == TARGET_AUTHORITY || head->method == METHOD_TRACE ||
        head->method == METHOD_CONNECT) {
        return 405;
    }
    return head->method == METHOD_OPTIONS && status == 405 ? 204 : status;
}

const struct endpoint *unrouted_endpoint(const struct application *application, struct slice host,
                                         struct slice path, bool plain)
{
    if (application->groups == NULL || path.len == 0) {
        return &application->root.options;
    }
    struct router_match match;
    router_match(application->groups, METHOD_GET, SLICE("GET"), host, path, plain, &match);
    const struct garm_app *const group = match.status == 0 ? match.data : &application->root;
    return &group->options;
}

size_t unrouted_allow(const struct application *application, struct slice host, struct slice path,
                      bool plain, char *out)
{
    const size_t cap = sizeof(application->allow);
    const size_t len =
        path.len > 0 ? router_allow(application->router, host, path, plain, out, cap) : 0;
    if (len > 0) {
        return len;
    }
    memcpy(out, application->allow, cap);
    return strlen(out);
}
