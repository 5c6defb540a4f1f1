/* See credentials.h. */
#include "mw/credentials.h"

#include <garm/garm.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CHALLENGE_SIZE 512

enum credentials credentials_find(garm_ctx *c, const char *scheme, const char **ret_token)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._~+/";
    const char *const value = garm_header(c, "Authorization");
    const size_t len = strlen(scheme);
    if (strncasecmp(value, scheme, len) != 0 || (value[len] != '\0' && value[len] != ' ')) {
        return CREDENTIALS_NONE;
    }
    const char *const token = value + len + strspn(value + len, " ");
    const size_t body = strspn(token, letters);
    const size_t padding = strspn(token + body, "=");
    if (body == 0 || token[body + padding] != '\0') {
        return CREDENTIALS_BROKEN;
    }
    *ret_token = token;
    return CREDENTIALS_GIVEN;
}

int credentials_refuse(garm_ctx *c, int status, const char *challenge, const char *detail)
{
    GARM_TRY(garm_add_header(c, "WWW-Authenticate", challenge));
    return garm_problem(c, status, "%s", detail);
}

static bool quotable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\') {
            return false;
        }
    }
    return true;
}

const char *challenge_new(garm_app *app, const char *where, const char *what, const char *scheme,
                          const char *realm, const char *more)
{
    char text[CHALLENGE_SIZE];
    const char *const name = realm != NULL ? realm : "restricted";
    const int len = snprintf(text, sizeof(text), "%s realm=\"%s\"%s", scheme, name, more);
    if (!quotable(name) || len < 0 || (size_t)len >= sizeof(text)) {
        garm_fail_at(app, where,
                     "%s: .realm has a byte that cannot stand in a field, or is too long", what);
    }
    return garm_app_dup(app, text);
}

static void add_vary(garm_ctx *c, void *arg)
{
    (void)garm_add_vary(c, arg);
}

int credentials_vary(garm_ctx *c, const char *field)
{
    return garm_before_head(c, add_vary, (void *)(uintptr_t)field);
}

bool credentials_same_digest(const unsigned char *a, const unsigned char *b)
{
    unsigned difference = 0;
    for (size_t i = 0; i < GARM_SHA256_SIZE; i++) {
        difference |= (unsigned)(a[i] ^ b[i]);
    }
    return difference == 0;
}
