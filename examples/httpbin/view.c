/* A request as httpbin shows it: args, data, files, form, headers, json, method, origin, url. */
#include "httpbin.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

const char *origin_of(garm_ctx *c)
{
    const char *const forwarded = garm_header(c, "X-Forwarded-For");
    return *forwarded != '\0' ? forwarded : garm_client_ip(c);
}

static const char *scheme_of(garm_ctx *c)
{
    static const char *const names[] = {"X-Forwarded-Proto", "X-Forwarded-Protocol"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *const scheme = garm_header(c, names[i]);
        if (*scheme != '\0') {
            return scheme;
        }
    }
    return strcmp(garm_header(c, "X-Forwarded-Ssl"), "on") == 0 ? "https" : "http";
}

const char *base_url(garm_ctx *c)
{
    return garm_strf(c, "%s://%s", scheme_of(c), garm_host(c));
}

/* A target is most often "/path?query"; one that names its host has the path inside. */
static const char *url_of(garm_ctx *c)
{
    const char *const target = garm_target(c);
    if (*target == '/') {
        return garm_strf(c, "%s%s", base_url(c), target);
    }
    const char *const query = strchr(target, '?');
    return garm_strf(c, "%s%s%s", base_url(c), garm_path(c), query != NULL ? query : "");
}

static int view_args(garm_ctx *c, garm_json_member *ret)
{
    struct fields args = {0};
    const char *name = "";
    for (size_t i = 0;; i++) {
        const char *const value = garm_query_at(c, i, &name);
        if (*name == '\0' && *value == '\0') {
            return fields_object(c, "args", &args, ret);
        }
        GARM_TRY(fields_add(c, &args, name, value, strlen(value)));
    }
}

/* Those that proxies add: hidden, unless ?show_env asks for them. */
static bool is_from_proxy(const char *name)
{
    static const char *const names[] = {
        "Connect-Time",         "Total-Route-Time",         "Via",
        "X-Forwarded-For",      "X-Forwarded-Port",         "X-Forwarded-Proto",
        "X-Forwarded-Protocol", "X-Forwarded-Ssl",          "X-Heroku-Dynos-In-Use",
        "X-Heroku-Queue-Depth", "X-Heroku-Queue-Wait-Time", "X-Real-Ip",
        "X-Request-Id",         "X-Request-Start",          "X-Varnish",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* "x-my-field" as "X-My-Field": names that differ in case only are one. */
static const char *title_case(garm_ctx *c, const char *name)
{
    char *const text = garm_dup(c, name);
    for (size_t i = 0; text[i] != '\0'; i++) {
        const unsigned char byte = (unsigned char)text[i];
        text[i] = (char)(i == 0 || text[i - 1] == '-' ? toupper(byte) : tolower(byte));
    }
    return text;
}

/* Is no field line before this one of the same name? */
static bool is_first(garm_ctx *c, size_t index, const char *name)
{
    const char *other = "";
    for (size_t i = 0; i < index; i++) {
        (void)garm_header_at(c, i, &other);
        if (strcasecmp(other, name) == 0) {
            return false;
        }
    }
    return true;
}

/* Lines of one name are joined, as everywhere in HTTP: the first one stands for all. */
static int view_headers(garm_ctx *c, garm_json_member *ret)
{
    struct fields headers = {0};
    const bool all = garm_has_query(c, "show_env");
    const char *name = "";
    for (size_t i = 0; (void)garm_header_at(c, i, &name), *name != '\0'; i++) {
        if (is_first(c, i, name) && (all || !is_from_proxy(name))) {
            const char *const value = garm_header(c, name);
            GARM_TRY(fields_add(c, &headers, title_case(c, name), value, strlen(value)));
        }
    }
    return fields_object(c, "headers", &headers, ret);
}

int view_request(garm_ctx *c, struct request_view *ret_view)
{
    GARM_TRY(view_args(c, &ret_view->args));
    GARM_TRY(view_headers(c, &ret_view->headers));
    ret_view->method = garm_kv("method", garm_method(c));
    ret_view->origin = garm_kv("origin", origin_of(c));
    ret_view->url = garm_kv("url", url_of(c));
    return 0;
}
