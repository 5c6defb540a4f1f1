/* What caches look at: /cache, /etag, and /response-headers, which sets any field. */
#include "httpbin.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int set_last_modified(garm_ctx *c)
{
    char text[64];
    struct tm now;
    const time_t seconds = time(NULL);
    gmtime_r(&seconds, &now);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &now);
    return garm_set_header(c, "Last-Modified", text);
}

/* Who has any version of it has the right one. */
static int show_cache(garm_ctx *c)
{
    if (garm_has_header(c, "If-Modified-Since") || garm_has_header(c, "If-None-Match")) {
        return 304;
    }
    GARM_TRY(set_last_modified(c));
    GARM_TRY(garm_set_headerf(c, "ETag", "\"%016llx%016llx\"", (unsigned long long)random_u64(),
                              (unsigned long long)random_u64()));
    return show_get(c);
}

static int show_cache_for(garm_ctx *c)
{
    int64_t seconds = 0;
    if (!param_int(c, "seconds", 0, INT32_MAX, &seconds)) {
        return garm_problem(c, 400, "the age is a number of seconds");
    }
    GARM_TRY(garm_set_headerf(c, "Cache-Control", "public, max-age=%lld", (long long)seconds));
    return show_get(c);
}

/* Is the tag, or "*", on a list such as: W/"a", "b", c? Tags are compared weakly, and may lack
 * their quotes. */
static bool lists_tag(const char *list, const char *tag)
{
    const size_t len = strlen(tag);
    while (*list != '\0') {
        list += strspn(list, " \t,");
        list += strncmp(list, "W/", 2) == 0 ? 2 : 0;
        const bool quoted = *list == '"';
        list += quoted;
        const size_t own = strcspn(list, quoted ? "\"" : ", \t");
        if ((own == len && strncmp(list, tag, len) == 0) || (own == 1 && *list == '*')) {
            return true;
        }
        list += own;
        list += quoted && *list == '"';
    }
    return false;
}

/* The tag is sent as the path has it, without quotes, as httpbin.org does. */
static int show_etag(garm_ctx *c)
{
    const char *const tag = garm_param(c, "etag");
    const char *const none_match = garm_header(c, "If-None-Match");
    const char *const match = garm_header(c, "If-Match");
    if (*none_match == '\0' && *match != '\0' && !lists_tag(match, tag)) {
        return garm_text(c, 412, "%s", "");
    }
    if (!garm_header_valid("ETag", tag)) {
        return garm_problem(c, 400, "no tag can hold such bytes");
    }
    GARM_TRY(garm_set_header(c, "ETag", tag));
    if (*none_match != '\0' && lists_tag(none_match, tag)) {
        return garm_html(c, 304, "");
    }
    return show_get(c);
}

/* Adds one field of /response-headers: 0, a status, or a negative errno. What no field can be
 * called is not sent, only listed. */
static int add_field(garm_ctx *c, const char *name, const char *value)
{
    if (!is_token(name)) {
        return 0;
    }
    if (strcasecmp(name, "Content-Length") == 0 || !garm_header_valid(name, value)) {
        return 400;
    }
    const int rc = strcasecmp(name, "Content-Type") == 0 ? garm_set_header(c, name, value)
                                                         : garm_add_header(c, name, value);
    return rc == -EMSGSIZE ? 400 : rc;
}

/* Sets the fields, and lists them: escaped, if a browser might take the answer for a page. */
static int add_fields(garm_ctx *c, struct fields *listed, bool escape)
{
    const char *name = "";
    for (size_t i = 0;; i++) {
        const char *const value = garm_query_at(c, i, &name);
        if (*name == '\0' && *value == '\0') {
            return 0;
        }
        const int rc = add_field(c, name, value);
        if (rc != 0) {
            return rc;
        }
        const char *const shown_name = escape ? garm_html_escape(c, name) : name;
        const char *const shown = escape ? garm_html_escape(c, value) : value;
        GARM_TRY(fields_add(c, listed, shown_name, shown, strlen(shown)));
    }
}

/* Lists the size of the answer, of which its own digits are a part. */
static int list_length(garm_ctx *c, struct fields *listed, garm_json_member *ret)
{
    static const char name[] = "Content-Length";
    GARM_TRY(fields_add(c, listed, name, "", 0));
    GARM_TRY(fields_object(c, NULL, listed, ret));
    const size_t rest = strlen(garm_json_format(c, *ret)) + gets_newline(c);
    size_t size = rest;
    while (size < rest + strlen(garm_strf(c, "%zu", size))) {
        size++;
    }
    (void)fields_change(listed, name, garm_strf(c, "%zu", size));
    return fields_object(c, NULL, listed, ret);
}

/* The type that the answer will have: the last one that is asked for, or "". */
static const char *wanted_type(garm_ctx *c)
{
    const char *type = "";
    const char *name = "";
    for (size_t i = 0;; i++) {
        const char *const value = garm_query_at(c, i, &name);
        if (*name == '\0' && *value == '\0') {
            return type;
        }
        type = strcasecmp(name, "Content-Type") == 0 ? value : type;
    }
}

static int show_response_headers(garm_ctx *c)
{
    static const char normal[] = "application/json";
    const char *const type = wanted_type(c);
    struct fields listed = {0};
    garm_json_member object;
    const int rc = add_fields(c, &listed, *type != '\0' && is_dangerous_type(type));
    if (rc != 0) {
        return rc < 0 ? rc : garm_problem(c, 400, "a field that cannot be set is among them");
    }
    if (*type == '\0') {
        GARM_TRY(garm_set_header(c, "Content-Type", normal));
        GARM_TRY(fields_add(c, &listed, "Content-Type", normal, strlen(normal)));
    }
    GARM_TRY(list_length(c, &listed, &object));
    return garm_json_reply(c, 200, object);
}

void add_caching(garm_app *app)
{
    garm_route(app, "GET /cache", show_cache);
    garm_route(app, "GET /cache/{seconds}", show_cache_for);
    garm_route(app, "GET /etag/{etag}", show_etag);
    garm_route(app, "GET /response-headers", show_response_headers);
    garm_route(app, "POST /response-headers", show_response_headers);
}
