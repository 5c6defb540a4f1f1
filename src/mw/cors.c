/* CORS: preflights are answered here, and other answers marked before their head is sealed. */
#include <garm/garm.h>

#include "mw/origin.h"
#include "mw/valid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct cors {
    const char *origins[GARM_CORS_LIST_MAX + 1];
    const char *headers[GARM_CORS_LIST_MAX + 1];
    const char *methods[GARM_CORS_LIST_MAX + 1];
    char methods_text[256];
    char headers_text[1024]; /* "": whatever was asked for */
    char expose_text[1024];
    bool any, credentials;
    int64_t max_age_s;
};

static bool listed(const char *const *list, const char *word, size_t len)
{
    for (; *list != NULL; list++) {
        if (strlen(*list) == len && strncasecmp(*list, word, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Methods have a case. */
static bool method_allowed(const struct cors *self, const char *method)
{
    const char *const *one = self->methods;
    while (*one != NULL && strcmp(*one, method) != 0) {
        one++;
    }
    return *one != NULL;
}

static bool origin_allowed(const struct cors *self, const char *origin)
{
    return origin[0] != '\0' && (self->any || listed(self->origins, origin, strlen(origin)));
}

/* Are all names of a list with commas in it allowed? */
static bool headers_allowed(const struct cors *self, const char *names)
{
    if (self->headers[0] == NULL) {
        return true;
    }
    while (*names != '\0') {
        names += strspn(names, ", \t");
        const size_t len = strcspn(names, ", \t");
        if (len > 0 && !listed(self->headers, names, len)) {
            return false;
        }
        names += len;
    }
    return true;
}

/* The fields that every answer to an allowed origin has. */
static void mark(garm_ctx *c, void *arg)
{
    const struct cors *const self = arg;
    const char *const origin = garm_header(c, "Origin");
    if (!self->any) {
        (void)garm_add_header(c, "Vary", "Origin");
    }
    if (!self->any && !origin_allowed(self, origin)) {
        return;
    }
    (void)garm_set_header(c, "Access-Control-Allow-Origin", self->any ? "*" : origin);
    if (self->credentials) {
        (void)garm_set_header(c, "Access-Control-Allow-Credentials", "true");
    }
    if (self->expose_text[0] != '\0') {
        (void)garm_set_header(c, "Access-Control-Expose-Headers", self->expose_text);
    }
}

static int answer_preflight(garm_ctx *c, struct cors *self, const char *method)
{
    const char *const names = garm_header(c, "Access-Control-Request-Headers");
    GARM_TRY(garm_add_header(c, "Vary",
                             "Access-Control-Request-Method, Access-Control-Request-Headers"));
    if (!origin_allowed(self, garm_header(c, "Origin"))) {
        return garm_problem(c, 403, "This origin may not use the resource.");
    }
    if (!method_allowed(self, method)) {
        return garm_problem(c, 403, "This method may not be used from another origin.");
    }
    if (!headers_allowed(self, names)) {
        return garm_problem(c, 403, "A field may not be sent from another origin.");
    }
    GARM_TRY(garm_set_header(c, "Access-Control-Allow-Methods", self->methods_text));
    const char *const allowed = self->headers_text[0] != '\0' ? self->headers_text : names;
    if (allowed[0] != '\0') {
        GARM_TRY(garm_set_header(c, "Access-Control-Allow-Headers", allowed));
    }
    if (self->max_age_s >= 0) {
        GARM_TRY(garm_set_headerf(c, "Access-Control-Max-Age", "%lld", (long long)self->max_age_s));
    }
    return 204;
}

static int share(garm_ctx *c)
{
    struct cors *const self = garm_arg(c);
    GARM_TRY(garm_before_head(c, mark, self));
    const char *const method = garm_header(c, "Access-Control-Request-Method");
    const bool preflight =
        method[0] != '\0' && strcmp(garm_method(c), "OPTIONS") == 0 && garm_has_header(c, "Origin");
    return preflight ? answer_preflight(c, self, method) : garm_next(c);
}

/* Setting up. */

/* Joins the list; "" for an empty one. What does not fit, or is no token, stops the start. */
static void join(garm_app *app, const char *where, const char *const *list, char *out, size_t cap)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < GARM_CORS_LIST_MAX && list[i] != NULL; i++) {
        if (!valid_token(list[i])) {
            garm_fail_at(app, where, "garm_cors: \"%s\" is no name of a method or field", list[i]);
            return;
        }
        const int wrote = snprintf(out + len, cap - len, "%s%s", len > 0 ? ", " : "", list[i]);
        if (wrote < 0 || (size_t)wrote >= cap - len) {
            garm_fail_at(app, where, "garm_cors: a list is too long");
            return;
        }
        len += (size_t)wrote;
    }
}

static void copy_list(garm_app *app, const char *const *from, const char **to)
{
    for (size_t i = 0; i < GARM_CORS_LIST_MAX && from[i] != NULL; i++) {
        to[i] = garm_app_dup(app, from[i]);
    }
}

static void check_any(garm_app *app, const garm_cors_opts *opts)
{
    if (opts->credentials) {
        garm_fail_at(app, opts->where,
                     "garm_cors: .credentials needs the origins named: browsers refuse them for "
                     "\"*\"");
    }
    if (opts->origins[1] != NULL) {
        garm_fail_at(app, opts->where,
                     "garm_cors: \"*\" is all origins, and stands alone; leave it out to allow "
                     "those that are named");
    }
}

static void check_origin(garm_app *app, const char *where, const char *origin)
{
    if (!origin_valid(origin)) {
        garm_fail_at(app, where,
                     "garm_cors: \"%s\" is no origin; write it as \"https://host\" or "
                     "\"https://host:port\", without a path",
                     origin);
    } else if (origin_names_default_port(origin)) {
        garm_fail_at(app, where,
                     "garm_cors: \"%s\" matches nothing: browsers leave the scheme's own port "
                     "out; write it without",
                     origin);
    }
}

static void check_options(garm_app *app, const garm_cors_opts *opts)
{
    if (opts->origins[0] == NULL) {
        garm_fail_at(app, opts->where, "garm_cors: .origins is needed; {\"*\"} allows all");
    }
    for (size_t i = 0; i < GARM_CORS_LIST_MAX && opts->origins[i] != NULL; i++) {
        if (strcmp(opts->origins[i], "*") == 0) {
            check_any(app, opts);
        } else {
            check_origin(app, opts->where, opts->origins[i]);
        }
    }
    if (opts->max_age_s < GARM_NONE) {
        garm_fail_at(app, opts->where,
                     "garm_cors: .max_age_s is negative; GARM_NONE keeps no preflight's answer");
    }
}

void garm_cors_with(garm_app *app, const garm_cors_opts *opts)
{
    static const char *const methods[GARM_CORS_LIST_MAX] = {"GET", "HEAD",  "POST",
                                                            "PUT", "PATCH", "DELETE"};
    garm_cors_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    (void)VALID_LIST(app, known.where, "garm_cors: .origins", known.origins);
    (void)VALID_LIST(app, known.where, "garm_cors: .methods", known.methods);
    (void)VALID_LIST(app, known.where, "garm_cors: .headers", known.headers);
    (void)VALID_LIST(app, known.where, "garm_cors: .expose", known.expose);
    struct cors *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    check_options(app, &known);
    copy_list(app, known.origins, self->origins);
    copy_list(app, known.headers, self->headers);
    copy_list(app, known.methods[0] != NULL ? known.methods : methods, self->methods);
    join(app, known.where, self->methods, self->methods_text, sizeof(self->methods_text));
    join(app, known.where, self->headers, self->headers_text, sizeof(self->headers_text));
    join(app, known.where, known.expose, self->expose_text, sizeof(self->expose_text));
    self->any = listed(self->origins, "*", 1);
    self->credentials = known.credentials;
    self->max_age_s = known.max_age_s == 0 ? 600 : known.max_age_s;
    garm_use(app, share, .arg = self, .name = "cors", .always = true);
}
