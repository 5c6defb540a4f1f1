/* /cookies shows those that came; /cookies/set and /cookies/delete change what the browser has.
 * The lines are written by hand: clients are tested with cookies that garm_set_cookie, which is
 * for sessions and the like, would not send. ?attr[Path]=/x and its like set attributes. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static int show_cookies(garm_ctx *c)
{
    struct fields cookies = {0};
    garm_json_member object;
    const char *name = "";
    for (size_t i = 0;; i++) {
        const char *const value = garm_cookie_at(c, i, &name);
        if (*name == '\0') {
            break;
        }
        GARM_TRY(fields_add(c, &cookies, name, value, strlen(value)));
    }
    GARM_TRY(fields_object(c, "cookies", &cookies, &object));
    return garm_json(c, 200, object);
}

/* The text in attr[...], or NULL. */
static const char *attribute_of(garm_ctx *c, const char *name)
{
    const size_t len = strlen(name);
    if (len < 6 || strncmp(name, "attr[", 5) != 0 || name[len - 1] != ']') {
        return NULL;
    }
    char *const attribute = garm_dup(c, name + 5);
    attribute[strcspn(attribute, "]")] = '\0';
    return attribute;
}

/* The value of ?attr[wanted], its name in any case; `def` if it is absent. */
static const char *attribute(garm_ctx *c, const char *wanted, const char *def)
{
    const char *name = "";
    for (size_t i = 0;; i++) {
        const char *const value = garm_query_at(c, i, &name);
        if (*name == '\0' && *value == '\0') {
            return def;
        }
        const char *const own = attribute_of(c, name);
        if (own != NULL && strcasecmp(own, wanted) == 0) {
            return value;
        }
    }
}

static bool attribute_is_on(garm_ctx *c, const char *wanted, bool def)
{
    const char *const value = attribute(c, wanted, def ? "1" : "0");
    return strcmp(value, "1") == 0 || strcasecmp(value, "true") == 0;
}

/* "; SameSite=Lax" and its like, or nothing. */
static const char *same_site(garm_ctx *c)
{
    static const char *const known[] = {"Lax", "Strict", "None"};
    const char *const value = attribute(c, "SameSite", "");
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcasecmp(value, known[i]) == 0) {
            return garm_strf(c, "; SameSite=%s", known[i]);
        }
    }
    return "";
}

/* What follows the value in every line of this answer. */
static const char *attributes(garm_ctx *c)
{
    const char *const domain = attribute(c, "Domain", "");
    const bool secure = attribute_is_on(c, "Secure", strncmp(base_url(c), "https:", 6) == 0);
    return garm_strf(c, "%s%s; Path=%s%s%s%s", *domain != '\0' ? "; Domain=" : "", domain,
                     attribute(c, "Path", "/"), secure ? "; Secure" : "",
                     attribute_is_on(c, "HttpOnly", true) ? "; HttpOnly" : "", same_site(c));
}

/* RFC 6265 section 4.1.1; blanks and commas as well, in quotes. */
static bool is_fit(const char *name, const char *value)
{
    for (const char *p = value; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f || strchr("\";\\", *p) != NULL) {
            return false;
        }
    }
    return *name != '\0' && name[strcspn(name, " \t\r\n()<>@,;:\\\"/[]?={}")] == '\0';
}

static int add_cookie(garm_ctx *c, const char *name, const char *value, const char *rest)
{
    const char *const quote = strpbrk(value, " ,") != NULL ? "\"" : "";
    const int rc =
        is_fit(name, value)
            ? garm_add_header(c, "Set-Cookie",
                              garm_strf(c, "%s=%s%s%s%s", name, quote, value, quote, rest))
            : -EINVAL;
    return rc == -EINVAL ? 400 : rc;
}

/* Calls add_cookie for each parameter that is no attribute; 0, a status, or a negative errno. */
static int add_all(garm_ctx *c, bool delete)
{
    const char *const rest =
        garm_strf(c, "%s%s", delete ? "; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0" : "",
                  attributes(c));
    const char *name = "";
    for (size_t i = 0;; i++) {
        const char *const value = garm_query_at(c, i, &name);
        if (*name == '\0' && *value == '\0') {
            return 0;
        }
        const int rc =
            attribute_of(c, name) != NULL ? 0 : add_cookie(c, name, delete ? "" : value, rest);
        if (rc != 0) {
            return rc;
        }
    }
}

static int reply(garm_ctx *c, int rc)
{
    return rc == 400 ? garm_problem(c, 400, "no cookie can have such a name or value")
           : rc < 0  ? rc
                     : garm_redirect(c, 302, "/cookies");
}

static int set_cookies(garm_ctx *c)
{
    return reply(c, add_all(c, false));
}

static int delete_cookies(garm_ctx *c)
{
    return reply(c, add_all(c, true));
}

static int set_cookie(garm_ctx *c)
{
    return reply(c, add_cookie(c, garm_param(c, "name"), garm_param(c, "value"), attributes(c)));
}

void add_cookies(garm_app *app)
{
    garm_route(app, "GET /cookies", show_cookies);
    garm_route(app, "GET /cookies/set", set_cookies);
    garm_route(app, "GET /cookies/set/{name}/{value}", set_cookie);
    garm_route(app, "GET /cookies/delete", delete_cookies);
}
