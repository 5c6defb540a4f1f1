/* CSRF: a browser says where a request comes from; what comes from elsewhere may not change
 * anything. */
#include <garm/garm.h>

#include "mw/origin.h"
#include "mw/valid.h"

#include <string.h>
#include <strings.h>

struct csrf {
    const char *trusted[GARM_CSRF_ORIGINS_MAX + 1];
};

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

static bool is_trusted(const struct csrf *self, const char *origin)
{
    for (const char *const *one = self->trusted; *one != NULL; one++) {
        if (strcasecmp(*one, origin) == 0) {
            return true;
        }
    }
    return false;
}

static bool comes_from_elsewhere(garm_ctx *c, const struct csrf *self)
{
    const char *const site = garm_header(c, "Sec-Fetch-Site");
    const char *const origin = garm_header(c, "Origin");
    if (strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0 || is_trusted(self, origin)) {
        return false;
    }
    if (site[0] != '\0') {
        return true;
    }
    const char *const authority = origin_authority(origin);
    return origin[0] != '\0' && (authority[0] == '\0' || strcasecmp(authority, garm_host(c)) != 0);
}

static int guard(garm_ctx *c)
{
    if (!is_safe(garm_method(c)) && comes_from_elsewhere(c, garm_arg(c))) {
        return garm_problem(c, 403,
                            "The request comes from a page of another origin, and would change "
                            "something.");
    }
    return garm_next(c);
}

void garm_csrf_with(garm_app *app, const garm_csrf_opts *opts)
{
    garm_csrf_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    (void)VALID_LIST(app, known.where, "garm_csrf: .trusted_origins", known.trusted_origins);
    struct csrf *const self = garm_app_alloc(app, sizeof(*self));
    for (size_t i = 0; self != NULL && i < GARM_CSRF_ORIGINS_MAX; i++) {
        const char *const origin = known.trusted_origins[i];
        if (origin == NULL) {
            break;
        }
        if (!origin_valid(origin)) {
            garm_fail_at(app, known.where,
                         "garm_csrf: \"%s\" is no origin; write it as \"https://host\"", origin);
        } else if (origin_names_default_port(origin)) {
            garm_fail_at(app, known.where,
                         "garm_csrf: \"%s\" matches nothing: browsers leave the scheme's own port "
                         "out; write it without",
                         origin);
        }
        self->trusted[i] = garm_app_dup(app, origin);
    }
    if (self != NULL) {
        garm_use(app, guard, .arg = self, .name = "csrf");
    }
}
