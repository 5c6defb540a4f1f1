/* Set-Cookie (RFC 6265 section 4.1.1, RFC 6265bis section 4.1.2). */
#include "app/keys.h"

#include "codec/field.h"

#include <garm/reply.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

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

/* An attribute's value: any printable ASCII but the semicolon. */
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

static bool is_for_this_host(const garm_cookie_opts *opts)
{
    return opts->domain == NULL || opts->domain[0] == '\0';
}

static bool may_be_of_host(const garm_cookie_opts *opts)
{
    return is_for_this_host(opts) && (opts->path == NULL || strcmp(opts->path, "/") == 0);
}

const char *cookie_prefix(const garm_cookie_opts *opts)
{
    return may_be_of_host(opts) ? "__Host-" : "__Secure-";
}

/* What browsers would drop without a word. */
static const char *complaint_about_options(const char *name, const garm_cookie_opts *opts)
{
    const bool of_host = strncasecmp(name, "__Host-", 7) == 0;
    if (of_host && !may_be_of_host(opts)) {
        return "a __Host- cookie has no .domain, and the path \"/\"";
    }
    if ((of_host || strncasecmp(name, "__Secure-", 9) == 0) && !opts->secure) {
        return "its prefix needs .secure";
    }
    if (opts->same_site == GARM_SAME_SITE_NONE && !opts->secure) {
        return "SameSite=None needs .secure";
    }
    return opts->partitioned && !opts->secure ? "Partitioned needs .secure" : NULL;
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
    if (opts->same_site > GARM_SAME_SITE_UNSET) {
        return "there is no such .same_site";
    }
    return complaint_about_options(name, opts);
}

/* "; Max-Age=N", or nothing for a cookie of the browser's session. */
static const char *age_text(int64_t max_age_s, char *out, size_t cap)
{
    out[0] = '\0';
    if (max_age_s != 0) {
        const int64_t age_s = max_age_s < COOKIE_AGE_MAX_S ? max_age_s : COOKIE_AGE_MAX_S;
        snprintf(out, cap, "; Max-Age=%lld", (long long)(max_age_s == GARM_NONE ? 0 : age_s));
    }
    return out;
}

static const char *cookie_text(garm_ctx *c, const char *name, const char *value,
                               const garm_cookie_opts *opts, size_t *ret_len)
{
    static const char *const same_sites[] = {
        [GARM_SAME_SITE_LAX] = "; SameSite=Lax",
        [GARM_SAME_SITE_STRICT] = "; SameSite=Strict",
        [GARM_SAME_SITE_NONE] = "; SameSite=None",
        [GARM_SAME_SITE_UNSET] = "",
    };
    char age[40];
    return arena_printf(
        c->arena, ret_len, "%s=%s%s; Path=%s%s%s%s%s%s%s", name, value,
        age_text(opts->max_age_s, age, sizeof(age)), opts->path != NULL ? opts->path : "/",
        is_for_this_host(opts) ? "" : "; Domain=", is_for_this_host(opts) ? "" : opts->domain,
        opts->secure ? "; Secure" : "", opts->script_readable ? "" : "; HttpOnly",
        same_sites[opts->same_site], opts->partitioned ? "; Partitioned" : "");
}

int garm_set_cookie_with(garm_ctx *c, const char *name, const char *value,
                         const garm_cookie_opts *opts)
{
    garm_cookie_opts known = {0};
    ctx_own(c);
    GARM_OPTS_READ_(&known, opts);
    const char *const complaint = complaint_about(name, value, &known);
    if (complaint != NULL) {
        ctx_log(c, LOG_ERROR, "%s: the cookie is refused: %s", known.where, complaint);
        return -EINVAL;
    }
    size_t len = 0;
    const char *const text = cookie_text(c, name, value, &known, &len);
    if (text == NULL) {
        ctx_poison(c);
        return -ENOMEM;
    }
    if (len > COOKIE_BYTES_MAX) {
        ctx_log(c, LOG_ERROR,
                "%s: the cookie \"%.100s\" is refused: %zu bytes, and browsers take %d",
                known.where, name, len, COOKIE_BYTES_MAX);
        return -EINVAL;
    }
    return garm_add_header(c, "Set-Cookie", text);
}
