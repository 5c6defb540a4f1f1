/* Redirects: /redirect/{n} and its kin count down to /get; /redirect-to goes anywhere. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define REDIRECTS_MAX INT64_C(1000000000)

/* garm_redirect is for the statuses that a browser follows; here any 3xx will do. */
static int redirect(garm_ctx *c, int status, const char *url)
{
    if (!garm_header_valid("Location", url)) {
        return garm_problem(c, 400, "the url holds bytes that a field cannot");
    }
    GARM_TRY(garm_set_header(c, "Location", url));
    return garm_html(c, status, "");
}

/* To the next of `kind`, or to /get at the end. */
static int count_down(garm_ctx *c, const char *kind, const char *base)
{
    int64_t n = 0;
    if (!param_int(c, "n", 1, REDIRECTS_MAX, &n)) {
        return garm_problem(c, 400, "the number of redirects is from 1 on");
    }
    return redirect(c, 302,
                    n == 1 ? garm_strf(c, "%s/get", base)
                           : garm_strf(c, "%s/%s/%lld", base, kind, (long long)n - 1));
}

static int redirect_relative(garm_ctx *c)
{
    return count_down(c, "relative-redirect", "");
}

static int redirect_absolute(garm_ctx *c)
{
    return count_down(c, "absolute-redirect", base_url(c));
}

static int redirect_either(garm_ctx *c)
{
    return strcasecmp(garm_query(c, "absolute"), "true") == 0 ? redirect_absolute(c)
                                                              : redirect_relative(c);
}

/* Anywhere indeed: to follow it or not is what the client under test decides. */
static int redirect_to(garm_ctx *c)
{
    const char *const url = garm_query(c, "url");
    int64_t status = 302;
    if (*url == '\0') {
        return garm_problem(c, 400, "say where to: ?url=...");
    }
    GARM_TRY(garm_query_int(c, "status_code", 300, 399, 302, &status));
    return redirect(c, (int)status, url);
}

void add_redirects(garm_app *app)
{
    garm_route(app, "GET /redirect/{n}", redirect_either);
    garm_route(app, "GET /relative-redirect/{n}", redirect_relative);
    garm_route(app, "GET /absolute-redirect/{n}", redirect_absolute);
    add_for_all(app, "/redirect-to", redirect_to);
}
