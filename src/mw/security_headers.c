/* Security headers: a fixed list, put beside what handlers have set. */
#include <garm/garm.h>

#include <stdio.h>
#include <strings.h>

#define FIELDS_MAX 8
#define HSTS_S_MAX (INT64_C(100) * 365 * 24 * 3600)

struct security_headers {
    struct {
        const char *name, *value;
    } fields[FIELDS_MAX];
    size_t count;
};

static void put(garm_ctx *c, void *arg)
{
    const struct security_headers *const self = arg;
    for (size_t i = 0; i < self->count; i++) {
        if (garm_res_header(c, self->fields[i].name)[0] == '\0') {
            (void)garm_set_header(c, self->fields[i].name, self->fields[i].value);
        }
    }
}

static int secure(garm_ctx *c)
{
    GARM_TRY(garm_before_head(c, put, garm_arg(c)));
    return garm_next(c);
}

static void add(garm_app *app, struct security_headers *self, const char *where, const char *name,
                const char *value)
{
    if (value[0] == '\0') {
        return;
    }
    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            garm_fail_at(app, where, "garm_security_headers: control bytes in %s", name);
            return;
        }
    }
    self->fields[self->count].name = name;
    self->fields[self->count].value = garm_app_dup(app, value);
    self->count++;
}

static const char *or_default(const char *value, const char *def)
{
    return value != NULL ? value : def;
}

static void check(garm_app *app, const garm_security_headers_opts *opts)
{
    const char *const frames = or_default(opts->frame_options, "");
    if (opts->hsts_s < 0 || opts->hsts_s > HSTS_S_MAX) {
        garm_fail_at(app, opts->where,
                     "garm_security_headers: .hsts_s is from 0 to %lld seconds, a hundred years",
                     (long long)HSTS_S_MAX);
    }
    if (frames[0] != '\0' && strcasecmp(frames, "DENY") != 0 &&
        strcasecmp(frames, "SAMEORIGIN") != 0) {
        garm_fail_at(app, opts->where,
                     "garm_security_headers: .frame_options is \"DENY\", \"SAMEORIGIN\" or \"\", "
                     "which leaves it out; browsers ignore \"%s\"",
                     frames);
    }
}

void garm_security_headers_with(garm_app *app, const garm_security_headers_opts *opts)
{
    garm_security_headers_opts known = {0};
    GARM_OPTS_READ_(&known, opts);
    struct security_headers *const self = garm_app_alloc(app, sizeof(*self));
    if (self == NULL) {
        return;
    }
    const char *const where = known.where;
    char hsts[64] = "";
    if (known.hsts_s > 0) {
        snprintf(hsts, sizeof(hsts), "max-age=%lld", (long long)known.hsts_s);
    }
    add(app, self, where, "X-Content-Type-Options", "nosniff");
    add(app, self, where, "Content-Security-Policy",
        or_default(known.content_security_policy,
                   "base-uri 'self'; frame-ancestors 'none'; object-src 'none'"));
    add(app, self, where, "X-Frame-Options", or_default(known.frame_options, "DENY"));
    add(app, self, where, "Referrer-Policy",
        or_default(known.referrer_policy, "strict-origin-when-cross-origin"));
    add(app, self, where, "Cross-Origin-Opener-Policy",
        or_default(known.cross_origin_opener_policy, "same-origin"));
    add(app, self, where, "Permissions-Policy", or_default(known.permissions_policy, ""));
    add(app, self, where, "Strict-Transport-Security", hsts);
    check(app, &known);
    garm_use(app, secure, .arg = self, .name = "security_headers", .always = true);
}
