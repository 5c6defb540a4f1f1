/* Set-Cookie (RFC 6265 section 4.1.1). */
#include "app/ctx.h"

#include "codec/field.h"

#include <garm/reply.h>

#include <stdio.h>
#include <string.h>

/* cookie-octet: visible ASCII but for the double quote, comma, semicolon and backslash. */
static bool is_cookie_value(const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte <= 0x20 || byte >= 0x7f || strchr("\",;\\", byte) != NULL) {
            return false;
        }
    }
    return true;
}

/* An attribute's value: any visible ASCII but the semicolon. */
static bool is_attribute(const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte >= 0x7f || byte == ';') {
            return false;
        }
    }
    return true;
}

static const char *complaint_about(const char *name, const char *value,
                                   const garm_cookie_opts *opts)
{
    if (!field_name_valid(slice_cstr(name))) {
        return "its name is no token";
    }
    if (!is_cookie_value(value)) {
        return "its value has bytes that a cookie cannot hold";
    }
    if ((opts->path != NULL && !is_attribute(opts->path)) ||
        (opts->domain != NULL && !is_attribute(opts->domain))) {
        return "its path or domain has bytes that they cannot hold";
    }
    if (opts->max_age_s < GARM_NONE) {
        return "its age is negative; GARM_NONE deletes it";
    }
    if (opts->same_site == GARM_SAME_SITE_NONE && !opts->secure) {
        return "SameSite=None needs .secure";
    }
    return NULL;
}

/* "; Max-Age=N", or nothing for a cookie of the browser's session. */
static const char *age_text(int64_t max_age_s, char *out, size_t cap)
{
    out[0] = '\0';
    if (max_age_s != 0) {
        snprintf(out, cap, "; Max-Age=%lld", (long long)(max_age_s == GARM_NONE ? 0 : max_age_s));
    }
    return out;
}

int garm_set_cookie_with(garm_ctx *c, const char *name, const char *value,
                         const garm_cookie_opts *opts)
{
    static const char *const same_sites[] = {"Lax", "Strict", "None"};
    garm_cookie_opts known = {0};
    char age[40];
    ctx_own(c);
    memcpy(&known, opts, opts->size < sizeof(known) ? opts->size : sizeof(known));
    const char *const complaint = complaint_about(name, value, &known);
    if (complaint != NULL) {
        ctx_log(c, LOG_ERROR, "%s: the cookie is refused: %s", known.where, complaint);
        return -EINVAL;
    }
    const char *const domain = known.domain != NULL ? known.domain : "";
    const char *const text = arena_printf(
        c->arena, NULL, "%s=%s%s; Path=%s%s%s%s%s; SameSite=%s", name, value,
        age_text(known.max_age_s, age, sizeof(age)), known.path != NULL ? known.path : "/",
        domain[0] != '\0' ? "; Domain=" : "", domain, known.secure ? "; Secure" : "",
        known.script_readable ? "" : "; HttpOnly",
        same_sites[(unsigned)known.same_site % COUNT_OF(same_sites)]);
    if (text == NULL) {
        ctx_poison(c);
        return -ENOMEM;
    }
    return garm_add_header(c, "Set-Cookie", text);
}
