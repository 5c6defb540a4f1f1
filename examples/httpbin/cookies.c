/* /cookies shows those that came; /cookies/set and /cookies/delete change what the browser has.
 * The lines are written by hand: clients are tested with cookies that garm_set_cookie, which is
 * for sessions and the like, would not send. ?attr[Path]=/x and its like set attributes. */
#include "httpbin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_octal(const char *text)
{
    return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' && text[2] >= '0' &&
           text[2] <= '7';
}

/* A value with "\\073" as ';' and "\\x" as 'x', as httpbin.org reads it. */
static const char *without_escapes(garm_ctx *c, const char *value)
{
    char *const text = garm_dup(c, value);
    char *end = text;
    for (const char *p = value; *p != '\0';) {
        if (*p != '\\' || p[1] == '\0') {
            *end++ = *p++;
        } else if (is_octal(p + 1)) {
            *end++ = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            p += 4;
        } else {
            *end++ = p[1];
            p += 2;
        }
    }
    *end = '\0';
    return text;
}

/* Of those with the same name the last one counts. */
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
        const char *const meant = without_escapes(c, value);
        if (!fields_change(&cookies, name, meant)) {
            GARM_TRY(fields_add(c, &cookies, name, meant, strlen(meant)));
        }
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

/* What follows the value in every line of this answer. No script of a page reads a cookie, unless
 * that is asked for. */
static const char *attributes(garm_ctx *c)
{
    const char *const domain = attribute(c, "Domain", "");
    const bool secure = attribute_is_on(c, "Secure", strncmp(base_url(c), "https:", 6) == 0);
    return garm_strf(c, "%s%s; Path=%s%s%s%s", *domain != '\0' ? "; Domain=" : "", domain,
                     attribute(c, "Path", "/"), secure ? "; Secure" : "",
                     attribute_is_on(c, "HttpOnly", true) ? "; HttpOnly" : "", same_site(c));
}

/* Can it stand in a value without quotes, for httpbin.org? */
static bool is_plain(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || strchr("!#$%&'*+-.^_`|~:", byte) != NULL;
}

/* Any value: as it is, or in quotes, and then with escapes. NULL when memory runs out. */
static const char *quote(garm_ctx *c, const char *value)
{
    char *const text = garm_alloc(c, strlen(value) * 4 + 3);
    char *end = text;
    bool plain = true;
    if (text == NULL) {
        return NULL;
    }
    *end++ = '"';
    for (; *value != '\0'; value++) {
        const unsigned char byte = (unsigned char)*value;
        plain = plain && is_plain(*value);
        if (byte < 0x20 || byte >= 0x7f || byte == ',' || byte == ';') {
            end += snprintf(end, 5, "\\%03o", byte);
        } else {
            *end = '\\';
            end += byte == '"' || byte == '\\';
            *end++ = *value;
        }
    }
    memcpy(end, plain ? "" : "\"", plain ? 1 : 2);
    return plain ? text + 1 : text;
}

static int add_cookie(garm_ctx *c, const char *name, const char *value, const char *rest)
{
    const char *const quoted = quote(c, value);
    if (quoted == NULL) {
        return -ENOMEM;
    }
    const int rc = is_token(name) ? garm_add_header(c, "Set-Cookie",
                                                    garm_strf(c, "%s=%s%s", name, quoted, rest))
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
    return rc == 400 ? garm_problem(c, 400, "no cookie can have such a name or attribute")
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
